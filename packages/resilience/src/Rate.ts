/**
 * How fast an upstream may be called, as the headers of its rate limit state it. Calls
 * follow one another at that pace until its limit has come free, so that those who
 * waited for the end of a rest do not run into the next refusal all at once. The pace is
 * kept by the generic cell rate algorithm (ITU-T I.371).
 *
 * It is not guessed from refusals alone: where the limit is not stated, a pace that is
 * slow enough to be safe uses less of it than a `Pause` does, and is slow to go.
 *
 * **Example** (Sixty a minute, none of them left)
 *
 * ```ts
 * import * as Rate from "@causeway/resilience/Rate"
 *
 * const rate = Rate.make()
 * rate.statedUnsafe(0, { "limit-requests": "60", "remaining-requests": "0", "reset-requests": "60s" })
 *
 * rate.perSecondUnsafe(0) // => 1
 * rate.perSecondUnsafe(60_000) // => undefined
 * ```
 */
import { paceOf } from "./internal/rateLimit.ts"

/** A pace that is stated. */
export interface Rate {
  /** An answer had these headers of a rate limit, without their common prefix, as in `Evidence.rateLimit`. */
  readonly statedUnsafe: (now: number, headers: Readonly<Record<string, string>> | undefined) => void
  /** Takes a place in the pace; else says when the next one is free, in milliseconds on the epoch. */
  readonly takeUnsafe: (now: number) => number | undefined
  /** Somebody waits for a place, or does no longer: the others are told of later ones. */
  readonly waitUnsafe: (change: 1 | -1) => void
  /** Calls a second; `undefined` where nothing is stated. */
  readonly perSecondUnsafe: (now: number) => number | undefined
}

/** How many calls may come before their time, as those who come at random do. */
const early = 3

/** A pace of which nothing is known yet. */
export const make = (): Rate => {
  let stated: { readonly perMs: number; readonly until: number } | undefined
  /** When the next call would be due if all came at the pace. */
  let due = 0
  let waiting = 0
  const perMs = (now: number): number | undefined =>
    stated === undefined || now >= stated.until ? undefined : stated.perMs
  return {
    statedUnsafe: (now, headers) => {
      const pace = paceOf(headers, now)
      if (pace !== undefined) stated = { perMs: pace.perMs, until: now + pace.ms }
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
