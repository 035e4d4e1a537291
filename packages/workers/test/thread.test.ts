import { assert, describe, it } from "@effect/vitest"
import type { End } from "../src/internal/isolate.ts"
import * as Thread from "../src/internal/thread.ts"
import { entry } from "./fixtures/pool.ts"

describe("thread", { timeout: 60_000 }, () => {
  it("gives everything that a thread posted before it tells of its exit", async () => {
    const seen: Array<unknown> = []
    const exit = await new Promise<End>((resolve, reject) => {
      Thread.start(
        {
          entry: entry("lastWords"),
          name: "lastWords",
          resourceLimits: undefined,
          env: undefined,
          boot: { heartbeatMs: 100, logLevel: "Info", together: 8 },
          data: undefined
        },
        {
          onMessages: (messages) => {
            for (const [, n] of messages) seen.push(n)
          },
          onError: reject,
          onExit: resolve
        }
      )
    })
    assert.strictEqual(exit.exitCode, 3)
    assert.deepStrictEqual(
      seen,
      Array.from({ length: 1000 }, (_, n) => n)
    )
  })
})
