import * as Rate from "@causeway/resilience/Rate"
import { assert, describe, it } from "@effect/vitest"

const headers = (limit: number, remaining: number, reset: string) => ({
  "limit-requests": String(limit),
  "remaining-requests": String(remaining),
  "reset-requests": reset
})

/** A pace of twenty a second for ten seconds. */
const stated = () => {
  const rate = Rate.make()
  rate.statedUnsafe(0, headers(200, 0, "10s"))
  return rate
}

/** How many calls go through until a moment, by callers who ask every millisecond. */
const through = (rate: Rate.Rate, from: number, to: number): number => {
  let count = 0
  for (let now = from; now < to; now++) if (rate.takeUnsafe(now) === undefined) count++
  return count
}

describe("Rate", () => {
  it("lets everything through where nothing is stated, nothing can be read, or plenty is left", () => {
    const rate = Rate.make()
    rate.statedUnsafe(0, undefined)
    rate.statedUnsafe(0, headers(200, 0, "soon"))
    rate.statedUnsafe(0, headers(200, 100, "10s"))
    rate.statedUnsafe(0, { "limit-requests": "many", "remaining-requests": "0", "reset-requests": "1s" })
    assert.strictEqual(through(rate, 0, 1000), 1000)
  })

  it("keeps calls at the pace that is stated, in the words of each provider", () => {
    assert.closeTo(through(stated(), 1000, 3000), 40, 4)
    const rate = Rate.make()
    rate.statedUnsafe(0, {
      "requests-limit": "50",
      "requests-remaining": "0",
      "requests-reset": "1970-01-01T00:00:10Z"
    })
    assert.strictEqual(rate.perSecondUnsafe(0), 5)
    rate.statedUnsafe(0, { limit: "10", remaining: "0", reset: "5" })
    assert.strictEqual(rate.perSecondUnsafe(0), 2)
  })

  it("is forgotten when the limit has come free", () => {
    const rate = stated()
    assert.strictEqual(rate.perSecondUnsafe(9999), 20)
    assert.isUndefined(rate.perSecondUnsafe(10_000))
    assert.strictEqual(through(rate, 10_000, 11_000), 1000)
  })

  it("says when there is a place, later for each who waits", () => {
    const rate = stated()
    while (rate.takeUnsafe(2000) === undefined) {
      // The few that may come before their time.
    }
    const first = rate.takeUnsafe(2000) ?? 0
    rate.waitUnsafe(1)
    const second = rate.takeUnsafe(2000) ?? 0
    rate.waitUnsafe(-1)
    assert.closeTo(second - first, 50, 1)
    assert.strictEqual(rate.takeUnsafe(2000), first)
  })
})
