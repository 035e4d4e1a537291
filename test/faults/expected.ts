/**
 * What a call has to come to. A row of the table is one fault; `is` reads as
 * "reason, and where it was seen; what it means for a retry; how many attempts a
 * client makes that may make three; the reason's fields".
 */
import type * as Disposition from "@causeway/core/Disposition"
import type { UpstreamReason } from "@causeway/core/UpstreamReason"
import type { Kind } from "@causeway/simulator/Answer"

type Of<Key extends keyof Disposition.Disposition> = Disposition.Disposition[Key] & string

/** The reason and where it was seen. */
export type Reason = `${UpstreamReason["_tag"]}@${UpstreamReason["seenIn"]}`

/** Blame, retry, fallback, health, delivery. */
export type Consequence = `${Of<"blame">} ${Of<"retry">} ${Of<"fallback">} ${Of<"health">} ${Of<"delivery">}`

/** A failure. Of its fields, durations are milliseconds. */
export interface Failure {
  readonly reason: Reason
  readonly consequence: Consequence
  readonly attempts: 1 | 3
  readonly fields: Readonly<Record<string, unknown>>
}

export type Outcome = Failure | "answered"

/** What each kind of call comes to, whichever way it is made. */
export type Row = Readonly<Record<Kind, Outcome>>

/** Rows by the names of faults. */
export type Table = Readonly<Record<string, Row>>

export const is = (
  reason: Reason,
  consequence: Consequence,
  attempts: 1 | 3,
  fields: Readonly<Record<string, unknown>>
): Failure => ({ reason, consequence, attempts, fields })

/** The same for each kind of call. */
export const every = (outcome: Outcome): Row => ({ json: outcome, stream: outcome, binary: outcome })

/** No failure at all. */
export const answered: Row = every("answered")

/** Whatever broke off may have run, and is made again. */
export const again = "upstream backoff any counts may-have-run"

/** A connection that breaks within an answer: of a stream something has been given away by then. */
export const brokenOff = (code: string): Row => ({
  json: is("ConnectionLost@socket", again, 3, { phase: "body", code }),
  stream: is("ConnectionLost@stream", again, 1, { phase: "stream", code }),
  binary: is("ConnectionLost@socket", again, 3, { phase: "body", code })
})
