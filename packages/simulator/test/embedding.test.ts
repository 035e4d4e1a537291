import { Simulator } from "@causeway/simulator/Simulator"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { post } from "./fixtures/wire.ts"

const embed = (body: Readonly<Record<string, unknown>>) =>
  Effect.flatMap(Simulator, (simulator) => post(simulator, "/embeddings", { model: "simulator-embedding", ...body }))

/** The vectors of an answer. */
const vectors = (text: string): ReadonlyArray<ReadonlyArray<number>> =>
  JSON.parse(text).data.map(({ embedding }: { readonly embedding: ReadonlyArray<number> }) => embedding)

const dot = (left: ReadonlyArray<number> = [], right: ReadonlyArray<number> = []): number =>
  left.reduce((sum, component, index) => sum + component * (right[index] ?? 0), 0)

layer(Simulator.layer())("embeddings", (it) => {
  it.effect("gives one unit vector for each text, the same each time", () =>
    Effect.gen(function* () {
      const first = yield* embed({ input: ["the cat sat", "on the mat"] })
      const second = yield* embed({ input: ["on the mat"] })
      const [cat, mat] = vectors(first.text)
      assert.strictEqual(cat?.length, 256)
      assert.approximately(dot(cat, cat), 1, 1e-6)
      assert.deepStrictEqual(vectors(second.text)[0], mat)
      assert.nestedPropertyVal(first.json, "data[1].index", 1)
      assert.nestedPropertyVal(first.json, "usage.prompt_tokens", 6)
      assert.nestedPropertyVal(first.json, "object", "list")
    })
  )

  it.effect("puts texts that share words nearer than others", () =>
    Effect.gen(function* () {
      const { text } = yield* embed({ input: ["rain in the mountains", "rain in the valley", "quarterly tax returns"] })
      const [mountains, valley, tax] = vectors(text)
      assert.isAbove(dot(mountains, valley), dot(mountains, tax) + 0.2)
    })
  )

  it.effect("gives the same vector as base64 of 32-bit floats", () =>
    Effect.gen(function* () {
      const float = yield* embed({ input: "hello", dimensions: 8 })
      const base64 = yield* embed({ input: "hello", dimensions: 8, encoding_format: "base64" })
      const bytes = Buffer.from(JSON.parse(base64.text).data[0].embedding, "base64")
      assert.strictEqual(bytes.length, 32)
      assert.deepStrictEqual(
        Array.from({ length: 8 }, (_, index) => bytes.readFloatLE(index * 4)),
        vectors(float.text)[0]
      )
    })
  )

  it.effect("takes tokens, one text or several", () =>
    Effect.gen(function* () {
      const one = yield* embed({ input: [1, 2, 3] })
      const several = yield* embed({ input: [[1, 2, 3], [4]] })
      assert.strictEqual(vectors(one.text).length, 1)
      assert.strictEqual(vectors(several.text).length, 2)
      assert.deepStrictEqual(vectors(one.text)[0], vectors(several.text)[0])
    })
  )

  const wrong: ReadonlyArray<readonly [string, Readonly<Record<string, unknown>>, string]> = [
    ["no model", { model: undefined, input: "x" }, "model"],
    ["no input", {}, "input"],
    ["an empty text", { input: ["x", ""] }, "input"],
    ["an empty list", { input: [] }, "input"],
    ["too many texts", { input: Array.from({ length: 2_049 }, () => "x") }, "input"],
    ["input of the wrong type", { input: { text: "x" } }, "input"],
    ["an unknown format", { input: "x", encoding_format: "hex" }, "encoding_format"],
    ["too many dimensions", { input: "x", dimensions: 3_073 }, "dimensions"],
    ["a fraction of a dimension", { input: "x", dimensions: 1.5 }, "dimensions"]
  ]
  it.effect.each(wrong)("refuses %s with 400 and names the parameter", ([, body, param]) =>
    Effect.gen(function* () {
      const { json, status } = yield* embed(body)
      assert.strictEqual(status, 400)
      assert.nestedPropertyVal(json, "error.param", param)
    })
  )
})
