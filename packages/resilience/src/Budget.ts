/**
 * How much may be asked a second time: a share of the calls of the last seconds, and
 * a few for times in which little is called. One budget is shared by all callers of
 * an upstream, so that retries and hedges of a thousand of them together stay a share
 * of its load. It counts calls and not those under way, whose number falls just when
 * calls fail (Finagle's `RetryBudget`; gRFC A6 throttles alike, per server name).
 *
 * **Example** (Two calls, a share of a half)
 *
 * ```ts
 * import * as Budget from "@causeway/resilience/Budget"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function* () {
 *   const budget = Budget.make({ share: 0.5, floor: 0 })
 *   yield* budget.earn
 *   yield* budget.earn
 *   return [yield* budget.spend, yield* budget.spend]
 * })
 *
 * await Effect.runPromise(program) // => [true, false]
 * ```
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Check from "./internal/options.ts"
import * as Window from "./internal/window.ts"

/** What {@link make} takes. */
export interface Options {
  /** How many repetitions each call allows, 0 to 10. Default: 0.2, one for five calls. */
  readonly share?: number | undefined
  /** How many are allowed in the window beside that, 0 to 1000. Default: 10. */
  readonly floor?: number | undefined
  /** How long a call counts. Default: 10 seconds. */
  readonly window?: Duration.Input | undefined
}

/** Checked options. */
export interface Settings {
  readonly share: number
  readonly floor: number
  readonly window: Duration.Duration
}

/** A budget of repetitions. */
export interface Budget {
  /** A call is made for the first time. */
  readonly earn: Effect.Effect<void>
  /** Whether a call may be repeated, which then counts. */
  readonly spend: Effect.Effect<boolean>
  /** As `earn`, at a moment in milliseconds. */
  readonly earnUnsafe: (now: number) => void
  /** As `spend`, at a moment in milliseconds. */
  readonly spendUnsafe: (now: number) => boolean
  /** How many repetitions are left at a moment; below one there is none. */
  readonly leftUnsafe: (now: number) => number
}

/** Checks options. Throws `InvalidPolicy`. `byDefault`: the share where none is given. */
export const read = (options: Options, name = "budget", byDefault = 0.2): Settings => {
  return Check.all(
    name,
    options,
    {
      share: () => Check.number(`${name}.share`, options.share ?? byDefault, 0, 10),
      floor: () => Check.number(`${name}.floor`, options.floor ?? 10, 0, 1000),
      window: () => Check.duration(`${name}.window`, options.window ?? Duration.seconds(10), "finite")
    },
    Check.orOff
  )
}

const calls = 0
const repetitions = 1

/** A budget. Throws `InvalidPolicy`. */
export const make = (options: Options = {}): Budget => {
  const { floor, share, window } = read(options)
  const counts = Window.make(Duration.toMillis(window), 10, 2)
  const earnUnsafe = (now: number): void => counts.add(now, calls)
  const leftUnsafe = (now: number): number => floor + share * counts.sum(now, calls) - counts.sum(now, repetitions)
  const spendUnsafe = (now: number): boolean => {
    // A sum of shares such as 0.2 may fall short of a whole by the last bit.
    if (leftUnsafe(now) < 1 - 1e-9) return false
    counts.add(now, repetitions)
    return true
  }
  return {
    earn: Effect.map(Clock.currentTimeMillis, earnUnsafe),
    spend: Effect.map(Clock.currentTimeMillis, spendUnsafe),
    earnUnsafe,
    spendUnsafe,
    leftUnsafe
  }
}
