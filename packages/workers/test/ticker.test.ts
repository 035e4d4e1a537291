import { afterEach, assert, beforeEach, describe, it, vi } from "@effect/vitest"
import * as Ticker from "../src/internal/ticker.ts"

const setup = () => {
  const seen: Array<number> = []
  const watch = { isFast: true }
  const ticker = Ticker.make({
    fastMs: 20,
    slowMs: 1000,
    now: () => performance.now(),
    onTick: (_, elapsedMs) => {
      seen.push(Math.round(elapsedMs))
      return watch.isFast
    }
  })
  return { seen, ticker, watch }
}

describe("ticker", () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it("runs fast while there is reason to, and slowly otherwise", () => {
    const { seen, ticker, watch } = setup()
    ticker.start()
    vi.advanceTimersByTime(40)
    watch.isFast = false
    vi.advanceTimersByTime(2020)
    assert.deepStrictEqual(seen, [20, 20, 20, 1000, 1000])
    watch.isFast = true
    ticker.start()
    vi.advanceTimersByTime(40)
    assert.deepStrictEqual(seen.slice(5), [20, 20])
    ticker.stop()
    ticker.start()
    vi.advanceTimersByTime(5000)
    assert.strictEqual(seen.length, 7)
    assert.strictEqual(vi.getTimerCount(), 0)
  })

  it("counts no more than its interval of a time in which nothing ran", () => {
    let time = 0
    const seen: Array<number> = []
    const ticker = Ticker.make({
      fastMs: 20,
      slowMs: 1000,
      now: () => time,
      onTick: (_, elapsedMs) => seen.push(elapsedMs) < 0
    })
    ticker.start()
    time = 60_000
    vi.advanceTimersByTime(20)
    time = 120_000
    vi.advanceTimersByTime(1000)
    ticker.stop()
    assert.deepStrictEqual(seen, [60, 1000])
  })
})
