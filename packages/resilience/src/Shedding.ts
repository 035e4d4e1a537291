/**
 * Refusing a part of the calls when most of them fail anyway, in proportion: as many as
 * an upstream refuses beyond what it serves, so that it is never without calls and
 * knows no cliff. It is the client-side throttling of Google's SRE book ("Handling
 * Overload"): of `requests` in the window, of which `accepts` were served, the next one
 * is refused with the chance (requests − k · accepts) / (requests + 1).
 *
 * What matters less is refused earlier: `k` is 1.1 for `batch`, 2 for `normal`; what is
 * `critical` is never refused.
 *
 * **Example** (Nothing is served)
 *
 * ```ts
 * import * as Shedding from "@causeway/resilience/Shedding"
 *
 * const shedding = Shedding.make()
 * for (let call = 0; call < 99; call++) shedding.requestedUnsafe(0)
 *
 * shedding.chanceUnsafe(0, "normal") // => 0.9
 * shedding.chanceUnsafe(0, "critical") // => 0
 * ```
 */
import * as Duration from "effect/Duration"
import type { Priority } from "./Call.ts"
import * as Check from "./internal/options.ts"
import * as Window from "./internal/window.ts"

/** What {@link make} takes. */
export interface Options {
  /** How many times what is served may be asked for by calls of the priority `normal`. Default: 2. */
  readonly times?: number | undefined
  /** The largest part that is refused. Default: 0.9. */
  readonly most?: number | undefined
  /** How many calls it needs. Default: 20. */
  readonly minimum?: number | undefined
  /** How long a call counts. Default: 1 minute. */
  readonly window?: Duration.Input | undefined
}

/** Checked options. */
export interface Settings {
  readonly times: number
  readonly most: number
  readonly minimum: number
  readonly window: Duration.Duration
}

/** How much of the calls of an upstream is refused. */
export interface Shedding {
  /** A call is made, or refused. */
  readonly requestedUnsafe: (now: number) => void
  /** A call was served. */
  readonly acceptedUnsafe: (now: number) => void
  /** The chance of the next call to be refused. */
  readonly chanceUnsafe: (now: number, priority: Priority) => number
}

/** Checks options. Throws `InvalidPolicy`. */
export const read = (options: Options, name = "shed"): Settings => {
  return Check.all(
    name,
    options,
    {
      times: () => Check.number(`${name}.times`, options.times ?? 2, 1, 1000),
      most: () => Check.number(`${name}.most`, options.most ?? 0.9, 0, 1),
      minimum: () => Check.whole(`${name}.minimum`, options.minimum ?? 20, 1, 1e6),
      window: () => Check.duration(`${name}.window`, options.window ?? Duration.minutes(1), "finite")
    },
    Check.orOff
  )
}

const requests = 0
const accepts = 1
/** How many times what is served may be asked for by what nobody waits for. */
const batchTimes = 1.1

/** Shedding, for one upstream. Throws `InvalidPolicy`. */
export const make = (options: Options = {}): Shedding => {
  const { minimum, most, times, window } = read(options)
  const counts = Window.make(Duration.toMillis(window), 60, 2)
  return {
    requestedUnsafe: (now) => counts.add(now, requests),
    acceptedUnsafe: (now) => counts.add(now, accepts),
    chanceUnsafe: (now, priority) => {
      const asked = counts.sum(now, requests)
      if (priority === "critical" || asked < minimum) return 0
      const allowed = (priority === "batch" ? Math.min(times, batchTimes) : times) * counts.sum(now, accepts)
      return Math.min(most, Math.max(0, (asked - allowed) / (asked + 1)))
    }
  }
}
