/**
 * What a failure means for whoever has to act on it: whose fault it was, whether
 * a retry is safe, where a fallback may go, and whether it counts against the
 * upstream's health.
 *
 * Policies decide by this and never by status codes. Every reason of
 * `UpstreamError`, `BoundaryError` and `PolicyError` implements the protocol; an
 * error of your own joins in by a property under {@link symbol}.
 *
 * **Example** (An error of your own)
 *
 * ```ts
 * import * as Disposition from "@causeway/core/Disposition"
 * import * as Schema from "effect/Schema"
 *
 * class StockChanged extends Schema.TaggedError<StockChanged>()("StockChanged", {}) {
 *   readonly [Disposition.symbol] = Disposition.make({ blame: "upstream", retry: "backoff", delivery: "not-sent" })
 * }
 *
 * Disposition.of(new StockChanged({}))?.retry // => "backoff"
 * Disposition.of(new Error("anything")) // => undefined
 * ```
 */
import * as Duration from "effect/Duration"
import { hasProperty, isObject } from "effect/Predicate"

/** The key under which an error carries its {@link Disposition}. */
export const symbol = "~@causeway/core/Disposition"

/** Who has to change something so that the call can succeed. */
export type Blame = "caller" | "upstream" | "us"

/** `after`: not before {@link Disposition.retryAfter}; `backoff`: after a growing, jittered wait. */
export type Retry = "never" | "backoff" | "after"

/** Which other upstream could do what this one did not. */
export type Fallback = "never" | "any" | "larger-context" | "other-provider" | "other-credential"

/** `pauses`: the upstream is well but wants a rest (429); it never opens a breaker. */
export type Health = "counts" | "ignored" | "pauses"

/**
 * Whether the upstream's work can have happened. `not-sent`: certainly not, since
 * the request never left or was refused before any work; `may-have-run`: nobody
 * knows; `ran`: it did.
 */
export type Delivery = "not-sent" | "may-have-run" | "ran"

/** What a failure means for the next step. */
export interface Disposition {
  readonly blame: Blame
  readonly retry: Retry
  /** Set exactly when `retry` is `after`. */
  readonly retryAfter?: Duration.Duration
  readonly fallback: Fallback
  readonly health: Health
  readonly delivery: Delivery
}

/** An error that says what it means for the next step. */
export interface Disposed {
  readonly [symbol]: Disposition
}

/** Whether a value carries a disposition. */
export const isDisposed = (u: unknown): u is Disposed => hasProperty(u, symbol)

/**
 * Makes a disposition. What is left out is the cautious choice: no retry, no
 * fallback, no effect on health, and the call may have run.
 *
 * A `retryAfter` turns `backoff` into `after`; with `never` it is dropped.
 */
export const make = (options: {
  readonly blame: Blame
  readonly retry?: "never" | "backoff" | undefined
  readonly retryAfter?: Duration.Duration | undefined
  readonly fallback?: Fallback | undefined
  readonly health?: Health | undefined
  readonly delivery?: Delivery | undefined
}): Disposition => {
  const retry = options.retry ?? "never"
  const rest = {
    blame: options.blame,
    fallback: options.fallback ?? "never",
    health: options.health ?? "ignored",
    delivery: options.delivery ?? "may-have-run"
  } as const
  return retry === "backoff" && options.retryAfter !== undefined
    ? { ...rest, retry: "after", retryAfter: options.retryAfter }
    : { ...rest, retry }
}

const words = {
  blame: ["caller", "upstream", "us"] satisfies ReadonlyArray<Blame>,
  retry: ["never", "backoff", "after"] satisfies ReadonlyArray<Retry>,
  fallback: ["never", "any", "larger-context", "other-provider", "other-credential"] satisfies ReadonlyArray<Fallback>,
  health: ["counts", "ignored", "pauses"] satisfies ReadonlyArray<Health>,
  delivery: ["not-sent", "may-have-run", "ran"] satisfies ReadonlyArray<Delivery>
} as const

const isWord = (value: unknown, allowed: ReadonlyArray<unknown>): boolean => allowed.includes(value)

/** An error of plain JavaScript may carry anything under the key. */
const isReadable = (found: { readonly [Key in keyof Disposition]?: unknown }): boolean =>
  isWord(found.blame, words.blame) &&
  isWord(found.retry, words.retry) &&
  isWord(found.fallback, words.fallback) &&
  isWord(found.health, words.health) &&
  isWord(found.delivery, words.delivery) &&
  (found.retryAfter === undefined || Duration.isDuration(found.retryAfter))

/**
 * The disposition of anything caught, or `undefined` if it carries none, or none
 * that can be read. Never throws: it is asked where a failure is being handled.
 */
export const of = (error: unknown): Disposition | undefined => {
  try {
    const found = isDisposed(error) ? error[symbol] : undefined
    return isObject(found) && isReadable(found) ? found : undefined
  } catch {
    return undefined
  }
}
