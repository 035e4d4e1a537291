import * as CallMetadata from "@causeway/core/CallMetadata"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Scheduler from "effect/Scheduler"
import * as Stream from "effect/Stream"
import { Bad, Good, Refused } from "./fixtures/contracts.ts"
import { eventually, layer } from "./fixtures/pool.ts"

/** How many chunks a producer may be ahead of its consumer, by the module's own promise. */
const window = 16

describe("WorkerPool, for streams", { timeout: 60_000 }, () => {
  it.layer(layer(), { excludeTestServices: true })("with one worker", (it) => {
    it.effect("delivers all elements, in order", () =>
      Effect.gen(function* () {
        const good = yield* Good
        const seen = yield* Stream.runCollect(good.count({ to: 500 }))
        assert.deepStrictEqual(
          seen,
          Array.from({ length: 500 }, (_, i) => i + 1)
        )
      })
    )

    it.effect("delivers an error after the elements that came before it", () =>
      Effect.gen(function* () {
        const good = yield* Good
        const pool = yield* WorkerPool.WorkerPool
        const seen: Array<number> = []
        const error = yield* good.count({ to: 100, failAt: 51 }).pipe(
          Stream.rechunk(1),
          Stream.runForEach((n) => {
            seen.push(n)
            // Here the error has come, and elements still wait for their turn.
            return n === 45 ? eventually(pool.status, ({ inFlight }) => inFlight === 0) : Effect.void
          }),
          Effect.flip
        )
        assert.strictEqual(seen.length, 50)
        assert.instanceOf(error, Refused)
      })
    )

    it.effect("stops the producer when the consumer has enough", () =>
      Effect.gen(function* () {
        const good = yield* Good
        const seen = yield* good.endless({ id: "enough" }).pipe(Stream.take(3), Stream.runCollect)
        assert.deepStrictEqual(seen, [1, 2, 3])
        yield* eventually(good.produced({ id: "enough" }), ({ ended }) => ended)
      })
    )

    it.effect("stops the producer when the consumer is interrupted", () =>
      Effect.gen(function* () {
        const good = yield* Good
        const fiber = yield* Effect.forkChild(Stream.runDrain(good.endless({ id: "interrupted" })))
        yield* eventually(good.produced({ id: "interrupted" }), ({ chunks }) => chunks > 100)
        yield* Fiber.interrupt(fiber)
        yield* eventually(good.produced({ id: "interrupted" }), ({ ended }) => ended)
      })
    )

    it.effect("leaves no call behind when it is interrupted while it begins", () =>
      Effect.gen(function* () {
        const good = yield* Good
        const pool = yield* WorkerPool.WorkerPool
        // So often does its fiber yield, that one time it does so between its call and all else.
        for (const operations of [3, 4, 5, 6, 7]) {
          const fiber = yield* Stream.runDrain(good.endless({ id: "begun" })).pipe(
            Effect.provideService(Scheduler.MaxOpsBeforeYield, operations),
            Effect.forkChild
          )
          yield* Effect.repeat(Effect.andThen(Effect.yieldNow, pool.status), { until: ({ inFlight }) => inFlight > 0 })
          yield* Fiber.interrupt(fiber)
          yield* eventually(pool.status, ({ inFlight }) => inFlight === 0)
        }
      })
    )

    it.effect("lets the producer run ahead by no more than a window of chunks", () =>
      Effect.gen(function* () {
        const good = yield* Good
        const consumer = yield* good.endless({ id: "ahead" }).pipe(
          Stream.rechunk(1),
          Stream.mapEffect((n) => (n < 20 ? Effect.succeed(n) : Effect.never)),
          Stream.runDrain,
          Effect.forkChild
        )
        yield* eventually(good.produced({ id: "ahead" }), ({ chunks }) => chunks >= 20 + window / 2 - 1)
        // Round trips on the same thread: it had every occasion to go on.
        for (let i = 0; i < 20; i++) yield* good.square({ x: i })
        const { chunks } = yield* good.produced({ id: "ahead" })
        assert.isAtMost(chunks, 20 + window + 1)
        yield* Fiber.interrupt(consumer)
      })
    )

    it.effect("makes a call of its own for each run of a stream", () =>
      Effect.gen(function* () {
        const good = yield* Good
        const stream = good.count({ to: 3 })
        assert.deepStrictEqual(yield* Stream.runCollect(stream), [1, 2, 3])
        assert.deepStrictEqual(yield* Stream.runCollect(stream), [1, 2, 3])
      })
    )

    it.effect("gives a queue where one is asked for", () =>
      Effect.gen(function* () {
        const good = yield* Good
        const queue = yield* good.count({ to: 2 }, { asQueue: true })
        assert.strictEqual(yield* Queue.take(queue), 1)
        assert.strictEqual(yield* Queue.take(queue), 2)
        assert.strictEqual((yield* Effect.flip(Queue.take(queue)))._tag, "Done")
      }).pipe(Effect.scoped)
    )

    it.effect("ends a stream at the deadline of its caller", () =>
      Effect.gen(function* () {
        const good = yield* Good
        const { reason } = yield* good
          .endless({ id: "late" })
          .pipe(Stream.runDrain, CallMetadata.withTimeout("200 millis"), Effect.flip)
        assert.strictEqual(reason._tag, "DeadlineExceeded")
        yield* eventually(good.produced({ id: "late" }), ({ ended }) => ended)
      })
    )
  })

  it.live("delivers what came before its worker crashed, and then the crash", () =>
    Effect.gen(function* () {
      const bad = yield* Bad
      const seen: Array<number> = []
      const error = yield* bad.exitInStream().pipe(
        Stream.runForEach((n) => Effect.sync(() => void seen.push(n))),
        Effect.flip
      )
      assert.deepStrictEqual(seen, [1, 2, 3])
      assert.strictEqual(error.reason._tag === "Crashed" && error.reason.exitCode, 3)
    }).pipe(Effect.provide(layer()))
  )

  it.live("ends a stream that gets no worker in time, and not the one that has it", () =>
    Effect.gen(function* () {
      const good = yield* Good
      const pool = yield* WorkerPool.WorkerPool
      const first = yield* good
        .endless({ id: "first" })
        .pipe(CallMetadata.withTimeoutStream("1 minute"), Stream.runDrain, Effect.forkChild)
      yield* eventually(pool.status, ({ inFlight }) => inFlight === 1)
      const { reason } = yield* Effect.flip(Stream.runDrain(good.endless({ id: "second" })))
      assert(reason._tag === "DeadlineExceeded")
      assert.strictEqual(reason.delivery, "not-sent")
      assert.strictEqual((yield* pool.status).inFlight, 1)
      yield* Fiber.interrupt(first)
    }).pipe(Effect.provide(layer({ deadline: "100 millis", concurrency: 1 })))
  )

  it.live("has no deadline of its own once it has begun", () =>
    Effect.gen(function* () {
      const good = yield* Good
      const pool = yield* WorkerPool.WorkerPool
      // The worker is there.
      yield* good.count({ to: 1 }).pipe(CallMetadata.withTimeoutStream("1 minute"), Stream.runDrain)
      const fiber = yield* Effect.forkChild(Stream.runDrain(good.endless({ id: "long" })))
      yield* Effect.sleep("2300 millis")
      assert.strictEqual((yield* pool.status).inFlight, 1)
      yield* Fiber.interrupt(fiber)
    }).pipe(Effect.provide(layer({ deadline: "2 seconds" })))
  )
})
