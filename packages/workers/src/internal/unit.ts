/**
 * A worker as the pool sees it: its isolate, what was sent to it, and what is
 * known of its health. A unit is never reused, so that nothing of a worker that
 * ended can reach the calls of the next one.
 */
import type * as BoundaryError from "@causeway/core/BoundaryError"
import type { Thrown } from "./failures.ts"
import type { Isolate } from "./isolate.ts"
import type { Outbox } from "./outbox.ts"
import { type Due, type Limits, unlimited, type Vitals } from "./recycling.ts"
import { Table } from "./table.ts"
import type { Request, SpanEnded, SpanStarted, ToWorker } from "./wire.ts"

/** How a call goes on or ends, for whoever made it. */
export interface Sink {
  /** The handler succeeded; encoded. */
  readonly success: (value: unknown) => void
  /** The handler failed; its exit, encoded. */
  readonly failure: (exit: unknown) => void
  /** The handler ended, without an outcome; or it began, where none is wanted. */
  readonly ended: () => void
  readonly chunk: (values: unknown) => void
  /** A span of it began or ended in its worker. */
  readonly span: (message: SpanStarted | SpanEnded) => void
  /** The boundary ended the call. */
  readonly fail: (error: BoundaryError.BoundaryError) => void
}

/** Calls that share a limit for each worker. */
export interface Lane {
  readonly index: number
  /** How many of them one worker serves at a time. */
  readonly limit: number
  /** Whether such calls want the worker for themselves. */
  readonly exclusive: boolean
  /** In order of arrival. */
  readonly queue: Array<Call>
}

/** A call that has not ended yet. */
export interface Call {
  /** Grows in order of arrival. */
  readonly id: number
  readonly contract: string
  readonly lane: Lane
  /** What it has in common with calls that want the same worker; 32 bits. */
  readonly key: number | undefined
  readonly request: Request
  /** Whether its payload shares no object with anything else, so that it may be posted with others. */
  readonly isFresh: boolean
  /** Whether its deadline is only that of its first element, and goes with it. */
  readonly isOpenEnded: boolean
  readonly sink: Sink
  /** On the pool's clock. */
  readonly submittedAt: number
  /** When its worker got it. */
  postedAt: number
  deadline: number
  readonly limitMs: number
  unit: Unit | undefined
  /** Since when nobody waits for it any more although its handler may still run. */
  abandonedAt: number | undefined
}

/**
 * The stages of a worker's life. One that is `retiring` ends the calls it has and
 * gets no more; one that is `stopping` was asked to end by itself; one that is
 * `dying` will be gone in a moment.
 */
export type State = "starting" | "ready" | "retiring" | "stopping" | "dying" | "gone"

/** A worker. */
export interface Unit {
  readonly id: number
  /** A small number that no other worker in service has. */
  readonly slot: number
  readonly isolate: Isolate
  readonly outbox: Outbox<ToWorker>
  readonly calls: Table<Call>
  /** How many calls of each lane it has. */
  readonly load: Array<number>
  /** How many of its calls have it for themselves. */
  exclusive: number
  /** When it got its last call, as a number that grows with each call that is placed. */
  turn: number
  /** On the pool's clock. */
  readonly startedAt: number
  state: State
  /** Whether it serves calls, as against waiting as a spare. */
  isActive: boolean
  readyAt: number | undefined
  /** When it got into a state that must not last. */
  since: number
  callsDone: number
  heartbeat: number
  silentMs: number
  isSampled: boolean
  /** What it may use up before it is replaced. */
  readonly limits: Limits
  /** Why it is to be replaced although nothing is wrong with it. */
  due: Due | undefined
  /** What it told of itself last. */
  vitals: Vitals | undefined
  /** How many spans that began there were taken, of which it was not told yet. */
  spansTaken: number
  /** What it threw outside of any call. */
  thrown: Thrown | undefined
  /** The exclusive call for which it is kept free. */
  reservedFor: Call | undefined
}

/** A worker whose isolate was just started. */
export const make = (
  id: number,
  slot: number,
  isolate: Isolate,
  outbox: Outbox<ToWorker>,
  now: number,
  limits: Limits = unlimited
): Unit => ({
  id,
  slot,
  isolate,
  outbox,
  calls: new Table(),
  load: [],
  exclusive: 0,
  turn: 0,
  startedAt: now,
  state: "starting",
  isActive: false,
  readyAt: undefined,
  since: now,
  callsDone: 0,
  heartbeat: 0,
  silentMs: 0,
  isSampled: false,
  limits,
  due: undefined,
  vitals: undefined,
  spansTaken: 0,
  thrown: undefined,
  reservedFor: undefined
})

/** Whether a worker takes a call now. */
export const hasRoom = (unit: Unit, call: Call): boolean => {
  const { lane } = call
  if (unit.state !== "ready" || (unit.load[lane.index] ?? 0) >= lane.limit) return false
  // Calls that came before the one it is kept free for go first.
  if (unit.reservedFor !== undefined && unit.reservedFor.id < call.id) return false
  return lane.exclusive ? servesOnly(unit, lane) : !servesExclusively(unit)
}

export const assign = (unit: Unit, call: Call): void => {
  call.unit = unit
  unit.calls.add(call)
  unit.load[call.lane.index] = (unit.load[call.lane.index] ?? 0) + 1
  if (call.lane.exclusive) unit.exclusive++
  if (unit.reservedFor === call) unit.reservedFor = undefined
}

export const release = (unit: Unit, call: Call): void => {
  if (!unit.calls.delete(call.id)) return
  unit.load[call.lane.index] = (unit.load[call.lane.index] ?? 1) - 1
  if (call.lane.exclusive) unit.exclusive--
}

/** Takes all its calls, which it no longer has then. */
export const releaseAll = (unit: Unit): ReadonlyArray<Call> => {
  const calls = unit.calls.inOrder()
  unit.calls.clear()
  unit.load.length = 0
  unit.exclusive = 0
  return calls
}

/** Whether it serves, or will. */
export const isHopeful = ({ state }: Unit): boolean => state === "ready" || state === "starting"

/** Whether it ends the calls it has, and then itself. */
export const isRetiring = ({ state }: Unit): boolean => state === "retiring"

const servesOnly = (unit: Unit, { index }: Lane): boolean => unit.calls.size === (unit.load[index] ?? 0)

/** Whether its calls have it for themselves. */
export const servesExclusively = (unit: Unit): boolean => unit.exclusive > 0

/** Whether somebody still waits for one of its calls. */
export const isAwaited = (unit: Unit): boolean => {
  for (const call of unit.calls) if (call.abandonedAt === undefined) return true
  return false
}

/** When the first of its calls was abandoned. */
export const abandonedSince = (unit: Unit): number | undefined => {
  let earliest: number | undefined
  for (const { abandonedAt } of unit.calls) {
    if (abandonedAt !== undefined && (earliest === undefined || abandonedAt < earliest)) earliest = abandonedAt
  }
  return earliest
}
