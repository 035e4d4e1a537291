/**
 * Calls that go where others of their kind went, and calls that share a worker with
 * their kind only, in real workers.
 */
import * as WorkerPool from "@causeway/workers/WorkerPool"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Stream from "effect/Stream"
import { entry, eventually, until } from "./fixtures/pool.ts"
import { Sessions } from "./fixtures/sessions.ts"

const layer = (options: Partial<WorkerPool.Options> = {}) =>
  WorkerPool.client(Sessions).pipe(
    Layer.provideMerge(WorkerPool.layerPool({ entry: entry("sessions"), size: 2, spare: 0, ...options })),
    Layer.provideMerge(Logger.layer([]))
  )

const sessions = Array.from({ length: 16 }, (_, n) => `session ${n}`)

const bothServe = until(({ workers }) => workers.filter(({ state }) => state === "ready").length === 2)

/** Which thread serves each session. */
const threads = Effect.flatMap(Sessions, ({ who }) =>
  Effect.map(
    Effect.forEach(sessions, (session) => Effect.map(who({ session }), (thread) => [session, thread] as const), {
      concurrency: 4
    }),
    (found) => new Map(found)
  )
)

describe("sticky", { timeout: 60_000 }, () => {
  it.live("sends the calls of a key to one worker, and those of a lost one to the one in its place", () =>
    Effect.gen(function* () {
      const { exit, stream, who } = yield* Sessions
      yield* bothServe
      const before = yield* threads
      assert.strictEqual(new Set(before.values()).size, 2)
      assert.deepStrictEqual(yield* threads, before)
      for (const session of sessions.slice(0, 4)) {
        assert.deepStrictEqual(yield* Stream.runCollect(stream({ session })), [before.get(session)])
      }
      const [victim = ""] = sessions
      yield* Effect.exit(exit({ session: victim }))
      // While its place is empty, the other one serves its keys.
      assert.notStrictEqual(yield* who({ session: victim }), before.get(victim))
      yield* bothServe
      const after = yield* threads
      const [lost, heir] = [before.get(victim), after.get(victim)]
      for (const session of sessions) {
        assert.strictEqual(after.get(session), before.get(session) === lost ? heir : before.get(session))
      }
      assert.notInclude(Array.from(before.values()), heir)
    }).pipe(Effect.provide(layer()))
  )

  it.live("lets a call go elsewhere while its worker has no room, and come back", () =>
    Effect.gen(function* () {
      const { hang, who } = yield* Sessions
      yield* bothServe
      const [session = ""] = sessions
      const home = yield* who({ session })
      const busy = yield* Effect.forkChild(hang({ session }))
      const { status } = yield* WorkerPool.WorkerPool
      yield* eventually(status, ({ inFlight }) => inFlight === 1)
      assert.notStrictEqual(yield* who({ session }), home)
      busy.interruptUnsafe()
      yield* eventually(status, ({ inFlight }) => inFlight === 0)
      assert.strictEqual(yield* who({ session }), home)
    }).pipe(Effect.provide(layer({ concurrency: 1 })))
  )

  it.live("makes a key that cannot be had a defect of its call only", () =>
    Effect.gen(function* () {
      const { badKey, who } = yield* Sessions
      const exit = yield* Effect.exit(badKey({ session: "a" }))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      assert.isNumber(yield* who({ session: "a" }))
    }).pipe(Effect.provide(layer({ size: 1 })))
  )

  it.live("lets calls that compute share their worker where they say how many, so that they are a batch", () =>
    Effect.gen(function* () {
      const { compute } = yield* Sessions
      const sizes = yield* Effect.forEach(Array.from({ length: 8 }), () => compute({ ms: 300 }), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(new Set(sizes.map(({ size }) => size)), new Set([8]))
    }).pipe(Effect.provide(layer({ size: 1, unresponsiveAfter: "100 millis" })))
  )
})
