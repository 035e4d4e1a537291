/**
 * A stream of server-sent events as an answer. One that fails after its first event
 * ends with an error event, and then normally.
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as PublicError from "../PublicError.ts"
import * as StreamedAnswer from "./streamedAnswer.ts"

/** How an API ends its streams. */
export interface Ending {
  /** The last event of a stream that came to its proper end, or nothing. */
  readonly done: string
  /** The last event of a stream that failed. */
  readonly failed: (error: PublicError.PublicError) => string
}

/** With `[DONE]`, as streams of completions end. */
export const marked: Ending = { done: "data: [DONE]\n\n", failed: PublicError.toEvent }

/** Answers with events, each a whole one as text. Fails with what the stream fails with before its first event. */
export const respond = <E, R>(
  events: Stream.Stream<string, E, R>
): Effect.Effect<HttpServerResponse, E, R | HttpServerRequest | Scope.Scope> =>
  Effect.flatMap(Stream.toPull(events), (pull) =>
    Effect.flatMap(first(pull), (events) =>
      StreamedAnswer.respond(events, pull, { ...marked, headers: headersWith({}) })
    )
  )

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
