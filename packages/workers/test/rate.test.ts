/** What a caller who is refused is told of when to come again. */
import { assert, describe, it } from "@effect/vitest"
import * as Rate from "../src/internal/rate.ts"

/** The rate of a pool that has served so many calls, each of which took so long. */
const after = (...served: ReadonlyArray<readonly [calls: number, ms: number]>): Rate.Rate => {
  const rate = Rate.make()
  for (const [calls, ms] of served) for (let i = 0; i < calls; i++) rate.count(ms)
  return rate
}

describe("rate", () => {
  it("says how long calls will take, by what they took and by how many are served at a time", () => {
    const rate = after([500, 40])
    assert.strictEqual(rate.waitFor(256, 16), 640)
    assert.strictEqual(rate.waitFor(256, 32), 320)
  })

  it("is right from the first call on, and follows one that changes", () => {
    assert.strictEqual(after([1, 1000]).waitFor(32, 16), 2000)
    assert.closeTo(after([1000, 10], [150, 1000]).waitFor(32, 16), 2000, 50)
  })

  it("knows nothing of a pool that has not served yet, or serves nothing, and says a second", () => {
    assert.strictEqual(after().waitFor(256, 16), 1000)
    assert.strictEqual(after([10, 5000]).waitFor(256, 0), 1000)
  })

  it("stays between a tenth of a second and a minute", () => {
    assert.strictEqual(after([10, 1]).waitFor(1, 16), 100)
    assert.strictEqual(after([10, 600_000]).waitFor(256, 1), 60_000)
  })
})
