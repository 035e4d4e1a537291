/**
 * How fast a pool serves, and from it how long a caller should wait.
 */

/** The rate of service, by what calls took lately. */
export interface Rate {
  /** A call ended that a worker had for so long, in milliseconds. */
  readonly count: (durationMs: number) => void
  /**
   * How long it will take until so many calls have ended, with so many in service, in
   * milliseconds: between 100 ms and a minute. A second where none has ended yet.
   */
  readonly waitFor: (calls: number, inService: number) => number
}

/** How much of the average the last call is. */
const leastWeight = 1 / 32

export const make = (): Rate => {
  let counted = 0
  let averageMs = 0
  return {
    count: (durationMs) => {
      counted++
      averageMs += (durationMs - averageMs) * Math.max(1 / counted, leastWeight)
    },
    // By Little's law, which needs no window of time: one in which the pool was idle says nothing of how fast it is.
    waitFor: (calls, inService) =>
      counted === 0 || inService === 0
        ? 1000
        : Math.min(60_000, Math.max(100, Math.round((calls * averageMs) / inService)))
  }
}
