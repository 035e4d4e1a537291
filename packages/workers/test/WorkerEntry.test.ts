import { existsSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as WorkerEntry from "@causeway/workers/WorkerEntry"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { Bad, Good } from "./fixtures/contracts.ts"
import { good } from "./fixtures/handlers.ts"
import { directory, entry, layer, until } from "./fixtures/pool.ts"

/** A file that is not there, in a directory that goes with the test. */
const freshFile = Effect.map(directory, (path) => join(path, "file"))

describe("WorkerEntry", { timeout: 60_000 }, () => {
  const failing = [
    ["that throws", "throws", "the entry itself throws"],
    ["whose layer fails", "failsToBuild", "Refused"],
    ["that gets ready and ends at once", "diesYoung", "code 5"],
    ["that does not exist", "nonsense", "nonsense"],
    ["that lacks a middleware", "withoutMiddleware", "lacks the middleware workers/test/Authentication"],
    ["that serves twice", "servesTwice", "was called before"],
    ["that does not serve", "doesNotServe", "code 0: the entry ended without calling WorkerEntry.run"],
    ["that never gets ready", "neverReady", "longer than 400 ms"]
  ] as const
  for (const [name, file, reason] of failing) {
    it.live(`an entry ${name} makes the pool not ready, with the reason, and calls fail at once`, () =>
      Effect.gen(function* () {
        const good = yield* Good
        if (file !== "diesYoung" && file !== "servesTwice") {
          // Called before anything is known: waits, and then learns it.
          const first = yield* Effect.flip(good.square({ x: 1 }))
          assert.strictEqual(first.reason._tag, "Unreachable")
          assert.include(first.reason.message, reason)
        }
        const status = yield* until(({ state }) => state === "not-ready")
        assert.include(status.reason, reason)
        const { reason: second } = yield* Effect.flip(good.hang({ id: "a" }))
        assert.include(["Unreachable", "Crashed"], second._tag)
        // It is tried again, ever more seldom, and never by more workers than shall serve. One that ends takes a while.
        yield* until(({ workers }) => {
          const hopeful = workers.filter(({ state }) => state !== "ending")
          assert.isAtMost(hopeful.length, 2)
          return workers.some(({ id }) => id > 3)
        })
      }).pipe(
        Effect.provide(layer({ entry: entry(file), size: 2, startWithin: file === "neverReady" ? 400 : "30 seconds" }))
      )
    )
  }

  it.live("data that cannot be cloned makes the pool not ready as well", () =>
    Effect.gen(function* () {
      const good = yield* Good
      const pool = yield* WorkerPool.WorkerPool
      const { reason } = yield* Effect.flip(good.square({ x: 1 }))
      assert.strictEqual(reason._tag, "Unreachable")
      assert.include(reason.message, "could not be cloned")
      assert.strictEqual((yield* pool.status).state, "not-ready")
    }).pipe(Effect.provide(layer({ data: { callback: () => 1 } })))
  )

  it.live("an entry may be JavaScript, and be named by its path", () =>
    Effect.gen(function* () {
      const good = yield* Good
      assert.strictEqual(yield* good.square({ x: 3 }), 9)
    }).pipe(Effect.provide(layer({ entry: fileURLToPath(new URL("./fixtures/plain.js", import.meta.url)) })))
  )

  it.live("a pool recovers when its entry does", () =>
    Effect.gen(function* () {
      const file = yield* freshFile
      yield* Effect.gen(function* () {
        const good = yield* Good
        const { reason } = yield* Effect.flip(good.square({ x: 1 }))
        assert.include(reason.message, "not repaired yet")
        writeFileSync(file, "")
        const { reason: none } = yield* until(({ state }) => state === "ready")
        assert.strictEqual(none, undefined)
        assert.strictEqual(yield* good.square({ x: 3 }), 9)
      }).pipe(Effect.provide(layer({ entry: entry("flaky"), data: file })))
    }).pipe(Effect.scoped)
  )

  it.live("a worker that is lost is replaced at once, whatever became of attempts before", () =>
    Effect.gen(function* () {
      const file = yield* freshFile
      writeFileSync(file, "")
      yield* Effect.gen(function* () {
        yield* until(({ state }) => state === "ready")
        rmSync(file)
        // The spare fails, until the next attempt is far.
        yield* until(({ workers }) => workers.some(({ id }) => id > 4))
        yield* until(({ workers }) => workers.every(({ id }) => id === 1))
        yield* Effect.flip((yield* Bad).exit({ code: 1 }))
        const { workers } = yield* (yield* WorkerPool.WorkerPool).status
        assert.deepStrictEqual(
          workers.map(({ state }) => state),
          ["starting"]
        )
      }).pipe(Effect.provide(layer({ entry: entry("flaky"), data: file, spare: 1 })))
    }).pipe(Effect.scoped)
  )

  it.live("its layer is finalized when the pool closes", () =>
    Effect.gen(function* () {
      const file = yield* freshFile
      yield* Effect.gen(function* () {
        const good = yield* Good
        yield* Effect.forkChild(good.hang({ id: "a" }), { startImmediately: true })
        assert.strictEqual(yield* good.square({ x: 3 }), 9)
        assert.isFalse(existsSync(file))
      }).pipe(Effect.provide(layer({ entry: entry("finalizer"), data: file })))
      assert.isTrue(existsSync(file))
    }).pipe(Effect.scoped)
  )

  it.live("closing a pool does not wait for a worker that starts", () =>
    Effect.gen(function* () {
      const good = yield* Good
      const fiber = yield* Effect.forkChild(Effect.flip(good.square({ x: 1 })), { startImmediately: true })
      return fiber
    }).pipe(
      Effect.provide(layer({ entry: entry("neverReady") })),
      Effect.flatMap(Fiber.await),
      Effect.map((exit) => assert.isDefined(exit))
    )
  )

  it.live("nor for ever for a worker that cannot be ended", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(layer({ grace: "50 millis" }), scope)
      const good = Context.get(context, Good)
      yield* good.square({ x: 1 })
      const lost = yield* Effect.forkChild(Effect.flip(good.waitInNativeCode({ ms: 10_000 })), {
        startImmediately: true
      })
      yield* Effect.sleep("50 millis")
      yield* Scope.close(scope, Exit.void).pipe(
        Effect.timeoutOrElse({ duration: "8 seconds", orElse: () => Effect.die("it still waits") })
      )
      assert.strictEqual((yield* Fiber.join(lost)).reason._tag, "Crashed")
    })
  )

  it("refuses to run where no pool started the thread", () => {
    assert.isFalse(WorkerEntry.isWorker)
    assert.throws(() => WorkerEntry.run(good), "belongs into the entry of a worker")
  })

  it.effect("has no data outside of a pool's worker", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* WorkerEntry.data, undefined)
    })
  )
})
