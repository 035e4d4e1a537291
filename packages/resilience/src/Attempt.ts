/**
 * One attempt of a call under a policy, as it is kept on the error that the call
 * ends with: plain data, so that it crosses every boundary with its error.
 *
 * **Example** (An error that no policy has seen)
 *
 * ```ts
 * import * as Attempt from "@causeway/resilience/Attempt"
 *
 * Attempt.of(new Error("anything")) // => []
 * ```
 */
import { hasProperty } from "effect/Predicate"
import * as Schema from "effect/Schema"
import { key, remembered } from "./internal/attached.ts"

export { key } from "./internal/attached.ts"

/** The most of an attempt's message that is kept, in characters. */
export const messageLimit = 1000

/** One attempt, and why another one followed it or did not. */
export const Attempt = Schema.Struct({
  /** Counts from 1 over all upstreams. */
  number: Schema.Finite,
  /** The upstream's name; absent for the first one configured, where its error does not name it either. */
  upstream: Schema.optionalKey(Schema.String),
  /** The tag of the error's reason, or of the error itself. */
  reason: Schema.String,
  /** What went wrong, cut to {@link messageLimit} characters. */
  message: Schema.String,
  /** How long it took, in milliseconds. */
  elapsedMs: Schema.Finite,
  /** Whether the attempt's work can have happened. */
  delivery: Schema.Literals(["not-sent", "may-have-run", "ran"]),
  /** What the policy did next, such as `retry after 1s` or `fallback to backup`, or why nothing. */
  next: Schema.String
})

/** One attempt, and why another one followed it or did not. */
export type Attempt = typeof Attempt.Type

const isAttempts = Schema.is(Schema.Array(Attempt))

/** The attempts that led to an error, first to last; empty for an error that no policy has seen. */
export const of = (error: unknown): ReadonlyArray<Attempt> =>
  remembered(error) ?? (hasProperty(error, key) && isAttempts(error[key]) ? error[key] : [])
