/**
 * A row of the table that decides why a call failed: a condition, the reason it
 * gives, and where the rule is written down. `Classification` is made of such rows;
 * rows of your own come before them (`Upstream.make`).
 *
 * **Details**
 *
 * A row sees an answer as HTTP gave it, and what a driver or a client threw, in one
 * form: {@link Seen}. Conditions compose by {@link all}, {@link any} and {@link not};
 * a condition, or a reason, that throws does not hold. What the makers of reasons
 * say is redacted; a reason of your own says what you put into it.
 *
 * **Example** (A row for a database)
 *
 * ```ts
 * import * as Rule from "@causeway/core/Rule"
 * import * as Upstream from "@causeway/core/Upstream"
 *
 * const orders = Upstream.make({
 *   name: "orders",
 *   rules: [
 *     {
 *       name: "PostgreSQL: serialization failure, deadlock",
 *       source: "https://www.postgresql.org/docs/current/errcodes-appendix.html",
 *       when: Rule.coded("40001", "40P01"),
 *       reason: Rule.conflict
 *     }
 *   ]
 * })
 *
 * const thrown = Object.assign(new Error("deadlock detected"), { code: "40P01" })
 * orders.failure("insert", thrown).reason._tag // => "Conflict"
 * ```
 */
import type { Seen } from "./internal/classification/seen.ts"
import type { UpstreamReason } from "./UpstreamReason.ts"

export type { Seen } from "./internal/classification/seen.ts"
export {
  aborted,
  authentication,
  conflict,
  contentFiltered,
  gateway,
  inputTooLarge,
  invalidRequest,
  misconfigured,
  notFound,
  overloaded,
  permission,
  providerFault,
  quotaExhausted,
  rateLimited,
  timedOut
} from "./internal/classification/reasons.ts"

/** Whether a rule holds for an answer, or for what was thrown. */
export type When = (seen: Seen) => boolean

/** A row of the table: the first whose `when` holds gives the reason. */
export interface Rule {
  /** Whose habit it is, and which: `OpenAI: quota`. Unique. */
  readonly name: string
  /** Where it is written down or was seen. */
  readonly source: string
  readonly when: When
  readonly reason: (seen: Seen) => UpstreamReason
}

/** One of these statuses; `undefined`: an error inside a success that states none, or one that came without an answer. */
export const status =
  (...these: ReadonlyArray<number | undefined>): When =>
  (seen) =>
    these.includes(seen.status)

/** One of the codes, types and statuses that were stated is one of these, in any case. */
export const coded = (...these: ReadonlyArray<string>): When => {
  const known = new Set(these.map((code) => code.toLowerCase()))
  return ({ codes }) => codes.some((code) => known.has(code))
}

/** A sentence, in lower case and without what it quotes, has this pattern. With the flag `m`, `^` is a sentence's beginning. */
export const says =
  (pattern: RegExp): When =>
  ({ text }) =>
    pattern.test(text)

/** A body that is not JSON has this pattern, in lower case. */
export const shows =
  (pattern: RegExp): When =>
  ({ page }) =>
    pattern.test(page)

/** A header, by its name in lower case, is there, and has this pattern where one is given. */
export const header =
  (name: string, pattern = /(?:)/): When =>
  ({ headers }) => {
    const value = headers.get(name)
    return value !== undefined && pattern.test(value)
  }

/** The body is JSON that states an error, or an error was thrown. */
export const stated: When = (seen) => seen.stated

/** The body is no JSON that states an error: whoever wrote it does not speak the API's language. */
export const foreign: When = (seen) => !seen.stated

/** No word of an API's own: not its language, or no code in it but a number. What a gateway wrote, perhaps handed on. */
export const codeless: When = ({ codes }) => codes.every((code) => /^\d+$/.test(code))

/** Every one of these conditions holds. */
export const all =
  (...these: ReadonlyArray<When>): When =>
  (seen) =>
    these.every((when) => when(seen))

/** At least one of these conditions holds. */
export const any =
  (...these: ReadonlyArray<When>): When =>
  (seen) =>
    these.some((when) => when(seen))

/** This condition does not hold. */
export const not =
  (when: When): When =>
  (seen) =>
    !when(seen)
