/** Values that fight being looked at. Encoding never throws, and the rest arrives. */
import assert from "node:assert"
import { edited, type Case } from "./Case.ts"

const get = (u: unknown, key: PropertyKey): unknown => Reflect.get(Object(u), key)

const fail = (): never => {
  throw new Error("do not look")
}

const survives = (name: string, make: () => unknown): Case => ({
  name,
  make: () => ({ before: 1, held: make(), after: "kept" }),
  ignore: (path) => path.startsWith("value.held"),
  holds: (arrived) => {
    assert.strictEqual(get(arrived, "before"), 1)
    assert.strictEqual(get(arrived, "after"), "kept")
    assert.notStrictEqual(get(arrived, "held"), undefined)
  }
})

const traps: ProxyHandler<object> = {
  get: fail,
  getPrototypeOf: fail,
  ownKeys: fail,
  getOwnPropertyDescriptor: fail,
  has: fail,
  isExtensible: fail
}

export const cases: ReadonlyArray<Case> = [
  survives("a proxy whose traps all throw", () => new Proxy({}, traps)),
  survives("an error behind a proxy whose traps all throw", () => new Proxy(new Error("x"), traps)),
  survives("a list behind a proxy whose traps all throw", () => new Proxy([], traps)),
  survives("a prototype behind a proxy whose traps all throw", () => Object.create(new Proxy({}, traps))),
  survives("an error that is its own message", () => edited(new Error("x"), (e) => Object.assign(e, { message: e }))),
  survives("a toJSON that throws", () => ({ a: 1, toJSON: fail })),
  survives("an error whose toJSON throws", () => Object.assign(new Error("x"), { toJSON: fail })),
  survives("a toString that throws", () => ({ toString: fail, valueOf: fail })),
  survives("a tag that throws", () => Object.defineProperty({}, Symbol.toStringTag, { get: fail })),
  survives("a name that throws", () => Object.defineProperty(new Error("x"), "name", { get: fail })),
  survives("a message that throws", () => Object.defineProperty(new Error("x"), "message", { get: fail })),
  survives("a cause that throws", () => Object.defineProperty(new Error("x"), "cause", { get: fail })),
  survives("a constructor that throws", () => Object.create(Object.defineProperty({}, "constructor", { get: fail }))),
  survives("a _tag that throws", () => Object.defineProperty(new Error("x"), "_tag", { get: fail, enumerable: true })),
  survives("a getter that throws nothing that can be shown", () =>
    Object.defineProperty({}, "x", {
      get: () => {
        throw Object.create(null)
      },
      enumerable: true
    })
  ),
  survives("a Map whose methods throw", () =>
    Object.assign(new Map([[1, 2]]), { entries: fail, forEach: fail, [Symbol.iterator]: fail })
  ),
  survives("a Date whose methods throw", () =>
    Object.assign(new Date(0), { getTime: fail, toISOString: fail, valueOf: fail })
  ),
  survives("a typed array whose length lies", () =>
    Object.defineProperty(new Uint8Array(3), "length", { get: () => 1e9 })
  ),
  survives("a list whose methods throw", () => Object.assign([1], { map: fail, [Symbol.iterator]: fail })),
  ...["list", "headers"].map((name): Case => ({
    name: `${name} of two whose first throws`,
    make: () => ({ [name]: Object.defineProperty(["a", "kept"], 0, { get: fail, enumerable: true }) }),
    ignore: (path) => path.startsWith("value"),
    holds: (arrived) => assert.deepStrictEqual(get(arrived, name), ["[getter threw: do not look]", "kept"])
  })),
  survives("a getter that gives another object each time", () =>
    Object.defineProperty({}, "next", {
      get() {
        return Object.create(Object.getPrototypeOf(this), Object.getOwnPropertyDescriptors(this))
      },
      enumerable: true
    })
  ),
  survives("a getter that changes its object", () => {
    const target: Record<string, unknown> = { a: 1 }
    return Object.defineProperty(target, "b", {
      get: () => {
        delete target["c"]
        target["d"] = 1
        return 2
      },
      enumerable: true
    })
  }),
  survives("a function whose name throws", () => Object.defineProperty(() => 1, "name", { get: fail })),
  survives("what looks like a Cause and is none", () => ({ "~effect/Cause": "~effect/Cause", reasons: 7 })),
  survives("what looks like an Option and is none", () => ({ "~effect/data/Option": {}, _tag: "Some" })),
  survives("what looks like a Redacted and is none", () => ({ "~effect/Redacted": {}, label: { toString: fail } })),
  survives("a detached buffer", () => {
    const view = new Uint8Array(8)
    structuredClone(view.buffer, { transfer: [view.buffer] })
    return view
  }),
  survives("a list longer than memory", () => edited(Array<number>(), (list) => (list.length = 4_294_967_295))),
  survives("a polluted look-alike", () =>
    JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')
  )
]
