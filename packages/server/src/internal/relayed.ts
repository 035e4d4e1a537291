/** What a relay streams, as an answer. */
import type { RelayElement, RelayHead, TransferElement } from "@causeway/openai/Relay"
import { isArrayNonEmpty } from "effect/Array"
import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { isString } from "effect/Predicate"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as PublicError from "../PublicError.ts"
import * as EventStream from "./eventStream.ts"
import { relayedHeaders } from "./relayedHeaders.ts"
import * as StreamedAnswer from "./streamedAnswer.ts"

/** How the streams of an API end, by the text of their last events. */
export type Ending = (last: () => string) => EventStream.Ending

/** Streams with `[DONE]`, where they are of completions; others end with an event of their own. */
export const plain =
  (path: string): Ending =>
  () =>
    path.endsWith("/completions") ? EventStream.marked : { ...EventStream.marked, done: "" }

/** Streams whose events are numbered, as those of the Responses API. */
export const numbered: Ending = (last) => ({
  done: "",
  failed: (error) => PublicError.toResponseEvent(error, numberOf(last()) + 1)
})

/** The number of the last event in a text. In a string of JSON its quotes would be escaped. */
const numberOf = (text: string): number => {
  const key = '"sequence_number":'
  const at = text.lastIndexOf(key)
  const [digits] = /^\s*\d{1,15}/.exec(at === -1 ? "" : text.slice(at + key.length)) ?? []
  return digits === undefined ? -1 : Number(digits)
}

type Head = typeof RelayHead.Type

/** Answers with events, whatever their upstream calls them: who asked for a stream reads nothing else. */
export const respondEvents = <E>(
  stream: Stream.Stream<typeof RelayElement.Type, E>,
  ending: Ending
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, HttpServerRequest | Scope.Scope> =>
  begun(stream, (first, relayed) => eventsOf(first, relayed, ending))

/** Answers by what comes. */
export const respond = <E>(
  stream: Stream.Stream<typeof TransferElement.Type, E>,
  ending: Ending
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, HttpServerRequest | Scope.Scope> =>
  begun(stream, (first, relayed) => {
    const { head, pieces } = relayed
    // An empty one says no more than none.
    const type = head.headers.find(([name]) => name === "content-type")?.[1] || "application/octet-stream"
    if (/event-stream/i.test(type)) return eventsOf(first, relayed, ending)
    const headers = relayedHeaders(head)
    const [body] = first
    return isString(body)
      ? Effect.succeed(HttpServerResponse.text(body, { status: head.status, contentType: type, headers }))
      : StreamedAnswer.respond(first, pieces, {
          status: head.status,
          done: "",
          headers: { ...headers, "content-type": type }
        })
  })

/** What is relayed, once its first piece is there. */
interface Relayed<E> {
  readonly head: Head
  readonly pieces: StreamedAnswer.Pieces<E>
  /** The last event that has a number. */
  readonly last: () => string
}

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest>

/** Fails with what the stream fails with before its first piece. */
const begun = <E>(
  stream: Stream.Stream<typeof TransferElement.Type, E>,
  answer: (first: ReadonlyArray<StreamedAnswer.Piece>, relayed: Relayed<E>) => Answer
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, HttpServerRequest | Scope.Scope> =>
  Effect.flatMap(EventStream.pullOf(stream), (pull) => {
    let head: Head = { status: 200, headers: [] }
    let last = ""
    const pieces: StreamedAnswer.Pieces<E> = Effect.flatMap(pull, (elements) => {
      const found: Array<StreamedAnswer.Piece> = []
      for (const element of elements) {
        if (isString(element) || element instanceof Uint8Array) found.push(element)
        else head = element
        // An event that is not numbered does not hide the one before it.
        if (isString(element) && element.includes('"sequence_number"')) last = element
      }
      return isArrayNonEmpty(found) ? Effect.succeed(found) : pieces
    })
    return Effect.flatMap(EventStream.first(pieces), (first) => answer(first, { head, pieces, last: () => last }))
  })

const eventsOf = <E>(
  first: ReadonlyArray<StreamedAnswer.Piece>,
  { head, last, pieces }: Relayed<E>,
  ending: Ending
): Answer => {
  const { done, failed } = ending(last)
  return StreamedAnswer.respond(first, pieces, {
    done,
    failed,
    headers: EventStream.headersWith(relayedHeaders(head))
  })
}
