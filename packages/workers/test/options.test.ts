import { availableParallelism } from "node:os"
import { assert, describe, it } from "@effect/vitest"
import * as Options from "../src/internal/options.ts"
import * as Recycling from "../src/internal/recycling.ts"

const entry = new URL("file:///app/worker.ts")

describe("options", () => {
  it("have the defaults that are documented", () => {
    assert.deepStrictEqual(Options.resolve({ entry }), {
      name: "worker",
      isolation: "thread",
      size: Math.min(4, Math.max(1, availableParallelism() - 1)),
      spare: 1,
      queue: 256,
      concurrency: 16,
      unresponsiveMs: 5000,
      graceMs: 5000,
      startMs: 30_000,
      deadlineMs: 600_000,
      recycle: Recycling.unlimited
    })
  })

  it("are read in the units that they are given in", () => {
    const { deadlineMs, recycle, unresponsiveMs } = Options.resolve({
      entry,
      unresponsiveAfter: "2 minutes",
      deadline: 250,
      recycle: { calls: 3, age: "1 hour", heap: 2 }
    })
    assert.deepStrictEqual([unresponsiveMs, deadlineMs], [120_000, 250])
    assert.deepStrictEqual(recycle, { calls: 3, ageMs: 3_600_000, heapBytes: 2_097_152 })
  })
})
