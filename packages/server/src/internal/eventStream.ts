/**
 * How a stream of server-sent events begins and ends. One that fails after its first
 * event ends with an error event, and then normally.
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Channel from "effect/Channel"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as PublicError from "../PublicError.ts"

/** How an API ends its streams. */
export interface Ending {
  /** The last event of a stream that came to its proper end, or nothing. */
  readonly done: string
  /** The last event of a stream that failed. */
  readonly failed: (error: PublicError.PublicError) => string
}

/** With `[DONE]`, as streams of completions end. */
export const marked: Ending = { done: "data: [DONE]\n\n", failed: PublicError.toEvent }

/**
 * The pull of a stream, for one reader whose pulls all have the context in which this is
 * run. `Stream.toPull` provides it with each of them, which copies it, and lets them queue.
 */
export const pullOf = <A, E, R>(
  stream: Stream.Stream<A, E, R>
): Effect.Effect<Pull.Pull<NonEmptyReadonlyArray<A>, E, void, R>, never, R | Scope.Scope> =>
  Effect.flatMap(Effect.scope, (scope) => Channel.toPullScoped(Stream.toChannel(stream), scope))

/** The first events of a stream; none where it ends without any. */
export const first = <A, E>(pull: Pull.Pull<NonEmptyReadonlyArray<A>, E>): Effect.Effect<ReadonlyArray<A>, E> =>
  Pull.catchDone(pull, () => Effect.succeed([]))

/** The headers of a stream, with others of its own. */
export const headersWith = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
  // Proxies that buffer would turn a stream into one late answer.
  "cache-control": "no-cache",
  "x-accel-buffering": "no",
  ...headers,
  "content-type": "text/event-stream; charset=utf-8"
})
