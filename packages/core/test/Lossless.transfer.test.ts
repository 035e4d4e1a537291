/** Memory that moves to another thread instead of being copied, and values that arrive whole or not at all. */
import { MessageChannel, receiveMessageOnPort } from "node:worker_threads"
import * as Lossless from "@causeway/core/Lossless"
import { assert, describe, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as Transferable from "effect/workers/Transferable"

const Pixels = Lossless.transfer(Schema.Uint8Array)
const Floats = Lossless.transfer(Schema.instanceOf(Float64Array))

class Frame extends Schema.Class<Frame>("test/transfer/Frame")({ pixels: Pixels, kept: Schema.Uint8Array }) {}
class Torn extends Schema.TaggedError<Torn>("test/transfer/Torn")("Torn", { rest: Pixels }) {}

interface Tree {
  readonly bytes: Uint8Array<ArrayBufferLike>
  readonly children: ReadonlyArray<Tree>
}
const Tree = Schema.Struct({
  bytes: Pixels,
  children: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => Tree as never))
})

const bytes = (length = 8): Uint8Array<ArrayBuffer> => Uint8Array.from({ length }, (_, at) => at)

const clone = Lossless.codecFor({ form: "clone" })
const json = Lossless.codecFor()

/** Posts as a program does, and receives on the other end. */
const post = (wire: unknown): unknown => {
  const { port1, port2 } = new MessageChannel()
  port1.postMessage(wire, [...Lossless.transferables(wire)])
  const received: unknown = receiveMessageOnPort(port2)?.message
  port1.close()
  return received
}

const trap = (): never => assert.fail("a trap ran")

const get = (): never => {
  throw new Error("not now")
}

/** A list of nothing but holes. */
const holes = (length: number): ReadonlyArray<unknown> => Object.assign([], { length })

const through = (schema: Schema.Top, value: unknown): unknown => {
  const codec = clone(schema) as Schema.Codec<unknown>
  return Schema.decodeUnknownSync(codec)(post(Schema.encodeUnknownSync(codec)(value)))
}

const throughJson = (schema: Schema.Top, value: unknown): unknown => {
  const codec = json(schema) as Schema.Codec<unknown>
  return Schema.decodeUnknownSync(codec)(JSON.parse(JSON.stringify(Schema.encodeUnknownSync(codec)(value))))
}

const refusal = (schema: Schema.Top, value: unknown): string => {
  const result = Schema.encodeUnknownResult(clone(schema) as Schema.Codec<unknown>)(value)
  return Result.isFailure(result) ? result.failure.message : "taken"
}

describe("transfer", () => {
  it("moves what is marked and copies what is not", () => {
    const sent = new Frame({ pixels: bytes(), kept: bytes() })
    const options: Lossless.Options = { form: "clone", classes: [Frame] }
    const wire = Lossless.toWire([sent], options)
    assert.deepStrictEqual(Lossless.transferables(wire), [sent.pixels.buffer as ArrayBuffer])
    const received = Lossless.fromWire(post(wire), options)
    assert.ok(Array.isArray(received) && received[0] instanceof Frame)
    assert.deepStrictEqual([received[0].pixels, received[0].kept], [bytes(), bytes()])
    assert.deepStrictEqual([sent.pixels.length, sent.kept.length], [0, 8])
  })

  it("moves nothing before it is posted, and nothing in JSON", () => {
    const sent = new Frame({ pixels: bytes(), kept: bytes() })
    const wire = Lossless.toWire(sent, { classes: [Frame] })
    assert.deepStrictEqual(Lossless.transferables(wire), [])
    Lossless.toWire(sent, { form: "clone", classes: [Frame] })
    assert.strictEqual(sent.pixels.length, 8)
    assert.deepStrictEqual(throughJson(Frame, sent), sent)
  })

  it("copies a part of other memory out first, so that the rest stays and does not leave", () => {
    const pool = new Uint8Array(1024).fill(7)
    const sent = pool.subarray(100, 104)
    const codec = clone(Pixels)
    const wire = Schema.encodeSync(codec)(sent)
    const [moved] = Lossless.transferables(wire)
    assert.deepStrictEqual([moved?.byteLength, moved === pool.buffer], [4, false])
    assert.deepStrictEqual(Schema.decodeUnknownSync(codec)(post(wire)), new Uint8Array([7, 7, 7, 7]))
    assert.deepStrictEqual([pool.length, sent.length], [1024, 4])
  })

  it("names memory once that several views look into", () => {
    const { buffer } = bytes()
    const received = through(Schema.Struct({ a: Pixels, b: Floats, c: Pixels }), {
      a: new Uint8Array(buffer),
      b: new Float64Array(buffer),
      c: new Uint8Array(buffer, 0, 2)
    })
    assert.deepStrictEqual(received, { a: bytes(), b: new Float64Array(bytes().buffer), c: new Uint8Array([0, 1]) })
  })

  const places: Readonly<Record<string, readonly [Schema.Top, (bytes: Uint8Array) => unknown]>> = {
    itself: [Pixels, (one) => one],
    "a checked schema": [Pixels.check(Schema.makeFilter(({ length }) => length === 8)), (one) => one],
    "an optional field": [Schema.Struct({ a: Schema.optional(Pixels) }), (a) => ({ a })],
    "a list": [Schema.Array(Pixels), (one) => [one]],
    "a tuple": [Schema.Tuple([Schema.String, Pixels]), (one) => ["a", one]],
    "a record": [Schema.Record(Schema.String, Pixels), (a) => ({ a })],
    "a union": [Schema.Union([Schema.String, Schema.Struct({ a: Pixels })]), (a) => ({ a })],
    "an Option": [Schema.Option(Pixels), Option.some],
    "a Result": [Schema.Result(Schema.String, Pixels), Result.fail],
    "a Map": [Schema.ReadonlyMap(Schema.String, Pixels), (one) => new Map([["a", one]])],
    "a HashMap": [Schema.HashMap(Schema.String, Pixels), (one) => HashMap.make(["a", one])],
    "a Chunk": [Schema.Chunk(Pixels), Chunk.of],
    "a class": [Schema.Struct({ frame: Frame }), (pixels) => ({ frame: new Frame({ pixels, kept: bytes() }) })],
    "a tree": [Tree, (one) => ({ bytes: bytes(), children: [{ bytes: one, children: [] }] })],
    "a field of Unknown's neighbour": [Schema.Struct({ a: Pixels, b: Schema.Unknown }), (a) => ({ a, b: bytes() })]
  }
  for (const [name, [schema, make]] of Object.entries(places)) {
    it(`reaches into ${name}`, () => {
      const sent = bytes()
      assert.ok(Lossless.hasTransfers(schema))
      assert.deepStrictEqual(through(schema, make(sent)), make(bytes()))
      assert.strictEqual(sent.length, 0)
    })
  }

  /** A type of somebody else's, of which nothing says what an element is. */
  class Pair {
    readonly all: ReadonlyArray<Uint8Array>
    constructor(...all: ReadonlyArray<Uint8Array>) {
      this.all = all
    }
    [Symbol.iterator](): Iterator<Uint8Array> {
      return this.all.values()
    }
  }
  const pairOf = Schema.declareConstructor<Pair>()(
    [Pixels, Schema.Uint8Array],
    () => (u, ast, options) =>
      u instanceof Pair ? Effect.succeed(u) : Effect.fail(new SchemaIssue.InvalidType(ast, u, options))
  )

  const sides: Readonly<Record<string, readonly [Schema.Top, (marked: Uint8Array, plain: Uint8Array) => unknown]>> = {
    "a Result's failure": [
      Schema.Array(Schema.Result(Schema.Uint8Array, Pixels)),
      (marked, plain) => [Result.fail(marked), Result.succeed(plain)]
    ],
    "a Result's success": [
      Schema.Array(Schema.Result(Pixels, Schema.Uint8Array)),
      (marked, plain) => [Result.fail(plain), Result.succeed(marked)]
    ],
    "a Map's keys": [Schema.ReadonlyMap(Pixels, Schema.Uint8Array), (marked, plain) => new Map([[marked, plain]])],
    "a Map's values": [Schema.ReadonlyMap(Schema.Uint8Array, Pixels), (marked, plain) => new Map([[plain, marked]])],
    "a HashMap's keys": [Schema.HashMap(Pixels, Schema.Uint8Array), (marked, plain) => HashMap.make([marked, plain])],
    "a HashMap's values": [Schema.HashMap(Schema.Uint8Array, Pixels), (marked, plain) => HashMap.make([plain, marked])],
    "the first elements of a list": [
      Schema.TupleWithRest(Schema.Tuple([]), [Pixels, Schema.Uint8Array]),
      (marked, plain) => [marked, plain]
    ],
    "the last element of a list": [
      Schema.TupleWithRest(Schema.Tuple([]), [Schema.Uint8Array, Pixels]),
      (marked, plain) => [plain, marked]
    ],
    "some names of a record": [
      Schema.StructWithRest(Schema.Struct({}), [
        Schema.Record(Schema.TemplateLiteral(["kept", Schema.String]), Schema.Uint8Array),
        Schema.Record(Schema.TemplateLiteral(["moved", Schema.String]), Pixels)
      ]),
      (marked, plain) => ({ kept1: plain, moved1: marked })
    ],
    "what a struct does not name": [
      Schema.StructWithRest(Schema.Struct({ kept: Schema.Uint8Array }), [Schema.Record(Schema.String, Pixels)]),
      (marked, plain) => ({ kept: plain, moved: marked })
    ]
  }
  for (const [name, [schema, make]] of Object.entries(sides)) {
    it(`moves ${name} alone where the others are not marked`, () => {
      const [marked, plain] = [bytes(3), bytes(5)]
      through(schema, make(marked, plain))
      assert.deepStrictEqual([marked.length, plain.length], [0, 5])
    })
  }

  it("moves nothing where a type with two parts does not say which is which", () => {
    class Holder extends Schema.Class<Holder>("test/transfer/Holder")({ pair: pairOf }) {}
    const sent = new Holder({ pair: new Pair(bytes(3), bytes(5)) })
    const wire = Lossless.toWire(sent, { form: "clone", classes: [Holder] })
    assert.deepStrictEqual(Lossless.transferables(wire), [])
  })

  it("moves nothing of an Exit's failure where its success is marked", () => {
    const Outcome = Schema.Exit(Pixels, Schema.Uint8Array, Schema.Unknown)
    for (const make of [Exit.succeed, Exit.fail]) {
      const sent = bytes()
      class Holder extends Schema.Class<Holder>("test/transfer/Outcome")({ outcome: Outcome }) {}
      const wire = Lossless.toWire(new Holder({ outcome: make(sent) }), { form: "clone", classes: [Holder] })
      if (make === Exit.fail) assert.deepStrictEqual(Lossless.transferables(wire), [])
    }
  })

  it("leaves a mark that cannot be read to its placeholder, and runs nothing of a proxy's", () => {
    class Odd extends Schema.Class<Odd>("test/transfer/Odd")({ pixels: Pixels, more: Schema.Struct({ a: Pixels }) }) {}
    const options: Lossless.Options = { form: "clone", classes: [Odd] }
    const odd: Readonly<Record<string, PropertyDescriptor>> = {
      "[getter threw: not now]": { get },
      "[proxy]": { value: new Proxy({ a: bytes() }, { get: trap, has: trap, getPrototypeOf: trap, ownKeys: trap }) }
    }
    for (const [placeholder, more] of Object.entries(odd)) {
      const sent = new Odd({ pixels: bytes(), more: { a: bytes() } })
      Object.defineProperty(sent, "more", { ...more, enumerable: true })
      const wire = Lossless.toWire(sent, options)
      assert.deepStrictEqual(wire.value, {
        $: "object",
        $class: "test/transfer/Odd",
        pixels: { $: "Uint8Array", $bytes: bytes() },
        more: placeholder
      })
      assert.deepStrictEqual(Lossless.transferables(wire), [sent.pixels.buffer as ArrayBuffer])
    }
  })

  it("finds the marks behind one that cannot be read", () => {
    class Late extends Schema.Class<Late>("test/transfer/Late")({
      first: Pixels,
      list: Schema.Array(Pixels),
      last: Pixels
    }) {}
    const sent = new Late({ first: bytes(), list: [bytes(3), bytes(4)], last: bytes(5) })
    Object.defineProperty(sent, "first", { get, enumerable: true })
    Object.defineProperty(sent.list, 0, { get, enumerable: true })
    const wire = Lossless.toWire(sent, { form: "clone", classes: [Late] })
    assert.deepStrictEqual(
      Lossless.transferables(wire).map(({ byteLength }) => byteLength),
      [4, 5]
    )
  })

  it("holds for successes and failures of calls", () => {
    const rpc = Rpc.make("x", { success: Pixels, error: Torn })
    const one = bytes()
    const two = bytes()
    assert.deepStrictEqual(through(Rpc.exitSchema(rpc), Exit.succeed(one)), Exit.succeed(bytes()))
    const failed = through(Rpc.exitSchema(rpc), Exit.fail(new Torn({ rest: two })))
    assert.ok(Exit.isExit(failed) && Exit.isFailure(failed))
    assert.deepStrictEqual([one.length, two.length], [0, 0])
  })

  it("leaves schemas without a mark as they are", () => {
    const sent = bytes()
    assert.ok(!Lossless.hasTransfers(Schema.Struct({ a: Schema.Uint8Array })))
    through(Schema.Struct({ a: Schema.Uint8Array }), { a: sent })
    assert.strictEqual(sent.length, 8)
  })

  it("refuses what was given away already, as a second try would", () => {
    const sent = { a: bytes() }
    const schema = Schema.Struct({ a: Pixels })
    through(schema, sent)
    assert.match(refusal(schema, sent), /its memory was transferred already/)
  })

  it.effect("tells a worker platform of Effect", () =>
    Effect.gen(function* () {
      const sent = bytes()
      const collector = Transferable.makeCollectorUnsafe()
      const codec = clone(Schema.Struct({ a: Pixels }))
      yield* Schema.encodeEffect(codec)({ a: sent }).pipe(
        Effect.provideContext(Context.make(Transferable.Collector, collector))
      )
      assert.deepStrictEqual(collector.readUnsafe(), [sent.buffer])
    })
  )
})

describe("an open schema", () => {
  const Open = Schema.Struct({ held: Schema.Unknown })

  it.each([
    ["bytes", Buffer.from("abc")],
    ["a Map", new Map([["a", new Set([1n])]])],
    ["undefined", undefined],
    ["minus zero", { a: -0, b: Number.NaN }],
    ["an error", new RangeError("x", { cause: "y" })],
    ["a text that looks like a secret", { password: "sk-proj-1234567890abcdefghijkl" }]
  ])("carries %s whole, in both forms", (_, held) => {
    assert.deepStrictEqual(through(Open, { held }), { held })
    assert.deepStrictEqual(throughJson(Open, { held }), { held })
  })

  it.each([
    ["a function", { run() {} }, /\[function run\] cannot be carried/],
    ["a promise", [Promise.resolve(1)], /\[promise\] cannot be carried/],
    ["a Redacted", Redacted.make("tarnhelm"), /a Redacted value cannot be carried/],
    [
      "a getter that throws",
      {
        get a() {
          throw new Error("not now")
        }
      },
      /getter threw: not now/
    ],
    ["a list with more holes than anybody goes through", holes(2_000_000), /a list with 2000000 holes cannot/]
  ])("refuses %s, which nobody could use", (_, held, why) => {
    assert.match(refusal(Open, { held }), why)
  })

  it("refuses a small wire that makes a list too long to be checked", () => {
    const hole = [
      { $: "list", $sparse: true },
      { $: "holes", $n: 600_000 }
    ]
    const decode = Schema.decodeUnknownSync(
      json(Schema.Struct({ held: Schema.Array(Schema.Unknown) })) as Schema.Codec<unknown>
    )
    assert.throws(() => decode({ $v: 2, value: { held: [hole, hole] } }), /more holes than are carried/)
    assert.deepStrictEqual(decode({ $v: 2, value: { held: [[hole[0], { $: "holes", $n: 2 }]] } }), {
      held: [holes(2)]
    })
  })
})
