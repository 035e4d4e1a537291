/**
 * The texts that stand for what cannot be carried and for what a limit cut off.
 * They are plain texts on the wire, so that everybody can read them, and say what
 * stood there and how large it was.
 */
import type { Encoder } from "./encoder.ts"
import type { Node, Wire } from "./wire.ts"

/** Texts up to this length are kept even where the limit of bytes is reached: a text in their place would be longer. */
export const free = 64

/** How much is looked at beyond a limit, so that a secret across it is seen whole. */
const beyond = 1_024

/** Remembers the first text that stands for something else: there are values that arrive whole or not at all. */
const lost = (encoder: Encoder, text: string): string => (encoder.lost ??= text) && text

/**
 * A text over the limit of texts: its beginning, and how long it was. No longer
 * than the limit, so that whoever passes it on leaves it as it is.
 */
export const longText = (encoder: Encoder, text: string): string => {
  const limit = Math.max(free, encoder.settings.limits.string)
  if (text.length <= limit) return encoder.settings.redact(text)
  encoder.bytesLeft -= limit
  if (encoder.bytesLeft < 0) return spentText(encoder, text)
  const end = `[… of ${text.length} characters]`
  return `${whole(encoder.settings.redact(text.slice(0, limit + beyond)).slice(0, limit - end.length))}${end}`
}

/** Without the half of a pair of surrogates that a cut left behind. */
const whole = (text: string): string => (/[\uD800-\uDBFF]$/.test(text) ? text.slice(0, -1) : text)

/** A text that no longer fits into the whole. */
export const spentText = (encoder: Encoder, text: string): string =>
  `[text of ${text.length} characters: the limit of ${encoder.settings.limits.bytes} bytes is reached]`

/** A bigint of more digits than are carried, by about how many it has. */
export const longBigint = (encoder: Encoder, hexDigits: number): string =>
  lost(encoder, `[bigint of about ${Math.ceil(hexDigits * 1.2041)} digits]`)

/** A bigint that no longer fits, by about how many digits it has. */
export const spentBigint = (encoder: Encoder, hexDigits: number): string =>
  lost(encoder, `[bigint of about ${Math.ceil(hexDigits * 1.2041)} digits: a limit is reached]`)

/** Headers that no longer fit, as a whole: what is cut off one of them may make it none. */
export const spentHeaders = (encoder: Encoder, length: number): string =>
  lost(encoder, `[Headers of ${length} characters: a limit is reached]`)

/** Properties that no longer fit: their number in a property of its own. */
export const cutProperties = (node: Node, total: number, kept: number): void => {
  node["…"] = `[${total - kept} more of ${total} properties]`
}

/** As {@link cutProperties}, where a node was laid out with all of its keys. */
export const cutLaidOut = (node: Node, keys: ReadonlyArray<string>, kept: number): void => {
  for (const key of keys.slice(kept)) Reflect.deleteProperty(node, key)
  cutProperties(node, keys.length, kept)
}

/** How many of a collection's members are kept: one less than the limit where what is cut off has to be told. */
export const keptOf = (encoder: Encoder, total: number): number => {
  const { collection } = encoder.settings.limits
  return total <= collection ? total : collection - 1
}

/** Elements that no longer fit. */
export const cutElements = (total: number, kept: number, what: string): string =>
  `[${total - kept} more of ${total} ${what}]`

/** Holes that whoever checks the value would have to go through. */
export const manyHoles = (encoder: Encoder): void => void lost(encoder, `a list with ${encoder.holes} holes`)

/** An object that no longer fits, by its number or the size of the whole. */
export const cutObject = (encoder: Encoder, value: object): string => {
  const { bytes, nodes } = encoder.settings.limits
  return encoder.nodesLeft <= 0
    ? `[${describe(encoder, value)}: the limit of ${nodes} objects is reached]`
    : `[${describe(encoder, value)}: the limit of ${bytes} bytes is reached]`
}

/** An object at the limit of depth. */
export const deepObject = (encoder: Encoder, value: object, depth: number): string =>
  lost(encoder, `[${describe(encoder, value)}: cut at a depth of ${depth}]`)

/** An object that could not be written, and why. */
export const failedObject = (encoder: Encoder, value: object, thrown: unknown): string =>
  lost(
    encoder,
    isExhaustion(thrown)
      ? "[object: the call stack is exhausted]"
      : `[${describe(encoder, value)}: ${reason(encoder, thrown)}]`
  )

/** What was thrown may be a proxy, or lie about itself. */
const isExhaustion = (thrown: unknown): boolean => {
  try {
    return thrown instanceof RangeError && thrown.message.includes("call stack")
  } catch {
    return false
  }
}

/** A property whose getter throws. */
export const thrownText = (encoder: Encoder, thrown: unknown): string =>
  lost(encoder, `[getter threw: ${reason(encoder, thrown)}]`)

/** A part that holds the object which is being written, where the other side could not make that first. */
export const openText = (encoder: Encoder, value: unknown): string =>
  lost(encoder, `[circular ${typeof value === "object" && value !== null ? describe(encoder, value) : "value"}]`)

/** A function by its kind and name. */
export const functionText = (encoder: Encoder, value: unknown): string => {
  let kind = "function"
  let name = ""
  try {
    const own: unknown = Object.getOwnPropertyDescriptor(value, "name")?.value
    name = typeof own === "string" ? own : ""
    const { [Symbol.toStringTag]: tag } = value as { readonly [Symbol.toStringTag]?: unknown }
    if (tag === "AsyncFunction") kind = "async function"
    if (tag === "GeneratorFunction") kind = "generator function"
    if (tag === "AsyncGeneratorFunction") kind = "async generator function"
    if (kind === "function" && isClass(value)) kind = "class"
  } catch {
    // A proxy, or a property that throws: a function is all that can be told.
  }
  return lost(
    encoder,
    `[${kind}${name === "" || encoder.masked ? "" : ` ${encoder.settings.redact(name.slice(0, 200))}`}]`
  )
}

/** A method of the prototype cannot be written to in a class. */
const isClass = (value: unknown): boolean => Object.getOwnPropertyDescriptor(value, "prototype")?.writable === false

/** A thing of the platform by its kind, such as `[ReadableStream]`. */
export const placeholder = (encoder: Encoder, kind: string): Wire => lost(encoder, `[${encoder.settings.redact(kind)}]`)

/** What an object is, in a word or two. */
const describe = (encoder: Encoder, value: object): string => {
  try {
    if (Array.isArray(value)) return `list of ${value.length}`
    if (ArrayBuffer.isView(value)) return `${nameOf(value)} of ${value.byteLength} bytes`
    const name = encoder.settings.redact(nameOf(value).slice(0, 200))
    if (value instanceof Map || value instanceof Set) return `${name} of ${value.size}`
    return name
  } catch {
    return "object"
  }
}

/** The name of an object's class. */
export const nameOf = (value: object): string => {
  const prototype: object | null = Object.getPrototypeOf(value)
  if (prototype === null) return "object"
  const constructor: unknown = Reflect.get(prototype, "constructor")
  const name: unknown =
    typeof constructor === "function" ? Object.getOwnPropertyDescriptor(constructor, "name")?.value : undefined
  return typeof name === "string" && name !== "" && name !== "Object" ? name : "object"
}

const reason = (encoder: Encoder, thrown: unknown): string => {
  try {
    const message: unknown = thrown instanceof Error ? thrown.message : thrown
    const text = typeof message === "string" ? message : `a ${typeof message}`
    return encoder.masked ? "it threw" : encoder.settings.redact(text.slice(0, 500))
  } catch {
    return "it threw"
  }
}
