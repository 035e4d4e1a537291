/**
 * Workers that come and go although nothing is wrong with them, and those that
 * cannot live: no call fails by the first, and the second are tried ever more seldom.
 */
import { existsSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { Bad, Good } from "./fixtures/contracts.ts"
import { Life, type Script } from "./fixtures/life.ts"
import { isolation } from "./fixtures/isolation.ts"
import { directory, entry, eventually, layer, until } from "./fixtures/pool.ts"

const pool = (options: Partial<WorkerPool.Options> & { readonly data?: Script } = {}) =>
  WorkerPool.client(Life).pipe(
    Layer.provideMerge(
      WorkerPool.layerPool({ entry: entry("lifeWorker"), isolation: isolation.of, size: 1, spare: 0, ...options })
    ),
    Layer.provideMerge(Logger.layer([]))
  )

const ids = Effect.flatMap(WorkerPool.WorkerPool, ({ status }) =>
  Effect.map(status, ({ workers }) => workers.map(({ id }) => id))
)

const status = Effect.flatMap(WorkerPool.WorkerPool, ({ status }) => status)

const restart = Effect.flatMap(WorkerPool.WorkerPool, ({ restart }) => restart)

const isFull =
  (size: number) =>
  ({ workers }: WorkerPool.Status): boolean =>
    workers.length === size && workers.every(({ state }) => state === "ready" || state === "spare")

/** Calls all the time, sixteen at a time, while something happens; gives how many calls there were. A failed call fails it. */
const underLoad = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const life = yield* Life
    const load = { isOver: false, calls: 0 }
    const caller = Effect.gen(function* () {
      while (!load.isOver) {
        yield* life.wait({ ms: load.calls % 3 })
        load.calls++
      }
    })
    const callers = yield* Effect.forkChild(
      Effect.all(
        Array.from({ length: 16 }, () => caller),
        { concurrency: "unbounded" }
      )
    )
    yield* Effect.raceFirst(self, Effect.andThen(Fiber.join(callers), Effect.die("the callers ended")))
    load.isOver = true
    yield* Fiber.join(callers)
    return load.calls
  })

describe("WorkerPool, recycling", { timeout: 60_000 }, () => {
  it.live("replaces a worker after so many calls, without a failed call, and not all together", () =>
    Effect.gen(function* () {
      const calls = yield* underLoad(until(({ restarts }) => restarts.calls >= 4))
      const { restarts } = yield* status
      assert.isAbove(calls, 200)
      assert.strictEqual(restarts.crashed + restarts.unresponsive + restarts["start-failed"], 0)
    }).pipe(Effect.provide(pool({ size: 2, spare: 1, recycle: { calls: 100 } })))
  )

  it.live("replaces a worker that is idle by its age, the spares as well", () =>
    Effect.gen(function* () {
      const before = yield* until(isFull(2))
      const oldest = Math.max(...before.workers.map(({ id }) => id))
      yield* until((status) => isFull(2)(status) && status.workers.every(({ id }) => id > oldest))
      assert.isAtLeast((yield* status).restarts.age, 2)
    }).pipe(Effect.provide(pool({ spare: 1, recycle: { age: "1500 millis" } })))
  )

  it.live("replaces a worker by what its heap holds", () =>
    Effect.gen(function* () {
      const life = yield* Life
      const first = yield* life.whoami()
      yield* life.hoard({ mb: 200 })
      yield* until(({ restarts }) => restarts.heap === 1)
      assert.notStrictEqual(yield* life.whoami(), first)
      yield* until(isFull(1))
      const [worker] = (yield* eventually(status, ({ workers }) => workers[0]?.heapBytes !== undefined)).workers
      assert.isBelow(worker?.heapBytes ?? Number.NaN, 150 * 2 ** 20)
      assert.isAtLeast(worker?.eventLoopLagMs ?? Number.NaN, 0)
    }).pipe(Effect.provide(pool({ recycle: { heap: 150 } })))
  )

  it.live("a new worker takes over first, then the former one ends the calls it has", () =>
    Effect.gen(function* () {
      const life = yield* Life
      const former = yield* life.whoami()
      const running = yield* Effect.forkChild(life.wait({ ms: 3000 }), { startImmediately: true })
      yield* Effect.repeat(life.whoami(), { times: 20 })
      const { workers } = yield* until(({ workers }) => workers.some(({ state }) => state === "ending"))
      assert.deepStrictEqual(
        workers.map(({ inFlight, state }) => [state, inFlight]),
        [
          ["ending", 1],
          ["ready", 0]
        ]
      )
      assert.notStrictEqual(yield* life.whoami(), former)
      assert.strictEqual(yield* Fiber.join(running), former)
      yield* until(({ workers }) => workers.length === 1)
    }).pipe(Effect.provide(pool({ recycle: { calls: 20 } })))
  )
})

describe("WorkerPool, restarting", { timeout: 60_000 }, () => {
  for (const spare of [0, 1]) {
    it.live(`replaces every worker under load without a failed call, with ${spare} spare`, () =>
      Effect.gen(function* () {
        yield* until(isFull(2 + spare))
        const before = yield* ids
        const calls = yield* underLoad(restart)
        const { restarts } = yield* status
        assert.isAbove(calls, 50)
        assert.strictEqual(restarts.restart, 2 + spare)
        assert.strictEqual(restarts.crashed, 0)
        const { workers } = yield* until(isFull(2 + spare))
        assert.deepStrictEqual(
          workers.filter(({ id }) => before.includes(id)),
          []
        )
      }).pipe(Effect.provide(pool({ size: 2, spare })))
    )
  }

  it.live("twice at the same time ends for both", () =>
    Effect.gen(function* () {
      yield* until(isFull(2))
      yield* Effect.all([restart, restart, Effect.timeoutOption(restart, 1)], { concurrency: "unbounded" })
      assert.isTrue((yield* ids).every((id) => id > 2))
    }).pipe(Effect.provide(pool({ spare: 1 })))
  )

  it.live("of a pool whose entry fails tells so, and leaves the workers that it has alone", () =>
    Effect.gen(function* () {
      const file = join(yield* directory, "file")
      writeFileSync(file, "")
      yield* Effect.gen(function* () {
        yield* until(isFull(2))
        const before = yield* ids
        rmSync(file)
        const { reason } = yield* Effect.flip(restart)
        assert.strictEqual(reason._tag, "Unreachable")
        assert.include(reason.message, "not repaired yet")
        yield* until(isFull(2))
        assert.deepStrictEqual(yield* ids, before)
        writeFileSync(file, "")
        // At once, however long the back-off is by now.
        yield* restart
        assert.isTrue((yield* until(isFull(2))).workers.every(({ id }) => !before.includes(id)))
      }).pipe(Effect.provide(layer({ entry: entry("flaky"), data: file, spare: 1 })))
    }).pipe(Effect.scoped)
  )

  it.live("is refused by a pool that drains", () =>
    Effect.gen(function* () {
      const { drain, restart } = yield* WorkerPool.WorkerPool
      yield* until(isFull(1))
      yield* drain
      assert.strictEqual((yield* Effect.flip(restart)).reason._tag, "Draining")
    }).pipe(Effect.provide(pool()))
  )
})

describe("WorkerPool, starting", { timeout: 60_000 }, () => {
  for (const kind of ["thread", "process"] as const) {
    it.live(`each ${kind} has the environment of its slot, and one that replaces it the same`, () =>
      Effect.gen(function* () {
        const good = yield* Good
        const bad = yield* Bad
        const devices = Effect.map(
          Effect.all(
            Array.from({ length: 8 }, () => good.environment({ name: "DEVICE" })),
            { concurrency: "unbounded" }
          ),
          (seen) => Array.from(new Set(seen)).toSorted()
        )
        const both = until(({ workers }) => workers.filter(({ state }) => state === "ready").length === 2)
        yield* both
        assert.deepStrictEqual(yield* devices, ["0", "1"])
        yield* Effect.flip(bad.exit({ code: 1 }))
        yield* both
        assert.deepStrictEqual(yield* devices, ["0", "1"])
        yield* (yield* WorkerPool.WorkerPool).restart
        assert.deepStrictEqual(yield* devices, ["0", "1"])
      }).pipe(Effect.provide(layer({ isolation: kind, size: 2, env: (slot) => ({ DEVICE: String(slot) }) })))
    )
  }

  it.live("serves no call before the layers of a worker are built", () =>
    Effect.gen(function* () {
      const path = yield* directory
      const [warming, isWarm] = [join(path, "warming"), join(path, "warm")]
      yield* Effect.gen(function* () {
        const life = yield* Life
        const call = yield* Effect.forkChild(life.whoami(), { startImmediately: true })
        yield* eventually(
          Effect.sync(() => existsSync(warming)),
          (there) => there
        )
        const { queued, state } = yield* status
        assert.deepStrictEqual([state, queued], ["starting", 1])
        assert.isUndefined(call.pollUnsafe())
        writeFileSync(isWarm, "")
        assert.isAbove(yield* Fiber.join(call), 0)
      }).pipe(Effect.provide(pool({ data: { warming, until: isWarm } })))
    }).pipe(Effect.scoped)
  )

  it.live("a worker that always ends shortly after it was ready makes the pool not ready, until it is mended", () =>
    Effect.gen(function* () {
      const mended = join(yield* directory, "mended")
      yield* Effect.gen(function* () {
        const life = yield* Life
        const { reason, restarts } = yield* until(({ state }) => state === "not-ready")
        assert.include(reason, "ended shortly after it was ready")
        assert.include(reason, "code 5")
        assert.isAtLeast(restarts.crashed, 4)
        const refused = yield* Effect.flip(life.whoami())
        assert.strictEqual(refused.reason._tag, "Unreachable")
        writeFileSync(mended, "")
        yield* until(({ state }) => state === "ready")
        assert.isAbove(yield* life.whoami(), 0)
        const { reason: none } = yield* status
        assert.strictEqual(none, undefined)
      }).pipe(Effect.provide(pool({ data: { diesAfterMs: 1500, until: mended } })))
    }).pipe(Effect.scoped)
  )

  it.live("a worker that hangs without a call is replaced before it gets one", () =>
    Effect.gen(function* () {
      const life = yield* Life
      yield* life.loopLater()
      yield* until(({ restarts }) => restarts.unresponsive === 1)
      assert.isAbove(yield* life.whoami(), 0)
    }).pipe(Effect.provide(pool({ unresponsiveAfter: "1500 millis" })))
  )
})
