/**
 * How fast a pool serves, and from it how long a caller should wait.
 */

/** The rate of service, measured over about a second. */
export interface Rate {
  /** A call ended. */
  readonly count: () => void
  /** How long it will take until so many calls have ended, in milliseconds: between 100 ms and a minute. */
  readonly waitFor: (calls: number) => number
}

const windowMs = 1000

export const make = (now: () => number): Rate => {
  let windowStart = now()
  let counted = 0
  let last: number | undefined

  /** Calls a millisecond. */
  const measure = (): number | undefined => {
    const elapsed = now() - windowStart
    if (elapsed >= windowMs) {
      last = counted / elapsed
      windowStart += elapsed
      counted = 0
    }
    // A window that has just begun says too little by itself.
    return elapsed < windowMs / 5 ? last : counted / elapsed
  }

  return {
    count: () => {
      measure()
      counted++
    },
    waitFor: (calls) => {
      const rate = measure() ?? last ?? 0
      return rate === 0 ? windowMs : Math.min(60_000, Math.max(100, Math.round(calls / rate)))
    }
  }
}
