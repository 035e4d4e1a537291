import * as Batch from "@causeway/core/Batch"
import { BoundaryError } from "@causeway/core/BoundaryError"
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Contract from "@causeway/core/Contract"
import * as Local from "@causeway/core/Local"
import * as Upstream from "@causeway/core/Upstream"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"

/** Lets all fibers run that can. */
const settle = TestClock.adjust(0)

/** A function of many whose batches are seen, and end when they are told to. */
const controlled = (options: Batch.Options) =>
  Effect.gen(function* () {
    const seen: Array<ReadonlyArray<number>> = []
    const ends: Array<Deferred.Deferred<void>> = []
    const interrupted: Array<number> = []
    const handler = yield* Batch.make((payloads: ReadonlyArray<number>) => {
      const index = seen.push(payloads) - 1
      const end = Deferred.makeUnsafe<void>()
      ends.push(end)
      return Deferred.await(end).pipe(
        Effect.as(payloads.map((n) => (n < 0 ? Exit.fail(`bad ${n}`) : Exit.succeed(n * 10)))),
        Effect.onInterrupt(() => Effect.sync(() => interrupted.push(index)))
      )
    }, options)
    const end = (index: number) => Deferred.succeed(ends[index] ?? assert.fail(`no batch ${index}`), undefined)
    const calls = (...payloads: ReadonlyArray<number>) =>
      Effect.tap(
        Effect.forEach(payloads, (n) => Effect.forkChild(handler(n))),
        () => settle
      )
    return { calls, end, handler, interrupted, seen }
  })

const on = (name: string) => Effect.provideService(Upstream.Current, name)
const caller = (name: string) => Tracer.externalSpan({ traceId: name, spanId: name, sampled: name !== "unseen" })
const none = (_: ReadonlyArray<number>) => Effect.succeed([])

describe("Batch", () => {
  it.effect("makes nobody wait while it is idle, and takes what comes in one turn together", () =>
    Effect.gen(function* () {
      const { calls, end, seen } = yield* controlled({ maxSize: 10, maxWait: "1 minute" })
      const [one] = yield* calls(1)
      assert.deepStrictEqual(seen, [[1]])
      yield* end(0)
      assert.strictEqual(yield* Fiber.join(one!), 10)
      yield* calls(2, 3)
      assert.deepStrictEqual(seen, [[1], [2, 3]])
    })
  )

  it.effect("collects while a batch runs, until that ends", () =>
    Effect.gen(function* () {
      const { calls, end, seen } = yield* controlled({ maxSize: 10, maxWait: "1 minute" })
      yield* calls(1)
      yield* calls(2)
      yield* calls(3)
      assert.deepStrictEqual(seen, [[1]])
      yield* end(0)
      yield* settle
      assert.deepStrictEqual(seen, [[1], [2, 3]])
    })
  )

  it.effect("collects while a batch runs, until there are enough", () =>
    Effect.gen(function* () {
      const { calls, seen } = yield* controlled({ maxSize: 2, maxWait: "1 minute" })
      yield* calls(1)
      yield* calls(2)
      assert.deepStrictEqual(seen, [[1]])
      yield* calls(3, 4, 5, 6)
      assert.deepStrictEqual(seen, [[1], [2, 3], [4, 5]])
    })
  )

  it.effect("lets no call wait longer than it should, counted from the first of its batch", () =>
    Effect.gen(function* () {
      const { calls, seen } = yield* controlled({ maxSize: 10, maxWait: 20 })
      yield* calls(1)
      yield* calls(2)
      yield* TestClock.adjust(15)
      yield* calls(3)
      assert.deepStrictEqual(seen, [[1]])
      yield* TestClock.adjust(5)
      assert.deepStrictEqual(seen, [[1], [2, 3]])
      yield* calls(4)
      yield* TestClock.adjust(19)
      assert.deepStrictEqual(seen, [[1], [2, 3]])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(seen, [[1], [2, 3], [4]])
    })
  )

  it.effect("never runs more batches than it may, and then takes those who waited", () =>
    Effect.gen(function* () {
      const { calls, end, seen } = yield* controlled({ maxSize: 2, maxWait: 20, concurrency: 1 })
      yield* calls(1)
      yield* calls(2, 3, 4)
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(seen, [[1]])
      yield* end(0)
      yield* settle
      assert.deepStrictEqual(seen, [[1], [2, 3]])
      yield* end(1)
      yield* settle
      assert.deepStrictEqual(seen, [[1], [2, 3], [4]])
    })
  )

  it.effect("fails one call by its own error, and no other", () =>
    Effect.gen(function* () {
      const { calls, end } = yield* controlled({ maxSize: 10, maxWait: 20 })
      const fibers = yield* calls(1, -2, 3)
      yield* end(0)
      const exits = yield* Effect.forEach(fibers, Fiber.await)
      assert.deepStrictEqual(exits, [Exit.succeed(10), Exit.fail("bad -2"), Exit.succeed(30)])
    })
  )

  it.effect("goes on without a call that was interrupted, before its batch and in it", () =>
    Effect.gen(function* () {
      const { calls, end, interrupted, seen } = yield* controlled({ maxSize: 10, maxWait: 20 })
      const [one, two] = yield* calls(1, 2)
      const [three, four] = yield* calls(3, 4)
      yield* Fiber.interrupt(two!)
      yield* Fiber.interrupt(three!)
      yield* end(0)
      assert.strictEqual(yield* Fiber.join(one!), 10)
      yield* settle
      assert.deepStrictEqual(seen, [[1, 2], [4]])
      yield* end(1)
      assert.strictEqual(yield* Fiber.join(four!), 40)
      assert.deepStrictEqual(interrupted, [])
    })
  )

  it.effect("is interrupted when nobody waits for it any more, and makes room", () =>
    Effect.gen(function* () {
      const { calls, interrupted, seen } = yield* controlled({ maxSize: 10, maxWait: 20, concurrency: 1 })
      const [one, two] = yield* calls(1, 2)
      yield* calls(3)
      yield* Fiber.interrupt(one!)
      assert.deepStrictEqual(interrupted, [])
      yield* Fiber.interrupt(two!)
      assert.deepStrictEqual(interrupted, [0])
      yield* settle
      assert.deepStrictEqual(seen, [[1, 2], [3]])
    })
  )

  it.effect("does not make the next call wait for the time of one that left", () =>
    Effect.gen(function* () {
      const { calls, seen } = yield* controlled({ maxSize: 10, maxWait: 20 })
      yield* calls(1)
      const [two] = yield* calls(2)
      yield* TestClock.adjust(10)
      yield* calls(3)
      yield* Fiber.interrupt(two!)
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(seen, [[1]])
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(seen, [[1], [3]])
    })
  )

  it.effect("makes nobody wait for one who waited and left", () =>
    Effect.gen(function* () {
      const { calls, end, seen } = yield* controlled({ maxSize: 10, maxWait: 20 })
      yield* calls(1)
      const [two] = yield* calls(2)
      yield* Fiber.interrupt(two!)
      yield* end(0)
      yield* settle
      yield* calls(3)
      assert.deepStrictEqual(seen, [[1], [3]])
    })
  )

  it.effect("fails each call of a batch that gives another number of outcomes", () =>
    Effect.gen(function* () {
      const handler = yield* Batch.make((_: ReadonlyArray<number>) => Effect.succeed([Exit.succeed(1)]), {
        maxSize: 3,
        maxWait: 0
      })
      const errors = yield* Effect.forEach([1, 2, 3], (n) => Effect.flip(handler(n)), { concurrency: "unbounded" })
      assert.deepStrictEqual(
        errors.map(({ message, size }) => [message, size]),
        Array.from({ length: 3 }, () => ["a batch of 3 gave 1 outcomes", 3])
      )
      // What is right by chance is no failure.
      assert.strictEqual(yield* handler(1), 1)
    })
  )

  it.effect("ends each call by a defect where the function gives what no type allows", () =>
    Effect.gen(function* () {
      for (const given of [undefined, [5, undefined]]) {
        const handler = yield* Batch.make(
          (_: ReadonlyArray<number>): Effect.Effect<ReadonlyArray<Exit.Exit<number>>> => Effect.succeed(given as never),
          { maxSize: 2, maxWait: 0 }
        )
        const exits = yield* Effect.all([Effect.exit(handler(1)), Effect.exit(handler(2))], {
          concurrency: "unbounded"
        })
        for (const exit of exits) assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      }
    })
  )

  it.effect("fails all calls of a batch that fails or dies, says so, and serves the next", () =>
    Effect.gen(function* () {
      const handler = yield* Batch.make(
        ([first]: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Exit.Exit<string>>, string> => {
          if (first === "throw") throw new RangeError("thrown by the function")
          return first === "fail" ? Effect.fail("all of it") : Effect.succeed([Exit.succeed("well")])
        },
        { maxSize: 2, maxWait: 0 }
      )
      const both = (how: string) =>
        Effect.all([Effect.exit(handler(how)), Effect.exit(handler("other"))], { concurrency: "unbounded" })
      assert.deepStrictEqual(yield* both("fail"), [Exit.fail("all of it"), Exit.fail("all of it")])
      for (const exit of yield* both("throw")) {
        const died = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
        assert.instanceOf(died, Batch.BatchError)
        assert.strictEqual(died.message, "a batch of 2 died: thrown by the function")
        assert.instanceOf(died.cause, RangeError)
        assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      }
      assert.strictEqual(yield* handler("well"), "well")
    })
  )

  it.effect("interrupts what runs and what waits when its scope is closed, and whatever comes", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { calls, handler, interrupted } = yield* Scope.provide(
        controlled({ maxSize: 10, maxWait: "1 minute" }),
        scope
      )
      const running = yield* calls(1)
      const waiting = yield* calls(2)
      yield* Scope.close(scope, Exit.void)
      for (const fiber of [...running, ...waiting]) {
        const exit = yield* Fiber.await(fiber)
        assert.isTrue(Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause))
      }
      assert.deepStrictEqual(interrupted, [0])
      assert.isTrue(Exit.isFailure(yield* Effect.exit(Effect.forkChild(handler(3)).pipe(Effect.flatMap(Fiber.join)))))
    })
  )

  it.effect("keeps calls for different upstreams apart, and tells the function which it is", () =>
    Effect.gen(function* () {
      const handler = yield* Batch.make(
        (payloads: ReadonlyArray<number>) =>
          Effect.map(Upstream.Current, (upstream) =>
            payloads.map(() => Exit.succeed(`${upstream ?? "none"} ${payloads.join("+")}`))
          ),
        { maxSize: 10, maxWait: 0 }
      )
      const calls = [handler(1), on("backup")(handler(2)), handler(3), on("backup")(handler(4))]
      assert.deepStrictEqual(yield* Effect.all(calls, { concurrency: "unbounded" }), [
        "none 1+3",
        "backup 2+4",
        "none 1+3",
        "backup 2+4"
      ])
    })
  )

  it.effect("links its span to those of its calls, and has none where nobody records them", () =>
    Effect.gen(function* () {
      const spans: Array<Tracer.Span> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      const handler = yield* Batch.make(
        (payloads: ReadonlyArray<number>) => Effect.succeed(payloads.map((n) => Exit.succeed(n))),
        { maxSize: 10, maxWait: 0 }
      )
      yield* handler(1).pipe(Effect.withTracer(tracer))
      assert.lengthOf(spans, 0)
      yield* Effect.forEach(["a", "unseen", "b"], (name) => Effect.withParentSpan(handler(1), caller(name)), {
        concurrency: "unbounded"
      }).pipe(Effect.withTracer(tracer))
      assert.lengthOf(spans, 1)
      assert.deepStrictEqual(
        spans.flatMap(({ links }) => links.map(({ span }) => span.spanId)),
        ["a", "b"]
      )
    })
  )

  it("refuses options that make no sense", () => {
    for (const maxSize of [0, 1.5, Number.NaN]) {
      assert.throws(() => Batch.make(none, { maxSize, maxWait: 0 }), RangeError, "maxSize")
    }
    assert.throws(() => Batch.make(none, { maxSize: 1, maxWait: 0, concurrency: 0 }), RangeError, "concurrency")
    for (const maxWait of [-1, Number.NaN]) {
      assert.throws(() => Batch.make(none, { maxSize: 1, maxWait }), RangeError, "maxWait")
    }
  })

  it.effect("serves a contract, whose deadlines end single calls", () =>
    Effect.gen(function* () {
      const { end, handler, interrupted } = yield* controlled({ maxSize: 10, maxWait: 20 })
      const calls = Effect.gen(function* () {
        const { ten } = yield* Tens
        const late = yield* Effect.forkChild(Effect.flip(ten({ n: 1 }).pipe(CallMetadata.withTimeout(50))))
        const patient = yield* Effect.forkChild(ten({ n: 2 }))
        yield* TestClock.adjust(50)
        const error = yield* Fiber.join(late)
        assert.strictEqual(error instanceof BoundaryError && error.reason._tag, "DeadlineExceeded")
        yield* end(0)
        assert.strictEqual(yield* Fiber.join(patient), 20)
        assert.deepStrictEqual(interrupted, [])
      })
      yield* Effect.provide(calls, Local.layer(Tens, Tens.toLayer({ ten: ({ n }) => handler(n) })))
    })
  )

  it.effect("gives each of many calls its own answer, in batches that keep to their limits", () =>
    Effect.gen(function* () {
      for (let seed = 1; seed <= 40; seed++) yield* Effect.scoped(chaos(seed))
    })
  )
})

class Tens extends Contract.Service<Tens>()(
  "test/Tens",
  Rpc.make("ten", {
    payload: { n: Schema.Finite },
    success: Schema.Finite,
    error: Schema.Union([Schema.String, Batch.BatchError])
  })
) {}

/** The same numbers between 0 and 1 for the same seed (Park and Miller's generator). */
const random = (seed: number) => {
  let state = seed
  return (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}

/** Calls at any time, of which some fail and some give up, over batches that take any time. */
const chaos = (seed: number) =>
  Effect.gen(function* () {
    const chance = random(seed)
    const upTo = (most: number) => 1 + Math.floor(chance() * most)
    const maxSize = upTo(6)
    const concurrency = chance() < 0.5 ? upTo(3) : Number.POSITIVE_INFINITY
    const maxWait = upTo(30)
    const started = new Map<number, number>()
    const since = new Map<number, number>()
    let running = 0
    const handler = yield* Batch.make(
      (payloads: ReadonlyArray<number>) =>
        Effect.gen(function* () {
          running++
          assert.isAtMost(payloads.length, maxSize)
          assert.isAtMost(running, concurrency)
          const now = yield* Clock.currentTimeMillis
          for (const n of payloads) {
            assert.isFalse(started.has(n), `seed ${seed}: ${n} runs twice`)
            started.set(n, now)
            if (concurrency === Number.POSITIVE_INFINITY)
              assert.isAtMost(now - (since.get(n) ?? 0), maxWait, `seed ${seed}: ${n} waited`)
          }
          if (chance() < 0.7) yield* Effect.sleep(upTo(50))
          return payloads.map((n) => (n % 5 === 0 ? Exit.fail(n) : Exit.succeed(n)))
        }).pipe(Effect.ensuring(Effect.sync(() => running--))),
      { maxSize, maxWait, concurrency }
    )
    const one = (n: number) =>
      Effect.gen(function* () {
        yield* Effect.sleep(upTo(100))
        since.set(n, yield* Clock.currentTimeMillis)
        const patience = chance() < 0.2 ? upTo(20) : 100_000
        const exit = yield* Effect.exit(Effect.timeoutOption(handler(n), patience))
        if (Exit.isSuccess(exit)) {
          assert.isTrue(exit.value._tag === "None" ? patience < 100_000 : exit.value.value === n && n % 5 !== 0)
        } else assert.deepStrictEqual(Cause.squash(exit.cause), n)
      })
    const all = yield* Effect.forkChild(
      Effect.forEach(
        Array.from({ length: 40 }, (_, n) => n),
        one,
        { concurrency: "unbounded", discard: true }
      )
    )
    for (let ms = 0; ms < 6000; ms += 20) yield* TestClock.adjust(20)
    yield* Fiber.join(all)
    assert.strictEqual(running, 0)
  })
