/**
 * How a stream of server-sent events begins and ends. One that fails after its first
 * event ends with an error event, and then normally.
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
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
