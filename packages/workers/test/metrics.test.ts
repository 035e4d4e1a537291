import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import { Bad, Good } from "./fixtures/contracts.ts"
import { eventually, layer, until } from "./fixtures/pool.ts"

/** The series of pools by this name, as `name attributes`, with their values. */
const seriesOf = (pool: string) =>
  Effect.map(Metric.snapshot, (series) =>
    Object.fromEntries(
      series.flatMap(({ attributes = {}, id, state }) => {
        if (attributes["pool"] !== pool) return []
        const { reason, rpc, worker } = attributes
        const value = "value" in state ? state.value : "count" in state ? state.count : undefined
        return [[[id, worker ?? reason ?? rpc].filter((part) => part !== undefined).join(" "), value]]
      })
    )
  )

const ready = until(({ state }) => state === "ready")

describe("metrics", { timeout: 60_000 }, () => {
  it.live("tell of the pool, its workers and its calls, as long as they live", () =>
    Effect.gen(function* () {
      yield* Effect.gen(function* () {
        yield* ready
        const good = yield* Good
        yield* good.square({ x: 3 })
        const hanging = yield* Effect.forkChild(good.hang({ id: "a" }), { startImmediately: true })
        const waiting = yield* Effect.forkChild(good.square({ x: 1 }), { startImmediately: true })
        assert.deepInclude(yield* seriesOf("life"), {
          "causeway.workers.queue.length": 1,
          "causeway.workers.active": 1,
          "causeway.workers.in_flight 1": 1,
          "causeway.workers.restarts crashed": 0,
          "causeway.workers.call.duration test/Good/square": 1
        })
        const told = yield* eventually(seriesOf("life"), (series) => Number(series["causeway.workers.heap 1"]) > 0)
        assert.isAtLeast(Number(told["causeway.workers.event_loop.lag 1"]), 0)
        yield* Fiber.interrupt(hanging)
        yield* Fiber.join(waiting)
        yield* Effect.flip((yield* Bad).exit({ code: 1 }))
        yield* ready
        const after = yield* seriesOf("life")
        assert.deepInclude(after, {
          "causeway.workers.in_flight 2": 0,
          "causeway.workers.restarts crashed": 1,
          "causeway.workers.call.duration test/Good/square": 2,
          "causeway.workers.call.duration test/Bad/exit": 1
        })
        assert.notProperty(after, "causeway.workers.in_flight 1")
        // Its caller gave it up.
        assert.notProperty(after, "causeway.workers.call.duration test/Good/hang")
      }).pipe(Effect.provide(layer({ name: "life", concurrency: 1 })))
      const names = Object.keys(yield* seriesOf("life"))
      assert.isTrue(names.length > 0 && names.every((name) => name.includes("call.duration")))
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )

  it.live("of two pools of one name are told apart", () =>
    Effect.gen(function* () {
      const pools = yield* Effect.all([Layer.build(layer()), Layer.build(layer())])
      assert.strictEqual(pools.length, 2)
      assert.property(yield* seriesOf("worker"), "causeway.workers.queue.length")
      assert.property(yield* seriesOf("worker-2"), "causeway.workers.queue.length")
    }).pipe(Effect.scoped, Effect.provideService(Metric.MetricRegistry, new Map()))
  )
})
