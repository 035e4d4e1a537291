/**
 * Counts over the last stretch of time, in exact buckets: what is older than the
 * stretch no longer counts, and no average hides a burst.
 */
export interface Window {
  /** Counts something of a kind. */
  readonly add: (now: number, kind: number, amount?: number) => void
  /** How much of a kind was counted in the stretch, or in its last `lastMs` milliseconds. */
  readonly sum: (now: number, kind: number, lastMs?: number) => number
  /** Forgets everything. */
  readonly clear: () => void
}

/** A window of so many milliseconds, buckets and kinds. */
export const make = (lengthMs: number, buckets: number, kinds: number): Window => {
  const width = lengthMs / buckets
  const counts = new Float64Array(buckets * kinds)
  const epochs = new Float64Array(buckets).fill(-1)
  return {
    add: (now, kind, amount = 1) => {
      const epoch = Math.floor(now / width)
      const slot = epoch % buckets
      if (epochs[slot] !== epoch) {
        epochs[slot] = epoch
        counts.fill(0, slot * kinds, slot * kinds + kinds)
      }
      const at = slot * kinds + kind
      counts[at] = (counts[at] ?? 0) + amount
    },
    sum: (now, kind, lastMs = lengthMs) => {
      const epoch = Math.floor(now / width)
      const oldest = epoch - Math.min(buckets, Math.ceil(lastMs / width))
      let sum = 0
      for (let slot = 0; slot < buckets; slot++) {
        const at = epochs[slot] ?? -1
        if (at > oldest && at <= epoch) sum += counts[slot * kinds + kind] ?? 0
      }
      return sum
    },
    clear: () => void epochs.fill(-1)
  }
}
