/**
 * A call on its way from its caller to a worker: as it arrives, as it is posted, and
 * what its failures say.
 */
import type { BoundaryError } from "@causeway/core/BoundaryError"
import * as failures from "./failures.ts"
import type { Call, Lane, Sink } from "./unit.ts"
import { type Refusal, type Request, toWorker, type Trace } from "./wire.ts"

/** A call as it arrives. */
export interface Submission {
  readonly contract: string
  readonly tag: string
  readonly lane: Lane
  /** What it has in common with calls that want the same worker; 32 bits. */
  readonly key: number | undefined
  readonly payload: unknown
  readonly isFresh: boolean
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly trace: Trace | undefined
  /** How long it may take, in milliseconds. */
  readonly timeoutMs: number
  /** Whether that holds only until its first element. */
  readonly isOpenEnded: boolean
  readonly discard: boolean
  readonly sink: Sink
}

/** A call that was taken. */
export const callOf = (id: number, submission: Submission, now: number): Call => {
  const { contract, isFresh, isOpenEnded, key, lane, sink, timeoutMs } = submission
  return {
    id,
    contract,
    lane,
    key,
    request: requestOf(id, submission),
    isFresh,
    isOpenEnded,
    sink,
    submittedAt: now,
    postedAt: now,
    deadline: now + timeoutMs,
    limitMs: timeoutMs,
    unit: undefined,
    abandonedAt: undefined
  }
}

/** With room for what is left of the deadline, which is written when it is posted: a list that grows is made anew. */
const requestOf = (id: number, submission: Submission): Request => {
  const { discard, headers, isOpenEnded, payload, tag, timeoutMs, trace } = submission
  if (discard) return [toWorker.request, id, tag, payload, undefined, headers, trace, discard]
  if (trace !== undefined) return [toWorker.request, id, tag, payload, undefined, headers, trace]
  if (headers !== undefined) return [toWorker.request, id, tag, payload, undefined, headers]
  if (timeoutMs < Number.POSITIVE_INFINITY && !isOpenEnded) return [toWorker.request, id, tag, payload, timeoutMs]
  return [toWorker.request, id, tag, payload]
}

/** Where a call is. */
export const boundaryOf = ({ contract, unit }: Call): string =>
  unit === undefined ? `${contract} pool` : `${contract} worker ${unit.id}`

/** Which call it is, as its contract names it. */
export const tagIn = ({ contract, request }: Call): string => request[2].slice(contract.length + 1)

/** What a call fails with that its worker refused. */
export const errorOf = (call: Call, refusal: Refusal, fromWire: (wire: unknown) => unknown): BoundaryError => {
  const boundary = boundaryOf(call)
  switch (refusal._tag) {
    case "Undecodable":
      return failures.undecodable(boundary, refusal.direction, refusal.issue, {
        tag: tagIn(call),
        raw: "raw" in refusal ? fromWire(refusal.raw) : undefined
      })
    case "DeadlineExceeded":
      return failures.deadlineExceeded(boundary, call.limitMs, "may-have-run")
    case "NotServed":
      return failures.unreachable(
        boundary,
        `the worker's entry does not serve ${call.request[2]}; it serves ${refusal.served.join(", ") || "nothing"}: ` +
          "give WorkerEntry.run the handlers of this contract as well, or the pool the entry that has them",
        undefined
      )
  }
}
