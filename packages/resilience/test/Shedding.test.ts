import * as Shedding from "@causeway/resilience/Shedding"
import { assert, describe, it } from "@effect/vitest"

const seen = (requests: number, accepts: number) => {
  const shedding = Shedding.make()
  for (let each = 0; each < requests; each++) shedding.requestedUnsafe(0)
  for (let each = 0; each < accepts; each++) shedding.acceptedUnsafe(0)
  return shedding
}

describe("Shedding", () => {
  it("refuses nothing as long as half of the calls are served", () => {
    assert.strictEqual(seen(100, 50).chanceUnsafe(0, "normal"), 0)
  })

  it("refuses in proportion to what is not served, and never all", () => {
    assert.closeTo(seen(100, 25).chanceUnsafe(0, "normal"), 50 / 101, 1e-9)
    assert.strictEqual(seen(1000, 0).chanceUnsafe(0, "normal"), 0.9)
  })

  it("refuses first what matters least, and what is critical never", () => {
    const shedding = seen(100, 80)
    assert.strictEqual(shedding.chanceUnsafe(0, "normal"), 0)
    assert.closeTo(shedding.chanceUnsafe(0, "batch"), 12 / 101, 1e-9)
    assert.strictEqual(seen(100, 0).chanceUnsafe(0, "critical"), 0)
  })

  it("forgets after its window, and needs some calls", () => {
    assert.strictEqual(seen(100, 0).chanceUnsafe(61_000, "normal"), 0)
    assert.strictEqual(seen(19, 0).chanceUnsafe(0, "normal"), 0)
  })
})
