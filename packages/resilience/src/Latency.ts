/**
 * How long an upstream takes: the median of its last answers. The median, since the
 * slow answers of a bad hour make the higher quantiles: whoever waits for the p95 of a
 * brown-out waits for the slow answer itself.
 *
 * **Example** (One slow answer among others)
 *
 * ```ts
 * import * as Latency from "@causeway/resilience/Latency"
 *
 * const latency = Latency.make({ minimum: 3 })
 * for (const ms of [80, 3000, 90]) latency.addUnsafe(0, ms)
 *
 * latency.medianUnsafe(0) // => 90
 * ```
 */
import * as Check from "./internal/options.ts"

/** What {@link make} takes. */
export interface Options {
  /** How many answers the median needs. Default: 10. */
  readonly minimum?: number | undefined
  /** How many answers are kept. Default: 100. */
  readonly size?: number | undefined
  /** How long an answer counts, in milliseconds. Default: 60,000. */
  readonly maxAgeMs?: number | undefined
}

/** A running median. */
export interface Latency {
  /** An answer took so long. */
  readonly addUnsafe: (now: number, ms: number) => void
  /** The median in milliseconds; `undefined` where too few answers are known. */
  readonly medianUnsafe: (now: number) => number | undefined
}

/** How many answers come before the median is computed anew. */
const every = 8

/** A running median. Throws `InvalidPolicy`. */
export const make = (options: Options = {}): Latency => {
  const { maxAgeMs, minimum, size } = Check.all("latency", options, {
    minimum: () => Check.whole("latency.minimum", options.minimum ?? 10, 1, 1e6),
    size: () => Check.whole("latency.size", options.size ?? 100, 1, 1e6),
    maxAgeMs: () => Check.number("latency.maxAgeMs", options.maxAgeMs ?? 60_000, 1, Number.MAX_SAFE_INTEGER)
  })
  if (minimum > size) Check.reject("latency.minimum", minimum, `at most latency.size, which is ${size}`)
  const took = new Float64Array(size)
  const at = new Float64Array(size)
  let count = 0
  let median: { readonly value: number | undefined; readonly count: number; readonly until: number } | undefined
  const compute = (now: number): number | undefined => {
    const recent: Array<number> = []
    let oldest = now
    for (let slot = 0; slot < Math.min(count, size); slot++) {
      const moment = at[slot] ?? 0
      if (now - moment > maxAgeMs) continue
      recent.push(took[slot] ?? 0)
      oldest = Math.min(oldest, moment)
    }
    const value = recent.length < minimum ? undefined : recent.toSorted((a, b) => a - b)[recent.length >> 1]
    median = { value, count: count + (recent.length < minimum ? 1 : every), until: oldest + maxAgeMs }
    return value
  }
  return {
    addUnsafe: (now, ms) => {
      took[count % size] = ms
      at[count % size] = now
      count++
    },
    medianUnsafe: (now) =>
      median === undefined || count >= median.count || now > median.until ? compute(now) : median.value
  }
}
