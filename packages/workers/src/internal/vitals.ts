/**
 * What a worker tells of itself, about once a second.
 */
import { getHeapStatistics } from "node:v8"
import { fromWorker, type Vitals } from "./wire.ts"

const everyMs = 1000

/** Is told of each beat of a timer, and says now and then how the worker does. */
export const make = (beatMs: number): { readonly beat: () => Vitals | undefined } => {
  let lastBeat = performance.now()
  let toldAt = lastBeat
  let lagMs = 0
  return {
    beat: () => {
      const now = performance.now()
      lagMs = Math.max(lagMs, now - lastBeat - beatMs)
      lastBeat = now
      if (now - toldAt < everyMs) return undefined
      const { external_memory, used_heap_size } = getHeapStatistics()
      const told: Vitals = [fromWorker.vitals, used_heap_size + external_memory, lagMs]
      toldAt = now
      lagMs = 0
      return told
    }
  }
}
