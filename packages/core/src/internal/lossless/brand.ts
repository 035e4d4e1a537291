/**
 * What an object is by its internal slots, whatever its prototype claims. Asks
 * Node where there is one; elsewhere what the language offers has to do.
 */

interface Types {
  readonly isProxy: (u: unknown) => boolean
  readonly isNativeError: (u: unknown) => u is Error
  readonly isMap: (u: unknown) => boolean
  readonly isSet: (u: unknown) => boolean
  readonly isDate: (u: unknown) => boolean
  readonly isRegExp: (u: unknown) => boolean
  readonly isAnyArrayBuffer: (u: unknown) => boolean
  readonly isBoxedPrimitive: (u: unknown) => boolean
  readonly isPromise: (u: unknown) => boolean
  readonly isWeakMap: (u: unknown) => boolean
  readonly isWeakSet: (u: unknown) => boolean
  readonly isGeneratorObject: (u: unknown) => boolean
}

const isTypes = (u: unknown): u is Types => typeof u === "object" && u !== null && "isNativeError" in u

const instance =
  (...constructors: ReadonlyArray<abstract new (...args: never) => unknown>) =>
  (u: unknown): boolean =>
    constructors.some((constructor) => u instanceof constructor)

/** Newer than some browsers. */
const isError: unknown = Reflect.get(Error, "isError")

const portable: Types = {
  // A proxy cannot be told from what it stands for, unless it refuses what every other object answers.
  isProxy: (u) => {
    try {
      Object.getPrototypeOf(u)
      return false
    } catch {
      return true
    }
  },
  isNativeError: (typeof isError === "function" ? isError : instance(Error)) as Types["isNativeError"],
  isMap: instance(Map),
  isSet: instance(Set),
  isDate: instance(Date),
  isRegExp: instance(RegExp),
  isAnyArrayBuffer: instance(ArrayBuffer),
  isBoxedPrimitive: instance(String, Number, Boolean, BigInt as never, Symbol as never),
  isPromise: instance(Promise),
  isWeakMap: instance(WeakMap),
  isWeakSet: instance(WeakSet),
  isGeneratorObject: (u) => Object.prototype.toString.call(u) === "[object Generator]"
}

const hostTypes = (): Types => {
  // Not an import: the module has to load where there is no Node.
  const builtin: unknown = Reflect.get(globalThis, "process")?.getBuiltinModule?.("node:util")?.types
  return isTypes(builtin) ? builtin : portable
}

export const {
  isAnyArrayBuffer,
  isBoxedPrimitive,
  isDate,
  isGeneratorObject,
  isMap,
  isNativeError,
  isPromise,
  isProxy,
  isRegExp,
  isSet,
  isWeakMap,
  isWeakSet
} = hostTypes()
