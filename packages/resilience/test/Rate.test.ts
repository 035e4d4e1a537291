import * as Rate from "@causeway/resilience/Rate"
import { assert, describe, it } from "@effect/vitest"

/** A pace that was learnt from so many calls in the last second. */
const learnt = (count: number) => {
  const rate = Rate.make()
  for (let call = 0; call < count; call++) rate.servedUnsafe(1000)
  rate.refusedUnsafe(1000, 1000)
  return rate
}

/** How many calls go through until a moment, by callers who ask every millisecond. */
const through = (rate: Rate.Rate, from: number, to: number): number => {
  let count = 0
  for (let now = from; now < to; now++) if (rate.takeUnsafe(now) === undefined) count++
  return count
}

describe("Rate", () => {
  it("lets everything through of which nothing was learnt, or of next to nothing", () => {
    assert.strictEqual(through(Rate.make(), 0, 1000), 1000)
    assert.isUndefined(learnt(2).perSecondUnsafe(1000))
  })

  it("keeps calls at what was served, a little below", () => {
    const rate = learnt(20)
    assert.strictEqual(rate.perSecondUnsafe(1000), 19)
    assert.closeTo(through(rate, 2000, 4000), 38, 4)
  })

  it("measures over the rest that was asked for, where that is longer than a second", () => {
    const rate = Rate.make()
    for (let call = 0; call < 600; call++) rate.servedUnsafe(call * 10)
    rate.refusedUnsafe(6000, 54_000)
    assert.closeTo(rate.perSecondUnsafe(6000) ?? 0, (600 / 54) * 0.95, 0.01)
  })

  it("grows after a while, and is forgotten after a minute", () => {
    const rate = learnt(20)
    assert.strictEqual(rate.perSecondUnsafe(11_000), 19)
    assert.closeTo(rate.perSecondUnsafe(31_000) ?? 0, 38, 0.01)
    assert.isUndefined(rate.perSecondUnsafe(62_000))
  })

  it("says when there is a place, later for each who waits", () => {
    const rate = learnt(20)
    through(rate, 2000, 2001)
    while (rate.takeUnsafe(2000) === undefined) {
      // The few that may come before their time.
    }
    const first = rate.takeUnsafe(2000) ?? 0
    rate.waitUnsafe(1)
    const second = rate.takeUnsafe(2000) ?? 0
    rate.waitUnsafe(-1)
    assert.closeTo(second - first, 1000 / 19, 1)
    assert.strictEqual(rate.takeUnsafe(2000), first)
  })
})
