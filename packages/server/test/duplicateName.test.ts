import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"
import { hasDuplicateName } from "../src/internal/duplicateName.ts"

const has = (text: string): boolean => hasDuplicateName(text, JSON.parse(text))

describe("duplicate names", () => {
  it.each([
    '{"a":1,"a":2}',
    '{"a":1,"b":2,"a":1}',
    '{"a":{"b":1,"b":2}}',
    '[[{"a":1 , "a"\n:2}]]',
    String.raw`{"a":1,"\u0061":2}`,
    String.raw`{"\"":1,"\"":2}`,
    String.raw`{"a\\":1,"a\\":2}`,
    '{"__proto__":1,"__proto__":2}',
    '{"":1,"":2}',
    `${"[".repeat(50_000)}{"a":1,"a":2}${"]".repeat(50_000)}`
  ])("are seen in %s", (text) => {
    assert.isTrue(has(text))
  })

  it.each([
    "1",
    '"a"',
    '{"a":{"a":1}}',
    '[{"a":1},{"a":1}]',
    '{"a":"a","b":["a","a"]}',
    String.raw`{"a":"\",\"a\":1","b":"\\"}`,
    '{"a":": \\"a\\":","A":1}',
    '{"constructor":1,"toString":2,"__proto__":{"__proto__":1},"0":1}',
    `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`
  ])("are not seen in %s", (text) => {
    assert.isFalse(has(text))
  })

  const json = Arbitrary.schema(Schema.Json)

  it.prop("are in no text that was written from a value", [json], ([value]) => {
    for (const indent of [0, 1]) assert.isFalse(has(JSON.stringify(value, undefined, indent)))
  })

  it.prop("are seen wherever one is added", [Arbitrary.schema(Schema.String), json, json], ([name, first, second]) => {
    const member = (value: unknown) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`
    assert.isTrue(has(`[{${member(first)},${member(second)}}]`))
  })
})
