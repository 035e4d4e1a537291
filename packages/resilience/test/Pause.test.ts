import * as Pause from "@causeway/resilience/Pause"
import { Evidence } from "@causeway/core/Evidence"
import { UpstreamError } from "@causeway/core/UpstreamError"
import { RateLimited } from "@causeway/core/UpstreamReason"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { failure, reasons, timed } from "./fixtures/calls.ts"

/** A 429 with these headers of a rate limit. */
const limited = (rateLimit: Record<string, string>) =>
  new UpstreamError({
    upstream: "primary",
    operation: "chat.completions.create",
    reason: new RateLimited({ message: "too many", seenIn: "status" }),
    evidence: new Evidence({ attempt: 1, timing: { startedAt: 0, totalMs: 1 }, rateLimit })
  })

/** How long a failure at the moment 1000 asks to rest, in milliseconds. */
const restOf = (error: unknown): number | undefined => {
  const pause = Pause.make()
  Pause.observeUnsafe(pause, 1000, error)
  const until = pause.untilUnsafe(1000)
  return until === undefined ? undefined : until - 1000
}

describe("Pause", () => {
  it("is as long as the upstream asks, by Retry-After or by the headers of its limit", () => {
    assert.strictEqual(restOf(failure(reasons.rateLimited)), 2000)
    const headers: ReadonlyArray<readonly [Record<string, string>, number]> = [
      [{ "remaining-requests": "0", "reset-requests": "6m0s" }, 360_000],
      [{ "remaining-requests": "0", "reset-requests": "20ms", "remaining-tokens": "0", "reset-tokens": "1.5s" }, 1500],
      [{ "requests-remaining": "0", "requests-reset": "1970-01-01T00:00:04Z" }, 3000],
      [{ remaining: "0", reset: "7" }, 7000],
      // Where something is left, or nothing can be read, it is a second at first.
      [{ "remaining-requests": "3", "reset-requests": "6m0s" }, 1000],
      [{ "remaining-requests": "0", "reset-requests": "soon" }, 1000]
    ]
    for (const [rateLimit, rest] of headers) assert.strictEqual(restOf(limited(rateLimit)), rest)
  })

  it("is not begun by what asks for none", () => {
    for (const reason of [reasons.fault, reasons.invalid, reasons.unauthorized, reasons.tooLarge]) {
      assert.isUndefined(restOf(failure(reason)))
    }
    assert.isUndefined(restOf("a string"))
  })

  it("doubles where the upstream does not say for how long, until it serves again", () => {
    const pause = Pause.make()
    const rest = (now: number) => {
      pause.wantedUnsafe(now)
      return (pause.untilUnsafe(now) ?? 0) - now
    }
    assert.deepStrictEqual([rest(0), rest(1000), rest(3000)], [1000, 2000, 4000])
    // One of several answers that were under way says nothing new.
    assert.strictEqual(rest(3500), 3500)
    pause.servedUnsafe()
    assert.strictEqual(rest(7000), 1000)
  })

  it("is never shortened by a shorter one, nor longer than an hour", () => {
    const pause = Pause.make()
    pause.askedUnsafe(0, 5000)
    pause.askedUnsafe(0, 1000)
    assert.strictEqual(pause.untilUnsafe(0), 5000)
    pause.askedUnsafe(0, 1e12)
    assert.strictEqual(pause.untilUnsafe(0), 3_600_000)
  })

  it.effect("holds for every caller of an effect that is put under it", () =>
    Effect.gen(function* () {
      const pause = Pause.make()
      yield* Effect.exit(Effect.fail(failure(reasons.rateLimited)).pipe(Pause.apply(pause)))
      const calls = Array.from({ length: 10 }, () => Clock.currentTimeMillis.pipe(Pause.apply(pause)))
      const { exit } = yield* timed(Effect.all(calls, { concurrency: "unbounded" }))
      const times = yield* exit
      assert.isTrue(times.every((at) => at >= 2000 && at <= 2200))
      assert.isAbove(new Set(times).size, 5)
    })
  )
})
