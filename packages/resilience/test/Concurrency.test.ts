import { PolicyError } from "@causeway/core/PolicyError"
import * as Concurrency from "@causeway/resilience/Concurrency"
import { InvalidPolicy } from "@causeway/resilience/InvalidPolicy"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { failure, reasons } from "./fixtures/calls.ts"

/** Fills the limit, and lets each call end with what it says of the load. */
const round = (limiter: Concurrency.Concurrency, end: Concurrency.End): void => {
  const places: Array<Concurrency.Place> = []
  for (let place = limiter.takeUnsafe(); place !== undefined; place = limiter.takeUnsafe()) places.push(place)
  for (const place of places) place.endUnsafe(end)
}

describe("the limit", () => {
  it("is what may be under way at once", () => {
    const limiter = Concurrency.make({ initial: 2 })
    const [first] = [limiter.takeUnsafe(), limiter.takeUnsafe()]
    assert.isUndefined(limiter.takeUnsafe())
    first?.endUnsafe()
    first?.endUnsafe()
    assert.strictEqual(limiter.underWayUnsafe(), 1)
    assert.isDefined(limiter.takeUnsafe())
  })

  it("grows while the first element comes as fast as ever, up to its maximum", () => {
    const limiter = Concurrency.make({ initial: 10, max: 40 })
    for (let each = 0; each < 100; each++) round(limiter, { firstElementMs: 100, at: each * 1000 })
    assert.strictEqual(limiter.limitUnsafe(), 40)
  })

  it("shrinks where the first element takes longer than it did, and finds a balance", () => {
    const limiter = Concurrency.make({ initial: 10, max: 1000 })
    // An upstream that serves 50 at once: more of them wait for one another.
    const latency = () => 100 * Math.max(1, limiter.limitUnsafe() / 50)
    for (let each = 0; each < 600; each++) round(limiter, { firstElementMs: latency(), at: each * 1000 })
    assert.isAbove(limiter.limitUnsafe(), 50)
    assert.isBelow(limiter.limitUnsafe(), 150)
  })

  it("stays where nobody reaches it", () => {
    const limiter = Concurrency.make({ initial: 20 })
    for (let each = 0; each < 50; each++) limiter.takeUnsafe()?.endUnsafe({ firstElementMs: 1, at: each * 1000 })
    assert.strictEqual(limiter.limitUnsafe(), 20)
  })

  it("falls by a tenth with each overload, and grows by one for each limit's worth of answers", () => {
    const limiter = Concurrency.make({ initial: 20 })
    limiter.takeUnsafe()?.endUnsafe("overload")
    assert.strictEqual(limiter.limitUnsafe(), 18)
    const places = Array.from({ length: 18 }, () => limiter.takeUnsafe())
    for (const place of places) place?.sawUnsafe("answer")
    assert.closeTo(limiter.limitUnsafe(), 19, 0.05)
    for (let each = 0; each < 100; each++) limiter.takeUnsafe()?.endUnsafe("overload")
    for (const place of places) place?.endUnsafe("overload")
    assert.isAtLeast(limiter.limitUnsafe(), 1)
  })

  it("refuses bounds that contradict each other", () => {
    assert.throws(
      () => Concurrency.make({ min: 10, max: 5 }),
      InvalidPolicy,
      "policy option concurrency.min: got 10, allowed is at most concurrency.max, which is 5"
    )
    assert.throws(() => Concurrency.make({ initial: 300 }), InvalidPolicy, "from concurrency.min to concurrency.max")
  })
})

describe("apply", () => {
  it.effect("lets calls wait, those first that matter most", () =>
    Effect.gen(function* () {
      const limiter = Concurrency.make({ initial: 1, min: 1, max: 1 })
      const gate = yield* Deferred.make<void>()
      const order: Array<string> = []
      const call = (name: string) =>
        Effect.andThen(
          Effect.sync(() => order.push(name)),
          Deferred.await(gate)
        )
      const fibers: Array<Fiber.Fiber<void, PolicyError>> = []
      for (const priority of ["normal", "batch", "normal", "critical"] as const) {
        fibers.push(
          yield* Effect.forkChild(call(priority).pipe(Concurrency.apply(limiter, priority)), { startImmediately: true })
        )
      }
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.awaitAll(fibers)
      assert.deepStrictEqual(order, ["normal", "critical", "normal", "batch"])
      assert.strictEqual(limiter.underWayUnsafe(), 0)
    })
  )

  it.effect("refuses what matters least where too many wait", () =>
    Effect.gen(function* () {
      const limiter = Concurrency.make({ initial: 1, max: 1, queue: 1 })
      const fork = (priority: "batch" | "normal" | "critical") =>
        Effect.forkChild(Effect.flip(Effect.never.pipe(Concurrency.apply(limiter, priority))), {
          startImmediately: true
        })
      yield* fork("normal")
      const batch = yield* fork("batch")
      yield* fork("critical")
      const error = yield* Fiber.join(batch)
      assert.instanceOf(error, PolicyError)
      assert.strictEqual(error.reason._tag, "Shed")
      assert.strictEqual(limiter.waitingUnsafe(), 1)
    })
  )

  it.effect("learns of overload from a 429, and nothing from the caller's fault", () =>
    Effect.gen(function* () {
      const limiter = Concurrency.make({ initial: 20 })
      yield* Effect.exit(Effect.fail(failure(reasons.invalid)).pipe(Concurrency.apply(limiter)))
      assert.strictEqual(limiter.limitUnsafe(), 20)
      yield* Effect.exit(Effect.fail(failure(reasons.rateLimited)).pipe(Concurrency.apply(limiter)))
      assert.strictEqual(limiter.limitUnsafe(), 18)
    })
  )

  it.effect.prop(
    "loses no place, however callers go away",
    {
      callers: Schema.NonEmptyArray(
        Schema.Struct({
          takes: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 50 })),
          leaves: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 50 })),
          priority: Schema.Literals(["critical", "normal", "batch"])
        })
      )
    },
    ({ callers }) =>
      Effect.gen(function* () {
        const limiter = Concurrency.make({ initial: 2, min: 2, max: 2, queue: 3 })
        const fibers = yield* Effect.forEach(callers, ({ leaves, priority, takes }) =>
          Effect.sleep(Duration.millis(takes)).pipe(
            Concurrency.apply(limiter, priority),
            Effect.timeoutOption(Duration.millis(leaves)),
            Effect.exit,
            Effect.forkChild({ startImmediately: true })
          )
        )
        yield* TestClock.adjust("10 seconds")
        yield* Fiber.awaitAll(fibers)
        assert.deepStrictEqual([limiter.underWayUnsafe(), limiter.waitingUnsafe()], [0, 0])
        assert.deepStrictEqual([limiter.takeUnsafe(), limiter.takeUnsafe()].filter(Boolean).length, 2)
      })
  )
})
