import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"

const run = promisify(execFile)
const duration = process.env["DURATION"] ?? "30s"

describe("fuzz", () => {
  it(`finds no wire in ${duration} that the codec does not decode or refuse, typed`, async () => {
    const env = { ...process.env, DURATION: duration }
    const { stdout } = await run(process.execPath, ["scripts/fuzz.ts"], { env }).catch(
      (error: { readonly stdout?: string; readonly stderr?: string }) => ({
        stdout: `${error.stdout ?? ""}${error.stderr ?? ""}`
      })
    )
    assert.match(stdout, /, 0 finds/)
  })
})
