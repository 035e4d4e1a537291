import { InvalidPolicy } from "@causeway/resilience/InvalidPolicy"
import * as Budget from "@causeway/resilience/Budget"
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"

describe("Budget", () => {
  it("allows a floor and a share of the calls", () => {
    const budget = Budget.make({ share: 0.2, floor: 2 })
    for (let call = 0; call < 10; call++) budget.earnUnsafe(0)
    const spent = Array.from({ length: 6 }, () => budget.spendUnsafe(0))
    assert.deepStrictEqual(spent, [true, true, true, true, false, false])
  })

  it("forgets calls and repetitions after its window", () => {
    const budget = Budget.make({ share: 1, floor: 1, window: "10 seconds" })
    budget.earnUnsafe(0)
    assert.deepStrictEqual([budget.spendUnsafe(0), budget.spendUnsafe(0), budget.spendUnsafe(0)], [true, true, false])
    assert.strictEqual(budget.leftUnsafe(5000), 0)
    assert.strictEqual(budget.leftUnsafe(10_000), 1)
  })

  it.prop(
    "is never overspent in any window",
    {
      share: Schema.Literals([0, 0.1, 0.2, 1]),
      floor: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 })),
      events: Schema.Array(
        Schema.Struct({
          wait: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3000 })),
          spends: Schema.Boolean
        })
      )
    },
    ({ events, floor, share }) => {
      const budget = Budget.make({ share, floor, window: "10 seconds" })
      const calls: Array<number> = []
      const spent: Array<number> = []
      let now = 0
      for (const { spends, wait } of events) {
        now += wait
        if (!spends) {
          budget.earnUnsafe(now)
          calls.push(now)
        } else if (budget.spendUnsafe(now)) spent.push(now)
        const within = (moments: ReadonlyArray<number>, ms: number) => moments.filter((at) => at > now - ms).length
        // Buckets of a second: what counts is at most 10 and at least 9 seconds old.
        assert.isAtMost(within(spent, 9000), floor + share * within(calls, 19_000) + 1e-6)
      }
    }
  )

  it("refuses what is no budget", () => {
    assert.throws(() => Budget.make({ share: -1 }), InvalidPolicy, "budget.share: got -1")
    assert.throws(() => Budget.make({ floor: Number.NaN }), InvalidPolicy, "budget.floor")
  })
})
