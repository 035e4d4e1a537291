/**
 * Bytes that move between threads instead of being copied.
 */
import { BoundaryError } from "@causeway/core/BoundaryError"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Stream from "effect/Stream"
import { Bytes, Torn } from "./fixtures/bytes.ts"
import { entry, eventually, until } from "./fixtures/pool.ts"

const layer = (options: Partial<WorkerPool.Options> = {}) =>
  WorkerPool.client(Bytes).pipe(
    Layer.provideMerge(WorkerPool.layerPool({ entry: entry("bytes"), size: 1, spare: 0, ...options })),
    Layer.provideMerge(Logger.layer([]))
  )

const boundary = (exit: Exit.Exit<unknown, unknown>): BoundaryError => {
  const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
  return error instanceof BoundaryError ? error : assert.fail(`no failure of the boundary: ${String(exit)}`)
}

describe("transfer", { timeout: 60_000 }, () => {
  it.layer(layer(), { excludeTestServices: true })("in a worker", (it) => {
    it.effect("moves a payload and a success, and nothing that is not marked", () =>
      Effect.gen(function* () {
        const { copy, fill, left } = yield* Bytes
        const bytes = new Uint8Array(1000)
        const filled = yield* fill({ bytes, by: 7 })
        assert.deepStrictEqual([bytes.byteLength, filled.byteLength, filled[999]], [0, 1000, 7])
        assert.deepStrictEqual(yield* left(), [0])
        const kept = new Uint8Array(10)
        assert.strictEqual((yield* copy({ bytes: kept })).byteLength, 10)
        assert.deepStrictEqual([kept.byteLength, yield* left()], [10, [10]])
      })
    )

    it.effect("moves the elements of a stream, and the fields of an error", () =>
      Effect.gen(function* () {
        const { fill, left, stream } = yield* Bytes
        const elements = yield* Stream.runCollect(stream({ sizes: [3, 2, 1] }))
        assert.deepStrictEqual(
          elements.map((bytes) => Array.from(bytes)),
          [[1, 1, 1], [1, 1], [1]]
        )
        assert.deepStrictEqual(yield* left(), [0, 0, 0])
        const error = yield* Effect.flip(fill({ bytes: new Uint8Array([1, 2]), by: -1 }))
        assert.deepStrictEqual(error instanceof Torn && Array.from(error.rest), [1, 2])
        assert.deepStrictEqual(yield* left(), [0])
      })
    )

    it.effect("copies a view into other memory first, which stays whole", () =>
      Effect.gen(function* () {
        const { fill } = yield* Bytes
        const memory = new Uint8Array([1, 2, 3, 4])
        const filled = yield* fill({ bytes: memory.subarray(1, 3), by: 9 })
        assert.deepStrictEqual(
          [Array.from(filled), Array.from(memory)],
          [
            [9, 9],
            [1, 2, 3, 4]
          ]
        )
        assert.strictEqual(filled.buffer.byteLength, 2)
      })
    )

    it.effect("fails the second of two calls with the same memory, and none beside them", () =>
      Effect.gen(function* () {
        const { copy, fill } = yield* Bytes
        const bytes = new Uint8Array(8)
        const [first, second, other] = yield* Effect.all(
          [
            Effect.exit(fill({ bytes, by: 1 })),
            Effect.exit(fill({ bytes, by: 2 })),
            Effect.exit(copy({ bytes: new Uint8Array(4) }))
          ],
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(
          Exit.isSuccess(first) && Array.from(first.value),
          Array.from({ length: 8 }, () => 1)
        )
        const { reason } = boundary(second)
        assert.strictEqual(reason._tag, "Undecodable")
        assert.strictEqual(reason._tag === "Undecodable" && reason.delivery, "not-sent")
        assert.isTrue(Exit.isSuccess(other))
      })
    )
  })

  it.live("copies to and from a process, where nothing can move", () =>
    Effect.gen(function* () {
      const { fill, left, stream } = yield* Bytes
      const bytes = new Uint8Array(1000)
      const filled = yield* fill({ bytes, by: 7 })
      assert.deepStrictEqual([bytes.byteLength, filled.byteLength, filled[999]], [1000, 1000, 7])
      assert.deepStrictEqual(yield* left(), [1000])
      const elements = yield* Stream.runCollect(stream({ sizes: [2, 1] }))
      assert.deepStrictEqual(
        elements.map((bytes) => Array.from(bytes)),
        [[1, 1], [1]]
      )
    }).pipe(Effect.provide(layer({ isolation: "process" })))
  )

  it.live("fails only the later of two calls that wait with the same memory", () =>
    Effect.gen(function* () {
      const { copy, fill } = yield* Bytes
      const bytes = new Uint8Array(8)
      // Both are encoded before the worker is ready, and so before either is posted.
      const [first, second, other] = yield* Effect.all(
        [
          Effect.exit(fill({ bytes, by: 1 })),
          Effect.exit(fill({ bytes, by: 2 })),
          Effect.exit(copy({ bytes: new Uint8Array(4) }))
        ],
        { concurrency: "unbounded" }
      )
      assert.isTrue(Exit.isSuccess(first))
      assert.strictEqual(boundary(second).reason._tag, "Undecodable")
      assert.isTrue(Exit.isSuccess(other))
    }).pipe(Effect.provide(layer()))
  )

  it.live("moves nothing of a call that was not posted", () =>
    Effect.gen(function* () {
      const { fill, hang } = yield* Bytes
      yield* until(({ state }) => state === "ready")
      yield* Effect.forkChild(hang())
      const bytes = new Uint8Array(8)
      const waiting = yield* Effect.forkChild(fill({ bytes, by: 1 }))
      const { status } = yield* WorkerPool.WorkerPool
      yield* eventually(status, ({ queued }) => queued === 1)
      yield* Fiber.interrupt(waiting)
      assert.strictEqual(bytes.byteLength, 8)
    }).pipe(Effect.provide(layer({ concurrency: 1 })))
  )

  it.live("says of a call that was posted that it may have run", () =>
    Effect.gen(function* () {
      const { exit } = yield* Bytes
      const bytes = new Uint8Array(8)
      const { reason } = boundary(yield* Effect.exit(exit({ bytes })))
      assert.deepStrictEqual(
        [reason._tag, reason._tag === "Crashed" && reason.delivery, bytes.byteLength],
        ["Crashed", "may-have-run", 0]
      )
    }).pipe(Effect.provide(layer()))
  )
})
