import * as Health from "@causeway/resilience/Health"
import { assert, describe, it } from "@effect/vitest"

/** A health that remembers its changes. */
const watched = (options?: Health.Options) => {
  const changes: Array<string> = []
  const health = Health.make(options, ({ from, state }) => void changes.push(`${from} → ${state}`))
  return { health, changes, state: (now: number) => health.reportUnsafe(now).state }
}

describe("Health", () => {
  it("is healthy as long as nothing speaks against it", () => {
    assert.deepInclude(Health.make().reportUnsafe(7), { state: "healthy", calls: 0, lastFailure: undefined })
  })

  it("is down after failures in a row, at once, and answers again with the first success", () => {
    const { changes, health, state } = watched()
    for (let call = 0; call < 5; call++) health.sawUnsafe(call, "failure", "Overloaded")
    assert.strictEqual(state(5), "down")
    health.sawUnsafe(10, "success")
    assert.deepStrictEqual(changes, ["healthy → down", "down → degraded"])
  })

  it("is degraded at a share of failed and slow calls, and healthy again only after a while", () => {
    const { changes, health, state } = watched({ window: "30 seconds", hold: "5 seconds" })
    for (let call = 0; call < 18; call++) health.sawUnsafe(0, "success")
    health.sawUnsafe(0, "slow")
    assert.strictEqual(state(0), "healthy")
    health.sawUnsafe(0, "failure", "ProviderFault")
    assert.strictEqual(state(0), "degraded")
    assert.strictEqual(health.reportUnsafe(0).why, "of its last 20 calls 1 failed and 1 were slow")
    assert.strictEqual(state(31_000), "degraded")
    assert.strictEqual(state(35_999), "degraded")
    assert.strictEqual(state(36_000), "healthy")
    assert.deepStrictEqual(changes, ["healthy → degraded", "degraded → healthy"])
  })

  it("does not change with every call at the edge", () => {
    const { changes, health } = watched()
    for (let second = 0; second < 300; second++) {
      for (let call = 0; call < 10; call++) {
        health.sawUnsafe(second * 1000, call === 0 && second % 2 === 0 ? "failure" : "success", "ProviderFault")
      }
    }
    assert.isAtMost(changes.length, 2)
  })

  it("follows its breaker", () => {
    const { changes, health } = watched({ hold: "1 second" })
    health.breakerUnsafe(0, "open", "5 failures in a row")
    assert.strictEqual(health.reportUnsafe(0).why, "its breaker is open: 5 failures in a row")
    health.breakerUnsafe(1000, "recovering", "the probe succeeded")
    health.breakerUnsafe(2000, "closed", "it served every step of its return")
    health.sawUnsafe(3000, "success")
    assert.deepStrictEqual(changes, ["healthy → down", "down → degraded", "degraded → healthy"])
  })

  it("follows probes where there are any", () => {
    const { health, state } = watched({ consecutive: 3 })
    for (let probe = 0; probe < 3; probe++) health.probedUnsafe(probe, "Connect")
    assert.strictEqual(state(3), "down")
    assert.strictEqual(health.reportUnsafe(3).why, "3 probes in a row failed, the last one by Connect")
    health.probedUnsafe(4, undefined)
    assert.strictEqual(state(4), "degraded")
  })
})
