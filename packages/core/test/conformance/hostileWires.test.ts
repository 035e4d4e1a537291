/** Wires that were tampered with, by hand: decoding gives a value or `InvalidWire`, and never does what they ask for. */
// @effect-diagnostics extendsNativeError:off
import * as Lossless from "@causeway/core/Lossless"
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { wordsOf } from "./words.ts"

class Registered extends Error {
  readonly status: number
  constructor(status: number) {
    super("made")
    this.status = status
    throw new Error("nobody may construct this from a wire")
  }
}

class Listed extends Schema.TaggedError<Listed>("test/Listed")("Listed", { list: Schema.Array(Schema.String) }) {}

type Node = Readonly<Record<string, unknown>>

const wire = (value: unknown, more?: ReadonlyArray<unknown>): Node => ({
  $v: 2,
  value,
  ...(more !== undefined && { more })
})

const decode = (value: unknown, form: Lossless.Form): unknown => {
  try {
    return Lossless.fromWire(value, { form, classes: [Registered, Listed] })
  } catch (thrown) {
    assert.instanceOf(thrown, Lossless.InvalidWire)
    return thrown
  }
}

const refused = (decoded: unknown): Lossless.InvalidWire => {
  assert.instanceOf(decoded, Lossless.InvalidWire)
  return decoded
}

const longest = (first: unknown): ReadonlyArray<unknown> => Object.assign(Array(4_294_967_295), { 0: first })

const forms = ["json", "clone"] as const

const parsed = (text: string): unknown => JSON.parse(text)

describe.each(forms)("tampered wires as %s", (form) => {
  it.each([null, undefined, true, 0, "text", [], {}, { value: 1 }, { $v: 1 }, [{ $v: 1, value: 1 }]])(
    "refuses what is no wire: %j",
    (value) => {
      assert.strictEqual(refused(decode(value, form)).issue, "shape")
    }
  )

  it.each([0, 3, 1.5, "1", null, [1]])("refuses the version %j and keeps what came", (version) => {
    const raw = { $v: version, value: { a: 1 } }
    const failure = refused(decode(raw, form))
    assert.strictEqual(failure.issue, "version")
    assert.deepStrictEqual(failure.raw, raw)
  })

  it("refuses a kind that it does not know and keeps what came", () => {
    const raw = wire({ $: "Hologram", depth: 3 })
    const failure = refused(decode(raw, form))
    assert.strictEqual(failure.issue, "kind")
    assert.deepStrictEqual(failure.raw, raw)
  })

  it.each([
    "Function",
    "Object",
    "constructor",
    "__proto__",
    "prototype",
    "toString",
    "Worker",
    "process",
    "globalThis",
    "require",
    "node:fs"
  ])("looks up no class by the name %s", (name) => {
    for (const value of [
      { $: "Error", $class: name, $message: "x" },
      { $: "Error", $kind: name, $message: "x" },
      { $: "Error", $name: name, $message: "x" },
      { $: "object", $class: name, a: 1 },
      { $: name }
    ]) {
      const decoded = decode(wire(value), form)
      assert.notStrictEqual(typeof decoded, "function")
      if (decoded instanceof Error) assert.notInstanceOf(decoded, Registered)
    }
  })

  it("makes a registered class without its constructor", () => {
    const decoded = decode(wire({ $: "Error", $class: "Registered", $message: "x", status: 404 }), form)
    assert.instanceOf(decoded, Registered)
    assert.deepInclude(decoded, { message: "x", status: 404 })
  })

  it("writes to no prototype", () => {
    const before = Reflect.ownKeys(Object.prototype).length
    for (const text of [
      '{"__proto__":{"polluted":1}}',
      '{"$$__proto__":{"polluted":1}}',
      '{"constructor":{"prototype":{"polluted":1}}}',
      '{"$":"Error","$message":"x","__proto__":{"polluted":1},"$$__proto__":{"polluted":1}}',
      '{"$":"Error","$message":"x","$cause":{"__proto__":{"polluted":1}}}',
      '{"$":"object","$proto":"null","__proto__":{"polluted":1}}',
      '[{"$":"list","__proto__":{"polluted":1},"$$__proto__":{"polluted":1}},1]'
    ]) {
      decode(wire(parsed(text)), form)
      decode(parsed(`{"$v":1,"value":1,"__proto__":{"polluted":1},"more":[${text}]}`), form)
    }
    assert.strictEqual(Reflect.ownKeys(Object.prototype).length, before)
    assert.isUndefined(Reflect.get({}, "polluted"))
    assert.isUndefined(Reflect.get(Object(Error.prototype), "polluted"))
  })

  it("reads what __proto__ stands for as a property like any other", () => {
    const sent: object = JSON.parse('{"__proto__":{"x":1}}')
    const decoded = decode(Lossless.toWire(sent, { form }), form)
    assert.isTrue(Object.hasOwn(Object(decoded), "__proto__"))
    assert.strictEqual(Object.getPrototypeOf(decoded), Object.prototype)
  })

  it("allocates nothing by a length that it was told", () => {
    const before = process.memoryUsage()
    for (const length of [4_294_967_295, 4_294_967_296, 1e15, -1, 1.5, Number.MAX_SAFE_INTEGER, "1e9", null]) {
      for (const value of [
        [{ $: "holes", $n: length }],
        [{ $: "list", $length: length }],
        { $: "bytes", $type: "Uint8Array", $length: length },
        { $: "Uint8Array", $length: length, $base64: "" },
        { $: "ArrayBuffer", $length: length },
        { $: "string", $length: length }
      ]) {
        decode(wire(value), form)
      }
    }
    const after = process.memoryUsage()
    assert.isBelow(after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed, 64 * 1024 * 1024)
  })

  it("refuses a list with holes of its own, whatever length it has", () => {
    // No wire as JSON can have them; a structured clone of a few bytes can.
    for (const whole of [
      wire(longest(1)),
      wire(longest({ $: "list", $sparse: true })),
      wire({ $: "Set", $values: longest(1) }),
      wire({ $: "HashSet", $values: longest(1) }),
      wire({ $: "Error", $message: "x", $hidden: longest("x") }),
      wire({ $: ">", $n: 0 }, longest({})),
      wire({ $class: "test/Listed", list: longest("x") })
    ]) {
      assert.strictEqual(refused(decode(whole, form)).issue, "shape")
    }
  })

  it("follows no reference in circles", () => {
    for (const value of [
      { $: "=", $n: 0 },
      { $: "=", $n: -1 },
      { $: "=", $n: "__proto__" },
      { $: ">", $n: 0 },
      { $: ">", $n: 1e9 },
      { $: ">", $n: "length" },
      { "$#": 0, a: { $: "=", $n: 0 } },
      { "$#": "x", a: 1 }
    ]) {
      decode(wire(value), form)
      decode(wire(value, [value]), form)
      decode(
        wire({ $: ">", $n: 0 }, [
          { $: ">", $n: 1 },
          { $: ">", $n: 0 }
        ]),
        form
      )
      decode(wire({ $: ">", $n: 0 }, [{ $: "=", $n: 0, "$#": 0 }]), form)
    }
  })

  it("takes wrong content in every kind for a failure or a value", () => {
    const { keys, kinds } = wordsOf(form)
    assert.isAbove(kinds.length, 60)
    assert.isAbove(keys.length, 40)
    const content: ReadonlyArray<unknown> = [
      null,
      -1,
      1e9,
      "",
      "x".repeat(100),
      "(",
      [],
      [null],
      [[]],
      {},
      { $: "Error" },
      [[1, 2, 3]]
    ]
    for (const kind of kinds) {
      decode(wire({ $: kind }), form)
      for (const key of keys) for (const value of content) decode(wire({ $: kind, [key]: value }), form)
    }
  })

  it("is not slowed down by a long number or a hard pattern", () => {
    const start = performance.now()
    decode(wire({ $: "bigint", $value: "9".repeat(100_000) }), form)
    decode(wire({ $: "RegExp", $source: "(a+)+$", $flags: "" }), form)
    decode(wire({ $: "BigDecimal", $value: "9".repeat(100_000), $scale: 1e9 }), form)
    decode(wire({ $: "Duration", $nanos: "9".repeat(100_000) }), form)
    assert.isBelow(performance.now() - start, 2000)
  })

  it("refuses a truncated wire wherever it is cut", () => {
    const text = JSON.stringify(Lossless.toWire(new Error("x", { cause: new Map([[1, [new Date(0)]]]) })))
    for (let end = 0; end < text.length; end++) {
      for (const tail of ["", "}", "]}", "]]}}", '"}', '"]}}}', "null}"]) {
        try {
          decode(JSON.parse(text.slice(0, end) + tail), form)
        } catch (thrown) {
          assert.instanceOf(thrown, SyntaxError)
        }
      }
    }
  })
})
