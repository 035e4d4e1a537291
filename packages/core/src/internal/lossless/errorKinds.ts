/**
 * Errors, made by the native constructor of their kind with the prototype of their
 * class: no constructor of a user runs, and no stack is captured.
 */
import type { Decoder } from "./decoder.ts"
import { define, dense, refuse } from "./refusal.ts"
import { defaultArgs } from "./errorForms.ts"
import type { Forms } from "./forms.ts"
import type { Kind } from "./kinds.ts"
import { type Reading, readingsOf } from "./readings.ts"
import type { Entry } from "./registry.ts"
import { setStackLimit } from "./stacks.ts"
import { remember, UnknownFailure } from "./unknown.ts"
import { nativeErrors, type Node, plainArgs, read, type Wire } from "./wire.ts"

type NativeError = new (...args: ReadonlyArray<unknown>) => object

/** A native kind of error. */
export const errorKind = (kind: string): Kind => {
  // What this engine does not have is an error all the same.
  const Native = (nativeErrors.get(kind) ?? Error) as unknown as NativeError
  const native = readingsOf(Native.prototype, undefined, special)
  return {
    make: (decoder, wire) => {
      const node = wire as Node
      const entry = entryOf(decoder, node)
      const target = targetOf(Native, entry, node)
      // Without a limit nothing is captured at all, not even what an error without frames shows as its stack.
      const isReplaced = typeof node["$stack"] === "string"
      if (isReplaced) setStackLimit(undefined)
      const error = construct(Native, kind, node, target)
      if (isReplaced) setStackLimit(0)
      if (node["$proto"] === null) Object.setPrototypeOf(error, null)
      return error
    },
    fill: (decoder, value, wire) => fill(decoder, value, wire as Node, kind, native)
  }
}

const entryOf = (decoder: Decoder, node: Node): Entry | undefined => {
  const id = node["$class"]
  if (id === undefined) return undefined
  if (typeof id !== "string") return refuse("shape", "a class is named by a text")
  const entry = decoder.registry.byId.get(id)
  // The class is known here as something that is no error: then it is another class.
  return entry?.newTarget === undefined ? undefined : entry
}

/** Whether the sender had a class of its own for it. */
const isCustom = (node: Node): boolean => node["$class"] !== undefined || node["$name"] !== undefined

const tagOf = (node: Node): unknown => node["_tag"] ?? node["$tag"]

const targetOf = (Native: NativeError, entry: Entry | undefined, node: Node): NativeError => {
  if (entry !== undefined) return entry.newTarget as NativeError
  return isCustom(node) && typeof tagOf(node) === "string" ? unknownTarget : Native
}

const unknownTarget = function () {} as unknown as NativeError
unknownTarget.prototype = UnknownFailure.prototype

const withCause: ErrorOptions = { cause: undefined }

/** Message and cause are hidden if the constructor sets them, and setting them is cheap; defining them is not. */
const construct = (Native: NativeError, kind: string, node: Node, target: NativeError): object => {
  const held = node["$message"]
  const message = held === undefined && node["$display"] !== undefined ? messageFor(node, target) : held
  const text = typeof message === "string" ? message : undefined
  const hasCause = Object.hasOwn(node, "$cause")
  if (kind === "AggregateError") return Reflect.construct(Native, hasCause ? [[], text, withCause] : [[], text], target)
  if (kind === "SuppressedError" && Native !== unsuppressed) {
    const error = Reflect.construct(Native, [undefined, undefined, text], target)
    if (hasCause) define(error, "cause", undefined, false)
    return error
  }
  return Reflect.construct(Native, hasCause ? [text, withCause] : text === undefined ? noArguments : [text], target)
}

const unsuppressed: unknown = Error
const noArguments: ReadonlyArray<unknown> = []

/** The message that the class would compute, for those that do not have the class. */
const messageFor = (node: Node, target: NativeError): unknown =>
  target === unknownTarget || nativeErrors.has(target.name) ? node["$display"] : undefined

const fill = (decoder: Decoder, error: object, node: Node, kind: string, native: Forms<Reading>): void => {
  const prototype: object | null = Object.getPrototypeOf(error)
  const entry = prototype === null ? entryOf(decoder, node) : decoder.registry.byPrototype.get(prototype)
  // What every error of a kind has, and this one has not, or under its own name and at another place.
  if (kind === "AggregateError" && !("$errors" in node)) Reflect.deleteProperty(error, "errors")
  if (kind === "SuppressedError") {
    if (!("$error" in node)) Reflect.deleteProperty(error, "error")
    if (!("$suppressed" in node)) Reflect.deleteProperty(error, "suppressed")
  }
  const reading = readingsFor(decoder, prototype, entry, native).of(Object.keys(node))
  let isProven = false
  if (reading.isOrdered) isProven = decoder.fill(error, node, reading)
  else {
    for (const name of specials) if (name in node) special(decoder, error, node, name)
    decoder.own(error, node)
  }
  if (entry === undefined) {
    if (isCustom(node)) unknown(decoder, error, node, kind)
    return
  }
  if (entry.keepsArgs) args(decoder, error, node["$args"], entry, reading)
  const { isValid } = entry
  if (!isProven && isValid !== undefined) decoder.judge(() => judge(decoder, error, node, kind, isValid))
}

/** What a key becomes depends on what is inherited. */
const readingsFor = (
  decoder: Decoder,
  prototype: object | null,
  entry: Entry | undefined,
  native: Forms<Reading>
): Forms<Reading> => {
  if (entry === undefined) return prototype === UnknownFailure.prototype ? unknownReadings : native
  return (entry.readings[decoder.build] ??= readingsOf(entry.prototype, entry.plan(decoder.build), special))
}

/** What an error has beyond its own properties, in the order in which it is written. */
const specials = ["$message", "$stack", "$cause", "$errors", "$error", "$suppressed"] as const

const special = (decoder: Decoder, error: object, node: Node, key: string): void => {
  const held = node[key]
  const target = error as Record<string, unknown>
  switch (key) {
    case "$message":
      // Else the constructor has set it.
      if (typeof held !== "string") define(error, "message", decoder.value(held), false)
      break
    case "$stack":
      if (typeof held === "string") target["stack"] = held
      else if (held === false) Reflect.deleteProperty(error, "stack")
      break
    case "$cause":
      // The constructor has made it, hidden.
      target["cause"] = decoder.value(held)
      break
    case "$errors":
    case "$error":
    case "$suppressed":
      define(error, key.slice(1), decoder.value(held), false)
      break
    case "$symbols":
      decoder.symbolKeyed(error, held)
      break
    case "$state":
      decoder.state(error, held)
      break
    default:
      break
  }
}

const unknownReadings = readingsOf(UnknownFailure.prototype, undefined, special)

/** What the class would have said, on the error itself. */
const unknown = (decoder: Decoder, error: object, node: Node, kind: string): void => {
  const made = new Set<string>()
  const { $class, $display, $name, $tag } = node
  const name = $name ?? $class
  if (typeof name === "string" && !Object.hasOwn(error, "name")) {
    define(error, "name", name, false)
    made.add("name")
  }
  if (typeof $tag === "string" && !Object.hasOwn(error, "_tag")) {
    define(error, "_tag", $tag, false)
    made.add("_tag")
  }
  if (typeof $display === "string" && !("$message" in node) && Object.hasOwn(error, "message")) made.add("message")
  const held = node["$args"]
  remember(error, {
    class: typeof $class === "string" ? $class : undefined,
    name: typeof $name === "string" ? $name : undefined,
    tag: typeof $tag === "string" ? $tag : undefined,
    display: typeof $display === "string" ? $display : undefined,
    kind,
    made,
    args: held === undefined ? undefined : isNames(held) ? { names: held } : { value: decoder.value(held) }
  })
}

const isNames = (u: Wire): u is ReadonlyArray<string> =>
  Array.isArray(u) && dense(u).every((name) => typeof name === "string")

/** The arguments of the constructor, which `Equal` compares. */
const args = (decoder: Decoder, error: object, wire: Wire, { fields }: Entry, reading: Reading): void => {
  if (wire === null) return
  const value =
    wire === undefined
      ? reading.declared === undefined
        ? pick(error, defaultArgs(Object.getOwnPropertyNames(error), fields))
        : reading.args(error)
      : isNames(wire)
        ? pick(error, wire)
        : decoder.value(wire)
  Object.defineProperty(error, plainArgs, { value, enumerable: false })
}

const pick = (error: object, names: ReadonlyArray<string>): object => {
  const picked: Record<string, unknown> = {}
  for (const name of names) {
    // One that a limit cut off.
    if (!Object.hasOwn(error, name)) continue
    if (name === "__proto__") define(picked, name, read(error, name), true)
    else picked[name] = read(error, name)
  }
  return picked
}

/** An error whose declared fields are not what its class says is none of its class. */
const judge = (
  decoder: Decoder,
  error: object,
  node: Node,
  kind: string,
  isValid: (instance: object) => boolean
): void => {
  if (isValid(error)) return
  const isTagged = typeof tagOf(node) === "string"
  Object.setPrototypeOf(error, isTagged ? UnknownFailure.prototype : (nativeErrors.get(kind) ?? Error).prototype)
  unknown(decoder, error, node, kind)
}

/** A `DOMException`: its name decides its code. */
export const exceptionKind: Kind = {
  make: (_, wire) => {
    const { $message, $name } = wire as Node
    if (typeof $message !== "string" || typeof $name !== "string")
      return refuse("shape", "an exception has a name and a message")
    return new DOMException($message, $name)
  },
  fill: (decoder, value, wire) => {
    const node = wire as Node
    if (typeof node["$stack"] === "string") {
      if (Object.hasOwn(value, "stack")) (value as Record<string, unknown>)["stack"] = node["$stack"]
      else define(value, "stack", node["$stack"], false)
    }
    decoder.own(value, node)
  }
}
