import * as Difference from "@causeway/testing/Difference"
import { assert, describe, it } from "@effect/vitest"
import * as BigDecimal from "effect/BigDecimal"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Exit from "effect/Exit"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { runInNewContext } from "node:vm"

const local = Symbol("local")
const other = Symbol("local")
const retry = () => 1

class Lost extends Schema.TaggedError<Lost>()("Lost", { key: Schema.String }) {}
class Plain {
  readonly x: number
  constructor(x: number) {
    this.x = x
  }
}

const Annotation = Context.Service<"note", string>("note")

const error = (edit: (error: Error) => unknown = () => undefined): Error => {
  const made = new TypeError("no such model", { cause: new Error("inner") })
  Object.assign(made, { status: 404, stack: "TypeError: no such model\n    at somewhere" })
  Object.assign(made.cause ?? {}, { stack: "inner stack" })
  edit(made)
  return made
}

const edited = <A extends object>(value: A, edit: (value: A) => unknown): A => {
  edit(value)
  return value
}

const cyclic = (edge: "self" | "child"): object => {
  const child: Record<string, unknown> = { x: 1 }
  const parent: Record<string, unknown> = { child }
  child["up"] = edge === "self" ? parent : child
  return parent
}

const shared = (same: boolean): ReadonlyArray<object> => {
  const one = { x: 1 }
  return [one, same ? one : { x: 1 }]
}

/** Pairs that differ in one aspect, by the path and aspect that must be told. */
const unequal: ReadonlyArray<
  readonly [name: string, one: () => unknown, two: () => unknown, path: string, aspect: string]
> = [
  ["a number and its text", () => 1, () => "1", "value", "value"],
  ["zero and minus zero", () => 0, () => -0, "value", "value"],
  ["null and undefined", () => null, () => undefined, "value", "value"],
  ["null and an object", () => null, () => ({}), "value", "value"],
  ["a bigint and a number", () => 1n, () => 1, "value", "value"],
  ["two local symbols", () => local, () => other, "value", "value"],
  ["two functions", () => retry, () => () => 1, "value", "value"],
  ["lone surrogates", () => "\uD800", () => "\uFFFD", "value", "value"],
  ["absent and undefined", () => ({}), () => ({ x: undefined }), "value.x", "property"],
  ["undefined and absent", () => ({ x: undefined }), () => ({}), "value.x", "property"],
  ["a deep number", () => ({ a: [{ "b c": 1 }] }), () => ({ a: [{ "b c": 2 }] }), `value.a[0]["b c"]`, "value"],
  ["the order of keys", () => ({ a: 1, b: 2 }), () => ({ b: 2, a: 1 }), "value", "order of keys"],
  ["a hidden property", () => ({ a: 1 }), () => Object.defineProperty({}, "a", { value: 1 }), "value.a", "property"],
  [
    "an accessor",
    () => ({ a: 1 }),
    () => ({
      get a() {
        return 1
      }
    }),
    "value.a",
    "property"
  ],
  ["a null prototype", () => ({ a: 1 }), () => Object.assign(Object.create(null), { a: 1 }), "value", "prototype"],
  ["a class", () => new Plain(1), () => ({ x: 1 }), "value", "prototype"],
  ["a frozen object", () => Object.freeze({ a: 1 }), () => ({ a: 1 }), "value", "state"],
  ["a sealed object", () => Object.seal({ a: 1 }), () => ({ a: 1 }), "value", "state"],
  ["a closed object", () => Object.preventExtensions({ a: 1 }), () => ({ a: 1 }), "value", "state"],
  ["a symbol key", () => ({ [Symbol.for("a")]: 1 }), () => ({}), "value[Symbol(a)]", "property"],
  ["the value of a symbol key", () => ({ [local]: 1 }), () => ({ [local]: 2 }), "value[Symbol(local)]", "value"],
  ["__proto__ as a key", () => JSON.parse(`{"__proto__":1}`), () => ({}), "value.__proto__", "property"],
  ["a hole", () => [1, undefined], () => Array(2).fill(1, 0, 1), "value[1]", "property"],
  ["the length of an array", () => Array(2), () => Array(3), "value", "length"],
  ["a named property of an array", () => Object.assign([1], { raw: 1 }), () => [1], "value.raw", "property"],
  [
    "an array and its look-alike",
    () => [],
    () => Object.create(Array.prototype, { length: { value: 0 } }),
    "value",
    "kind"
  ],
  ["a cycle that goes elsewhere", () => cyclic("self"), () => cyclic("child"), "value.child.up", "identity"],
  ["a shared reference that came apart", () => shared(true), () => shared(false), "value[1]", "identity"],
  ["two objects that became one", () => shared(false), () => shared(true), "value[1]", "identity"],
  ["the message of an error", error, () => error((e) => (e.message = "x")), "value.message", "value"],
  ["the stack of an error", error, () => error((e) => (e.stack = "x")), "value.stack", "value"],
  ["an error without a stack", error, () => error((e) => delete e.stack), "value.stack", "property"],
  [
    "an own property of an error",
    error,
    () => error((e) => Object.assign(e, { status: "404" })),
    "value.status",
    "value"
  ],
  ["the cause of an error", error, () => error((e) => delete e.cause), "value.cause", "property"],
  ["an undefined cause", error, () => error((e) => (e.cause = undefined)), "value.cause", "value"],
  [
    "the cause's message",
    error,
    () => error((e) => Object.assign(e.cause ?? {}, { message: "x" })),
    "value.cause.message",
    "value"
  ],
  [
    "a cause that became enumerable",
    error,
    () => error((e) => Object.defineProperty(e, "cause", { enumerable: true })),
    "value.cause",
    "property"
  ],
  ["the name of an error", error, () => error((e) => (e.name = "x")), "value.name", "property"],
  [
    "the kind of an error",
    () => edited(new TypeError("x"), (e) => delete e.stack),
    () => edited(new RangeError("x"), (e) => delete e.stack),
    "value",
    "prototype"
  ],
  [
    "an error and an object that claims to be one",
    () => edited(new Error("x"), (e) => delete e.stack),
    () => Object.create(Error.prototype, { message: { value: "x" } }),
    "value",
    "kind"
  ],
  [
    "errors of an AggregateError",
    () => edited(new AggregateError([1], "x"), (e) => delete e.stack),
    () => edited(new AggregateError([2], "x"), (e) => delete e.stack),
    "value.errors[0]",
    "value"
  ],
  [
    "a DOMException's name",
    () => edited(new DOMException("x", "AbortError"), (e) => delete (e as Error).stack),
    () => edited(new DOMException("x", "DataError"), (e) => delete (e as Error).stack),
    "value",
    "name"
  ],
  ["an entry of a Map", () => new Map([["a", 1]]), () => new Map([["a", 2]]), "value value 0", "value"],
  [
    "the order of a Map",
    () =>
      new Map([
        ["a", 1],
        ["b", 1]
      ]),
    () =>
      new Map([
        ["b", 1],
        ["a", 1]
      ]),
    "value key 0",
    "value"
  ],
  ["the size of a Map", () => new Map([["a", 1]]), () => new Map(), "value", "size"],
  ["a property of a Map", () => Object.assign(new Map(), { a: 1 }), () => new Map(), "value.a", "property"],
  ["a member of a Set", () => new Set([1]), () => new Set([2]), "value member 0", "value"],
  ["a Date", () => new Date(0), () => new Date(1), "value", "time"],
  ["an invalid Date", () => new Date(Number.NaN), () => new Date(0), "value", "time"],
  ["the flags of a RegExp", () => /a/g, () => /a/, "value", "flags"],
  ["the source of a RegExp", () => /a/, () => /b/, "value", "source"],
  ["where a RegExp continues", () => /a/g, () => edited(/a/g, (r) => (r.lastIndex = 1)), "value.lastIndex", "value"],
  ["a URL", () => new URL("http://a/"), () => new URL("http://b/"), "value", "address"],
  ["a boxed number", () => Object(1), () => Object(2), "value", "value"],
  ["bytes", () => new Uint8Array([1]), () => new Uint8Array([2]), "value", "bytes"],
  ["the type of bytes", () => new Uint8Array([1]), () => new Int8Array([1]), "value", "prototype"],
  ["a Buffer and its bytes", () => Buffer.from([1]), () => new Uint8Array([1]), "value", "prototype"],
  ["a DataView", () => new DataView(new ArrayBuffer(1)), () => new DataView(new ArrayBuffer(2)), "value", "bytes"],
  ["an ArrayBuffer", () => new ArrayBuffer(1), () => new ArrayBuffer(2), "value", "bytes"],
  [
    "a tagged error's field",
    () => edited(new Lost({ key: "a" }), (e) => delete e.stack),
    () => edited(new Lost({ key: "b" }), (e) => delete e.stack),
    "value.key",
    "value"
  ],
  ["an Option", () => Option.some(1), () => Option.none(), "value", "prototype"],
  ["what is in an Option", () => Option.some(1), () => Option.some(2), "value.value", "value"],
  ["a Duration", () => Duration.seconds(1), () => Duration.seconds(2), "value", "duration"],
  ["the unit of a Duration", () => Duration.millis(1), () => Duration.nanos(1_000_000n), "value", "duration"],
  [
    "a DateTime's zone",
    () => DateTime.makeUnsafe(0),
    () => DateTime.makeZonedUnsafe(0, { timeZone: "Europe/Berlin" }),
    "value",
    "prototype"
  ],
  ["an instant", () => DateTime.makeUnsafe(0), () => DateTime.makeUnsafe(1), "value", "instant"],
  ["the scale of a BigDecimal", () => BigDecimal.make(10n, 1), () => BigDecimal.make(1n, 0), "value", "value"],
  ["a Chunk", () => Chunk.make(1, 2), () => Chunk.make(1, 3), "value[1]", "value"],
  [
    "a HashMap",
    () => HashMap.make(["a", 1], ["b", 2]),
    () => HashMap.make(["b", 3], ["a", 1]),
    "value value 1",
    "value"
  ],
  ["a HashSet", () => HashSet.make(1), () => HashSet.make(2), "value key 0", "value"],
  ["the label of a Redacted", () => Redacted.make("x", { label: "a" }), () => Redacted.make("x"), "value", "label"],
  [
    "the number of reasons",
    () => Cause.fail(1),
    () => Cause.combine(Cause.fail(1), Cause.fail(2)),
    "value.reasons",
    "length"
  ],
  ["the kind of a reason", () => Cause.fail(1), () => Cause.die(1), "value.reasons[0]", "prototype"],
  [
    "the fiber of an interrupt",
    () => Cause.interrupt(1),
    () => Cause.interrupt(2),
    "value.reasons[0].fiberId",
    "value"
  ],
  [
    "an annotation",
    () => Cause.fail(1),
    () => Cause.annotate(Cause.fail(1), Context.make(Annotation, "x")),
    "value.reasons[0].annotations",
    "size"
  ],
  ["an Exit", () => Exit.succeed(1), () => Exit.fail(1), "value", "prototype"],
  ["a proxy and what it stands for", () => ({}), () => new Proxy({}, {}), "value", "kind"]
]

/** Differences that a crossing may make. */
const tolerated: ReadonlySet<string> = new Set(["two local symbols", "an accessor"])

/** Values of which two copies are the same, whatever they are made of. */
const equal: ReadonlyArray<readonly [name: string, make: () => unknown]> = [
  ["an error with a cause", error],
  ["a cycle", () => cyclic("self")],
  ["a shared reference", () => shared(true)],
  ["a cycle through an error", () => error((e) => (e.cause = e))],
  ["a cycle through a Map", () => edited(new Map<string, unknown>(), (map) => map.set("self", map))],
  ["NaN", () => Number.NaN],
  ["a sparse array", () => edited(Array(3), (list) => (list[1] = 1))],
  ["a DateTime that has been looked at", () => edited(DateTime.makeUnsafe(0), (date) => DateTime.toParts(date))],
  ["a Chunk, however built", () => Chunk.appendAll(Chunk.make(1), Chunk.make(2))],
  ["a HashMap with structural keys", () => HashMap.make([Option.some(1), "a"], [Option.none(), "b"])],
  ["a Redacted", () => Redacted.make("x", { label: "a" })],
  ["an Exit", () => Exit.failCause(Cause.combine(Cause.fail("x"), Cause.interrupt(3)))],
  ["an error without prototype", () => edited(Object.setPrototypeOf(new Error("x"), null), (e) => delete e.stack)],
  ["a chain of 100,000 objects", () => Array.from({ length: 100_000 }).reduce<object>((inner) => ({ inner }), {})]
]

const frame = (at: string) => ({ annotations: { name: "outer", stack: () => at } })

describe("Difference", () => {
  for (const [name, one, two, path, aspect] of unequal) {
    it(`tells ${name}`, () => {
      assert.deepInclude(Difference.find(one(), two()), { path, aspect })
      assert.isDefined(Difference.find(two(), one()), "the other way round")
      assert.strictEqual(Difference.find(one(), two(), { carried: true }) === undefined, tolerated.has(name))
    })
    it(`finds no difference within ${name}`, () => {
      const [left, right] = [one(), two()]
      assert.isUndefined(Difference.find(left, left))
      assert.isUndefined(Difference.find(right, right))
    })
  }

  for (const [name, make] of equal) {
    it(`takes two copies of ${name} for the same`, () => {
      assert.isUndefined(Difference.find(make(), make()))
      assert.isUndefined(Difference.find(make(), make(), { carried: true }))
    })
  }

  describe("after a crossing", () => {
    const carried = { carried: true }
    const throwing = {
      get x(): number {
        throw new Error("no")
      }
    }

    it("accepts a placeholder for what cannot be carried, and nothing else", () => {
      assert.isUndefined(Difference.find({ x: retry }, { x: "[function retry]" }, carried))
      assert.isUndefined(Difference.find([new WeakMap()], ["[WeakMap]"], carried))
      assert.isUndefined(Difference.find([new Proxy({}, {})], ["[proxy]"], carried))
      assert.strictEqual(Difference.find({ x: retry }, { x: "retry" }, carried)?.path, "value.x")
      assert.strictEqual(Difference.find({ x: retry }, { x: undefined }, carried)?.path, "value.x")
      assert.strictEqual(Difference.find({ x: retry }, {}, carried)?.path, "value.x")
      assert.strictEqual(Difference.find({ x: 1 }, { x: "[number]" }, carried)?.path, "value.x")
      assert.strictEqual(Difference.find({ x: retry }, { x: "[function retry]" })?.path, "value.x")
    })

    it("accepts the value of an accessor, and a placeholder for one that throws", () => {
      assert.isUndefined(
        Difference.find(
          {
            get x() {
              return 1
            }
          },
          { x: 1 },
          carried
        )
      )
      assert.strictEqual(
        Difference.find(
          {
            get x() {
              return 1
            }
          },
          { x: 2 },
          carried
        )?.path,
        "value.x"
      )
      assert.isUndefined(Difference.find(throwing, { x: "[getter threw Error: no]" }, carried))
      assert.strictEqual(Difference.find(throwing, { x: undefined }, carried)?.path, "value.x")
    })

    it("accepts another symbol of the same description for a local one, the same everywhere", () => {
      assert.isUndefined(Difference.find([local, { [local]: 1 }], [other, { [other]: 1 }], carried))
      assert.strictEqual(Difference.find([local, local], [other, Symbol("local")], carried)?.path, "value[1]")
      assert.strictEqual(Difference.find([local, other], [other, other], carried)?.path, "value[1]")
      assert.strictEqual(Difference.find(Symbol.iterator, Symbol("Symbol.iterator"), carried)?.path, "value")
      assert.strictEqual(Difference.find(Symbol.for("a"), Symbol("a"), carried)?.path, "value")
      assert.strictEqual(
        Difference.find({ [Symbol.for("a")]: 1 }, { [Symbol("a")]: 1 }, carried)?.path,
        "value[Symbol(a)]"
      )
    })

    it("takes an object of this realm for its counterpart of another", () => {
      const foreign: object = runInNewContext("Object.assign(new TypeError('x'), { map: new Map([[1, [2]]]) })")
      const native = Object.assign(new TypeError("x"), { map: new Map([[1, [2]]]) })
      assert.isUndefined(Difference.find(foreign, native, { carried: true, stack: false }))
      assert.strictEqual(Difference.find(foreign, native, { stack: false })?.aspect, "prototype")
      assert.strictEqual(Difference.find(foreign, new Error("x"), { carried: true, stack: false })?.aspect, "prototype")
    })
  })

  it("compares what the frames of a span say, not the functions that say it", () => {
    assert.isUndefined(Difference.find(frame("a.ts:1"), frame("a.ts:1"), { carried: true }))
    assert.strictEqual(
      Difference.find(frame("a.ts:1"), frame("a.ts:2"), { carried: true })?.path,
      "value.annotations.stack"
    )
    assert.isUndefined(Difference.find(frame("a.ts:1"), frame("a.ts:2"), { carried: true, stack: false }))
    assert.isDefined(Difference.find(frame("a.ts:1"), frame("a.ts:1")))
  })

  it("leaves out stacks, annotations and paths on request", () => {
    assert.isUndefined(
      Difference.find(
        error(),
        error((e) => (e.stack = "x")),
        { stack: false }
      )
    )
    const annotated = Cause.annotate(Cause.fail("x"), Context.make(Annotation, "x"))
    assert.isUndefined(Difference.find(Cause.fail("x"), annotated, { annotations: false }))
    assert.strictEqual(
      Difference.find(Cause.fail("y"), annotated, { annotations: false })?.path,
      "value.reasons[0].error"
    )
    assert.isUndefined(Difference.find({ at: 1, x: 1 }, { at: 2, x: 1 }, { ignore: (path) => path === "value.at" }))
  })

  it("says it in one line", () => {
    const difference = Difference.find({ a: [1] }, { a: [2] })
    assert.strictEqual(difference && Difference.format(difference), "value.a[0]: value should be 1, but is 2")
  })
})
