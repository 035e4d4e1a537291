import { assert, describe, it } from "@effect/vitest"
import * as Backoff from "../src/internal/backoff.ts"

const setup = (earlyLimit = 3) => {
  let time = 1000
  const backoff = Backoff.make(() => time, earlyLimit)
  /** How long the next attempt waits, after which it is made. */
  const wait = (): number => {
    const from = time
    while (!backoff.isOver()) time++
    backoff.lapse()
    return time - from
  }
  return { backoff, wait }
}

const never: Backoff.End = { readyMs: undefined, callsDone: 0, inFlight: 0 }
const byCall: Backoff.End = { readyMs: 3000, callsDone: 10, inFlight: 1 }
const idle: Backoff.End = { readyMs: 3000, callsDone: 10, inFlight: 0 }
const beforeAnyCall: Backoff.End = { readyMs: 3000, callsDone: 0, inFlight: 2 }

describe("backoff", () => {
  it("an entry that never gets ready waits twice as long each time, half a minute at the most", () => {
    const { backoff, wait } = setup()
    const waits = Array.from({ length: 11 }, () => {
      assert.strictEqual(backoff.ended(never), "did not get ready")
      return wait()
    })
    assert.deepStrictEqual(waits, [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000])
  })

  it("a worker that a call took down is replaced at once, however often", () => {
    const { backoff, wait } = setup()
    for (let i = 0; i < 20; i++) {
      assert.strictEqual(backoff.ended(byCall), undefined)
      assert.strictEqual(wait(), 0)
    }
  })

  for (const [name, end] of Object.entries({ idle, beforeAnyCall })) {
    it(`workers that end early wait once there were more than the limit in a row: ${name}`, () => {
      const { backoff, wait } = setup()
      const waits = Array.from({ length: 6 }, () => {
        backoff.ended(end)
        return wait()
      })
      assert.deepStrictEqual(waits, [0, 0, 0, 100, 200, 400])
      assert.include(backoff.ended(end), "shortly after")
    })
  }

  it("one that lived long, or did something, interrupts the row", () => {
    for (const end of [byCall, { ...idle, readyMs: 60_000 }]) {
      const { backoff, wait } = setup()
      for (let i = 0; i < 3; i++) backoff.ended(idle)
      backoff.ended(end)
      backoff.ended(idle)
      assert.strictEqual(wait(), 0)
      assert.isFalse(backoff.isSuspicious())
    }
  })

  it("begins anew when it is told to", () => {
    const { backoff, wait } = setup()
    for (let i = 0; i < 9; i++) backoff.ended(idle)
    backoff.reset()
    assert.isFalse(backoff.isSet())
    backoff.ended(idle)
    assert.strictEqual(wait(), 0)
  })
})
