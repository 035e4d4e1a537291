import { readFileSync } from "node:fs"
import { deserialize } from "node:v8"
import { assert, describe, it } from "@effect/vitest"
import { judge, type Form } from "./decoding.ts"

interface Regression {
  readonly form: Form
  /** What was wrong when it was found. */
  readonly wrong: string
  readonly seed: number
  /** As `node:v8` serializes it, in base64. */
  readonly wire: string
}

const regressions: ReadonlyArray<Regression> = JSON.parse(
  readFileSync(new URL("./regressions.json", import.meta.url), "utf8")
)

const deep = (depth: number, wrap: (inner: unknown) => unknown) => () => {
  let value: unknown = null
  for (let level = 0; level < depth; level++) value = wrap(value)
  return { $v: 1, value }
}

describe("wires that once broke the decoder", () => {
  it.each(regressions.map((regression, index) => [index, regression] as const))("number %i", (_, { form, wire }) => {
    assert.isUndefined(judge(form, () => deserialize(Buffer.from(wire, "base64"))).wrong)
  })

  const nests: Readonly<Record<string, (inner: unknown) => unknown>> = {
    lists: (inner) => [inner],
    objects: (inner) => ({ inner }),
    causes: (inner) => ({ $: "Error", $message: "x", $cause: inner }),
    Maps: (inner) => ({ $: "Map", $entries: [[1, inner]] })
  }

  for (const [name, wrap] of Object.entries(nests)) {
    it.each(["json", "clone"] as const)(`${name} nested deeper than any encoder writes, as %s`, (form) => {
      for (const depth of [1000, 10_000, 200_000]) assert.isUndefined(judge(form, deep(depth, wrap)).wrong)
    })
  }

  it("are watched by something that can tell", () => {
    assert.match(
      judge("json", () => {
        Reflect.set(Object.prototype, "polluted", 1)
        return null
      }).wrong ?? "",
      /changed a prototype/
    )
    Reflect.deleteProperty(Object.prototype, "polluted")
  })
})
