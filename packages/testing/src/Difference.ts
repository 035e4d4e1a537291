/**
 * Whether two values are the same to everybody who can look at them, and where
 * they first differ: errors with their own properties and stacks, prototypes,
 * symbols, holes, `-0`, frozenness, and which parts are one and the same object.
 * `deepStrictEqual` and `Equal` see only a part of this.
 *
 * **Example** (A clone loses what hung on an error)
 *
 * ```ts
 * import * as Difference from "@causeway/testing/Difference"
 *
 * const sent = Object.assign(new TypeError("no such model"), { status: 404 })
 * const received = structuredClone(sent)
 *
 * Difference.find(sent, sent) // => undefined
 * Difference.find(sent, received)?.path // => "value.status"
 * ```
 */
import * as Search from "./internal/search.ts"

export type { Difference, Options } from "./internal/search.ts"

/**
 * The first difference between two values, or `undefined` if nobody can tell them
 * apart. Any depth, cycles included. Writability and configurability of single
 * properties do not count, frozen, sealed and closed objects do.
 *
 * In a `HashMap` or `HashSet` entries are matched by `Equal`; the content of a
 * `Redacted` is not looked at.
 */
export const find = (expected: unknown, actual: unknown, options?: Search.Options): Search.Difference | undefined =>
  new Search.Search(options ?? {}).run(expected, actual)

/** A difference as one line for people. */
export const format = (self: Search.Difference): string =>
  `${self.path}: ${self.aspect} should be ${self.expected}, but is ${self.actual}`
