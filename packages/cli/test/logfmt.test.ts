import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as Logfmt from "../src/internal/logfmt.ts"

describe("logfmt", () => {
  it("quotes what has to be quoted, and nothing else", () => {
    const line = Logfmt.format([
      ["level", "WARN"],
      ["status", 503],
      ["message", 'a "b"'],
      ["none", ""],
      ["a name", { x: 1 }],
      ["gone", undefined]
    ])
    assert.strictEqual(
      line,
      String.raw`level=WARN status=503 message="a \"b\"" none="" a_name="{\"x\":1}" gone=undefined`
    )
  })

  it("reads no line that is not made of pairs", () => {
    for (const line of ["", "  ", "text", "a=1 text", 'a="unclosed', 'a="b"c', "=1", `a=1 "b"=2`]) {
      assert.isUndefined(Logfmt.parse(line), line)
    }
    assert.deepStrictEqual(
      { ...Logfmt.parse(String.raw`a= b="\x" __proto__=1 a=2`) },
      {
        a: "2",
        b: String.raw`\x`,
        ["__proto__"]: "1"
      }
    )
  })

  it.prop("reads what it wrote", { values: Schema.Array(Schema.String) }, ({ values }) => {
    const pairs = [["first", "1"] as const, ...values.map((value, at) => [`key${at}`, value] as const)]
    const line = Logfmt.format(pairs)
    assert.notInclude(line, "\n")
    assert.deepStrictEqual({ ...Logfmt.parse(line) }, Object.fromEntries(pairs))
  })
})
