import { assert, describe, it } from "@effect/vitest"
import { missed, summary } from "../../bench/resilience/report.ts"
import { virtually } from "../../bench/resilience/virtual.ts"

/** Thousands of calls, on a machine that may be busy. */
const timeout = 180_000

/** The benchmark's phases and bars (bench/README.md), in a time of their own: the machine has no say in it. */
describe("health, outage, return, brown-out, rate limit and recovery of a primary", () => {
  it("are got through by 50 callers as the bars say", { timeout }, async () => {
    const run = await virtually("Causeway", 1)
    assert.isAbove(run.calls.length, 4000)
    assert.deepStrictEqual(missed(summary([run])), [])
  })

  it("are not by the SDK's own retries", { timeout }, async () => {
    const figures = summary([await virtually("SDK retries", 1)])
    assert.isBelow(figures["outage: success"] ?? 0, 50)
    assert.isTrue(missed(figures).some((bar) => bar.startsWith("brown-out: p99")))
  })
})
