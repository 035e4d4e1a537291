/**
 * The wire form's vocabulary; see `docs/wire-format.md`. One tree serves both
 * forms: in the clone form some leaves are native values.
 */

/**
 * The version that this module writes. It reads the first one too, in which an object
 * with a class and no kind is no error.
 */
export const version = 2

/** What travels. */
export type Wire = unknown

/** A value on the wire: what `JSON.stringify` takes, or a structured clone where the form is `clone`. */
export interface Root {
  /** The version of the wire form; a reader refuses any other than those that it knows. */
  readonly $v: number
  readonly value: unknown
  /** Subtrees that nest too deep to stand in their place. */
  readonly more?: ReadonlyArray<unknown>
}

/** An object of the tree: a user's properties under their own names, ours behind a `$`. */
export interface Node {
  [key: string]: Wire
}

/** How deep the tree nests before a subtree moves to the wire's list `more`. */
export const spillDepth = 200

/** Nesting that no encoder writes: the decoder refuses it. */
export const deepest = 1_500

/** A bigint of more digits is not read: that takes time that grows faster than they do. Somewhat shorter ones are written. */
export const mostDigits = 20_000

/** Kinds of leaves that JSON lacks. */
export const undefinedNode: Node = Object.freeze({ $: "undefined" })
const minusZero: Node = Object.freeze({ $: "-0" })
const notANumber: Node = Object.freeze({ $: "NaN" })
const infinity: Node = Object.freeze({ $: "Infinity" })
const minusInfinity: Node = Object.freeze({ $: "-Infinity" })

/** A number, which JSON knows only where it is finite and not minus zero. */
export const numberNode = (value: number, clone: boolean): Wire => {
  if (clone) return value
  if (Number.isFinite(value)) return value === 0 && Object.is(value, -0) ? minusZero : value
  return value !== value ? notANumber : value > 0 ? infinity : minusInfinity
}

/** A property's name on the wire: what could be taken for ours gets `$$` in front. */
export const escapeKey = (key: string): string => (key.charCodeAt(0) === 0x24 || key === "__proto__" ? `$$${key}` : key)

/** The name of a user's property, or `undefined` where the key is one of ours. */
export const unescapeKey = (key: string): string | undefined =>
  key.charCodeAt(0) !== 0x24 ? key : key.charCodeAt(1) === 0x24 ? key.slice(2) : undefined

/** Own hidden properties of errors that have a name of ours on the wire. */
export const hiddenNames: ReadonlyMap<string, string> = new Map([
  ["message", "$message"],
  ["cause", "$cause"],
  ["errors", "$errors"],
  ["error", "$error"],
  ["suppressed", "$suppressed"]
])

/** Symbols of the language, which are the same everywhere, by their name in `Symbol`. */
export const knownSymbols: ReadonlyMap<string, symbol> = new Map(
  Object.getOwnPropertyNames(Symbol).flatMap((name) => {
    const value: unknown = Reflect.get(Symbol, name)
    return typeof value === "symbol" ? [[name, value] as const] : []
  })
)

/** The names of native errors, also of those that this engine does not have. */
export const errorNames = [
  "Error",
  "TypeError",
  "RangeError",
  "SyntaxError",
  "EvalError",
  "ReferenceError",
  "URIError",
  "AggregateError",
  "SuppressedError"
] as const

/** The native errors of this engine. */
export const nativeErrors: ReadonlyMap<string, ErrorConstructor | AggregateErrorConstructor> = new Map(
  errorNames.flatMap((name) => {
    const native: unknown = Reflect.get(globalThis, name)
    return typeof native === "function" ? [[name, native as ErrorConstructor] as const] : []
  })
)

/** What Effect's errors keep the arguments of their constructor under. */
export const plainArgs: symbol = Symbol.for("effect/Data/Error/plainArgs")

export const isObject = (u: unknown): u is object => typeof u === "object" && u !== null

/** Reads a property of anything. */
export const read = (target: object, key: PropertyKey): unknown =>
  (target as Readonly<Record<PropertyKey, unknown>>)[key]

/** Whether an element of a list says something about the list itself. */
export const isHead = (u: Wire): u is Node => isObject(u) && read(u, "$") === "list"

/** The element at the beginning of a list that says something about the list itself. */
export const headOf = (list: Array<Wire>): Node => {
  const [first] = list
  if (isHead(first)) return first
  const head: Node = { $: "list" }
  list.unshift(head)
  return head
}
