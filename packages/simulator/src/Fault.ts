/**
 * The table of the ways in which the simulator fails on demand, and how one is
 * asked for: `rate-limited`, `rate-limited*2` (twice, and then the right answer),
 * `slow?millis=500&share=0.3` (for three requests of ten). As a model's name it has
 * `fault:` in front.
 *
 * **Example** (Looking up a fault)
 *
 * ```ts
 * import * as Fault from "@causeway/simulator/Fault"
 *
 * Fault.parse("fault:no-healthy-upstream*2")?.times // => 2
 * Fault.parse("rate-limited?share=0.25")?.share // => 0.25
 * Fault.parse("rate-limited?shard=2") // => undefined
 * Fault.parse("flaky")?.fault.description // => "500 of the provider itself, 2 times unless told otherwise, and then the right answer"
 * ```
 */
import { bodies } from "./internal/faults/bodies.ts"
import { connections } from "./internal/faults/connections.ts"
import type { Fault } from "./internal/faults/fault.ts"
import { gateways } from "./internal/faults/gateways.ts"
import { harmless } from "./internal/faults/harmless.ts"
import { servers } from "./internal/faults/servers.ts"
import { statuses } from "./internal/faults/status.ts"
import { streams } from "./internal/faults/streams.ts"
import { vendors } from "./internal/faults/vendors.ts"

export type { Context, Fault, Group, Parameter } from "./internal/faults/fault.ts"

/** A fault as it was asked for. */
export interface Invocation {
  readonly fault: Fault
  /** How often it happens before the right answer comes; `Infinity`: always. */
  readonly times: number
  /** The part of the requests that it happens to: 0 to 1. */
  readonly share: number
  /** A wait before it, in milliseconds. */
  readonly delay: number
  /** The fault's own parameters. */
  readonly value: (parameter: string) => number
}

const table: ReadonlyArray<Fault> = [
  ...statuses,
  ...gateways,
  ...connections,
  ...bodies,
  ...streams,
  ...vendors,
  ...servers,
  ...harmless
]

/** Those of a first look, in front of all others. */
const first = [
  "no-healthy-upstream",
  "rate-limited",
  "quota",
  "overloaded",
  "unauthorized",
  "stall",
  "stall-body",
  "cut-stream",
  "stream-error",
  "html",
  "empty",
  "reset"
]

/** Every fault. */
export const all: ReadonlyArray<Fault> = [
  ...first.flatMap((name) => table.filter((fault) => fault.name === name)),
  ...table.filter(({ name }) => !first.includes(name))
]

const byName = new Map(all.map((fault) => [fault.name, fault]))

/** Whether it is none for a client that does it right: the call has to succeed. */
export const isHarmless = ({ group }: Fault): boolean => group === "harmless"

/** Whether a model's name asks for a fault, known or not. */
export const isFaultModel = (model: string): boolean => model.startsWith("fault:")

/**
 * The names nearest to one that there is not, nearest first: at most five, and none
 * where nothing is near.
 *
 * **Example** (A slip)
 *
 * ```ts
 * import * as Fault from "@causeway/simulator/Fault"
 *
 * Fault.closest("rate-limitted")[0] // => "rate-limited"
 * ```
 */
export const closest = (name: string): ReadonlyArray<string> => {
  const asked = name
    .replace(/^fault:/, "")
    .replace(/[*?].*$/s, "")
    .toLowerCase()
    .slice(0, 64)
  if (asked === "") return []
  const slips = Math.max(2, Math.floor(asked.length / 3))
  return all
    .map(({ name }) => [name, name.includes(asked) ? 1 : editsBetween(asked, name)] as const)
    .filter(([, edits]) => edits <= slips)
    .toSorted(([, a], [, b]) => a - b)
    .slice(0, 5)
    .map(([name]) => name)
}

/** How many letters have to be put in, taken out or replaced (Levenshtein). */
const editsBetween = (from: string, to: string): number => {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const line = [row]
    for (let column = 1; column <= to.length; column++) {
      const replaced = above[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1)
      line.push(Math.min(replaced, above[column]! + 1, line[column - 1]! + 1))
    }
    above = line
  }
  return above[to.length]!
}

/** What every fault can be told, with its limits. */
const common: Readonly<Record<string, { readonly min: number; readonly max: number }>> = {
  n: { min: 1, max: 999_999 },
  share: { min: 0, max: 1 },
  delay: { min: 0, max: 3_600_000 }
}

/**
 * The fault that a text asks for, or `undefined` where there is none of that name,
 * or it cannot be told that. `*<n>` is short for `?n=<n>`; `share` and `delay`
 * (milliseconds) are understood for every fault.
 */
export const parse = (text: string): Invocation | undefined => {
  const [, name = "", times, query = ""] =
    /^(?:fault:)?([a-z0-9-]+)(?:\*([1-9]\d{0,5}))?(?:\?([^?]*))?$/.exec(text) ?? []
  const fault = byName.get(name)
  if (fault === undefined) return undefined
  const given = new Map(times === undefined ? [] : [["n", Number(times)]])
  for (const [key, value] of new URLSearchParams(query)) {
    const limits = common[key] ?? fault.parameters[key]
    const number = value.trim() === "" ? Number.NaN : Number(value)
    if (limits === undefined || given.has(key) || !(number >= limits.min && number <= limits.max)) return undefined
    if (key !== "share" && !Number.isInteger(number)) return undefined
    given.set(key, number)
  }
  return {
    fault,
    times: given.get("n") ?? fault.times ?? Number.POSITIVE_INFINITY,
    share: given.get("share") ?? 1,
    delay: given.get("delay") ?? 0,
    value: (parameter) => given.get(parameter) ?? fault.parameters[parameter]?.default ?? 0
  }
}
