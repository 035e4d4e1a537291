/**
 * What two objects of one kind hold beyond their own properties.
 */
import { types } from "node:util"
import * as BigDecimal from "effect/BigDecimal"
import * as Chunk from "effect/Chunk"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Brand } from "./brand.ts"

/** The contents of two objects, side by side. */
export interface Contents {
  /** Values to be compared at once, by `Object.is`. */
  readonly facts: ReadonlyArray<{ readonly aspect: string; readonly expected: unknown; readonly actual: unknown }>
  /** Values to be compared in turn, under a step of the path. */
  readonly parts: ReadonlyArray<{ readonly step: string; readonly expected: unknown; readonly actual: unknown }>
  /** Whether own properties are but an inner matter of the kind. */
  readonly whole: boolean
}

/** Which parts of a `Cause` count. */
export interface Scope {
  readonly annotations?: boolean | undefined
}

const facts = (...list: Contents["facts"]): Contents => ({ facts: list, parts: [], whole: false })

const fact = (aspect: string, expected: unknown, actual: unknown) => ({ aspect, expected, actual })

const listed = (
  expected: ReadonlyArray<unknown>,
  actual: ReadonlyArray<unknown>,
  step: (index: number) => string,
  whole: boolean
): Contents => ({
  facts: [fact("size", expected.length, actual.length)],
  parts: expected.map((value, index) => ({ step: step(index), expected: value, actual: actual[index] })),
  whole
})

const bytesOf = (view: ArrayBufferView | ArrayBufferLike): string =>
  Buffer.from(
    ArrayBuffer.isView(view) ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength) : new Uint8Array(view)
  ).toString("base64")

/** Pairs the members of two hash structures by `Equal`, and the rest in the order in which they come. */
const hashed = (
  expected: Iterable<readonly [unknown, unknown]>,
  actual: Iterable<readonly [unknown, unknown]>,
  values: boolean
): Contents => {
  const list = Array.from(expected)
  const others = Array.from(actual)
  const byKey = HashMap.fromIterable(others.map((entry) => [entry[0], entry] as const))
  const equals = list.map(([key]) => Option.getOrUndefined(HashMap.get(byKey, key)))
  const taken = new Set(equals)
  const rest = others.filter((entry) => !taken.has(entry))
  return {
    facts: [fact("size", list.length, others.length)],
    parts: list.flatMap(([key, value], index) => {
      const other = equals[index] ?? rest.shift()
      return [
        { step: ` key ${index}`, expected: key, actual: other?.[0] },
        ...(values ? [{ step: ` value ${index}`, expected: value, actual: other?.[1] }] : [])
      ]
    }),
    whole: true
  }
}

/** What two objects of this kind hold, or `undefined` if that is their own properties alone. */
export const contents = (kind: Brand, expected: object, actual: object, scope: Scope): Contents | undefined => {
  const both = <A>(is: (value: object) => value is object & A, make: (one: A, two: A) => Contents) =>
    is(expected) && is(actual) ? make(expected, actual) : undefined
  const instances = <A extends object>(is: abstract new (...args: never) => A, make: (one: A, two: A) => Contents) =>
    make(asserted(is, expected), asserted(is, actual))
  switch (kind) {
    case "Array":
      return both(Array.isArray, (one: ReadonlyArray<unknown>, two: ReadonlyArray<unknown>) =>
        facts(fact("length", one.length, two.length))
      )
    case "Map": {
      const one = [...Map.prototype.entries.call(expected)]
      const two = [...Map.prototype.entries.call(actual)]
      return {
        facts: [fact("size", one.length, two.length)],
        parts: one.flatMap(([key, value], index) => [
          { step: ` key ${index}`, expected: key, actual: two[index]?.[0] },
          { step: ` value ${index}`, expected: value, actual: two[index]?.[1] }
        ]),
        whole: false
      }
    }
    case "Set":
      return listed(
        [...Set.prototype.values.call(expected)],
        [...Set.prototype.values.call(actual)],
        (index) => ` member ${index}`,
        false
      )
    case "Date":
      return facts(fact("time", Date.prototype.getTime.call(expected), Date.prototype.getTime.call(actual)))
    case "RegExp":
      return facts(
        fact("source", getter(RegExp.prototype, "source", expected), getter(RegExp.prototype, "source", actual)),
        fact("flags", getter(RegExp.prototype, "flags", expected), getter(RegExp.prototype, "flags", actual))
      )
    case "URL":
      return instances(URL, (one, two) => ({ ...facts(fact("address", one.href, two.href)), whole: true }))
    case "URLSearchParams":
      return instances(URLSearchParams, (one, two) => ({ ...facts(fact("query", `${one}`, `${two}`)), whole: true }))
    case "Headers":
      return instances(Headers, (one, two) => ({
        ...facts(fact("headers", JSON.stringify([...one]), JSON.stringify([...two]))),
        whole: true
      }))
    case "DOMException":
      return instances(DOMException, (one, two) =>
        facts(
          fact("name", one.name, two.name),
          fact("message", one.message, two.message),
          fact("code", one.code, two.code)
        )
      )
    case "Boxed":
      return facts(fact("value", expected.valueOf(), actual.valueOf()))
    case "TypedArray":
      return both(ArrayBuffer.isView, (one, two) =>
        facts(
          fact(
            "element type",
            getter(anyTypedArray, Symbol.toStringTag, one),
            getter(anyTypedArray, Symbol.toStringTag, two)
          ),
          fact("bytes", bytesOf(one), bytesOf(two))
        )
      )
    case "DataView":
      return both(ArrayBuffer.isView, (one, two) => facts(fact("bytes", bytesOf(one), bytesOf(two))))
    case "ArrayBuffer":
      return both(types.isAnyArrayBuffer, (one, two) => facts(fact("bytes", bytesOf(one), bytesOf(two))))
    case "Reason":
      return scope.annotations === false ? reason(expected, actual) : undefined
    case "Chunk":
      return both(Chunk.isChunk, (one, two) =>
        listed(Chunk.toReadonlyArray(one), Chunk.toReadonlyArray(two), (index) => `[${index}]`, true)
      )
    case "HashMap":
      return both(HashMap.isHashMap, (one, two) => hashed(one, two, true))
    case "HashSet":
      return both(HashSet.isHashSet, (one, two) =>
        hashed(
          Array.from(one, (value) => [value, undefined] as const),
          Array.from(two, (value) => [value, undefined] as const),
          false
        )
      )
    case "DateTime":
      return both(DateTime.isDateTime, (one, two) => ({
        ...facts(fact("instant", one.epochMilliseconds, two.epochMilliseconds), fact("zone", zoneOf(one), zoneOf(two))),
        whole: true
      }))
    case "TimeZone":
      return both(DateTime.isTimeZone, (one, two) => ({
        ...facts(fact("zone", DateTime.zoneToString(one), DateTime.zoneToString(two))),
        whole: true
      }))
    case "Duration":
      return both(Duration.isDuration, (one, two) => ({
        ...facts(fact("duration", durationOf(one), durationOf(two))),
        whole: true
      }))
    case "BigDecimal":
      return both(BigDecimal.isBigDecimal, (one, two) => ({
        ...facts(fact("value", one.value, two.value), fact("scale", one.scale, two.scale)),
        whole: true
      }))
    case "Redacted":
      return both(Redacted.isRedacted, (one, two) => ({ ...facts(fact("label", one.label, two.label)), whole: true }))
    default:
      return undefined
  }
}

const asserted = <A extends object>(is: abstract new (...args: never) => A, value: object): A => {
  if (value instanceof is) return value
  throw new TypeError("an object of another kind than was told")
}

const anyTypedArray: object = Object.getPrototypeOf(Uint8Array.prototype)

/** A getter of a class, read on an object whatever the object's own prototype is. */
const getter = (prototype: object, key: PropertyKey, target: object): unknown => Reflect.get(prototype, key, target)

const zoneOf = (self: DateTime.DateTime): string => (DateTime.isZoned(self) ? DateTime.zoneToString(self.zone) : "UTC")

const durationOf = (self: Duration.Duration): string =>
  Duration.match(self, {
    onMillis: (millis) => `${millis} ms`,
    onNanos: (nanos) => `${nanos} ns`,
    onInfinity: () => "Infinity",
    onNegativeInfinity: () => "-Infinity"
  })

/** A reason of a `Cause` without what its place of origin wrote on it. */
const reason = (expected: object, actual: object): Contents => {
  const tag: unknown = Reflect.get(expected, "_tag")
  const key = tag === "Fail" ? "error" : tag === "Die" ? "defect" : undefined
  return {
    facts: [fact("reason", tag, Reflect.get(actual, "_tag"))],
    parts:
      key === undefined
        ? []
        : [{ step: `.${key}`, expected: Reflect.get(expected, key), actual: Reflect.get(actual, key) }],
    whole: true
  }
}
