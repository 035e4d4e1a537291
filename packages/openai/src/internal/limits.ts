/** The limits of exchanges, from a recorder's options. */
import * as Duration from "effect/Duration"

/** Every limit of an exchange; times in milliseconds. */
export interface Limits {
  readonly connect: number
  /** From the request's departure to the answer's headers. */
  readonly headers: number
  /** Between two pieces of the answer. */
  readonly idle: number
  /** For the whole of an answer that is no stream, from the request's departure. */
  readonly answer: number
  /** Between two events of a stream that carry something: comments and empty events, which only keep the connection, do not count. */
  readonly event: number
  /** For the whole body of an answer that is an error: what came until then is used. */
  readonly errorBody: number
  readonly errorBodyBytes: number
  /** The largest body that is collected, in bytes. */
  readonly body: number
}

/** How long each wait may be, and how large each buffer. */
export interface LimitOptions {
  /** To the established connection. Default: 10 seconds. */
  readonly connectTimeout?: Duration.Input | undefined
  /** To the headers of an answer. Default: 10 minutes. */
  readonly headersTimeout?: Duration.Input | undefined
  /** To the headers of a stream. Default: 60 seconds. */
  readonly firstElementTimeout?: Duration.Input | undefined
  /** Between two pieces of an answer. Default: 60 seconds. */
  readonly idleTimeout?: Duration.Input | undefined
  /** For the whole of an answer that is no stream. Default: 10 minutes. */
  readonly answerTimeout?: Duration.Input | undefined
  /** Between two events of a stream that carry something, however many comments and empty events come. Default: 10 minutes. */
  readonly eventTimeout?: Duration.Input | undefined
  /** For the body of an answer that is an error. Default: 10 seconds. */
  readonly errorBodyTimeout?: Duration.Input | undefined
  /** The most that is read of an error's body, in bytes. Default: 64 KiB. */
  readonly errorBodyBytes?: number | undefined
  /** The largest body that is collected in memory, in bytes. Default: 64 MiB. */
  readonly maxBody?: number | undefined
}

/** Node's timers know no longer wait, about 25 days. */
const longest = 2_147_483_647

/** A duration in milliseconds, as Node's timers take it. */
export const millisOf = (input: Duration.Input): number =>
  Math.min(longest, Math.max(1, Math.ceil(Duration.toMillis(Duration.fromInputUnsafe(input)))))

/** The limits of an answer, and those of a stream. */
export const limitsOf = (options: LimitOptions): { readonly answer: Limits; readonly stream: Limits } => {
  const answer: Limits = {
    connect: millisOf(options.connectTimeout ?? "10 seconds"),
    headers: millisOf(options.headersTimeout ?? "10 minutes"),
    idle: millisOf(options.idleTimeout ?? "60 seconds"),
    answer: millisOf(options.answerTimeout ?? "10 minutes"),
    event: millisOf(options.eventTimeout ?? "10 minutes"),
    errorBody: millisOf(options.errorBodyTimeout ?? "10 seconds"),
    errorBodyBytes: options.errorBodyBytes ?? 64 * 1024,
    body: options.maxBody ?? 64 * 1024 * 1024
  }
  return { answer, stream: { ...answer, headers: millisOf(options.firstElementTimeout ?? "60 seconds") } }
}
