import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Frames from "../src/internal/frames.ts"

/** What a reader makes of pieces of a stream. */
const read = (pieces: ReadonlyArray<Uint8Array>) => {
  const values: Array<unknown> = []
  const broken: Array<Error> = []
  const reader = Frames.makeReader({ onValue: (value) => values.push(value), onBroken: (error) => broken.push(error) })
  for (const piece of pieces) reader.push(Buffer.from(piece))
  return { values, broken }
}

/** A stream, cut at places that random numbers name. */
const cut = (bytes: Buffer, cuts: ReadonlyArray<number>): ReadonlyArray<Buffer> => {
  const places = Array.from(new Set(cuts.map((cut) => Math.abs(cut) % (bytes.length + 1)))).toSorted((a, b) => a - b)
  return [...places, bytes.length].map((end, at) => bytes.subarray(at === 0 ? 0 : places[at - 1], end))
}

const cuts = Arbitrary.array(Arbitrary.schema(Schema.Int), { maxLength: 30 })
const values = Arbitrary.array(Arbitrary.schema(Schema.Json), { maxLength: 10 })

const streamOf = (values: ReadonlyArray<unknown>): Buffer => Buffer.concat(values.map(Frames.encode))

describe("frames", () => {
  it.prop("values arrive in order, however the stream is cut", [values, cuts], ([values, cuts]) => {
    assert.deepStrictEqual(read(cut(streamOf(values), cuts)), { values, broken: [] })
  })

  it.prop(
    "a stream that is not whole gives what is whole, and never throws",
    [values, cuts, Arbitrary.schema(Schema.Int)],
    ([values, cuts, end]) => {
      const stream = streamOf(values)
      const { broken, values: arrived } = read(cut(stream.subarray(0, Math.abs(end) % (stream.length + 1)), cuts))
      assert.deepStrictEqual(arrived, values.slice(0, arrived.length))
      assert.deepStrictEqual(broken, [])
    }
  )

  it.prop(
    "bytes that are changed never throw, and break the stream once at most",
    [values, cuts, Arbitrary.schema(Schema.Int), Arbitrary.schema(Schema.Int)],
    ([values, cuts, place, byte]) => {
      const stream = streamOf(["first", ...values])
      stream[Math.abs(place) % stream.length] = byte
      assert.isAtMost(read(cut(stream, cuts)).broken.length, 1)
    }
  )

  it("nothing is read after what is no frame", () => {
    const { broken, values } = read([Frames.encode(1), Buffer.from("Hello, pool\n"), Frames.encode(2)])
    assert.deepStrictEqual(values, [1])
    assert.deepStrictEqual(broken.map(String), ["Error: what arrived is no message of ours"])
  })

  it("what claims to be too large is not waited for", () => {
    const frame = Buffer.from(Frames.encode(1))
    frame.writeUInt32LE(Frames.maxBytes + 1, 4)
    assert.lengthOf(read([frame]).broken, 1)
  })

  it("values arrive as posted ones do", () => {
    const shared = { a: 1 }
    const cyclic: Record<string, unknown> = { shared, again: shared, when: new Date(0), map: new Map([[1, 2n]]) }
    cyclic["self"] = cyclic
    const [arrived] = read([Frames.encode([cyclic, Buffer.from("bytes"), new Error("e", { cause: 1 })])]).values
    assert.deepStrictEqual(arrived, structuredClone([cyclic, Buffer.from("bytes"), new Error("e", { cause: 1 })]))
  })

  for (const [name, value] of [
    ["a function", () => 1],
    ["a promise", Promise.resolve()],
    ["shared memory", new SharedArrayBuffer(1)]
  ] as const) {
    it(`${name} cannot cross`, () => {
      assert.throws(() => Frames.encode(value), "could not be cloned")
    })
  }

  it.effect("memory is not taken for what has not arrived", () =>
    Effect.sync(() => {
      const header = Buffer.from(Frames.encode(1)).subarray(0, Frames.headerBytes)
      header.writeUInt32LE(Frames.maxBytes, 4)
      const before = process.memoryUsage().arrayBuffers
      read([header])
      assert.isBelow(process.memoryUsage().arrayBuffers - before, 1_000_000)
    })
  )
})
