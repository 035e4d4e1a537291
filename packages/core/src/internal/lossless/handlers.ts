/**
 * Which handler writes an object: by its prototype, found out once per prototype
 * and registry.
 */
import * as Schema from "effect/Schema"
import { constructorOf, isA } from "./ancestors.ts"
import * as Brand from "./brand.ts"
import * as Builtins from "./builtins.ts"
import * as Bytes from "./bytes.ts"
import * as Cuts from "./cuts.ts"
import * as EffectValues from "./effectValues.ts"
import type { Declared } from "./declarations.ts"
import type { Encoder, Handler } from "./encoder.ts"
import { errorHandler } from "./errors.ts"
import { handleOf } from "./handles.ts"
import * as Own from "./ownProperties.ts"
import { type Entry, nativeKindOf, type Registry } from "./registry.ts"
import { isSchemaClass } from "./schemaClasses.ts"
import { stackOf } from "./stacks.ts"
import type { Collect } from "./transfers.ts"
import { strangerOf, UnknownFailure } from "./unknown.ts"
import { headOf, nativeErrors, type Node } from "./wire.ts"

/** Prototypes whose objects need no second look. */
const common = new Map<object, Handler>([
  [Object.prototype, Builtins.plain],
  [Array.prototype, Builtins.array],
  [Map.prototype, Builtins.map],
  [Set.prototype, Builtins.set],
  [Date.prototype, Builtins.date],
  [RegExp.prototype, Builtins.regExp],
  [UnknownFailure.prototype, errorHandler("Error", { custom: true })],
  ...Array.from(nativeErrors, ([kind, native]) => [native.prototype, errorHandler(kind, { custom: false })] as const),
  ...EffectValues.handlers
])

const proxy = Builtins.placeholder("proxy")
const promise = Builtins.placeholder("promise")
const bareError = errorHandler("Error", { custom: false, bare: true })

/** The handler for an object. */
export const handlerOf = (registry: Registry, value: object): Handler => {
  if (Brand.isProxy(value)) return proxy
  const prototype: object | null = Object.getPrototypeOf(value)
  if (prototype === null) return Brand.isNativeError(value) ? bareError : bareOf(value)
  const found = common.get(prototype)
  if (found !== undefined) return found
  return registry.handlers.get(prototype) ?? resolve(registry, prototype, value)
}

/** What has content keeps that: its prototype alone is not carried. */
const bareOf = (value: object): Handler => contentOf(value) ?? (Brand.isPromise(value) ? promise : Builtins.bare)

const resolve = (registry: Registry, prototype: object, value: object): Handler => {
  try {
    const handler = choose(registry, prototype, value)
    if (isTypical(prototype, value)) registry.handlers.set(prototype, handler)
    return handler
  } catch {
    return Builtins.stranger(undefined, "object")
  }
}

/** Whether what an object is made of is what its prototype says: if not, it tells nothing of others. */
const isTypical = (prototype: object, value: object): boolean => {
  if (!isHere(prototype) || prototype instanceof Error) return true
  if (Brand.isNativeError(value)) return false
  let derives = false
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at)) derives ||= withSlots.has(at)
  return derives === slots.some((has) => has(value))
}

/** What is known by what it is made of. */
const slots = [
  Array.isArray,
  ArrayBuffer.isView,
  Brand.isAnyArrayBuffer,
  Brand.isBoxedPrimitive,
  Brand.isDate,
  Brand.isMap,
  Brand.isPromise,
  Brand.isRegExp,
  Brand.isSet,
  Brand.isWeakMap,
  Brand.isWeakSet
]

const typedArray: object = Object.getPrototypeOf(Uint8Array.prototype)

const withSlots: ReadonlySet<object> = new Set([
  typedArray,
  Array.prototype,
  ArrayBuffer.prototype,
  DataView.prototype,
  String.prototype,
  Number.prototype,
  Boolean.prototype,
  BigInt.prototype,
  Symbol.prototype,
  Date.prototype,
  Map.prototype,
  Promise.prototype,
  RegExp.prototype,
  Set.prototype,
  WeakMap.prototype,
  WeakSet.prototype
])

const choose = (registry: Registry, prototype: object, value: object): Handler => {
  if (EffectValues.isNamedZone(prototype, value)) return EffectValues.zone
  const entry = registry.byPrototype.get(prototype)
  if (entry?.encode !== undefined) return custom(entry.id, entry.encode)
  if (entry === undefined) {
    for (const type of registry.declared) if (type.is(value)) return declaredAs(type, generic(prototype, value, entry))
  }
  const handler = generic(prototype, value, entry)
  const movable = entry?.movable()
  return movable === undefined ? handler : moving(handler, movable)
}

const generic = (prototype: object, value: object, entry: Entry | undefined): Handler =>
  isErrorLike(prototype, value)
    ? errorOf(prototype, value, entry)
    : (builtinOf(prototype, value, entry) ?? instanceOf(prototype, value, entry))

/** An instance with bytes whose memory may move. */
const moving = (handler: Handler, movable: Collect): Handler => ({
  spills: handler.spills,
  encode: (encoder, value, index) => {
    movable(value, (encoder.moving ??= new Set()))
    return handler.encode(encoder, value, index)
  }
})

/** By the codec of its declaration, as long as that takes it. */
const declaredAs = (type: Declared, otherwise: Handler): Handler => ({
  spills: false,
  encode: (encoder, value, index) => {
    let encoded: unknown
    try {
      if (!type.is(value)) return otherwise.encode(encoder, value, index)
      encoded = type.encode(value)
    } catch {
      return otherwise.encode(encoder, value, index)
    }
    return { $: "custom", $class: type.id, $value: encoder.value(encoded) }
  }
})
/** A class that says itself what to write. */
const custom = (id: string, encode: (instance: object) => unknown): Handler => ({
  spills: false,
  encode: (encoder, value) => ({ $: "custom", $class: id, $value: encoder.value(encode(value)) })
})

const isErrorLike = (prototype: object, value: object): boolean =>
  Brand.isNativeError(value) || prototype instanceof Error

const errorOf = (prototype: object, value: object, entry: Entry | undefined): Handler => {
  if (typeof DOMException === "function" && value instanceof DOMException) return exception
  const kind = nativeKindOf(prototype)
  if (entry !== undefined) return errorHandler(kind, { entry, custom: true })
  if (Schema.isSchemaError(value)) return errorHandler(kind, { custom: true, skip: "issue" })
  const constructor = constructorOf(prototype)
  if (isSchemaClass(constructor) && constructor.prototype === prototype) {
    return errorHandler(kind, { id: constructor.identifier, custom: true })
  }
  return errorHandler(kind, { custom: !isNativeOfAnotherRealm(prototype, kind) })
}

const isNativeOfAnotherRealm = (prototype: object, kind: string): boolean => {
  const constructor = constructorOf(prototype)
  return typeof constructor === "function" && constructor.name === kind && !isHere(prototype)
}

/** Whether a prototype's chain ends in this realm's `Object.prototype`. */
const isHere = (prototype: object): boolean => {
  let last = prototype
  for (let next: object | null = prototype; next !== null; next = Object.getPrototypeOf(next)) last = next
  return last === Object.prototype
}

const exception: Handler = {
  spills: false,
  encode: (encoder, value, index) => {
    const { message, name } = value as DOMException
    const node: Node = { $: "DOMException", $name: encoder.text(name), $message: encoder.text(message) }
    encoder.nodes[index] = node
    const keys = Object.keys(value)
    const shown = new Set(keys)
    const hidden = Object.getOwnPropertyNames(value).filter((own) => own !== "stack" && !shown.has(own))
    if (encoder.settings.stack !== "drop") {
      const stack = stackOf(value)
      if (typeof stack === "string") node["$stack"] = encoder.text(stack)
    }
    Own.properties(encoder, node, value, keys)
    Own.hiddenOf(encoder, node, value, hidden)
    Own.exotics(encoder, node, value)
    return node
  }
}

/** Kinds with content of their own, and what cannot be carried. */
const builtinOf = (prototype: object, value: object, entry: Entry | undefined): Handler | undefined => {
  const base = contentOf(value) ?? handleOf(value, entry !== undefined)
  if (base === undefined || !subclassed.has(base)) return base
  if (entry !== undefined) return classed(base, entry.id, undefined)
  const stranger = strangerOf(prototype)
  if (stranger !== undefined) return classed(base, stranger.class, stranger.name)
  const constructor = constructorOf(prototype)
  const name = typeof constructor === "function" ? constructor.name : ""
  return isHere(prototype) && !isKindsOwn(prototype) && name !== "" ? classed(base, undefined, name) : base
}

const isKindsOwn = (prototype: object): boolean => common.has(prototype)

/** Kinds of which there may be subclasses: the constructor of one need not run. */
const subclassed: ReadonlySet<Handler> = new Set([
  Builtins.array,
  Builtins.map,
  Builtins.set,
  Builtins.date,
  Builtins.regExp
])

/** An instance of a subclass. */
const classed = (base: Handler, id: string | undefined, name: string | undefined): Handler => ({
  spills: base.spills,
  encode: (encoder, value, index) => {
    const wire = base.encode(encoder, value, index)
    const node = Array.isArray(wire) ? headOf(wire) : wire
    if (typeof node !== "object" || node === null) return wire
    if (id !== undefined) (node as Node)["$class"] = id
    else if (name !== undefined) (node as Node)["$name"] = encoder.text(name)
    return wire
  }
})

const contentOf = (value: object): Handler | undefined => {
  if (Array.isArray(value)) return Builtins.array
  if (Brand.isMap(value)) return Builtins.map
  if (Brand.isSet(value)) return Builtins.set
  if (Brand.isDate(value)) return Builtins.date
  if (Brand.isRegExp(value)) return Builtins.regExp
  if (value instanceof DataView) return Bytes.dataView
  if (ArrayBuffer.isView(value)) return Bytes.typedArray
  if (Brand.isAnyArrayBuffer(value)) return Bytes.arrayBuffer
  if (Brand.isBoxedPrimitive(value)) return Builtins.boxed
  if (isA("URL", value)) return Builtins.url
  if (isA("URLSearchParams", value)) return Builtins.searchParams
  if (isA("Headers", value)) return Builtins.headers
  return undefined
}

const instanceOf = (prototype: object, value: object, entry: Entry | undefined): Handler => {
  if (entry !== undefined) return classInstance(entry)
  const stranger = strangerOf(prototype)
  if (stranger !== undefined) return Builtins.stranger(stranger.class, stranger.name ?? stranger.class ?? "object")
  const constructor = constructorOf(prototype)
  if (isSchemaClass(constructor) && constructor.prototype === prototype) {
    return Builtins.stranger(constructor.identifier, constructor.identifier)
  }
  const effect = effectKindOf(prototype)
  if (effect !== undefined) return Builtins.placeholder(effect)
  if (!isHere(prototype) && isObjectOfAnotherRealm(prototype)) return Builtins.plain
  return Builtins.stranger(undefined, Cuts.nameOf(value))
}

const isObjectOfAnotherRealm = (prototype: object): boolean => {
  const constructor = constructorOf(prototype)
  return Object.getPrototypeOf(prototype) === null && typeof constructor === "function" && constructor.name === "Object"
}

const classInstance = (entry: Entry): Handler => ({
  spills: true,
  encode: (encoder: Encoder, value, index) => {
    const node: Node = { $: "object", $class: entry.id }
    encoder.nodes[index] = node
    const keys = Object.keys(value)
    Own.declared(encoder, node, value, keys, entry)
    const names = Object.getOwnPropertyNames(value)
    if (names.length !== keys.length) Own.hidden(encoder, node, value, names, keys)
    Own.exotics(encoder, node, value)
    return node
  }
})

/** Effect's own objects that are no values: effects, fibers, layers, streams, scopes. */
const effectKindOf = (prototype: object): string | undefined => {
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at)) {
    for (const key of Object.getOwnPropertyNames(at)) {
      if (key.startsWith("~effect/") && !key.startsWith("~effect/Schema/") && !key.startsWith("~effect/Request")) {
        return key.slice("~effect/".length)
      }
    }
  }
  return undefined
}
