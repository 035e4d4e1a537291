import { assert, describe, it } from "@effect/vitest"
import * as Recycling from "../src/internal/recycling.ts"

const limits: Recycling.Limits = { calls: 100, ageMs: 60_000, heapBytes: 1000 }
const fresh: Recycling.Use = { callsDone: 0, readyAt: 5000, vitals: { heapBytes: 10, lagMs: 0 } }

const due = (use: Partial<Recycling.Use>, time = 5000) => Recycling.dueOf({ ...fresh, ...use }, limits, time)

describe("recycling", () => {
  it("limits of a worker are up to a fifth lower than those of the pool, and never higher", () => {
    assert.deepStrictEqual(Recycling.limitsOf(limits, 0), limits)
    assert.deepStrictEqual(Recycling.limitsOf(limits, 1), { calls: 80, ageMs: 48_000, heapBytes: 800 })
    assert.strictEqual(Recycling.limitsOf({ ...limits, calls: 1 }, 0.9).calls, 1)
    assert.deepStrictEqual(Recycling.limitsOf(Recycling.unlimited, 0.5), Recycling.unlimited)
  })

  it("a worker is due at the first limit that it reaches", () => {
    assert.strictEqual(due({}), undefined)
    assert.strictEqual(due({ callsDone: 99 }, 64_999), undefined)
    assert.strictEqual(due({ callsDone: 100 }), "calls")
    assert.strictEqual(due({}, 65_000), "age")
    assert.strictEqual(due({ vitals: { heapBytes: 1000, lagMs: 0 } }), "heap")
    assert.strictEqual(due({ vitals: undefined }), undefined)
    assert.strictEqual(due({ readyAt: undefined, callsDone: 100 }), undefined)
  })
})
