/** What the wire takes beside plain JSON of the same fields, of the benchmark's values. */
import * as Lossless from "@causeway/core/Lossless"
import { assert, describe, it } from "@effect/vitest"
import { classes, twin, values } from "../../bench/losslessValues.ts"

const withoutStack = (key: string, held: unknown): unknown => (key === "stack" ? undefined : held)

describe("the wire", () => {
  it.each(values.map(({ name, value }) => [name, value] as const))(
    "takes at most 64 bytes more than plain JSON, stacks aside: %s",
    (_, value) => {
      const wire = JSON.stringify(Lossless.toWire(value, { classes, stack: "drop" }))
      assert.isAtMost(Buffer.byteLength(wire), Buffer.byteLength(JSON.stringify(twin(value), withoutStack)) + 64)
    }
  )
})
