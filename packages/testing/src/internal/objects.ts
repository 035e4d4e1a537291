/**
 * What can be seen of an object from outside: its keys, its prototype, its state.
 */
import type { Brand } from "./brand.ts"
import { show } from "./show.ts"

export const stepOf = (key: PropertyKey): string =>
  typeof key === "symbol"
    ? `[${String(key)}]`
    : /^\d+$/.test(String(key))
      ? `[${String(key)}]`
      : /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(String(key))
        ? `.${String(key)}`
        : `[${JSON.stringify(key)}]`

export const isObject = (u: unknown): u is object => (typeof u === "object" && u !== null) || typeof u === "function"

/** A symbol that another thread can have too: it is equal to itself there. */
export const isShared = (symbol: symbol): boolean => Symbol.keyFor(symbol) !== undefined || wellKnown.has(symbol)

const wellKnown: ReadonlySet<unknown> = new Set(
  Reflect.ownKeys(Symbol)
    .map((key) => Reflect.get(Symbol, key))
    .filter((value) => typeof value === "symbol")
)

/** The prototype in this realm that stands for one of another realm. */
export const counterpart = (prototype: object | null): object | null => {
  if (prototype === null) return null
  const name: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value?.name
  if (typeof name !== "string" || chainEndsHere(prototype)) return prototype
  const here: unknown = Reflect.get(globalThis, name)
  return typeof here === "function" && isObject(here.prototype) ? here.prototype : prototype
}

const chainEndsHere = (prototype: object): boolean => {
  let last: object = prototype
  for (let next: object | null = prototype; next !== null; next = Object.getPrototypeOf(next)) last = next
  return last === Object.prototype
}

/** Whether a function is that of a span's frame, which says where the span began. */
export const isFrame = (value: unknown, step: string): value is () => unknown =>
  typeof value === "function" && value.length === 0 && step === ".stack"

export const said = (frame: object): unknown => {
  try {
    return typeof frame === "function" ? Reflect.apply(frame, undefined, []) : undefined
  } catch {
    return threw
  }
}

export const threw: unique symbol = Symbol("threw")

export const read = (target: object, descriptor: PropertyDescriptor): unknown => {
  if (descriptor.get === undefined) return descriptor.value
  try {
    return Reflect.apply(descriptor.get, target, [])
  } catch {
    return threw
  }
}

/** Some engines make a stack when its descriptor is read, and throw then. */
export const descriptorOf = (target: object, key: PropertyKey): PropertyDescriptor | undefined => {
  try {
    return Object.getOwnPropertyDescriptor(target, key)
  } catch (thrown) {
    return {
      get: () => {
        throw thrown
      },
      enumerable: false,
      configurable: true
    }
  }
}

export const isEnumerable = (target: object, key: PropertyKey): boolean =>
  Object.prototype.propertyIsEnumerable.call(target, key)

export const nameOf = (prototype: object | null): string => {
  if (prototype === null) return "none"
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value
  return typeof constructor === "function" ? `${constructor.name || "anonymous"}.prototype` : show(prototype)
}

export const reachOf = (target: object): string =>
  Object.isFrozen(target)
    ? "frozen"
    : Object.isSealed(target)
      ? "sealed"
      : Object.isExtensible(target)
        ? "open"
        : "closed to new properties"

const none: ReadonlySet<PropertyKey> = new Set()
const stack: ReadonlySet<PropertyKey> = new Set(["stack"])
const length: ReadonlySet<PropertyKey> = new Set(["length"])

export const hiddenKeys = (kind: Brand, stacks: boolean): ReadonlySet<PropertyKey> => {
  if (kind === "Error" || kind === "DOMException") return stacks ? none : stack
  // The contents hold it.
  return kind === "Array" ? length : none
}

const mostIndexes = 10_000

export const keysOf = (kind: Brand, target: object): ReadonlyArray<PropertyKey> => {
  // To list a million indexes takes longer than to compare their bytes, which was done.
  if (kind === "TypedArray" && Reflect.get(target, "length") > mostIndexes) return []
  const keys = Reflect.ownKeys(target)
  return kind === "TypedArray" ? keys.filter((key) => typeof key === "symbol" || !/^\d+$/.test(key)) : keys
}
