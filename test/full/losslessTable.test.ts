import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"

describe("docs/lossless.md", () => {
  it("shows what is measured: what kinds of values become, and where a secret can hide", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ["bench/losslessTable.ts", "--check"])
    assert.strictEqual(stdout, "docs/lossless.md is up to date\n")
  })
})
