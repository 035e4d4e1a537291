/** How often each fault that happens a limited number of times has happened. */

import { removeOldest } from "./oldest.ts"

/** Models beyond these push out the one that has waited longest. */
const limit = 1_000

export interface Turns {
  /** Whether the fault of this model happens now; counts it if so. */
  readonly isDue: (model: string, times: number) => boolean
  readonly reset: () => void
}

export const make = (): Turns => {
  const counts = new Map<string, number>()
  return {
    isDue(model, times) {
      if (times === Number.POSITIVE_INFINITY) return true
      const count = counts.get(model) ?? 0
      if (count >= times) return false
      counts.delete(model)
      counts.set(model, count + 1)
      if (counts.size > limit) removeOldest(counts)
      return true
    },
    reset: () => counts.clear()
  }
}
