import * as Upstream from "@causeway/core/Upstream"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import { InvalidPolicy } from "@causeway/resilience/InvalidPolicy"
import * as Policy from "@causeway/resilience/Policy"
import * as Upstreams from "@causeway/resilience/Upstreams"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { failure, reasons } from "./fixtures/calls.ts"

class Llm extends Context.Service<Llm, { readonly ask: Effect.Effect<string, UpstreamError> }>()(
  "@causeway/resilience/test/Upstreams.test/Llm"
) {}

const ask = Effect.flatMap(Llm, (llm) => llm.ask)
const failing = (upstream: string) => Effect.fail(failure(reasons.overloaded, upstream))

describe("layer", () => {
  it.effect("builds each client once, and gives each attempt its own", () =>
    Effect.gen(function* () {
      const built: Array<string> = []
      const client = (name: string, answer: Effect.Effect<string, UpstreamError>) => ({
        client: Layer.effect(
          Llm,
          Effect.sync(() => {
            built.push(name)
            return { ask: answer }
          })
        )
      })
      const upstreams = Upstreams.layer({
        a: client("a", failing("a")),
        b: client("b", failing("b")),
        c: client("c", Effect.succeed("c answers"))
      })
      const calls = Effect.replicateEffect(ask.pipe(Policy.apply(Policy.make())), 20)
      assert.deepStrictEqual(new Set(yield* Effect.provide(calls, upstreams)), new Set(["c answers"]))
      assert.deepStrictEqual(built, ["a", "b", "c"])
    })
  )

  it.effect("is the preferred upstream's client outside of a policy", () =>
    Effect.gen(function* () {
      const upstreams = Upstreams.layer({
        b: { client: Layer.succeed(Llm, { ask: Effect.succeed("b") }), priority: 2 },
        a: { client: Layer.succeed(Llm, { ask: Effect.succeed("a") }), priority: 1 }
      })
      assert.strictEqual(yield* Effect.provide(ask, upstreams), "a")
    })
  )

  it.effect("serves a stream too", () =>
    Effect.gen(function* () {
      const upstreams = Upstreams.layer({
        a: { client: Layer.succeed(Llm, { ask: failing("a") }) },
        b: { client: Layer.succeed(Llm, { ask: Effect.succeed("b") }) }
      })
      const stream = Stream.fromEffect(ask).pipe(Policy.applyStream(Policy.make()))
      assert.deepStrictEqual(yield* Effect.provide(Stream.runCollect(stream), upstreams), ["b"])
    })
  )

  it("refuses what is no upstream", () => {
    assert.throws(() => Upstreams.layerNamed({}), InvalidPolicy, "upstreams: got none")
    assert.throws(() => Upstreams.layerNamed({ a: { weight: 0 } }), InvalidPolicy, "upstreams.a.weight: got 0")
    const typo: Upstreams.Options = Object.assign<Upstreams.Options, object>({}, { wieght: 1 })
    assert.throws(() => Upstreams.layerNamed({ a: typo }), InvalidPolicy, "upstreams.a.wieght: got an unknown option")
    for (const [options, problem] of [
      [{ priority: Number.NaN }, "priority: got NaN"],
      [{ weight: Infinity }, "weight: got Infinity"],
      [{ cost: -1 }, "cost: got -1"],
      [{ cost: "1" }, 'cost: got "1"'],
      [{ credential: 7 }, "credential: got 7, allowed is a text"],
      [{ models: "gpt-5" }, 'models: got "gpt-5", allowed is names of models'],
      [{ models: { "gpt-5": 1 } }, "models.gpt-5: got 1, allowed is a text"],
      [{ without: [1] }, "without[0]: got 1, allowed is the name of a parameter"]
    ] as const) {
      // @ts-expect-error not all of them are options
      assert.throws(() => Upstreams.layerNamed({ a: options }), InvalidPolicy, `upstreams.a.${problem}`)
    }
    // @ts-expect-error no object
    assert.throws(() => Upstreams.layerNamed(null), InvalidPolicy, "upstreams: got null")
    const client = Layer.succeed(Llm, { ask: Effect.succeed("a") })
    for (const probe of [{ call: 1 }, { call: ask, every: Number.NaN }, { call: ask, within: -1 }]) {
      // @ts-expect-error not all of them are probes
      assert.throws(() => Upstreams.layer({ a: { client, probe } }), InvalidPolicy, "upstreams.a.probe.")
    }
  })

  it("tells of all that is wrong", () => {
    assert.throws(
      () => Upstreams.layerNamed({ a: { weight: 0, cost: -1 }, b: { priority: Number.NaN } }),
      InvalidPolicy,
      /upstreams\.a\.weight.*\n.*upstreams\.a\.cost.*\n.*upstreams\.b\.priority/
    )
  })
})

describe("status and changes", () => {
  it.effect("tell how the upstreams are, and when that changes", () =>
    Effect.gen(function* () {
      const changes = yield* Effect.forkChild(
        Upstreams.changes.pipe(
          Stream.map(({ from, state, upstream }) => `${upstream}: ${from} → ${state}`),
          Stream.take(1),
          Stream.runCollect
        ),
        { startImmediately: true }
      )
      const call = Effect.flatMap(Upstream.Current, (name) => (name === "a" ? failing("a") : Effect.succeed("yes")))
      yield* Effect.replicateEffect(call.pipe(Policy.apply(Policy.make())), 5)
      assert.deepStrictEqual(yield* Fiber.join(changes), ["a: healthy → down"])
      const [a, b] = yield* Upstreams.status
      assert.deepInclude(a, { upstream: "a", state: "down", failures: 5, lastFailure: "Overloaded" })
      assert.deepInclude(b, { upstream: "b", state: "healthy", calls: 5, failures: 0 })
    }).pipe(Effect.provide(Upstreams.layerNamed({ a: {}, b: {} })))
  )

  it.effect("are empty without a layer", () =>
    Effect.map(Upstreams.status, (status) => assert.deepStrictEqual(status, []))
  )
})

describe("an active probe", () => {
  it.effect("finds out that an upstream is down, and that it is back, while nobody calls it", () =>
    Effect.gen(function* () {
      let isUp = false
      const client = Layer.succeed(Llm, { ask: Effect.suspend(() => (isUp ? Effect.succeed("yes") : failing("a"))) })
      const upstreams = Upstreams.layer({ a: { client, probe: { call: ask, every: "1 second" } } })
      yield* Effect.gen(function* () {
        const state = Effect.map(Upstreams.status, ([a]) => a?.state)
        yield* TestClock.adjust("5 seconds")
        assert.strictEqual(yield* state, "down")
        isUp = true
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* state, "degraded")
        yield* TestClock.adjust("10 seconds")
        assert.strictEqual(yield* state, "healthy")
      }).pipe(Effect.provide(upstreams))
    })
  )

  it.effect("that hangs is a failure, and ends with its layer", () =>
    Effect.gen(function* () {
      let running = 0
      const hang = Effect.acquireUseRelease(
        Effect.sync(() => running++),
        () => Effect.never,
        () => Effect.sync(() => running--)
      )
      const client = Layer.succeed(Llm, { ask: Effect.succeed("yes") })
      const probe = { call: hang, every: "1 second", within: "1 second" } as const
      yield* Effect.gen(function* () {
        yield* TestClock.adjust("10 seconds")
        const [a] = yield* Upstreams.status
        assert.deepInclude(a, { state: "down", lastFailure: "TimeoutError" })
      }).pipe(Effect.provide(Upstreams.layer({ a: { client, probe } })))
      assert.strictEqual(running, 0)
    })
  )
})
