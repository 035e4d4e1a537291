import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { isPlain } from "../src/internal/fresh.ts"
import * as Lossless from "../src/internal/lossless.ts"

const { codecFor } = Lossless.make(undefined)

const Item = Schema.Struct({
  id: Schema.Finite,
  tags: Schema.Array(Schema.String),
  note: Schema.optionalKey(Schema.String)
})

class Named extends Schema.Class<Named>("test/Named")({ name: Schema.String }) {}

const isPlainly = (schema: Schema.Top): boolean => isPlain(codecFor(schema) as Schema.Top)

describe("plain payloads", () => {
  it("are those that are written as they are made", () => {
    for (const schema of [Item, Schema.Array(Item), Schema.Union([Item, Schema.Null]), Schema.String]) {
      assert.isTrue(isPlainly(schema))
    }
  })

  it("are not those that are written otherwise, or that are not made anew", () => {
    const others = [
      Schema.Struct({ at: Schema.Date }),
      Schema.Struct({ absent: Schema.optional(Schema.String) }),
      Schema.Struct({ bytes: Schema.Uint8Array }),
      Schema.Struct({ any: Schema.Unknown }),
      Schema.Struct({ n: Schema.FiniteFromString }),
      Schema.Struct({ named: Named }),
      Named
    ]
    for (const schema of others) assert.isFalse(isPlainly(schema))
  })

  it("share nothing with what they were made from, and have nothing that is not declared", () => {
    const tags = ["a"]
    const input = { id: 1, tags, secret: () => 1 }
    const made = Item.make(input)
    tags.push("b")
    assert.deepStrictEqual(made, { id: 1, tags: ["a"] })
  })
})
