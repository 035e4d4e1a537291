import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { renameModel } from "../src/internal/relay/renameModel.ts"

const models = new Map([
  ["a", "b"],
  ['quo"te', "back\\slash"]
])

const Json = Schema.MutableJson

describe("renameModel", () => {
  const cases: ReadonlyArray<readonly [string, string, string]> = [
    ["the top level's model", '{"model":"a"}', '{"model":"b"}'],
    ["with space anywhere", '{ "x": 1 ,\n"model"\t:  "a" }', '{ "x": 1 ,\n"model"\t:  "b" }'],
    [
      "each of several, since readers differ in which they take",
      '{"model":"a","model":"a"}',
      '{"model":"b","model":"b"}'
    ],
    ["a name that is written with escapes", String.raw`{"mod\u0065l":"\u0061"}`, String.raw`{"mod\u0065l":"b"}`],
    ["a name that needs escapes", String.raw`{"model":"quo\"te"}`, String.raw`{"model":"back\\slash"}`],
    ["no model further in", '{"x":{"model":"a"},"y":[{"model":"a"}]}', '{"x":{"model":"a"},"y":[{"model":"a"}]}'],
    [
      "no text that looks like it",
      '{"x":"\\"model\\":\\"a\\"","model":"c"}',
      '{"x":"\\"model\\":\\"a\\"","model":"c"}'
    ],
    ["no value that is named so", '{"x":"model","y":"a"}', '{"x":"model","y":"a"}'],
    ["no model that is no string", '{"model":{"model":"a"}}', '{"model":{"model":"a"}}'],
    ["nothing in what is no JSON", '{"model":"a', '{"model":"a'],
    ["nothing in a list", '["model","a"]', '["model","a"]'],
    ["nothing in nothing", "", ""]
  ]
  it.each(cases)("changes %s", (_, before, after) => {
    assert.strictEqual(renameModel(before, models), after)
  })

  it.prop(
    "changes no other value of any request",
    [Schema.Record(Schema.String, Json), Schema.Int],
    ([rest, indent]) => {
      const request = { ...rest, model: "a" }
      const text = JSON.stringify(request, undefined, Math.abs(indent) % 3)
      assert.deepStrictEqual(JSON.parse(renameModel(text, models)), { ...JSON.parse(text), model: "b" })
      const other = JSON.stringify({ ...rest, model: "c" })
      assert.strictEqual(renameModel(other, models), other)
    }
  )
})
