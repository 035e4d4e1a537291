import { assert, describe, it } from "@effect/vitest"
import { problemOf } from "../src/internal/nodeVersion.ts"

describe("nodeVersion", () => {
  it("accepts Node 22.19 and newer, and says which is needed otherwise", () => {
    for (const version of ["22.19.0", "22.20.1", "24.0.0", "25.1.0-nightly20251101"]) {
      assert.strictEqual(problemOf(version), undefined)
    }
    for (const version of ["20.19.5", "22.18.9", "18.0.0"]) {
      assert.strictEqual(problemOf(version), `a worker pool needs Node 22.19 or newer; this is Node ${version}`)
    }
  })
})
