import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"
import { withText } from "../src/internal/jsonText.ts"

describe("another text", () => {
  it.each([
    ['{"model":"a"}', '{"model":"b"}'],
    [
      ' { "x" : {"model":"a"} , "model" \n: "a\\"" , "y":1e999 }',
      ' { "x" : {"model":"a"} , "model" \n: "b" , "y":1e999 }'
    ],
    [String.raw`{"\"model\"":"a","\u006dodel":"a"}`, String.raw`{"\"model\"":"a","\u006dodel":"b"}`],
    ['{"role":"model","l":["model","model"],"model":"a"}', '{"role":"model","l":["model","model"],"model":"b"}'],
    ['{"model":1}', '{"model":1}'],
    ['{"models":"a"}', '{"models":"a"}']
  ])("stands in %s", (given, wanted) => {
    assert.strictEqual(withText(given, "model", "b"), wanted)
  })

  it.prop(
    "is all that changes",
    [Arbitrary.schema(Schema.Record(Schema.String, Schema.Json)), Arbitrary.schema(Schema.String)],
    ([object, value]) => {
      const given = { ...object, model: "a" }
      assert.strictEqual(withText(JSON.stringify(given), "model", value), JSON.stringify({ ...given, model: value }))
    }
  )
})
