/**
 * The right answer to a request, with what a fault has to know of it to break it.
 *
 * **Example** (Half of a binary answer)
 *
 * ```ts
 * import * as Answer from "@causeway/simulator/Answer"
 *
 * const speech = Answer.binary("audio/mpeg", new Uint8Array(834))
 *
 * speech.kind // => "binary"
 * speech.reply.head?.headers["content-length"] // => "834"
 * ```
 */
import * as Reply from "./Reply.ts"

/** What a caller waits for: one JSON body, server-sent events, or bytes and texts of any other kind. */
export type Kind = "json" | "stream" | "binary"

/** How an API's event streams look where the APIs differ. */
export interface EventForm {
  /** The event that tells of an error, as the one with this index. */
  readonly failure: (problem: Reply.Problem, index: number) => string
  /** Whether an event says that the answer is finished: a finish reason, or the last event of its kind. */
  readonly isFinal: (piece: string) => boolean
}

/** One right answer. */
export interface Answer {
  readonly kind: Kind
  readonly reply: Reply.Reply
  /** Of a stream only: each piece of its reply is one event. */
  readonly events: EventForm | undefined
}

/** One JSON value; also what refuses a request. */
export const json = (reply: Reply.Reply): Answer => ({ kind: "json", reply, events: undefined })

/** Bytes or a text. */
export const binary = (contentType: string, body: string | Uint8Array): Answer => ({
  kind: "binary",
  reply: Reply.text(200, contentType, body),
  events: undefined
})

/** Server-sent events. */
export const stream = (events: EventForm, pieces: ReadonlyArray<string>): Answer => ({
  kind: "stream",
  reply: Reply.events(pieces),
  events
})
