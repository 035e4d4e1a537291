import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { millisOf } from "../duration.ts"

const run = promisify(execFile)
const duration = process.env["DURATION"] ?? "30s"

describe("fuzz", () => {
  it(`finds no wire in ${duration} that the codec does not decode or refuse, typed`, async () => {
    const env = { ...process.env, DURATION: duration }
    const timeout = millisOf(duration, 30_000) + 120_000
    const printed = await run(process.execPath, ["scripts/fuzz.ts"], { env, timeout }).catch(
      (error: { readonly stdout: string; readonly stderr: string }) => error
    )
    assert.match(printed.stdout, /, 0 finds\n$/, printed.stderr)
    assert.strictEqual(printed.stderr, "")
  })
})
