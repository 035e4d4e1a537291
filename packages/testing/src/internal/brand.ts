/**
 * What a value is by its internal slots, whatever its prototype claims.
 */
import { types } from "node:util"
import * as BigDecimal from "effect/BigDecimal"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as Redacted from "effect/Redacted"

/** Kinds of objects whose content does not lie in their own properties, or not only. */
export type Brand =
  | "Object"
  | "Array"
  | "Error"
  | "DOMException"
  | "Map"
  | "Set"
  | "Date"
  | "RegExp"
  | "URL"
  | "URLSearchParams"
  | "Headers"
  | "Boxed"
  | "TypedArray"
  | "DataView"
  | "ArrayBuffer"
  | "Promise"
  | "WeakMap"
  | "WeakSet"
  | "Generator"
  | "Proxy"
  | "Reason"
  | "Chunk"
  | "HashMap"
  | "HashSet"
  | "DateTime"
  | "TimeZone"
  | "Duration"
  | "BigDecimal"
  | "Redacted"

const tests: ReadonlyArray<readonly [Brand, (value: object) => boolean]> = [
  ["Error", types.isNativeError],
  ["Map", types.isMap],
  ["Set", types.isSet],
  ["Date", types.isDate],
  ["RegExp", types.isRegExp],
  ["TypedArray", types.isTypedArray],
  ["DataView", types.isDataView],
  ["ArrayBuffer", types.isAnyArrayBuffer],
  ["Boxed", types.isBoxedPrimitive],
  ["Promise", types.isPromise],
  ["WeakMap", types.isWeakMap],
  ["WeakSet", types.isWeakSet],
  ["Generator", types.isGeneratorObject],
  ["URL", (value) => value instanceof URL],
  ["URLSearchParams", (value) => value instanceof URLSearchParams],
  ["Headers", (value) => value instanceof Headers],
  ["Reason", Cause.isReason],
  ["Chunk", Chunk.isChunk],
  ["HashMap", HashMap.isHashMap],
  ["HashSet", HashSet.isHashSet],
  ["DateTime", DateTime.isDateTime],
  ["TimeZone", DateTime.isTimeZone],
  ["Duration", Duration.isDuration],
  ["BigDecimal", BigDecimal.isBigDecimal],
  ["Redacted", Redacted.isRedacted]
]

/** The kind of an object. */
export const brandOf = (value: object): Brand => {
  if (types.isProxy(value)) return "Proxy"
  if (Array.isArray(value)) return "Array"
  // In some versions of Node an exception of the platform has the slots of an error, in others not.
  if (value instanceof DOMException) return "DOMException"
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype && !types.isNativeError(value)) return "Object"
  return tests.find(([, is]) => is(value))?.[0] ?? "Object"
}

const handles = [
  "WeakRef",
  "ReadableStream",
  "WritableStream",
  "TransformStream",
  "Request",
  "Response",
  "AbortSignal",
  "AbortController",
  "MessagePort",
  "Blob",
  "FinalizationRegistry"
] as const

/** Whether no wire can hold a value: code, promises, handles, and what answers only through traps. */
export const isUncarriable = (value: unknown): boolean => {
  if (typeof value === "function") return true
  if (typeof value !== "object" || value === null) return false
  if (types.isProxy(value) || types.isPromise(value) || types.isWeakMap(value) || types.isWeakSet(value)) return true
  if (types.isGeneratorObject(value) || types.isExternal(value)) return true
  return handles.some((name) => {
    const handle: unknown = Reflect.get(globalThis, name)
    return typeof handle === "function" && value instanceof handle
  })
}
