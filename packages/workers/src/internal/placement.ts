/**
 * Which worker gets a call: the one that has least to do or, for a call with a key,
 * the one that the key belongs to.
 */
import { assign, type Call, hasRoom, type Unit } from "./unit.ts"

/** Options of {@link make}. */
export interface Options {
  /** Whether calls wait that came before this one, and want a worker that it does not share. */
  readonly isBehind: (call: Call) => boolean
}

export const make = ({ isBehind }: Options) => {
  const active = new Set<Unit>()
  let lastTurn = 0
  /** Their places, by which keys find them: whoever takes the place of another takes its keys. */
  const slots: Array<Unit | undefined> = []

  const add = (unit: Unit): void => {
    active.add(unit)
    const free = slots.indexOf(undefined)
    slots[free < 0 ? slots.length : free] = unit
  }

  /** A worker that was removed gets no calls. */
  const remove = (unit: Unit): void => {
    active.delete(unit)
    unit.reservedFor = undefined
    const slot = slots.indexOf(unit)
    if (slot >= 0) slots[slot] = undefined
  }

  /** A worker for a call, now. */
  const find = (call: Call): Unit | undefined => (call.key === undefined ? leastLoaded(call) : keeper(call, call.key))

  /** Calls that have a worker for themselves join others of their kind there, unless they overtook somebody by that. */
  const takes = (unit: Unit, call: Call): boolean =>
    hasRoom(unit, call) && (!call.lane.exclusive || unit.calls.size === 0 || !isBehind(call))

  const leastLoaded = (call: Call): Unit | undefined => {
    let best: Unit | undefined
    for (const unit of active) {
      if ((best === undefined || isBefore(unit, best)) && takes(unit, call)) best = unit
    }
    return best
  }

  /**
   * The first that has room, in the order in which a key prefers the places. Each key has an
   * order of its own, so that the keys of a place that is empty or full spread over all others
   * (rendezvous hashing; Thaler and Ravishankar, 1998).
   */
  const keeper = (call: Call, key: number): Unit | undefined => {
    let best: Unit | undefined
    let bestWeight = -1
    for (const [slot, unit] of slots.entries()) {
      if (unit === undefined || !takes(unit, call)) continue
      const weight = weightOf(key, slot)
      if (weight > bestWeight) [best, bestWeight] = [unit, weight]
    }
    return best
  }

  const place = (call: Call, unit: Unit): void => {
    assign(unit, call)
    unit.turn = ++lastTurn
  }

  /** Keeps a worker free for a call that wants one for itself: under load it would wait for ever otherwise. */
  const reserve = (call: Call): void => {
    let best: Unit | undefined
    for (const unit of active) {
      if (unit.reservedFor === call) return
      if (unit.reservedFor === undefined && (best === undefined || isBefore(unit, best))) best = unit
    }
    if (best !== undefined) best.reservedFor = call
  }

  const unreserve = (call: Call): void => {
    for (const unit of active) if (unit.reservedFor === call) unit.reservedFor = undefined
  }

  return { active, add, find, place, remove, reserve, unreserve }
}

/** Whether a worker has less to do than another; those of equal load take turns. */
const isBefore = (one: Unit, other: Unit): boolean => {
  const less = one.calls.size - other.calls.size
  return less < 0 || (less === 0 && one.turn < other.turn)
}

/** How much a key prefers a place: 32 bits that look like chance (the last steps of MurmurHash3). */
const weightOf = (key: number, slot: number): number => {
  let h = key ^ Math.imul(slot + 1, 0x9e3779b1)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
