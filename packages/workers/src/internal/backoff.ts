/**
 * When the next worker may be started. An entry that cannot run is tried again,
 * later each time; a worker that a call took down is replaced at once.
 */

/** How a worker went that was not asked to. */
export interface End {
  /** How long it was ready, in milliseconds; `undefined` where it never was. */
  readonly readyMs: number | undefined
  readonly callsDone: number
  /** How many calls it took along. */
  readonly inFlight: number
}

/** See {@link make}. */
export interface Backoff {
  /** Whether a worker may be started now. */
  readonly isOver: () => boolean
  /** Whether a time is set that is still to come, or has come since {@link lapse}. */
  readonly isSet: () => boolean
  /** Whether the last attempts failed, so that one at a time is enough to see whether they still do. */
  readonly isSuspicious: () => boolean
  /** Forgets a time that has come; whether there was one. */
  readonly lapse: () => boolean
  /** A worker could not be started. */
  readonly failed: () => void
  /** A worker ended. Gives the blame of its entry, as what it did, or `undefined` where the next one may come at once. */
  readonly ended: (end: End) => string | undefined
  /** Starts anew. */
  readonly reset: () => void
}

const baseMs = 100
const limitMs = 30_000
/** What ends sooner than this after it got ready, without having done anything, cannot run. */
const youngMs = 1000
/** What ends sooner than this after it got ready did so shortly after. */
const earlyMs = 10_000

/** What an end says of the entry. One that is `fair` says nothing: a call may well have brought it about. */
type Verdict = keyof typeof blames | "fair"

const blames = {
  never: "did not get ready",
  atOnce: "ended as soon as it was ready",
  early: "ended shortly after it was ready, as did those before it"
} as const

const verdictOn = ({ callsDone, inFlight, readyMs }: End): Verdict => {
  if (readyMs === undefined) return "never"
  if (readyMs < youngMs && inFlight === 0 && callsDone === 0) return "atOnce"
  return readyMs < earlyMs && (inFlight === 0 || callsDone === 0) ? "early" : "fair"
}

/** `earlyLimit`: so many workers in a row may end early before it is no accident. */
export const make = (now: () => number, earlyLimit: number): Backoff => {
  let attempts = 0
  let early = 0
  let notBefore = 0

  const failed = (): void => {
    notBefore = now() + Math.min(limitMs, baseMs * 2 ** Math.min(attempts, 20))
    attempts++
  }

  const reset = (): void => {
    attempts = 0
    notBefore = 0
  }

  return {
    isOver: () => now() >= notBefore,
    isSet: () => notBefore > 0,
    isSuspicious: () => attempts > 0,
    lapse: () => {
      if (notBefore === 0 || now() < notBefore) return false
      notBefore = 0
      return true
    },
    failed,
    ended: (end) => {
      const verdict = verdictOn(end)
      if (verdict === "fair") early = 0
      if (verdict === "early") early++
      if (verdict === "fair" || (verdict === "early" && early <= earlyLimit)) {
        // The entry did run: another attempt is worth it at once, whatever became of the last one.
        reset()
        return undefined
      }
      failed()
      return blames[verdict]
    },
    reset: () => {
      early = 0
      reset()
    }
  }
}
