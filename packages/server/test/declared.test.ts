import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { holdsRedacted } from "../src/internal/declared.ts"

const Secret = Schema.Redacted(Schema.String)

interface Tree {
  readonly secret?: unknown
  readonly children: ReadonlyArray<Tree>
}

const treeOf = (leaf: Schema.Top): Schema.Codec<Tree> => {
  const tree: Schema.Codec<Tree> = Schema.Struct({
    children: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => tree)),
    secret: Schema.optional(leaf)
  }) as unknown as Schema.Codec<Tree>
  return tree
}

class Account extends Schema.Class<Account>("test/Account")({ key: Secret }) {}
class Plain extends Schema.Class<Plain>("test/Plain")({ key: Schema.String }) {}

describe("holdsRedacted", () => {
  it.each([
    ["itself", Secret],
    ["with a check", Secret.check(Schema.makeFilter(() => true))],
    ["a member", Schema.Struct({ a: Schema.Struct({ key: Schema.optionalKey(Secret) }) })],
    ["an element", Schema.Array(Secret)],
    ["of a tuple", Schema.Tuple([Schema.String, Secret])],
    ["the rest of a tuple", Schema.TupleWithRest(Schema.Tuple([Schema.String]), [Secret])],
    ["of a record", Schema.Record(Schema.String, Secret)],
    ["of a union", Schema.Union([Schema.String, Schema.NullOr(Secret)])],
    ["of an option", Schema.Option(Secret)],
    ["of a map", Schema.HashMap(Schema.String, Secret)],
    ["of an exit", Schema.Exit(Schema.String, Secret, Schema.Defect())],
    ["of a class", Account],
    ["of a type that holds itself", treeOf(Secret)],
    ["at the far end of a transformation", Schema.RedactedFromValue(Schema.String)]
  ])("sees one: %s", (_, schema) => assert.isTrue(holdsRedacted(SchemaAST.toType(schema.ast))))

  it.each([
    ["a text", Schema.String],
    ["a class", Plain],
    ["an option", Schema.Option(Schema.Uint8Array)],
    ["a type that holds itself", treeOf(Schema.String)]
  ])("sees none: %s", (_, schema) => assert.isFalse(holdsRedacted(SchemaAST.toType(schema.ast))))
})
