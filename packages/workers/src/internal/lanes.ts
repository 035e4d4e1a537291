/**
 * The calls that wait for a worker: a queue for each lane, and how many they are in
 * all.
 */
import type { Call, Lane } from "./unit.ts"

export const make = () => {
  const lanes: Array<Lane> = []
  let queued = 0

  const add = (limit: number, exclusive: boolean): Lane => {
    const made: Lane = { index: lanes.length, limit, exclusive, queue: [] }
    lanes.push(made)
    return made
  }

  const push = (call: Call): void => {
    call.lane.queue.push(call)
    queued++
  }

  /** For one that came before all that wait. */
  const putBack = (call: Call): void => {
    call.lane.queue.unshift(call)
    queued++
  }

  /** Whether it waited. */
  const remove = (call: Call): boolean => {
    const at = call.lane.queue.indexOf(call)
    if (at < 0) return false
    call.lane.queue.splice(at, 1)
    queued--
    return true
  }

  /** Whether calls of other lanes wait that came before this one. */
  const isBehind = ({ id, lane }: Call): boolean =>
    lanes.some(({ queue: [first] }) => first !== undefined && first.lane !== lane && first.id < id)

  return { add, all: lanes, isBehind, push, putBack, queued: () => queued, remove }
}
