/**
 * How fast an upstream may be called, learnt from its refusals: when it says 429, what
 * it had served until then is what it serves. Calls then follow one another at that
 * pace, which grows slowly while no refusal comes, and is forgotten after a minute.
 *
 * The pace is kept by the generic cell rate algorithm (ITU-T I.371). What is learnt is
 * kept between calls, and a little below what was served, since every refusal costs a
 * rest (the AWS SDKs' adaptive mode falls to 0.7 and grows by a cubic).
 *
 * **Example** (Twenty calls were served in the last second)
 *
 * ```ts
 * import * as Rate from "@causeway/resilience/Rate"
 *
 * const rate = Rate.make()
 * for (let call = 0; call < 20; call++) rate.servedUnsafe(1000)
 * rate.refusedUnsafe(1000, 1000)
 *
 * rate.perSecondUnsafe(1000) // => 19
 * ```
 */
import * as Window from "./internal/window.ts"

/** A pace that is learnt. */
export interface Rate {
  /** A call was served. */
  readonly servedUnsafe: (now: number) => void
  /** A call was refused since there were too many, with a rest of so many milliseconds. */
  readonly refusedUnsafe: (now: number, restMs: number) => void
  /** Takes a place in the pace; else says when the next one is free, in milliseconds on the epoch. */
  readonly takeUnsafe: (now: number) => number | undefined
  /** Somebody waits for a place, or does no longer: the others are told of later ones. */
  readonly waitUnsafe: (change: 1 | -1) => void
  /** Calls a second; `undefined` where nothing was learnt. */
  readonly perSecondUnsafe: (now: number) => number | undefined
}

const shortestMs = 1000
const longestMs = 60_000
/** Which part of what was served is asked for from then on. */
const part = 0.95
/** For how long the pace stays as it was learnt, and by how much of it it then grows in a second. */
const holdMs = 10_000
const growth = 0.05
/** How many calls must have been served. */
const fewest = 3
/** How many calls may come before their time, as those who come at random do. */
const early = 3

/** A pace of which nothing is known yet. */
export const make = (): Rate => {
  const served = Window.make(longestMs + 250, 241, 1)
  let learnt: { readonly perMs: number; readonly at: number } | undefined
  /** When the next call would be due if all came at the pace. */
  let due = 0
  let waiting = 0
  const perMs = (now: number): number | undefined => {
    if (learnt === undefined) return undefined
    const age = now - learnt.at
    if (age > longestMs) {
      learnt = undefined
      return undefined
    }
    return learnt.perMs * (1 + growth * Math.max(0, (age - holdMs) / 1000))
  }
  return {
    servedUnsafe: (now) => served.add(now, 0),
    refusedUnsafe: (now, restMs) => {
      const ms = Math.min(longestMs, Math.max(shortestMs, restMs))
      const count = served.sum(now, 0, ms)
      // Of next to nothing that was served nothing is learnt: others may have had the allowance.
      if (count < fewest) return
      learnt = { perMs: (count * part) / ms, at: now }
      due = now
    },
    takeUnsafe: (now) => {
      const pace = perMs(now)
      if (pace === undefined) return undefined
      const between = 1 / pace
      if (due - now > early * between) return Math.ceil(due - early * between + waiting * between)
      due = Math.max(due, now) + between
      return undefined
    },
    waitUnsafe: (change) => {
      waiting += change
    },
    perSecondUnsafe: (now) => {
      const pace = perMs(now)
      return pace === undefined ? undefined : pace * 1000
    }
  }
}
