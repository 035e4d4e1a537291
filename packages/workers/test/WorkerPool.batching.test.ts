/**
 * Handlers that take many calls at once, in real workers.
 */
import { BatchError } from "@causeway/core/Batch"
import { BoundaryError } from "@causeway/core/BoundaryError"
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { Batches } from "./fixtures/batches.ts"
import { entry, eventually, until } from "./fixtures/pool.ts"

const layer = (options: Partial<WorkerPool.Options> = {}) =>
  WorkerPool.client(Batches).pipe(
    Layer.provideMerge(WorkerPool.layerPool({ entry: entry("batches"), size: 1, spare: 0, ...options })),
    Layer.provideMerge(Logger.layer([]))
  )

type How = "answer" | "refuse" | "drop" | "die" | "exit" | "hang"

const calls = (hows: ReadonlyArray<How>) =>
  Effect.flatMap(Batches, ({ run }) =>
    Effect.forEach(hows, (how, n) => Effect.exit(run({ n, how })), { concurrency: "unbounded" })
  )

const of = (size: number, how: How): ReadonlyArray<How> => Array.from({ length: size }, () => how)

describe.each(["thread", "process"] as const)("batching, %s", { timeout: 60_000 }, (isolation) => {
  it.layer(layer({ isolation }), { excludeTestServices: true })("in a worker", (it) => {
    it.effect("puts as many calls together as it may, and answers each by its own", () =>
      Effect.gen(function* () {
        const exits = yield* calls(of(64, "answer"))
        const answers = exits.map((exit) => (Exit.isSuccess(exit) ? exit.value : assert.fail(String(exit.cause))))
        assert.deepStrictEqual(
          answers.map(({ n }) => n),
          Array.from({ length: 64 }, (_, n) => n)
        )
        assert.strictEqual(Math.max(...answers.map(({ size }) => size)), 32)
      })
    )

    it.effect("fails one bad call alone", () =>
      Effect.gen(function* () {
        const exits = yield* calls(["answer", "refuse", "answer", "answer"])
        assert.deepStrictEqual(exits[1], Exit.fail("refused 1"))
        assert.deepStrictEqual(exits.map(Exit.isSuccess), [true, false, true, true])
        assert.strictEqual(Exit.isSuccess(exits[0]!) && exits[0].value.size, 4)
      })
    )

    it.effect("fails each call by a typed error where outcomes are missing", () =>
      Effect.gen(function* () {
        for (const exit of yield* calls(["answer", "drop", "answer"])) {
          const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
          assert.instanceOf(error, BatchError)
          assert.strictEqual(error.message, "a batch of 3 gave 2 outcomes")
          assert.isFalse(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
        }
      })
    )

    it.effect("says of a defect that it was the batch's, and what it was", () =>
      Effect.gen(function* () {
        for (const exit of yield* calls(["answer", "die"])) {
          const defect = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
          assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
          assert.instanceOf(defect, Error)
          assert.strictEqual(defect.message, "a batch of 2 died: the model is gone")
          assert.instanceOf(defect.cause, RangeError)
        }
      })
    )

    it.effect("ends for the others when one is interrupted or late, and for nobody when all are", () =>
      Effect.gen(function* () {
        const { interrupted, run } = yield* Batches
        const hang = (n: number) => Effect.forkChild(run({ n, how: "hang" }).pipe(CallMetadata.withTimeout("1 minute")))
        const late = yield* Effect.forkChild(
          Effect.flip(run({ n: 0, how: "hang" }).pipe(CallMetadata.withTimeout("50 millis")))
        )
        const [first, second] = [yield* hang(1), yield* hang(2)]
        const error = yield* Fiber.join(late)
        assert.strictEqual(error instanceof BoundaryError && error.reason._tag, "DeadlineExceeded")
        yield* Fiber.interrupt(first)
        assert.strictEqual(yield* interrupted(), 0)
        yield* Fiber.interrupt(second)
        yield* eventually(interrupted(), (n) => n === 1)
      })
    )
  })

  it.live("loses the calls of one worker when its batch crashes it, and no other", () =>
    Effect.gen(function* () {
      const { run } = yield* Batches
      yield* until(({ workers }) => workers.filter(({ state }) => state === "ready").length === 2)
      const [first, second] = yield* Effect.all(
        [Effect.exit(run({ n: 0, how: "exit" })), Effect.exit(run({ n: 1, how: "answer" }))],
        { concurrency: "unbounded" }
      )
      const error = Exit.isFailure(first) ? Cause.squash(first.cause) : undefined
      assert.strictEqual(error instanceof BoundaryError && error.reason._tag, "Crashed")
      assert.isTrue(Exit.isSuccess(second))
      assert.isTrue((yield* calls(of(8, "answer"))).every(Exit.isSuccess))
    }).pipe(Effect.provide(layer({ isolation, size: 2 })))
  )
})
