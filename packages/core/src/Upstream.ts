/**
 * Any client that promises, with typed failures: a signal that is aborted when nobody
 * waits, limits in time, a reason by the same table as `OpenAiClient`'s, the evidence,
 * and a span. And which upstream an attempt uses: a policy sets it for each attempt,
 * call metadata carries it over boundaries, and clients of upstreams read it.
 *
 * **Details**
 *
 * A call makes one attempt; a policy repeats it where the failure's disposition allows
 * that. What is thrown is the upstream's failure, whatever it is: keep the function
 * short. What comes when nobody waits any longer is dropped. What is not known to be
 * repeatable is not repeated once it may have run: see {@link Operation}.
 *
 * **Example** (A client of one's own)
 *
 * ```ts
 * import * as Rule from "@causeway/core/Rule"
 * import * as Upstream from "@causeway/core/Upstream"
 * import * as Effect from "effect/Effect"
 *
 * const stock = Upstream.make({
 *   name: "stock",
 *   timeout: "5 seconds",
 *   rules: [
 *     {
 *       name: "stock: counting",
 *       source: "its handbook, chapter 4",
 *       when: Rule.coded("E_COUNTING"),
 *       reason: Rule.overloaded
 *     }
 *   ]
 * })
 *
 * const take = stock.call("take", () => Promise.reject({ code: "E_COUNTING", message: "come back later" }))
 *
 * const answer = take.pipe(
 *   Effect.catchReason("UpstreamError", "Overloaded", (reason) => Effect.succeed(reason.message))
 * )
 *
 * await Effect.runPromise(answer) // => "come back later"
 * ```
 *
 * **Example** (Choosing an upstream for a part of a program)
 *
 * ```ts
 * import * as Upstream from "@causeway/core/Upstream"
 * import * as Effect from "effect/Effect"
 *
 * const chosen = Effect.provideService(Upstream.Current, Upstream.Current, "backup")
 *
 * await Effect.runPromise(chosen) // => "backup"
 * ```
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { asked, isSuccess, refused } from "./internal/upstream/ask.ts"
import { Call, nobody } from "./internal/upstream/call.ts"
import { incomingOf } from "./internal/upstream/incoming.ts"
import { elements } from "./internal/upstream/iteration.ts"
import { accepted, decoderOf, json } from "./internal/upstream/json.ts"
import {
  type Ask,
  type AskHttp,
  type Operation,
  type Options,
  type Run,
  settingsOf,
  type StreamOptions
} from "./internal/upstream/options.ts"
import { bytesIn, streamed } from "./internal/upstream/stream.ts"
import { within } from "./internal/upstream/within.ts"
import type { UpstreamError } from "./UpstreamError.ts"

export { type Attempt, Current, CurrentAttempt } from "./internal/upstream/current.ts"
export type {
  Ask,
  AskHttp,
  Attributes,
  Context,
  HttpAnswer,
  Operation,
  Options,
  Replay,
  Run,
  StreamOptions
} from "./internal/upstream/options.ts"

/** An upstream. `Name`: its names. */
export interface Upstream<Name extends string = string> {
  /** The first is the default. */
  readonly names: readonly [Name, ...ReadonlyArray<Name>]

  /**
   * A call with one answer. An answer of HTTP, and an error that holds one, is a failure
   * if its status says so; the body of another one is not looked at, and bounded by nobody.
   */
  readonly call: <A = never, B = never, E = never, R = never>(
    operation: string | Operation,
    ask: Ask<A, B, Name, E, R>
    // What is expected of the call, as of a handler, says nothing of what it needs.
  ) => Effect.Effect<A | B, UpstreamError, NoInfer<R>>

  /**
   * A call that is answered by JSON over HTTP. Only what is complete, and JSON, and
   * states no error, and fits the schema, is a success. An `error` that the schema
   * knows is a part of the answer. Without a schema the JSON is `unknown`.
   */
  readonly json: {
    <A, RD = never, E = never, R = never>(
      operation: string | Operation,
      ask: AskHttp<Name, E, R>,
      schema: Schema.ConstraintDecoder<A, RD>
    ): Effect.Effect<A, UpstreamError, NoInfer<R | RD>>
    <E = never, R = never>(
      operation: string | Operation,
      ask: AskHttp<Name, E, R>
    ): Effect.Effect<unknown, UpstreamError, NoInfer<R>>
  }

  /** A call whose answer comes in elements. With the stream's scope the signal is aborted. */
  readonly stream: <A>(
    operation: string | Operation,
    ask: Run<AsyncIterable<A>, Name>,
    options?: StreamOptions<A>
  ) => Stream.Stream<A, UpstreamError>

  /** A call whose answer is the body of an answer of HTTP, piece by piece. */
  readonly bytes: <E = never, R = never>(
    operation: string | Operation,
    ask: AskHttp<Name, E, R>,
    options?: Pick<StreamOptions<Uint8Array>, "idleTimeout">
  ) => Stream.Stream<Uint8Array, UpstreamError, NoInfer<R>>

  /** The error that a call becomes by what was thrown, for code that catches it elsewhere. Never throws. */
  readonly failure: (operation: string | Operation, thrown: unknown) => UpstreamError
}

/** Makes an upstream. */
export const make = <const Name extends string>(options: Options<Name>): Upstream<Name> => {
  const settings = settingsOf(options)
  function jsonOf<A, RD, E, R>(
    operation: string | Operation,
    ask: AskHttp<Name, E, R>,
    schema: Schema.ConstraintDecoder<A, RD>
  ): Effect.Effect<A, UpstreamError, R | RD>
  function jsonOf<E, R>(
    operation: string | Operation,
    ask: AskHttp<Name, E, R>
  ): Effect.Effect<unknown, UpstreamError, R>
  function jsonOf<E, R>(
    operation: string | Operation,
    ask: AskHttp<Name, E, R>,
    schema?: Schema.ConstraintDecoder<unknown, R>
  ): Effect.Effect<unknown, UpstreamError, R> {
    const decode = schema === undefined ? undefined : decoderOf(schema)
    return within(settings, operation, (call) => Effect.flatMap(asked(call, ask), (value) => json(call, value, decode)))
  }
  return {
    names: settings.names,
    call: (operation, ask) =>
      within(settings, operation, (call) =>
        Effect.flatMap(asked(call, ask), (value) => {
          const answer = incomingOf(value)
          // What has not changed since (304) is the answer to whoever asked for changes.
          return answer === undefined || isSuccess(answer) || answer.status === 304
            ? Effect.succeed(value)
            : refused(call, answer)
        })
      ),
    json: jsonOf,
    stream: (operation, ask, options = {}) =>
      streamed(settings, operation, options, (call) =>
        Effect.flatMap(asked(call, ask), (iterable) => {
          const answer = incomingOf(iterable)
          return answer === undefined || isSuccess(answer)
            ? Effect.succeed(Stream.mapError(elements(iterable), ({ value }) => call.errorOf(value)))
            : refused(call, answer)
        })
      ),
    bytes: (operation, ask, options = {}) =>
      streamed(settings, operation, options, (call) =>
        Effect.map(
          Effect.flatMap(asked(call, ask), (value) => accepted(call, value)),
          ({ body }) => bytesIn(call, body)
        )
      ),
    failure: (operation, thrown) => new Call(settings, operation, Fiber.getCurrent() ?? nobody).errorOf(thrown)
  }
}
