/** Things that are only where they are: code, promises, connections, streams. */
import { isA } from "./ancestors.ts"
import * as Brand from "./brand.ts"
import * as Builtins from "./builtins.ts"
import * as Cuts from "./cuts.ts"
import type { Handler } from "./encoder.ts"

const text = (value: object, key: PropertyKey): string => String(Reflect.get(value, key))

/** What is written for one of them, or `undefined` for anything else. Of a known class only what it is made of tells. */
export const handleOf = (value: object, isKnown: boolean): Handler | undefined => {
  if (Brand.isPromise(value)) return Builtins.placeholder("promise")
  if (Brand.isWeakMap(value)) return Builtins.placeholder("WeakMap")
  if (Brand.isWeakSet(value)) return Builtins.placeholder("WeakSet")
  if (Brand.isGeneratorObject(value)) return Builtins.placeholder("generator")
  if (isA("Request", value)) return Builtins.telling((one) => `Request ${text(one, "method")} ${text(one, "url")}`)
  if (isA("Response", value)) {
    return Builtins.telling((one) =>
      `Response ${text(one, "status")} ${text(one, "statusText")} ${text(one, "url")}`.trimEnd()
    )
  }
  if (isA("File", value)) {
    return Builtins.telling((one) =>
      `File ${text(one, "name")} of ${text(one, "size")} bytes ${text(one, "type")}`.trimEnd()
    )
  }
  if (isA("Blob", value))
    return Builtins.telling((one) => `Blob of ${text(one, "size")} bytes ${text(one, "type")}`.trimEnd())
  for (const name of platform) if (isA(name, value)) return Builtins.placeholder(Cuts.nameOf(value))
  if (iterator.isPrototypeOf(value) || asyncIterator.isPrototypeOf(value))
    return Builtins.placeholder(tagOf(value, "Iterator"))
  if (!isKnown && isEmitter(value)) return Builtins.placeholder(Cuts.nameOf(value))
  return undefined
}

const platform = [
  "WeakRef",
  "FinalizationRegistry",
  "ReadableStream",
  "WritableStream",
  "TransformStream",
  "CompressionStream",
  "DecompressionStream",
  "AbortController",
  "EventTarget",
  "Event",
  "FormData",
  "Worker",
  "BroadcastChannel",
  "MessageChannel",
  "TextEncoder",
  "TextDecoder"
] as const

const iterator: object = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()))
const asyncIterator: object = Object.getPrototypeOf(
  Object.getPrototypeOf(Object.getPrototypeOf((async function* () {})()))
)

const tagOf = (value: object, otherwise: string): string => {
  const tag: unknown = Reflect.get(value, Symbol.toStringTag)
  return typeof tag === "string" && tag !== "" ? tag : otherwise
}

/** Sockets, servers, streams and child processes of Node, by the methods of their class. */
const isEmitter = (value: object): boolean => {
  try {
    const methods: object = Object.getPrototypeOf(value)
    return ["emit", "on", "removeListener"].every((key) => typeof Reflect.get(methods, key) === "function")
  } catch {
    // A getter that throws is no method.
    return false
  }
}
