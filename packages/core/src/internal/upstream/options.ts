/** What an upstream, and a call of it, is told. */
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import type { Rule } from "../../Rule.ts"

/** Whether a call may be made again though it may have run. `safe`: it changes nothing, or a repetition changes nothing more. */
export type Replay = "safe" | "unsafe"

/** Attributes of spans; OpenTelemetry's conventions name them, such as `db.system.name`. */
export type Attributes = Readonly<Record<string, string | number | boolean>>

/** Options of {@link make}. */
export interface Options<Name extends string> {
  /**
   * What errors, spans and `Upstream.Current` call it. Several names: it is there more
   * than once, `Upstream.Current` chooses, and the first is the default.
   */
  readonly name: Name | readonly [Name, ...ReadonlyArray<Name>]
  /** Rules of your own; they come before those of `Classification`. */
  readonly rules?: ReadonlyArray<Rule> | undefined
  /** For a call, to the end of its answer; for a stream, to its opening. Default: 1 minute. */
  readonly timeout?: Duration.Input | undefined
  /** To a stream's first element, and between two of them. Default: 1 minute. */
  readonly idleTimeout?: Duration.Input | undefined
  /** The largest body that is collected, in bytes. Default: 64 MiB. */
  readonly maxBody?: number | undefined
  /**
   * Of operations that do not say it themselves. Default: as their HTTP method has it
   * (RFC 9110, 9.2.2), where that is known, else `unsafe`.
   */
  readonly replay?: Replay | undefined
  /** Of each call's span. */
  readonly attributes?: Attributes | undefined
}

/** An operation that needs more than a name. */
export interface Operation {
  /** What errors and spans call it: of a fixed set, such as `orders.insert`, never with an id in it. */
  readonly name: string
  readonly replay?: Replay | undefined
  /** Default: the upstream's. */
  readonly timeout?: Duration.Input | undefined
  /** What is sent, for the evidence, where the client does not tell it: `fetch` does not. */
  readonly request?:
    | { readonly method: string; readonly url: string | URL; readonly bytes?: number | undefined }
    | undefined
  /** Of the call's span. */
  readonly attributes?: Attributes | undefined
}

/** What a call is told beside its signal. */
export interface Context<Name extends string> {
  /** Which upstream this attempt uses. */
  readonly upstream: Name
  /** Counts from 1; a policy counts. */
  readonly attempt: number
}

/**
 * Makes the call. The signal is aborted when nobody waits any longer: pass it on. What
 * is thrown, and what the promise rejects with, is the upstream's failure.
 */
export type Run<A, Name extends string> = (signal: AbortSignal, context: Context<Name>) => A | PromiseLike<A>

/** A call: by a function that promises, or by an Effect. */
export type Ask<A, B, Name extends string, E, R> = Run<A, Name> | Effect.Effect<B, E, R>

type HeaderRecord = Readonly<Record<string, string | ReadonlyArray<string> | undefined>>

/** An answer of HTTP as `fetch` gives it, as `undici.request` does, and as `node:http` does. */
export type HttpAnswer =
  | {
      readonly status: number
      readonly headers: Iterable<readonly [string, string]>
      readonly body: AsyncIterable<Uint8Array> | null
    }
  | { readonly statusCode: number; readonly headers: HeaderRecord; readonly body: AsyncIterable<Uint8Array> }
  | ({ readonly statusCode?: number | undefined; readonly headers: HeaderRecord } & AsyncIterable<Uint8Array>)

/** A call that is answered by HTTP: any client's answer, or that of `effect/http`. */
export type AskHttp<Name extends string, E, R> = Ask<HttpAnswer, HttpClientResponse, Name, E, R>

/** Options of a stream. */
export interface StreamOptions<A> {
  /** Default: the upstream's. */
  readonly idleTimeout?: Duration.Input | undefined
  /** Whether an element is the last one. Where it is given, a stream that ends without one was cut off. */
  readonly isLast?: ((element: A) => boolean) | undefined
  /** An element as text, for the partial output in the evidence. Default: strings as they are, of others nothing. */
  readonly partial?: ((element: A) => string) | undefined
}

/** An upstream's options, read. */
export interface Settings<Name extends string = string> {
  readonly names: readonly [Name, ...ReadonlyArray<Name>]
  readonly rules: ReadonlyArray<Rule>
  readonly timeout: Duration.Duration
  readonly idleTimeout: Duration.Duration
  readonly maxBody: number
  readonly replay: Replay | undefined
  readonly attributes: Attributes
}

export const settingsOf = <Name extends string>(options: Options<Name>): Settings<Name> => ({
  names: typeof options.name === "string" ? [options.name] : options.name,
  rules: options.rules ?? [],
  timeout: Duration.fromInputUnsafe(options.timeout ?? "1 minute"),
  idleTimeout: Duration.fromInputUnsafe(options.idleTimeout ?? "1 minute"),
  maxBody: options.maxBody ?? 64 * 1024 * 1024,
  replay: options.replay,
  attributes: options.attributes ?? {}
})
