/**
 * Errors: message, stack, cause and errors under names of ours, everything else
 * that hangs on them under its own.
 */
import { isNativeError } from "./brand.ts"
import { ownBut } from "./builtins.ts"
import type { Encoder, Handler } from "./encoder.ts"
import * as Cuts from "./cuts.ts"
import { type ErrorForm, errorForm } from "./errorForms.ts"
import { sameKeys } from "./forms.ts"
import { isOften, sameSource } from "./generated.ts"
import * as Own from "./ownProperties.ts"
import type { Entry } from "./registry.ts"
import { stackBy, stackOf } from "./stacks.ts"
import { type Origin, originOf } from "./unknown.ts"
import { hiddenNames, isObject, type Node, plainArgs, read, type Wire } from "./wire.ts"

/** What is known of an error's class beyond the native kind. */
export interface Identity {
  /** The class in the registry. */
  readonly entry?: Entry
  /** A Schema class that is not in it, by its identifier. */
  readonly id?: string
  /** Whether it is any class of its own. */
  readonly custom: boolean
  /** An own property that says nothing to another process. */
  readonly skip?: string
  /** The error has no prototype at all. */
  readonly bare?: boolean
}

/** How errors of one class are written. */
export const errorHandler = (kind: string, identity: Identity): Handler => {
  const forms: Array<ErrorForm> = []
  return { spills: true, encode: (encoder, value, index) => encode(encoder, value, index, kind, identity, forms) }
}

const encode = (
  encoder: Encoder,
  value: object,
  index: number,
  kind: string,
  identity: Identity,
  forms: Array<ErrorForm>
): Wire => {
  if (!isNativeError(value)) return likeError(encoder, value, index, kind, identity)
  const origin = identity.entry === undefined ? originOf(value) : undefined
  const native = origin?.kind ?? kind
  const id = identity.entry?.id ?? identity.id ?? origin?.class
  const node: Node = id === undefined ? { $: native } : native === "Error" ? { $class: id } : { $: native, $class: id }
  encoder.nodes[index] = node
  if (identity.bare === true) node["$proto"] = null

  const form = errorForm(forms, value, identity.entry?.fields)
  if (origin !== undefined) {
    if (origin.name !== undefined) node["$name"] = encoder.text(origin.name)
    if (origin.tag !== undefined) node["$tag"] = encoder.text(origin.tag)
    if (origin.display !== undefined) node["$display"] = encoder.text(origin.display)
  } else if (identity.custom) describe(encoder, node, value, kind, identity, form)
  // The message first, and the stack second, for those who read it.
  const { parts } = form
  let next = 0
  if (parts[0] === "message") {
    if (origin?.made.has("message") !== true) special(encoder, node, value, "message")
    next = 1
  }
  const isStackLeft = stack(encoder, node, value, form.hasHiddenStack)
  for (; next < parts.length; next++) special(encoder, node, value, parts[next]!)

  shown(encoder, node, value, form.keys, identity)
  others(encoder, node, value, form.hidden, isStackLeft, origin)
  if (form.symbols.length > 0) Own.symbolKeyed(encoder, node, value, form.symbols)
  Own.state(node, value)
  if (identity.entry?.keepsArgs === true) args(encoder, node, value, form)
  else if (origin?.args !== undefined) node["$args"] = origin.args.names ?? encoder.value(origin.args.value)
  return node
}

const shown = (
  encoder: Encoder,
  node: Node,
  value: object,
  keys: ReadonlyArray<string>,
  { entry, skip }: Identity
): void => {
  const isDropped = encoder.settings.stack === "drop" && keys.includes("stack")
  const left =
    skip !== undefined || isDropped ? keys.filter((key) => key !== skip && (key !== "stack" || !isDropped)) : keys
  if (entry !== undefined) Own.declared(encoder, node, value, left, entry)
  else Own.properties(encoder, node, value, left)
  if (skip !== undefined) node[skip] = `[${skip}]`
}

/** Hidden properties that have no name of ours; a stack that is no text has none. */
const others = (
  encoder: Encoder,
  node: Node,
  value: object,
  hidden: ReadonlyArray<string>,
  isStackLeft: boolean,
  origin: Origin | undefined
): void => {
  if (hidden.length === 0 && !isStackLeft) return
  const sent = origin === undefined ? hidden : hidden.filter((name) => !origin.made.has(name))
  Own.hiddenOf(encoder, node, value, isStackLeft ? [...sent, "stack"] : sent)
}

const special = (encoder: Encoder, node: Node, value: object, name: string): void => {
  const wire = hiddenNames.get(name)!
  try {
    node[wire] = encoder.value(read(value, name))
  } catch (thrown) {
    node[wire] = Cuts.thrownText(encoder, thrown)
  }
}

/** Writes the stack; whether there is one that could not be written so, being no text. */
const stack = (encoder: Encoder, node: Node, value: object, isThere: boolean): boolean => {
  const { stack: policy } = encoder.settings
  // Reading it formats it, which costs more than all else: a stack that may not leave is not touched.
  if (policy === "drop") return false
  const own = isThere ? stackOf(value) : undefined
  if (typeof own !== "string") {
    node["$stack"] = false
    return isThere
  }
  const left = stackBy(policy, own)
  if (left !== undefined) node["$stack"] = encoder.text(left)
  return false
}

/** What a receiver without the class has to know: its name, its tag and its message where the class computes them. */
const describe = (
  encoder: Encoder,
  node: Node,
  value: object,
  kind: string,
  { entry, id }: Identity,
  form: ErrorForm
): void => {
  try {
    if (!form.hasMessage) {
      const { message } = value as { readonly message?: unknown }
      if (typeof message === "string" && message !== "") node["$display"] = encoder.text(message)
    }
    if (entry !== undefined) return
    const name = nameOf(value, kind)
    if (name !== id) node["$name"] = encoder.text(name)
    if (!form.hasTag) {
      const tag = read(value, "_tag")
      if (typeof tag === "string") node["$tag"] = encoder.text(tag)
    }
  } catch (thrown) {
    node["$name"] = Cuts.thrownText(encoder, thrown)
  }
}

const nameOf = (value: object, kind: string): string => {
  const name = read(value, "name")
  if (typeof name === "string" && name !== "" && name !== kind) return name
  return Cuts.nameOf(value)
}

/**
 * Effect's errors keep the arguments of their constructor, and `Equal` compares
 * them. Nearly always they are the declared fields, and nothing is written.
 */
const args = (encoder: Encoder, node: Node, value: object, form: ErrorForm): void => {
  const own = read(value, plainArgs)
  if (!isObject(own)) node["$args"] = null
  else if (!isDefault(encoder, own, value, form))
    node["$args"] = byName(encoder, own, value) ?? encoder.value(stackless(encoder, own))
}

/** Arguments without a stack, where none may leave. */
const stackless = (encoder: Encoder, own: object): object => {
  if (encoder.settings.stack !== "drop" || !Object.hasOwn(own, "stack")) return own
  const { stack: _, ...others } = own as Readonly<Record<string, unknown>>
  return others
}

const isDefault = (encoder: Encoder, own: object, value: object, form: ErrorForm): boolean => {
  if (form.isDeclared && encoder.settings.build === "generated" && isOften(++form.uses))
    form.isOwn = sameSource(form.args) ?? form.isOwn
  return isPlain(own) && sameKeys(Object.keys(own), form.args) && form.isOwn(own, value)
}

const isPlain = (own: object): boolean => Object.getPrototypeOf(own) === Object.prototype && Object.isExtensible(own)

/** The names of the arguments, where each is also a property of the error. */
const byName = (encoder: Encoder, own: object, value: object): ReadonlyArray<string> | undefined => {
  const names = Object.keys(own)
  const all = names.every(
    (name) =>
      Object.hasOwn(value, name) && Object.is(read(own, name), read(value, name)) && !encoder.settings.key(name).altered
  )
  return all && isPlain(own) && !names.includes("__proto__") ? names : undefined
}

/** An object with an error's prototype that is none: it has no stack of its own. */
const likeError = (
  encoder: Encoder,
  value: object,
  index: number,
  kind: string,
  { entry, id, custom }: Identity
): Node => {
  const node: Node =
    entry !== undefined || id !== undefined ? { $: "object", $class: entry?.id ?? id } : { $: "like", $of: kind }
  encoder.nodes[index] = node
  if (custom && entry === undefined && id === undefined) node["$name"] = encoder.text(Cuts.nameOf(value))
  if (encoder.settings.stack === "drop" && Object.hasOwn(value, "stack"))
    ownBut(encoder, node, value, (name) => name === "stack")
  else Own.own(encoder, node, value)
  return node
}
