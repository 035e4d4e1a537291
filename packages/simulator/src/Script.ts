/**
 * What happens in a row: phases, each with a behaviour, for a time or for a number
 * of requests.
 *
 * **Example** (An outage, a brown-out, a recovery)
 *
 * ```ts
 * import * as Script from "@causeway/simulator/Script"
 * import * as Schema from "effect/Schema"
 *
 * const script: Script.Script = {
 *   phases: [
 *     { name: "healthy", for: "10 seconds" },
 *     { name: "outage", for: "10 seconds", fault: "no-healthy-upstream" },
 *     { name: "brown-out", for: "10 seconds", fault: "slow?millis=3000&share=0.3" },
 *     { name: "rate limit", requests: 100, rateLimit: { requests: { limit: 20, per: "1 second" } } },
 *     { name: "recovery" }
 *   ]
 * }
 *
 * Schema.is(Script.Script)(script) // => true
 * ```
 */
import * as Schema from "effect/Schema"
import { Behaviour, Wait } from "./Behaviour.ts"

/** A phase. What it leaves out of a behaviour is as the simulator was set up; what it says holds in its place. */
export const Phase = Schema.Struct({
  ...Behaviour.fields,
  /** What the record calls it. Default: its number, from 1. */
  name: Schema.optionalKey(Schema.String),
  /** It ends after this time, */
  for: Schema.optionalKey(Wait),
  /** or with this many requests, what is first; without both it does not end. */
  requests: Schema.optionalKey(Schema.Finite.check(Schema.isInt(), Schema.isGreaterThan(0)))
}).check(
  Schema.makeFilter((phase) =>
    phase.refuse === true && phase.for === undefined ? "a phase that refuses connections needs a time: for" : undefined
  )
)

/** {@link Phase}. */
export type Phase = typeof Phase.Type

/** Phases in a row. Behind the last one the simulator behaves as it was set up, or begins again. */
export const Script = Schema.Struct({
  phases: Schema.NonEmptyArray(Phase),
  /** Default: no. */
  repeat: Schema.optionalKey(Schema.Boolean)
}).check(
  Schema.makeFilter(({ phases, repeat }) =>
    repeat === true && phases.some((phase) => phase.for === undefined && phase.requests === undefined)
      ? "a script that repeats needs an end of each phase: for, or requests"
      : undefined
  )
)

/** {@link Script}. */
export type Script = typeof Script.Type
