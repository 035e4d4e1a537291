/** Waits by a latency. */
import * as Duration from "effect/Duration"
import type { Random } from "effect/Random"
import { type Latency, profiles, type Timing } from "../Behaviour.ts"

type Waiting = NonNullable<Timing["answer"]>

/** The time that 99 of 100 are under lies so many standard deviations over the median. */
const z99 = 2.326_347_874

const isSpread = (wait: Waiting): wait is Extract<Waiting, { readonly p50: unknown }> =>
  typeof wait === "object" && "p50" in wait

/** A wait in milliseconds. */
const draw = (wait: Waiting | undefined, random: Random): number => {
  if (wait === undefined) return 0
  if (!isSpread(wait)) return Duration.toMillis(wait)
  const median = Duration.toMillis(wait.p50)
  const sigma = Math.log(Duration.toMillis(wait.p99) / median) / z99
  // Box and Muller: one normal variate of two uniform ones.
  const radius = Math.sqrt(-2 * Math.log(1 - random.nextDoubleUnsafe()))
  const normal = radius * Math.cos(2 * Math.PI * random.nextDoubleUnsafe())
  return median * Math.exp(sigma * Math.min(normal, 4))
}

/** How long an answer takes, and the wait between two events. */
export const make = (latency: Latency | undefined, random: Random) => {
  const timing: Timing = typeof latency === "string" ? profiles[latency] : (latency ?? {})
  return { answer: () => draw(timing.answer, random), event: () => draw(timing.event, random) }
}
