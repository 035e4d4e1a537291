/**
 * How a simulator behaves where a request does not ask for a fault by itself: which
 * fault it has, how long it takes, how much it lets through. Data, so that a test, a
 * script's phase, a command line and a control request can say the same.
 *
 * **Example** (A third of the answers is late)
 *
 * ```ts
 * import * as Behaviour from "@causeway/simulator/Behaviour"
 * import * as Schema from "effect/Schema"
 *
 * const brownOut: Behaviour.Behaviour = {
 *   fault: "slow?millis=3000&share=0.3",
 *   latency: { answer: { p50: "80 millis", p99: "160 millis" } },
 *   rateLimit: { requests: { limit: 20, per: "1 second" } }
 * }
 *
 * Schema.is(Behaviour.Behaviour)(brownOut) // => true
 * Schema.is(Behaviour.Behaviour)({ fault: "no-such-fault" }) // => false
 * ```
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import * as Fault from "./Fault.ts"

/** The longest wait: Node's timers know no longer one, about 24 days. */
const longest = 2_147_483_647

const isWait = (u: unknown): u is Duration.Input => {
  if (typeof u !== "string" && typeof u !== "number" && !Duration.isDuration(u)) return false
  // What is no duration is `None`, also a text of any kind.
  const millis = Option.map(Duration.fromInput(u as Duration.Input), Duration.toMillis)
  return Option.isSome(millis) && millis.value >= 0 && millis.value <= longest
}

/** A finite duration, as `"250 millis"`; a number is milliseconds. */
export const Wait = Schema.declare(isWait, { expected: 'a duration of at most 24 days, such as "250 millis"' })

/** A wait that varies around its median, as networks' and models' waits do: log-normally. */
export const Spread = Schema.Struct({
  /** The median. */
  p50: Wait,
  /** One of a hundred is longer. */
  p99: Wait
}).check(
  Schema.makeFilter(({ p50, p99 }) => {
    const [median, high] = [Duration.fromInputUnsafe(p50), Duration.fromInputUnsafe(p99)]
    return Duration.isPositive(median) && Duration.isGreaterThanOrEqualTo(high, median)
      ? undefined
      : "p50 must be more than nothing, and p99 at least p50"
  })
)

/** How long things take. */
export const Timing = Schema.Struct({
  /** From the end of the request to the head of the answer. Default: no wait. */
  answer: Schema.optionalKey(Schema.Union([Wait, Spread])),
  /** Between two events of a stream. Default: no wait. */
  event: Schema.optionalKey(Schema.Union([Wait, Spread]))
})

/** {@link Timing}. */
export type Timing = typeof Timing.Type

/** Timings by name. */
export const profiles = {
  /** No wait at all. */
  none: {},
  /** A small model on the same machine. */
  local: { answer: { p50: "30 millis", p99: "80 millis" }, event: { p50: "8 millis", p99: "20 millis" } },
  /** A small model of a provider. */
  fast: { answer: { p50: "250 millis", p99: "900 millis" }, event: { p50: "10 millis", p99: "60 millis" } },
  /** A large model of a provider. */
  typical: { answer: { p50: "700 millis", p99: "3 seconds" }, event: { p50: "25 millis", p99: "150 millis" } },
  /** A large model of a provider on a bad day. */
  slow: { answer: { p50: "4 seconds", p99: "20 seconds" }, event: { p50: "120 millis", p99: "1 second" } }
} as const satisfies Readonly<Record<string, Timing>>

/** A timing, or one by its name. */
export const Latency = Schema.Union([Schema.Literals(Struct.keys(profiles)), Timing])

/** {@link Latency}. */
export type Latency = typeof Latency.Type

const Count = Schema.Finite.check(Schema.isInt(), Schema.isGreaterThan(0))

/** A token bucket: so many in a time, and never more than a burst at once. */
export const Limit = Schema.Struct({
  limit: Count,
  per: Wait.check(
    Schema.makeFilter((per) => (Duration.isPositive(Duration.fromInputUnsafe(per)) ? undefined : "must be positive"))
  ),
  /** Default: `limit`. */
  burst: Schema.optionalKey(Count)
})

/** {@link Limit}. */
export type Limit = typeof Limit.Type

/** Limits for all requests together; what is beyond gets a 429 with the right headers. */
export const RateLimit = Schema.Struct({
  requests: Schema.optionalKey(Limit),
  /** A request's tokens are reckoned by its size: four bytes are one. */
  tokens: Schema.optionalKey(Limit)
})

/** {@link RateLimit}. */
export type RateLimit = typeof RateLimit.Type

/** A fault in the words of `Fault.parse`, as `overloaded?share=0.5`; `none` is none. */
const FaultText = Schema.String.check(
  Schema.makeFilter((text) =>
    text === "none" || Fault.parse(text) !== undefined
      ? undefined
      : `"${text.slice(0, 100)}" is no fault, or cannot be told that`
  )
)

/** How a simulator behaves. What is left out is as by default. */
export const Behaviour = Schema.Struct({
  /** What happens to requests, as `overloaded*2` or `slow?share=0.3`. Default: `none`. */
  fault: Schema.optionalKey(FaultText),
  /** Default: `none`. */
  latency: Schema.optionalKey(Latency),
  /** Default: `none`. */
  rateLimit: Schema.optionalKey(Schema.Union([Schema.Literal("none"), RateLimit])),
  /** Whether connections are refused and those that are open broken. Default: no. */
  refuse: Schema.optionalKey(Schema.Boolean)
})

/** {@link Behaviour}. */
export type Behaviour = typeof Behaviour.Type
