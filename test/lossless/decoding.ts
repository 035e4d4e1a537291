/** What must hold of decoding anything at all, and how it is watched. */
import * as Lossless from "@causeway/core/Lossless"
import { classes } from "../../packages/core/test/conformance/corpus/index.ts"

export type Form = "json" | "clone"

/** Longest time and most memory that one wire may take. */
const mostMillis = 100
const mostBytes = 64 * 1024 * 1024

/** What a wire must never reach. */
const watched: ReadonlyArray<object> = [
  Object,
  Array,
  Function,
  Error,
  TypeError,
  AggregateError,
  Map,
  Set,
  Date,
  RegExp,
  Promise,
  Symbol,
  String,
  Number,
  ...classes.map((known) => ("class" in known ? known.class : known))
].flatMap((constructor) => [constructor, Object(constructor.prototype)])

type Print = ReadonlyArray<ReadonlyArray<unknown>>

const print = (): Print =>
  watched.map((target) => [
    Object.getPrototypeOf(target),
    Object.isExtensible(target),
    ...Reflect.ownKeys(target).flatMap((key) => {
      const descriptor = Object.getOwnPropertyDescriptor(target, key)
      return [key, descriptor?.value ?? descriptor?.get]
    })
  ])

const samePrint = (one: Print, two: Print): boolean =>
  one.every(
    (row, index) => row.length === two[index]?.length && row.every((cell, at) => Object.is(cell, two[index]?.[at]))
  )

const untouched = print()

const keys = (): number => watched.reduce((sum, target) => sum + Reflect.ownKeys(target).length, 0)
const untouchedKeys = keys()

let decoded = 0

/** Keys are counted each time; what they hold is compared every so often, since it takes longer than to decode. */
const isUntouched = (): boolean => keys() === untouchedKeys && (decoded++ % 64 !== 0 || samePrint(untouched, print()))

const memory = (): number => {
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return arrayBuffers + heapUsed
}

/** How decoding a wire went. */
export interface Verdict {
  /** `undefined` if nothing was wrong. */
  readonly wrong: string | undefined
  readonly millis: number
}

/** Decodes a wire, and again where it took long: a busy machine is slow now and then, a slow wire each time. */
export const judge = (form: Form, wire: () => unknown): Verdict => {
  let best = attempt(form, wire())
  for (let again = 0; again < 3 && best.wrong?.startsWith("took") === true; again++) {
    const verdict = attempt(form, wire())
    if (verdict.millis < best.millis || verdict.wrong === undefined) best = verdict
  }
  return best
}

const attempt = (form: Form, wire: unknown): Verdict => {
  const before = memory()
  const start = process.threadCpuUsage()
  let thrown: unknown = undefined
  try {
    Lossless.fromWire(wire, { form, classes })
  } catch (failure) {
    if (!Lossless.isInvalidWire(failure)) thrown = failure ?? "nothing"
  }
  // What the thread worked, and not what it waited for a core.
  const { system, user } = process.threadCpuUsage(start)
  const millis = (system + user) / 1000
  return { millis, wrong: wrongWith(thrown, millis, memory() - before) }
}

const wrongWith = (thrown: unknown, millis: number, bytes: number): string | undefined => {
  if (thrown !== undefined) return `threw ${String(thrown)}`
  if (!isUntouched()) return "changed a prototype or a class"
  if (millis > mostMillis) return `took ${Math.round(millis)} ms`
  if (bytes > mostBytes) return `took ${Math.round(bytes / 1024 / 1024)} MB`
  return undefined
}
