/** How a decoder says no, and how it sets properties. */

/** Why a wire is refused. */
export class Refusal {
  readonly issue: "version" | "kind" | "shape" | "class"
  readonly message: string
  constructor(issue: "version" | "kind" | "shape" | "class", message: string) {
    this.issue = issue
    this.message = message
  }
}

/** Refuses the wire. */
export const refuse = (issue: Refusal["issue"], message: string): never => {
  // Not an error: nobody but the decoder's own entry sees it, and a stack would cost more than the decoding.
  // oxlint-disable-next-line no-throw-literal
  throw new Refusal(issue, message)
}

/** Defines an own property, whatever its name, and whatever is inherited under it. */
export const define = (target: object, name: PropertyKey, value: unknown, enumerable: boolean): void => {
  if (enumerable && !(name in target)) (target as Record<PropertyKey, unknown>)[name] = value
  else Object.defineProperty(target, name, { value, enumerable, configurable: true, writable: true })
}

/** A part of a wire in a few characters. */
export const describe = (u: unknown): string => {
  const text = typeof u === "string" ? JSON.stringify(u) : typeof u === "object" ? "an object" : String(u)
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}
