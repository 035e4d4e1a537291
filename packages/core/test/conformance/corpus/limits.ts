/** Values that are too deep, too many or too long for a naive codec, and limits that say so. */
import assert from "node:assert"
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import type { Case } from "./Case.ts"

const get = (u: unknown, key: PropertyKey): unknown => Reflect.get(Object(u), key)

const nest = (depth: number, wrap: (inner: unknown) => unknown): unknown => {
  let value: unknown = "core"
  for (let index = 0; index < depth; index++) value = wrap(value)
  return value
}

const depthOf = (value: unknown, step: PropertyKey): number => {
  let depth = 0
  for (let at = value; typeof at === "object" && at !== null && Object.hasOwn(at, step); at = get(at, step)) depth++
  return depth
}

/** Whole at this depth, with no limit in the way. */
const deep = (name: string, depth: number, step: PropertyKey, wrap: (inner: unknown) => unknown): Case => ({
  name,
  make: () => nest(depth, wrap),
  options: { limits: { depth: 1_000_000, nodes: 10_000_000, bytes: 1_000_000_000 } },
  holds: (arrived) => assert.strictEqual(depthOf(arrived, step), depth)
})

/** At the limits that hold when none are given: the process lives, and a cut says what stood there. */
const bounded = (name: string, make: () => unknown): Case => ({
  name,
  make,
  ignore: (path) => path === "value",
  holds: (arrived) => assert.notStrictEqual(arrived, undefined)
})

const doubling = (levels: number): unknown => {
  let value: unknown = { leaf: true }
  for (let index = 0; index < levels; index++) value = { left: value, right: value }
  return value
}

export const cases: ReadonlyArray<Case> = [
  deep("causes 5,000 deep", 5000, "cause", (cause) => new Error("x", { cause })),
  deep("lists 100,000 deep", 100_000, 0, (inner) => [inner]),
  deep("objects 20,000 deep", 20_000, "inner", (inner) => ({ inner })),
  bounded("causes 5,000 deep at the usual limits", () => nest(5000, (cause) => new Error("x", { cause }))),
  bounded("lists 100,000 deep at the usual limits", () => nest(100_000, (inner) => [inner])),
  bounded("Maps 20,000 deep at the usual limits", () => nest(20_000, (inner) => new Map([["inner", inner]]))),
  bounded("Sets 20,000 deep at the usual limits", () => nest(20_000, (inner) => new Set([inner]))),
  {
    name: "a graph of 2^30 paths is as small as its nodes",
    make: () => doubling(30),
    most: 10_000,
    holds: (arrived) => {
      assert.strictEqual(get(arrived, "left"), get(arrived, "right"))
      assert.strictEqual(depthOf(arrived, "left"), 31 - 1)
    }
  },
  {
    name: "a text over its limit is cut and says its length",
    make: () => new Error("x".repeat(5000)),
    options: { limits: { string: 100 } },
    ignore: (path) => path === "value.message" || path === "value.stack",
    ever: ["5000"],
    holds: (arrived) => assert.ok(String(get(arrived, "message")).length < 300)
  },
  {
    name: "a list over its limit is cut and says its length",
    make: () => ({ list: Array.from({ length: 5000 }, (_, index) => index) }),
    options: { limits: { collection: 100 } },
    ignore: (path) => path === "value.list",
    ever: ["5000"],
    holds: (arrived) => assert.notStrictEqual(get(arrived, "list"), undefined)
  },
  {
    name: "an object over the limit of its keys is cut and says their number",
    make: () => ({ held: Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`k${index}`, index])) }),
    options: { limits: { collection: 100 } },
    ignore: (path) => path === "value.held",
    ever: ["5000"]
  },
  {
    name: "a Map over its limit is cut and says its size",
    make: () => ({ map: new Map(Array.from({ length: 5000 }, (_, index) => [index, index])) }),
    options: { limits: { collection: 100 } },
    ignore: (path) => path === "value.map",
    ever: ["5000"]
  },
  {
    name: "a depth over its limit is cut and says so",
    make: () => nest(50, (inner) => ({ inner })),
    options: { limits: { depth: 10 } },
    ignore: (path) => path.startsWith("value.inner.inner"),
    ever: ["cut at a depth of 10"],
    holds: (arrived) => assert.strictEqual(depthOf(arrived, "inner"), 10)
  },
  {
    name: "nodes over their limit are cut and say so",
    make: () => Array.from({ length: 1000 }, (_, index) => ({ index })),
    options: { limits: { nodes: 50 } },
    ignore: (path) => /^value\[(49|[5-9]\d|\d{3})\]$/.test(path),
    holds: (arrived) => {
      assert.deepStrictEqual(get(arrived, 48), { index: 48 })
      assert.strictEqual(get(arrived, 49), "[object: the limit of 50 objects is reached]")
      assert.strictEqual(get(arrived, "length"), 1000)
    }
  },
  ...Object.entries({
    "a Cause keeps its other reasons, and dies of what was cut": { nodes: 5 },
    "a Cause of more reasons than a collection holds says their number": { collection: 2 }
  }).map(([name, limits]): Case => ({
    name,
    make: () => Cause.combine(Cause.fail("first"), Cause.combine(Cause.die([{ a: 1 }, {}]), Cause.interrupt(7))),
    options: { limits },
    ignore: (path) => path.startsWith("value.reasons"),
    holds: (arrived) => {
      assert.ok(Cause.isCause(arrived))
      const cut = "nodes" in limits ? "[Interrupt: the limit of 5 objects is reached]" : "[2 more of 3 reasons]"
      assert.deepStrictEqual(arrived.reasons.at(0), Cause.makeFailReason("first"))
      assert.deepStrictEqual(arrived.reasons.at(-1), Cause.makeDieReason(cut))
    }
  })),
  {
    name: "an Exit whose Cause was cut dies of that",
    make: () => Exit.fail("first"),
    options: { limits: { depth: 1 } },
    ignore: (path) => path.includes("reasons[0]"),
    holds: (arrived) => assert.deepStrictEqual(arrived, Exit.die("[CauseImpl: cut at a depth of 1]"))
  },
  {
    name: "bytes over their limit are cut and say their number",
    make: () => ({ body: new Uint8Array(50_000) }),
    options: { limits: { bytes: 1000 } },
    ignore: (path) => path === "value" || path === "value.body",
    ever: ["50000"]
  }
]
