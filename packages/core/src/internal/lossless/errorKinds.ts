/**
 * Errors, made by the native constructor of their kind with the prototype of their
 * class: no constructor of a user runs, and no stack is captured.
 */
import type { Decoder } from "./decoder.ts"
import { define, refuse } from "./refusal.ts"
import { defaultArgs } from "./errors.ts"
import type { Kind } from "./kinds.ts"
import { type DecodePlan, sameKeys, type Step } from "./plans.ts"
import type { Entry } from "./registry.ts"
import { remember, UnknownFailure } from "./unknown.ts"
import { nativeErrors, type Node, plainArgs, read, type Wire } from "./wire.ts"

type NativeError = new (...args: ReadonlyArray<unknown>) => object

/** A native kind of error. */
export const errorKind = (kind: string): Kind => {
  // What this engine does not have is an error all the same.
  const Native = (nativeErrors.get(kind) ?? Error) as unknown as NativeError
  const plans: Array<DecodePlan> = []
  return {
    make: (decoder, wire) => {
      const node = wire as Node
      const entry = entryOf(decoder, node)
      const error = construct(Native, kind, node, targetOf(Native, entry, node))
      if (node["$proto"] === null) Object.setPrototypeOf(error, null)
      return error
    },
    fill: (decoder, value, wire) => fill(decoder, value, wire as Node, kind, plans)
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
  const message = held === undefined ? messageFor(node, target) : held
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

const fill = (decoder: Decoder, error: object, node: Node, kind: string, plans: Array<DecodePlan>): void => {
  const keys = Object.keys(node)
  const entry = entryOf(decoder, node)
  // Names that look like numbers come first, whatever was written first.
  const first = keys[0]?.charCodeAt(0)
  if (first === 0x24 && node["$hidden"] === undefined)
    inOrder(decoder, error, node, keys, plansFor(error, entry, plans))
  else {
    for (const name of specials) if (name in node) special(decoder, error, node, name)
    decoder.own(error, node)
  }
  if (kind === "AggregateError" && !("$errors" in node)) dropUnlessShown(error, node, "errors")
  if (kind === "SuppressedError") {
    if (!("$error" in node)) dropUnlessShown(error, node, "error")
    if (!("$suppressed" in node)) dropUnlessShown(error, node, "suppressed")
  }
  if (entry === undefined) {
    if (isCustom(node)) unknown(decoder, error, node, kind)
    return
  }
  if (entry.keepsArgs) args(decoder, error, node["$args"], entry)
  const { isValid } = entry
  if (isValid !== undefined) decoder.judge(() => judge(decoder, error, node, kind, isValid))
}

const unknownPlans: Array<DecodePlan> = []

/** What can be assigned depends on what is inherited. */
const plansFor = (error: object, entry: Entry | undefined, native: Array<DecodePlan>): Array<DecodePlan> =>
  entry !== undefined ? entry.plans : Object.getPrototypeOf(error) === UnknownFailure.prototype ? unknownPlans : native

/** What an error has beyond its own properties, in the order in which it is written. */
const specials = ["$message", "$stack", "$cause", "$errors", "$error", "$suppressed"] as const

/** All at once, since the order of the keys is that in which they were written. */
const inOrder = (
  decoder: Decoder,
  error: object,
  node: Node,
  keys: ReadonlyArray<string>,
  plans: Array<DecodePlan>
): void => {
  const steps = stepsOf(error, keys, plans)
  const target = error as Record<string, unknown>
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at]!
    const held = node[key]
    switch (steps[at]) {
      case "assign":
        target[key] = typeof held === "object" && held !== null ? decoder.object(held) : held
        break
      case "define":
        define(error, key, decoder.value(held), true)
        break
      case "escaped":
        define(error, key.slice(2), decoder.value(held), true)
        break
      default:
        special(decoder, error, node, key)
    }
  }
}

const mostPlans = 4

const stepsOf = (error: object, keys: ReadonlyArray<string>, plans: Array<DecodePlan>): ReadonlyArray<Step> => {
  for (const plan of plans) if (sameKeys(plan.keys, keys)) return plan.steps
  const steps = keys.map((key): Step => {
    if (key.charCodeAt(0) === 0x24) return key.charCodeAt(1) === 0x24 ? "escaped" : "special"
    return key in error ? "define" : "assign"
  })
  if (plans.unshift({ keys, steps }) > mostPlans) plans.pop()
  return steps
}

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

/** What every error of a kind has, and this one has not, or under its own name. */
const dropUnlessShown = (error: object, node: Node, name: string): void => {
  if (!Object.hasOwn(node, name)) Reflect.deleteProperty(error, name)
}

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

const isNames = (u: Wire): u is ReadonlyArray<string> => Array.isArray(u) && u.every((name) => typeof name === "string")

/** The arguments of the constructor, which `Equal` compares. */
const args = (decoder: Decoder, error: object, wire: Wire, entry: Entry): void => {
  if (wire === null) return
  const value =
    wire === undefined
      ? entry.fields === undefined
        ? pick(error, defaultArgs(error, undefined))
        : declaredArgs(error, entry.fields)
      : isNames(wire)
        ? pick(error, wire)
        : decoder.value(wire)
  Object.defineProperty(error, plainArgs, { value, enumerable: false })
}

const declaredArgs = (error: object, fields: ReadonlyArray<string>): object => {
  const declared: Record<string, unknown> = {}
  for (const name of fields) if (name !== "__proto__" && Object.hasOwn(error, name)) declared[name] = read(error, name)
  return declared
}

const pick = (error: object, names: ReadonlyArray<string>): object => {
  const picked: Record<string, unknown> = {}
  for (const name of names) {
    if (!Object.hasOwn(error, name)) return refuse("shape", "an argument that the error does not have")
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
