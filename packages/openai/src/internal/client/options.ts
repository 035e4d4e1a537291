/** What a caller says of one call, and what of it goes to the SDK. */
import { Credential } from "@causeway/core/UpstreamReason"
import * as Duration from "effect/Duration"
import type * as Fiber from "effect/Fiber"
import type { OpenAI } from "openai"
import { recordingKey } from "../../Recorder.ts"
import { type Options as RecordingOptions, Recording } from "../../Recording.ts"
import { millisOf } from "../limits.ts"
import { requestIdNames, requestIdOf, traceHeadersOf } from "../upstreams.ts"
import type { Backend } from "./backend.ts"

/** Options of one call. */
export interface CallOptions {
  /** Gives the call up: it fails with `Aborted`. Interrupting the effect does the same without a failure. */
  readonly signal?: AbortSignal | undefined
  /** For each attempt's whole answer; of a stream, to its first event and between two of them. Fails with `Timeout`. */
  readonly timeout?: Duration.Input | undefined
  /** Sent along; they win over all others. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Added to the query of the request. */
  readonly query?: Readonly<Record<string, string>> | undefined
  /** Sent as `Idempotency-Key`, the same with each attempt. With it every call may be repeated. */
  readonly idempotencyKey?: string | undefined
  /** Attempts after the first one, where no policy is in charge. Default: the client's. */
  readonly retries?: number | undefined
  /** Whether the answer is checked field by field. Default: the client's. */
  readonly strict?: boolean | undefined
}

/** The parts of the SDK's options that every call has. */
export interface Sent {
  readonly headers: Record<string, string>
  readonly fetchOptions: FetchOptions
  readonly query?: Record<string, unknown>
}

type FetchOptions = NonNullable<OpenAI.RequestOptions["fetchOptions"]>

export const sentOf = (recording: Recording, options: CallOptions, fiber: Fiber.Fiber<unknown, unknown>): Sent => {
  const headers = headersOfCall(options)
  const id = requestIdOf(fiber)
  if (id !== undefined) for (const name of requestIdNames) headers[name] ??= id
  for (const [name, value] of Object.entries(traceHeadersOf(fiber))) headers[name] ??= value
  const fetchOptions: FetchOptions = {}
  const sent = { headers, fetchOptions: Object.assign(fetchOptions, { [recordingKey]: recording }) }
  return options.query === undefined ? sent : { ...sent, query: { ...options.query } }
}

/** The headers that a caller asks for. */
export const headersOfCall = ({ headers, idempotencyKey }: CallOptions): Record<string, string> => ({
  ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }),
  ...headers
})

/** A recording with the limits of the call's own timeout. */
export const recordingOf = (options: CallOptions, stream: boolean, firstAttempt: number): Recording => {
  if (options.timeout === undefined) return new Recording({ stream, firstAttempt })
  const ms = millisOf(options.timeout)
  const limits: RecordingOptions["limits"] = stream
    ? { headers: ms, idle: ms, event: ms }
    : { headers: ms, idle: ms, answer: ms }
  return new Recording({ stream, firstAttempt, limits })
}

/**
 * Bounds the time before a client sends anything, which no exchange can bound: one
 * that is somebody else's may wait for a credential. Gives what ends the watch.
 */
export const watchSending = (
  backend: Backend,
  recording: Recording,
  options: CallOptions,
  fail: (reason: Credential) => void
): (() => void) => {
  if (backend.sendWithin === undefined) return () => {}
  const ms = options.timeout === undefined ? backend.sendWithin : millisOf(options.timeout)
  const timer = setTimeout(() => {
    if (recording.attempts.length > 0) return
    const within = Duration.format(Duration.millis(ms))
    fail(
      new Credential({
        message: `the client sent nothing within ${within}: its credential did not come`,
        seenIn: "request",
        missing: "apiKey"
      })
    )
  }, ms)
  return () => clearTimeout(timer)
}
