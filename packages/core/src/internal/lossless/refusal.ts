/** How a decoder says no, what it asks of parts, and how it sets properties. */

import type { InvalidWire } from "./failures.ts"
import { mostDigits, type Wire } from "./wire.ts"

/** Why a wire is refused. */
export class Refusal {
  readonly issue: InvalidWire["issue"]
  readonly message: string
  readonly cause: unknown
  constructor(issue: InvalidWire["issue"], message: string, cause: unknown) {
    this.issue = issue
    this.message = message
    this.cause = cause
  }
}

/** Refuses the wire. `cause`: what a class's own `decode` threw. */
export const refuse = (issue: InvalidWire["issue"], message: string, cause?: unknown): never => {
  // Not an error: nobody but the decoder's own entry sees it, and a stack would cost more than the decoding.
  // oxlint-disable-next-line no-throw-literal
  throw new Refusal(issue, message, cause)
}

/** Defines an own property, whatever its name, and whatever is inherited under it. */
export const define = (target: object, name: PropertyKey, value: unknown, enumerable: boolean): void => {
  if (enumerable && !(name in target)) (target as Record<PropertyKey, unknown>)[name] = value
  else Object.defineProperty(target, name, { value, enumerable, configurable: true, writable: true })
}

/** A part of a wire that has to be a list. */
export const listOf = (wire: Wire): ReadonlyArray<Wire> =>
  Array.isArray(wire) ? dense(wire) : refuse("shape", "no list")

/** A list as an encoder writes it: with holes, which a structured clone keeps, it might be longer than memory. */
export const dense = (list: ReadonlyArray<Wire>): ReadonlyArray<Wire> => {
  // Ends at the first hole.
  if (!list.includes(undefined)) return list
  for (let at = 0; at < list.length; at++)
    if (!Object.hasOwn(list, at)) return refuse("shape", "a list of a wire has no holes of its own")
  return list
}

/** A part of a wire that has to be an integer: its digits, or itself in the clone form. */
export const integerOf = (wire: Wire): bigint =>
  typeof wire === "bigint"
    ? wire
    : typeof wire === "string" && wire.length <= mostDigits && /^-?\d+$/.test(wire)
      ? BigInt(wire)
      : refuse("shape", "no integer")

/** A part of a wire in a few characters. */
export const describe = (u: unknown): string => {
  const text = typeof u === "string" ? JSON.stringify(u) : typeof u === "object" ? "an object" : String(u)
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}
