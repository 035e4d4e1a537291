import { fork } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"

describe("settle", () => {
  it("keeps compiled code although the process is killed, and collects once there is nothing to do", async () => {
    const cache = mkdtempSync(join(tmpdir(), "causeway-settle-"))
    const child = fork(fileURLToPath(new URL("./fixtures/settling.ts", import.meta.url)), {
      execArgv: [],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      env: { ...process.env, NODE_COMPILE_CACHE: cache }
    })
    try {
      const [first] = await once(child, "message", { signal: AbortSignal.timeout(50_000) })
      assert.strictEqual(first, "idle")
    } finally {
      const gone = once(child, "exit")
      child.kill("SIGKILL")
      await gone
    }
    const files = readdirSync(cache, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    assert.isAbove(files.length, 5)
    rmSync(cache, { recursive: true, force: true })
  }, 60_000)
})
