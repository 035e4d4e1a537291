/**
 * An answer in lines that says that its server is there while there is nothing else
 * to say: so a caller can tell a call that takes long from a server that is gone, and
 * what is between them keeps the connection.
 */
import * as RemoteProtocol from "@causeway/core/RemoteProtocol"
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as StreamedAnswer from "./streamedAnswer.ts"

/** A line of an answer. */
export interface Line {
  readonly text: string
  /** Nothing comes after it. */
  readonly isLast: boolean
}

/** How many lines wait for a caller that reads slowly. */
const ahead = 16

const headers = {
  "content-type": RemoteProtocol.contentType,
  "cache-control": "no-store",
  // Proxies that buffer would hold back that the server is there.
  "x-accel-buffering": "no"
} as const

/** Answers with lines, of which one is the last. What is there by then is sent as a whole. */
export const respond = (
  lines: Stream.Stream<Line>,
  heartbeat: Duration.Duration
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest | Scope.Scope> =>
  Effect.gen(function* () {
    const queue = yield* Queue.bounded<Line>(ahead)
    yield* Effect.forkScoped(Stream.runForEachArray(lines, (some) => Queue.offerAll(queue, some)))
    const next = Effect.timeoutOrElse(Queue.takeAll(queue), {
      duration: heartbeat,
      orElse: () => Effect.succeed([nothing] as const)
    })
    const first = yield* next
    if (first.at(-1)?.isLast === true) return HttpServerResponse.text(textOf(first), { headers })
    let isOver = false
    const pull = Effect.suspend(() =>
      isOver
        ? Cause.done()
        : Effect.map(next, (some) => {
            isOver = some.at(-1)?.isLast === true
            return [textOf(some)] as const
          })
    )
    return yield* StreamedAnswer.respond([textOf(first)], pull, { headers, done: "" })
  })

const nothing: Line = { text: "\n", isLast: false }

const textOf = (lines: ReadonlyArray<Line>): string => lines.map(({ text }) => text).join("")
