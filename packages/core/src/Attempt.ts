/**
 * The attempts that led to an error, as they are kept on it: plain data, so that they
 * cross every boundary with their error. A policy writes them, and reports tell them.
 *
 * The error stays what it is otherwise: the property is not enumerable, so JSON and
 * printing do not show it.
 *
 * **Example** (An error that no policy has seen)
 *
 * ```ts
 * import * as Attempt from "@causeway/core/Attempt"
 *
 * Attempt.of(new Error("anything")) // => []
 * ```
 */
import { hasProperty } from "effect/Predicate"
import * as Schema from "effect/Schema"

/** The key under which an error carries its attempts. */
export const key = "~@causeway/core/attempts"

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
  /**
   * What made it more than the next one in line: it was asked beside a slow one, it
   * found out whether its upstream is back, or nobody better was left.
   */
  kind: Schema.optionalKey(Schema.Literals(["hedge", "probe", "last-open-door"])),
  /** Upstreams that were passed over for this one, and why. */
  passed: Schema.optionalKey(Schema.Array(Schema.String)),
  /** What the policy did next, such as `retry after 1s` or `fallback to backup`, or why nothing. */
  next: Schema.String,
  /** A retry would have helped, and the policy has made as many as it may, or all callers together have. */
  isGivenUp: Schema.optionalKey(Schema.Literal(true))
})

/** One attempt, and why another one followed it or did not. */
export type Attempt = typeof Attempt.Type

/** The attempts of errors that cannot take them, such as frozen ones. */
const beside = new WeakMap<object, ReadonlyArray<Attempt>>()

/** Gives an error its attempts, in place of those that it had. What is no object cannot have any. */
export const attach = (error: unknown, attempts: ReadonlyArray<Attempt>): void => {
  if (typeof error !== "object" || error === null) return
  const property = { value: attempts, enumerable: false, configurable: true, writable: true }
  if (!Reflect.defineProperty(error, key, property)) beside.set(error, attempts)
}

const isAttempts = Schema.is(Schema.Array(Attempt))

/** The attempts that led to an error, first to last; empty for an error that no policy has seen. */
export const of = (error: unknown): ReadonlyArray<Attempt> => {
  const remembered = typeof error === "object" && error !== null ? beside.get(error) : undefined
  return remembered ?? (hasProperty(error, key) && isAttempts(error[key]) ? error[key] : [])
}

/**
 * Whether an error ends a call whose retries are used up: whoever made them has judged that
 * more are of no use for now, and further ones on top only multiply the load.
 */
export const isGivenUp = (error: unknown): boolean => of(error).at(-1)?.isGivenUp === true
