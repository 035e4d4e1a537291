import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { asksForStream, renameInForm } from "../src/internal/relay/form.ts"

const models = new Map([["gpt-5", "llama"]])

/** A form as the platform itself writes it. */
const formOf = async (fields: ReadonlyArray<readonly [string, string | Blob]>) => {
  const data = new FormData()
  for (const [name, value] of fields) data.append(name, value)
  const request = new Request("http://localhost", { method: "POST", body: data })
  return { type: request.headers.get("content-type") ?? "", bytes: Buffer.from(await request.arrayBuffer()) }
}

const rename = async (fields: ReadonlyArray<readonly [string, string | Blob]>) => {
  const { bytes, type } = await formOf(fields)
  const renamed = renameInForm(bytes, type, models)
  const read = await new Response(Buffer.from(renamed), { headers: { "content-type": type } }).formData()
  return { before: bytes, after: Buffer.from(renamed), model: read.get("model"), names: [...read.keys()] }
}

describe("renameInForm", () => {
  it.each([
    ["alone", [["model", "gpt-5"]]],
    [
      "first",
      [
        ["model", "gpt-5"],
        ["file", new Blob(["\r\n--x\r\n"])]
      ]
    ],
    [
      "last, behind a file that looks like it",
      [
        ["file", new Blob(['name="model"\r\n\r\ngpt-5'])],
        ["model", "gpt-5"]
      ]
    ],
    [
      "behind fields that look like it",
      [
        ["my_model", "gpt-5"],
        ["models", "gpt-5"],
        ["model", "gpt-5"]
      ]
    ]
  ] as const)("finds the model: %s", async (_, fields) => {
    const { after, before, model, names } = await rename(fields)
    assert.strictEqual(model, "llama")
    assert.deepStrictEqual(
      names,
      fields.map(([name]) => name)
    )
    assert.strictEqual(after.length, before.length)
  })

  it.each([
    ["no model", [["file", new Blob(["gpt-5"])]]],
    ["another model", [["model", "whisper-1"]]],
    ["an empty model", [["model", ""]]],
    ["nothing", []]
  ] as const)("leaves a form with %s as it is", async (_, fields) => {
    const { after, before } = await rename(fields)
    assert.deepStrictEqual(after, before)
  })

  it.prop("leaves what is no form as it is", [Schema.Uint8Array, Schema.String], ([bytes, type]) => {
    for (const each of [type, "multipart/form-data", "multipart/form-data; boundary=x"]) {
      assert.deepStrictEqual(renameInForm(bytes, each, models), bytes)
    }
  })

  it("takes what is cut off", async () => {
    const { bytes, type } = await formOf([["model", "gpt-5"]])
    for (let length = 0; length < bytes.length - 10; length++) {
      const cut = Buffer.from(renameInForm(bytes.subarray(0, length), type, models))
      assert.isAtMost(Math.abs(cut.length - length), 0)
    }
  })
})

describe("asksForStream", () => {
  it.each([
    ["true", true],
    ["True", true],
    ["1", true],
    ["false", false],
    ["", false]
  ])("reads a field: %s", async (value, expected) => {
    const file = new Blob(['name="stream"\r\n\r\ntrue'])
    const { bytes, type } = await formOf([
      ["file", file],
      ["stream_options", "true"],
      ["stream", value]
    ])
    assert.strictEqual(asksForStream(bytes, type), expected)
  })

  it("takes a form without the field, and what is no form, for no", async () => {
    const { bytes, type } = await formOf([["file", new Blob(['name="stream"\r\n\r\ntrue'])]])
    assert.isFalse(asksForStream(bytes, type))
    assert.isFalse(asksForStream(bytes, "multipart/form-data"))
    assert.isFalse(asksForStream(bytes.subarray(0, 60), type))
  })
})
