import * as Lossless from "@causeway/core/Lossless"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import type * as SchemaIssue from "effect/SchemaIssue"

class Part extends Schema.Class<Part>("test/Part")({ at: Schema.Date }) {}

class Failed extends Schema.TaggedError<Failed>("test/Failed")("Failed", {
  key: Schema.String,
  part: Schema.optional(Part),
  secret: Schema.optional(Schema.Redacted(Schema.String))
}) {
  override get message(): string {
    return `failed at ${this.key}`
  }
}

class Plain extends RangeError {
  static made = 0
  readonly status: number
  constructor(response: { readonly status: number }) {
    super(`status ${response.status}`)
    Plain.made++
    this.status = response.status
  }
}

const roundTrip = (value: unknown, options?: Lossless.Options, other = options): unknown =>
  Lossless.fromWire(JSON.parse(JSON.stringify(Lossless.toWire(value, options))), other)

const json = <A>(schema: Schema.Codec<A, unknown>, value: A): A =>
  Schema.decodeUnknownSync(schema)(JSON.parse(JSON.stringify(Schema.encodeUnknownSync(schema)(value))))

const refusal = (wire: unknown, options?: Lossless.Options): Lossless.InvalidWire => {
  try {
    Lossless.fromWire(wire, options)
  } catch (thrown) {
    if (thrown instanceof Lossless.InvalidWire) return thrown
    throw thrown
  }
  throw new Error("it was not refused")
}

const optionsFault = (options: Lossless.Options): string => {
  try {
    Lossless.toWire(1, options)
  } catch (thrown) {
    if (thrown instanceof Lossless.InvalidOptions) return `${thrown.option}: ${thrown.message}`
    throw thrown
  }
  return "none"
}

describe("registry", () => {
  it("refuses a class that is there twice, and two classes of one id", () => {
    const Other = class Failed {}
    assert.match(optionsFault({ classes: [Failed, Failed] }), /classes: .*twice/)
    assert.match(optionsFault({ classes: [Plain, { id: "Plain", class: Other }] }), /two classes have the id Plain/)
    assert.match(optionsFault({ classes: [class {}] }), /needs an id/)
    assert.match(optionsFault({ classes: [{ id: "x", class: Plain, encode: () => 1 }] }), /both or neither/)
    assert.match(optionsFault({ limits: { depth: 0 } }), /limits\.depth/)
  })

  it("knows the classes that a registered one declares", () => {
    const arrived = roundTrip(new Failed({ key: "a", part: new Part({ at: new Date(0) }) }), { classes: [Failed] })
    assert.instanceOf(arrived, Failed)
    assert.instanceOf(arrived.part, Part)
  })

  it("takes no name of the wire for a class that is not registered", () => {
    const arrived = Lossless.fromWire({ $v: 1, value: { $: "Error", $class: "Object", $message: "x" } })
    assert.strictEqual(Object.getPrototypeOf(arrived), Error.prototype)
  })

  it("calls no constructor and restores the limit of stacks", () => {
    const sent = new Plain({ status: 418 })
    const { made } = Plain
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 7
    const arrived = roundTrip(sent, { classes: [Plain] })
    assert.strictEqual(Error.stackTraceLimit, 7)
    assert.instanceOf(arrived, Plain)
    assert.deepStrictEqual([arrived.status, arrived.stack, Plain.made], [418, sent.stack, made])
    refusal({ $v: 1, value: { $: "Map" } })
    assert.strictEqual(Error.stackTraceLimit, 7)
    Error.stackTraceLimit = limit
  })
})

describe("where the language's own objects are closed", () => {
  it("the classes in a schema are found, and errors cross", () => {
    const own = Object.getOwnPropertyDescriptor(Error, "stackTraceLimit")!
    Object.defineProperty(Error, "stackTraceLimit", { value: 10, writable: false, configurable: true })
    try {
      const Behind = Schema.Struct({ failed: Schema.suspend(() => Failed) })
      const arrived = json(Lossless.Cause(Behind), Cause.fail({ failed: new Failed({ key: "a" }) }))
      assert.instanceOf(Object(Cause.squash(arrived)).failed, Failed)
    } finally {
      Object.defineProperty(Error, "stackTraceLimit", own)
    }
  })
})

describe("declared fields", () => {
  const options: Lossless.Options = { classes: [Failed], stack: "drop" }

  it("are checked: an error that does not fit arrives as an unknown one", () => {
    const wire = { $v: 2, value: { $class: "test/Failed", _tag: "Failed", key: 7, extra: [1] } }
    const arrived = Lossless.fromWire(wire, options)
    assert.ok(Lossless.isUnknownFailure(arrived))
    assert.deepStrictEqual(arrived.fields, { key: 7, extra: [1] })
    assert.deepStrictEqual(Lossless.toWire(arrived, options), wire)
  })

  it("are checked in the instances that they hold", () => {
    const part = { $: "object", $class: "test/Part", at: "no date" }
    const wire = { $v: 2, value: { $: "Error", $class: "test/Failed", _tag: "Failed", key: "a", part } }
    assert.ok(Lossless.isUnknownFailure(Lossless.fromWire(wire, options)))
  })

  it("may be Redacted, and are still of their class", () => {
    const arrived = roundTrip(new Failed({ key: "a", secret: Redacted.make("tarnhelm") }), options)
    assert.instanceOf(arrived, Failed)
    assert.ok(Redacted.isRedacted(arrived.secret))
    assert.throws(() => Redacted.value(Redacted.make("x") && (arrived.secret as Redacted.Redacted)))
  })

  it("make an error Equal to what it was", () => {
    const sent = new Failed({ key: "a" })
    assert.ok(Equal.equals(roundTrip(sent, options), roundTrip(sent, options)))
  })
})

describe("unknown failures", () => {
  const sent = () => Object.assign(new Failed({ key: "a" }), { attempt: 2, cause: new TypeError("why") })
  const known: Lossless.Options = { classes: [Failed] }

  it("keep tag, message, fields, cause and stack", () => {
    const error = sent()
    const arrived = roundTrip(error, known, {})
    assert.ok(Lossless.isUnknownFailure(arrived))
    assert.deepStrictEqual(
      [arrived._tag, arrived.message, arrived.name, arrived.fields["key"], arrived.fields["attempt"], arrived.stack],
      ["Failed", "failed at a", "test/Failed", "a", 2, error.stack]
    )
  })

  it("are passed on as they came", () => {
    const wire = Lossless.toWire(sent(), known)
    const passed = Lossless.toWire(Lossless.fromWire(structuredClone(wire)))
    assert.deepStrictEqual(passed, wire)
    assert.instanceOf(Lossless.fromWire(passed, known), Failed)
  })

  it("are made of errors of Data.TaggedError too", () => {
    class Gone extends Data.TaggedError("Gone")<{ readonly id: number }> {}
    const arrived = roundTrip(new Gone({ id: 7 }))
    assert.ok(Lossless.isUnknownFailure(arrived) && arrived._tag === "Gone" && arrived.fields["id"] === 7)
    assert.ok(Lossless.isUnknownFailure(roundTrip(arrived)))
  })
})

describe("secrets", () => {
  it("are masked by their name, their shape, and where they are known", () => {
    const secret = Redacted.make("zauberflöte 4711")
    const text = JSON.stringify(
      Lossless.toWire(
        {
          password: ["a", { b: "c" }],
          text: "no key sk-proj-1234567890abcdefghijkl",
          known: ["zauberflöte 4711", encodeURIComponent("zauberflöte 4711"), btoa("zauberfl\u00C3\u00B6te 4711")],
          held: secret
        },
        { secrets: [secret] }
      )
    )
    assert.deepStrictEqual(JSON.parse(text).value, {
      password: ["<redacted>", { b: "<redacted>" }],
      text: "no key <redacted>",
      known: ["<redacted>", "<redacted>", JSON.parse(text).value.known[2]],
      held: { $: "Redacted" }
    })
    assert.match(JSON.parse(text).value.known[2], /^<redacted>/)
  })

  it("leave the name of a variable as it is", () => {
    assert.deepStrictEqual(roundTrip({ credential: "OPENAI_API_KEY" }), { credential: "OPENAI_API_KEY" })
  })

  it("stay where no redaction is wanted, but for Redacted", () => {
    const wire = Lossless.toWire({ password: "x", held: Redacted.make("y") }, { redaction: false })
    assert.deepStrictEqual(wire.value, { password: "x", held: { $: "Redacted" } })
  })
})

describe("stacks", () => {
  const error = new Error("x")
  error.stack =
    "Error: x\n    at own (file:///home/me/app/src/a.ts:1:2)\n    at dep (/app/node_modules/dep/b.js:3:4)\n    at node:internal/c:5:6"

  it("are trimmed to the program's own frames without directories", () => {
    const arrived = roundTrip(error, { stack: "trim" })
    assert.strictEqual(Reflect.get(Object(arrived), "stack"), "Error: x\n    at own (a.ts:1:2)\n    at … 2 more frames")
  })

  it("are not read where they are dropped", () => {
    const watched = new Error("x")
    let reads = 0
    Object.defineProperty(watched, "stack", { get: () => `read ${++reads} times`, configurable: true })
    assert.deepStrictEqual(Lossless.toWire(watched, { stack: "drop" }).value, { $: "Error", $message: "x" })
    assert.strictEqual(reads, 0)
  })

  it("are dropped where they are shown, too", () => {
    const shown = Object.defineProperty(new Error("x"), "stack", { value: "mine", enumerable: true })
    assert.deepStrictEqual(Lossless.toWire(shown, { stack: "drop" }).value, { $: "Error", $message: "x" })
  })
})

describe("a time zone that the receiver's engine does not know", () => {
  it("costs its own place only, and says which it was", () => {
    const zone = { $: "TimeZone", $zone: "Mars/Olympus" }
    const at = { $: "DateTime", $ms: 0, $zone: "Mars/Olympus" }
    const arrived = Lossless.fromWire({ $v: 2, value: { $: "Error", $message: "x", zone, at } })
    assert.instanceOf(arrived, Error)
    assert.deepStrictEqual(
      { ...arrived },
      {
        zone: '[TimeZone "Mars/Olympus": not known here]',
        at: '[DateTime 1970-01-01T00:00:00.000Z: the zone "Mars/Olympus" is not known here]'
      }
    )
  })
})

describe("a wire of the first version", () => {
  const part = { $class: "test/Part", at: { $: "Date", $at: "1970-01-01T00:00:00.000Z" } }

  it("is read: what has a class and no kind is no error", () => {
    const options = { classes: [Part] }
    assert.instanceOf(Lossless.fromWire({ $v: 1, value: part }, options), Part)
    assert.isFalse(Lossless.fromWire({ $v: 1, value: part }) instanceof Error)
    assert.instanceOf(Lossless.fromWire({ $v: 2, value: part }), Error)
  })

  it("is passed on in the newest one", () => {
    assert.deepStrictEqual(Lossless.toWire(Lossless.fromWire({ $v: 1, value: [part] })), {
      $v: 2,
      value: [{ $: "object", ...part }]
    })
  })
})

const listed = Schema.Array(Schema.UndefinedOr(Schema.String))
class Unique extends Schema.Class<Unique>("test/Unique")({ list: listed.check(Schema.isUnique()) }) {}
class Two extends Schema.Class<Two>("test/Two")({ list: Schema.Union([listed, Schema.String], { mode: "oneOf" }) }) {}

class Sparse extends Schema.Class<Sparse>("test/Sparse")({ list: Schema.Array(Schema.UndefinedOr(Schema.String)) }) {}

describe("hostile wires", () => {
  const cases: Readonly<Record<string, unknown>> = {
    "no object": 4,
    "no version": { value: 1 },
    "another version": { $v: 3, value: 1 },
    "no value": { $v: 1 },
    "an unknown kind": { $v: 1, value: { $: "Exploit" } },
    "a kind that is a name of the language": { $v: 1, value: { $: "__proto__" } },
    "a reference to nothing": { $v: 1, value: { $: "=", $n: 1 } },
    "a pointer to itself": { $v: 1, value: { $: ">", $n: 0 }, more: [{ $: ">", $n: 0 }] },
    "entries that are none": { $v: 1, value: { $: "Map", $entries: [1] } },
    "a pattern that is none": { $v: 1, value: { $: "RegExp", $source: "(", $flags: "" } },
    "bytes of the wrong length": { $v: 1, value: { $: "Float64Array", $base64: "AQID" } },
    "more holes than a list has": {
      $v: 1,
      value: [
        { $: "list", $sparse: true },
        { $: "holes", $n: 1e300 }
      ]
    },
    "a Date": { $v: 1, value: new Date(0) }
  }
  for (const [name, wire] of Object.entries(cases)) {
    it(`are refused: ${name}`, () => {
      assert.strictEqual(refusal(wire).raw, wire)
    })
  }

  it("say what is wrong", () => {
    assert.deepStrictEqual(
      [refusal({ $v: 3, value: 1 }).issue, refusal({ $v: 1, value: { $: "X" } }).issue, refusal({}).issue],
      ["version", "kind", "shape"]
    )
  })

  it("that a class's own decode refuses keep why", () => {
    const why = new RangeError("no such unit", { cause: "furlong" })
    const decode = () => {
      throw why
    }
    const classes = [{ id: "Length", class: Plain, encode: () => "3 furlongs", decode }]
    const { cause, issue, message } = refusal(Lossless.toWire([new Plain({ status: 1 })], { classes }), { classes })
    assert.deepStrictEqual([issue, message, cause === why], ["class", "Length cannot be made: no such unit", true])
  })

  it("touch no prototype", () => {
    const arrived = Lossless.fromWire(
      JSON.parse(
        '{"$v":1,"value":{"__proto__":{"polluted":1},"a":{"$$__proto__":{"polluted":1}},"constructor":{"prototype":{"polluted":1}}}}'
      )
    )
    assert.strictEqual(Reflect.get({}, "polluted"), undefined)
    assert.strictEqual(Object.getPrototypeOf(arrived), Object.prototype)
    assert.ok(Object.hasOwn(Object(arrived), "__proto__"))
  })

  it("set no memory aside for what they only say", () => {
    const arrived = Lossless.fromWire({
      $v: 1,
      value: [
        { $: "list", $sparse: true },
        { $: "holes", $n: 30_000_000 }
      ]
    })
    assert.ok(Array.isArray(arrived) && arrived.length === 30_000_000)
    arrived[29_999_999] = 1
    assert.ok(process.memoryUsage().heapUsed < 400_000_000)
  })

  it("take no time for holes, whose number they only say", () => {
    const list = [{ $: "list", $sparse: true }, { $: "holes", $n: 4_000_000_000 }, { $: "undefined" }]
    const read = (wire: unknown): unknown =>
      Lossless.fromWire({ $v: 2, value: { $: "object", $class: "test/Sparse", list: wire } }, { classes: [Sparse] })
    assert.ok(read(list) instanceof Sparse)
    assert.notInstanceOf(read([...list, 4]), Sparse)
    assert.notInstanceOf(read([list[0], 4, ...list.slice(1)]), Sparse)
    assert.notInstanceOf(read([{ ...list[0], "4000000001": 4, $hidden: ["4000000001"] }, ...list.slice(1)]), Sparse)
  })

  it("are no instances where a check of somebody else's would go through such holes", () => {
    const list = [
      { $: "list", $sparse: true },
      { $: "holes", $n: 4_000_000_000 }
    ]
    for (const Checked of [Unique, Two]) {
      const value = { $: "object", $class: Checked.identifier, list }
      assert.notInstanceOf(Lossless.fromWire({ $v: 2, value }, { classes: [Checked] }), Checked)
    }
  })

  it("that nest without end are refused", () => {
    let value: unknown = 1
    for (let level = 0; level < 100_000; level++) value = [value]
    assert.strictEqual(refusal({ $v: 1, value }).issue, "shape")
  })
})

describe("as schemas", () => {
  it("carry a defect", () => {
    const arrived = json(Lossless.Defect(), Object.assign(new RangeError("x"), { at: new Date(0) }))
    assert.instanceOf(arrived, RangeError)
    assert.deepStrictEqual(Reflect.get(arrived, "at"), new Date(0))
  })

  it("carry a cause, and know the classes of its failures", () => {
    const cause = Cause.combine(Cause.fail(new Failed({ key: "a" })), Cause.die("bug"))
    const arrived = json(Lossless.Cause(Failed), cause)
    assert.ok(Cause.isCause(arrived))
    assert.instanceOf(arrived.reasons[0]?._tag === "Fail" && arrived.reasons[0].error, Failed)
  })

  it("carry an exit, its success by its own schema", () => {
    const schema = Lossless.Exit(Schema.Date, Failed)
    assert.deepStrictEqual(Schema.encodeUnknownSync(schema)(Exit.succeed(new Date(0))), {
      _tag: "Success",
      value: "1970-01-01T00:00:00.000Z"
    })
    assert.deepStrictEqual(json(schema, Exit.succeed(new Date(0))), Exit.succeed(new Date(0)))
    const failed = json(schema, Exit.fail(new Failed({ key: "a" })))
    assert.instanceOf(Exit.isFailure(failed) && Cause.squash(failed.cause), Failed)
  })

  it("refuse a failure that was not declared", () => {
    const wire = Schema.encodeUnknownSync(Lossless.Exit(Schema.Void, Schema.String))(Exit.fail("x"))
    const decoded = Schema.decodeUnknownResult(Lossless.Exit(Schema.Void, Failed))(wire)
    assert.ok(Result.isFailure(decoded))
  })

  it("say why a wire is refused", () => {
    const decoded = Schema.decodeUnknownResult(Lossless.Defect())({ $v: 9, value: 1 })
    assert.match(String(Result.isFailure(decoded) && decoded.failure), /version 9/)
  })

  it("keep the raw value of a wire that is refused", () => {
    const wire = { $v: 1, value: { $: "Hologram" } }
    const decoded = Schema.decodeUnknownResult(Lossless.Defect())(wire)
    assert.ok(Result.isFailure(decoded))
    let { issue }: { readonly issue: SchemaIssue.Issue } = decoded.failure
    while ("issue" in issue) issue = issue.issue
    const cause: unknown = "annotations" in issue && issue.annotations?.["cause"]
    assert.ok(Lossless.isInvalidWire(cause))
    assert.deepStrictEqual([cause.issue, cause.raw], ["kind", wire])
  })
})

describe("codecFor", () => {
  const codecFor = Lossless.codecFor({ form: "clone" })

  it("recognises an Rpc's exit", () => {
    const codec = codecFor(Rpc.exitSchema(Rpc.make("x", { success: Schema.Date, error: Failed })))
    const wire = Schema.encodeUnknownSync(codec)(Exit.fail(Object.assign(new Failed({ key: "a" }), { attempt: 2 })))
    const arrived: unknown = Schema.decodeUnknownSync(codec)(structuredClone(wire))
    assert.ok(Exit.isExit(arrived) && Exit.isFailure(arrived))
    assert.strictEqual(Reflect.get(Object(Cause.squash(arrived.cause)), "attempt"), 2)
  })

  it("carries bytes as they are where a clone can", () => {
    const Payload = Schema.Struct({
      name: Schema.String,
      password: Schema.String,
      body: Schema.Uint8Array,
      at: Schema.Date
    })
    const codec = codecFor(Payload)
    const sent = { name: "a", password: "b", body: new Uint8Array([1, 2]), at: new Date(0) }
    const wire = Schema.encodeUnknownSync(codec)(sent)
    assert.deepStrictEqual(Reflect.get(Object(Reflect.get(Object(wire), "value")), "body"), {
      $: "Uint8Array",
      $bytes: sent.body
    })
    assert.deepStrictEqual(Schema.decodeUnknownSync(codec)(structuredClone(wire)), sent)
    assert.throws(() => Schema.decodeUnknownSync(codec)({ $v: 1, value: { name: 1 } }))
  })

  it("leaves the payload to its schema otherwise", () => {
    const codec = codecFor(Schema.Struct({ at: Schema.Date }))
    assert.deepStrictEqual(Schema.encodeUnknownSync(codec)({ at: new Date(0) }), { at: "1970-01-01T00:00:00.000Z" })
  })
})

const encodeDefect = Schema.encodeUnknownSync(Lossless.Defect())

describe("defaults", () => {
  it.effect("hold where no options are given, and under those that are", () =>
    Effect.sync(() => {
      const error = new Error("x")
      assert.deepStrictEqual(Lossless.toWire(error).value, { $: "Error", $message: "x" })
      assert.deepStrictEqual(Lossless.toWire(1n, { form: "clone" }).value, 1n)
      assert.deepStrictEqual(Lossless.toWire(error, { form: "clone" }).value, { $: "Error", $message: "x" })
      assert.deepStrictEqual(encodeDefect(error), Lossless.toWire(error))
    }).pipe(Effect.provideService(Lossless.Defaults, { stack: "drop" }))
  )
})

describe("render", () => {
  it("shows the causes as a tree, without any class", () => {
    const error = Object.assign(new Failed({ key: "a" }), { cause: new TypeError("fetch failed") })
    const text = Lossless.render(Lossless.toWire(Cause.fail(error), { classes: [Failed], stack: "drop" }))
    assert.strictEqual(
      text,
      [
        "Cause",
        "  -: Fail",
        "    error: Failed (test/Failed): failed at a",
        "      key: a",
        "      cause: TypeError: fetch failed"
      ].join("\n")
    )
  })

  it("says what the key of a Map refers to", () => {
    const key = { a: 1 }
    assert.strictEqual(
      Lossless.render(Lossless.toWire([key, new Map([[key, new Error("x")]])], { stack: "drop" })),
      ["list of 2", "  [0]: { a: 1 }", "  [1]: Map", "    { a: 1 }: Error: x"].join("\n")
    )
  })

  it("reads whatever it is given", () => {
    const cycle: Array<unknown> = []
    cycle.push(cycle)
    for (const wire of [undefined, 1, "x", {}, [], { $v: 1 }, { $v: 1, value: { $: "=", $n: 7 } }, cycle]) {
      assert.strictEqual(typeof Lossless.render(wire), "string")
    }
  })
})

describe("declared types", () => {
  class Money {
    readonly #cents: number
    constructor(cents: number) {
      this.#cents = cents
    }
    get cents(): number {
      return this.#cents
    }
  }
  const MoneySchema = Schema.declare((u): u is Money => u instanceof Money, {
    identifier: "test/Money",
    toCodecJson: () =>
      Schema.link<Money>()(Schema.Finite, {
        decode: SchemaGetter.transform((cents: number) => new Money(cents)),
        encode: SchemaGetter.transform((money: Money) => money.cents)
      })
  })
  class Priced extends Schema.TaggedError<Priced>("test/Priced")("Priced", { price: MoneySchema }) {}

  it("go through the codec of their declaration", () => {
    const arrived = json(Lossless.Cause(Priced), Cause.fail(new Priced({ price: new Money(250) })))
    const [reason] = arrived.reasons
    assert.ok(reason?._tag === "Fail")
    assert.strictEqual(reason.error.price.cents, 250)
  })
})

const nest = (depth: number, wrap: (inner: unknown) => unknown): unknown => {
  let value: unknown = "core"
  for (let level = 0; level < depth; level++) value = wrap(value)
  return value
}

describe("depth", () => {
  const wraps: Readonly<Record<string, (inner: unknown) => unknown>> = {
    lists: (inner) => [inner],
    causes: (cause) => new Error("x", { cause }),
    Maps: (inner) => new Map([["a", inner]]),
    Options: Option.some,
    Chunks: Chunk.of,
    HashMaps: (inner) => HashMap.make(["a", inner]),
    Exits: Exit.succeed
  }
  for (const [name, wrap] of Object.entries(wraps)) {
    it(`of ${name} never keeps a wire from being sent`, () => {
      for (const form of ["json", "clone"] as const) {
        const wire = Lossless.toWire(nest(5_000, wrap), { form })
        Lossless.fromWire(form === "json" ? JSON.parse(JSON.stringify(wire)) : structuredClone(wire))
        assert.strictEqual(JSON.stringify(wire).includes("core"), !["Chunks", "HashMaps", "Exits"].includes(name))
      }
    })
  }
})

/** Looks like a reason of a cause until the end. */
const broken = (error: unknown): unknown =>
  Object.create(Object.getPrototypeOf(Cause.makeFailReason(0)), { _tag: { value: "Fail" }, error: { value: error } })

describe("a part that cannot be written", () => {
  it("leaves a text, and nothing that refers into it", () => {
    const shared = { a: 1 }
    const arrived = roundTrip([broken({ shared }), shared, shared])
    assert.ok(Array.isArray(arrived) && arrived[1] === arrived[2])
    assert.match(String(arrived[0]), /^\[.+\]$/)
    assert.deepStrictEqual(arrived[1], shared)
  })

  it("ends the masking of what stood in it", () => {
    assert.deepStrictEqual(Reflect.get(Object(roundTrip({ password: broken("x"), b: "c" })), "b"), "c")
  })
})

/** Effect's values write out what they hold; in a graph like this that takes longer than anybody waits. */
const tangle = () => {
  const all: Array<unknown> = []
  for (let n = 0; n < 8; n++) all.push(Result.succeed(all))
  return Result.succeed(all)
}

describe("an error whose name or message is an object", () => {
  it.each(["message", "name"])("crosses with its %s, and no code of the object runs for its stack", (key) => {
    for (const form of ["json", "clone"] as const) {
      const sent = Object.defineProperty(new RangeError("x"), key, { value: tangle(), configurable: true })
      const arrived = Lossless.fromWire(structuredClone(Lossless.toWire(sent, { form })), { form })
      assert.instanceOf(arrived, RangeError)
      assert.ok(Result.isResult(Reflect.get(arrived, key)))
      assert.match(String(arrived.stack), /^.*\[object\].*\n {4}at .*Lossless\.test/)
    }
  })

  it("keeps a stack that was written before", () => {
    const sent = new Error("x")
    const { stack } = sent
    Object.defineProperty(sent, "message", { value: tangle() })
    const arrived = roundTrip(sent)
    assert.strictEqual(Reflect.get(Object(arrived), "stack"), stack)
  })

  it("leaves the way in which the program writes its stacks", () => {
    const { prepareStackTrace } = Error
    Lossless.toWire(Object.defineProperty(new Error("x"), "message", { value: tangle() }))
    assert.strictEqual(Error.prepareStackTrace, prepareStackTrace)
  })
})

describe("a getter that throws something hostile", () => {
  it.each([
    ["a proxy", new Proxy(new RangeError("x"), { getPrototypeOf: () => assert.fail(), get: () => assert.fail() })],
    ["a RangeError whose message is an object", Object.assign(new RangeError(), { message: { includes: 1 } })],
    ["an object without prototype", Object.create(null)]
  ])("such as %s, costs its own property only", (_, hostile) => {
    const sent = {
      a: 1,
      get b(): never {
        throw hostile
      },
      c: new Map([
        [
          {
            get d(): never {
              throw hostile
            }
          },
          2
        ]
      ])
    }
    class Hostile {}
    const classes = [
      {
        id: "Hostile",
        class: Hostile,
        encode: () => {
          throw hostile
        },
        decode: () => new Hostile()
      }
    ]
    const arrived = roundTrip({ sent, e: [new Hostile()] }, { classes }) as {
      sent: { a: number; b: string; c: unknown }
      e: Array<unknown>
    }
    assert.strictEqual(arrived.sent.a, 1)
    assert.match(arrived.sent.b, /^\[getter threw: /)
    assert.ok(arrived.sent.c instanceof Map && arrived.sent.c.size === 1)
    assert.match(String(arrived.e[0]), /^\[Hostile: /)
  })
})

describe("own keys of an AggregateError", () => {
  const shown = { enumerable: true, configurable: true, writable: true }
  it.each([
    { message: { ...shown, value: 1 }, errors: { ...shown, value: [] } },
    { errors: { ...shown, value: [new Error("x")] }, code: { ...shown, value: "E" } },
    { code: { ...shown, value: "E" }, errors: { ...shown, value: "none" } }
  ])("keep their order where they are shown: %o", (properties) => {
    const sent = new AggregateError([])
    for (const key of Object.keys(properties)) Reflect.deleteProperty(sent, key)
    Object.defineProperties(sent, properties)
    for (const form of ["json", "clone"] as const) {
      const arrived = Lossless.fromWire(structuredClone(Lossless.toWire(sent, { form })), { form })
      assert.deepStrictEqual(Object.keys(Object(arrived)), Object.keys(sent))
    }
  })
})
