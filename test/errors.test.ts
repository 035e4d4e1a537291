import { spawnSync } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"

describe("docs/errors.md", () => {
  it("says what the reasons' classes say", () => {
    const { status, stderr } = spawnSync(process.execPath, ["scripts/errors.ts", "--check"], { encoding: "utf8" })
    assert.strictEqual(`${stderr}${status}`, "0")
  })
})
