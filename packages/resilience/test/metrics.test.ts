import type { UpstreamError } from "@causeway/core/UpstreamError"
import * as Call from "@causeway/resilience/Call"
import * as Degraded from "@causeway/resilience/Degraded"
import { InvalidPolicy } from "@causeway/resilience/InvalidPolicy"
import * as Latency from "@causeway/resilience/Latency"
import * as Policy from "@causeway/resilience/Policy"
import * as Upstreams from "@causeway/resilience/Upstreams"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as TestClock from "effect/testing/TestClock"
import { failure, reasons } from "./fixtures/calls.ts"

/** A metric's series that are not zero, by their labels. */
const series = (id: string) =>
  Effect.map(Metric.snapshot, (all) =>
    all
      .filter((metric) => metric.id === id)
      .flatMap(({ attributes, state }) => {
        const value = "value" in state ? state.value : "count" in state ? state.count : 0
        return Number(value) === 0 ? [] : [[Object.values(attributes ?? {}).join(" "), Number(value)] as const]
      })
      .toSorted()
  )

const isolated = Effect.provideService(Metric.MetricRegistry, new Map())

const policy = Policy.make({ retry: { times: 0 } })

const down: Effect.Effect<string, UpstreamError> = Effect.fail(failure(reasons.fault, "a"))

const ask = (call: Effect.Effect<string, UpstreamError>, model = "m") =>
  Effect.exit(call.pipe(Policy.apply(policy), Call.annotate({ model })))

const within = (upstreams: Readonly<Record<string, Upstreams.Options>>) =>
  Effect.fnUntraced(function* <A, E>(program: Effect.Effect<A, E>) {
    const context = yield* Layer.build(Layer.fresh(Upstreams.layerNamed(upstreams)))
    return yield* Effect.provideContext(program, context)
  })

describe("metrics", () => {
  it.effect("say how each upstream is for each model, and how often that changed", () =>
    Effect.gen(function* () {
      yield* ask(Effect.succeed("yes"))
      assert.deepStrictEqual(yield* series("causeway_upstream_health"), [["a m healthy", 1]])
      assert.deepStrictEqual(yield* series("causeway_upstream_health_changes"), [])
      for (let call = 0; call < 5; call++) yield* ask(down)
      assert.deepStrictEqual(yield* series("causeway_upstream_health"), [["a m down", 1]])
      yield* TestClock.adjust("1 second")
      yield* ask(Effect.succeed("yes"))
      assert.deepStrictEqual(yield* series("causeway_upstream_health"), [["a m degraded", 1]])
      assert.deepStrictEqual(yield* series("causeway_upstream_health_changes"), [
        ["a m degraded", 1],
        ["a m down", 1]
      ])
    }).pipe(within({ a: {} }), isolated)
  )

  it.effect("have a bound, whatever models callers name", () =>
    Effect.gen(function* () {
      for (let model = 0; model < 500; model++) yield* ask(Effect.succeed("yes"), `model ${model}`)
      const found = yield* series("causeway_upstream_health")
      assert.lengthOf(found, 101)
      assert.isTrue(found.some(([labels]) => labels === "a others healthy"))
    }).pipe(within({ a: {} }), Effect.provideService(Metric.MetricRegistry, new Map()))
  )

  it.effect("say whether calls get answers of last resort, and how many did", () =>
    Effect.gen(function* () {
      const plan = Degraded.make({ answers: [Degraded.refuse("30 seconds")] })
      const call = (answer: Effect.Effect<string, UpstreamError>) =>
        Effect.exit(answer.pipe(Policy.apply(policy), Degraded.apply(plan), Call.annotate({ model: "m" })))
      for (let number = 0; number < 6; number++) yield* call(down)
      assert.deepStrictEqual(yield* series("causeway_degraded_mode"), [["m", 1]])
      assert.deepStrictEqual(yield* series("causeway_degraded_answers"), [["refused", 6]])
      yield* TestClock.adjust("1 second")
      yield* call(Effect.succeed("yes"))
      yield* call(Effect.succeed("yes"))
      assert.deepStrictEqual(yield* series("causeway_degraded_mode"), [])
    }).pipe(within({ a: {} }), Effect.provideService(Metric.MetricRegistry, new Map()))
  )
})

describe("options that JavaScript lets pass", () => {
  it.each([
    [{ minimun: 1 }, "latency.minimun"],
    [{ size: 0 }, "latency.size"],
    [{ minimum: 11, size: 10 }, "latency.minimum"]
  ] as const)("of Latency.make are refused: %o", (options, option) => {
    assert.throws(() => Reflect.apply(Latency.make, undefined, [options]), InvalidPolicy, option)
  })

  it.each([
    [{ call: Effect.void, evry: 1 }, "upstreams.a.probe.evry"],
    [{ call: Effect.void, every: 0 }, "upstreams.a.probe.every"]
  ] as const)("of a probe are refused when the layer is made: %o", (probe, option) => {
    const upstreams = { a: { client: Layer.empty, probe } }
    assert.throws(() => Reflect.apply(Upstreams.layer, undefined, [upstreams]), InvalidPolicy, option)
  })
})

describe("an error without a message", () => {
  it.effect("is told by its tag", () =>
    Effect.gen(function* () {
      const error = { _tag: "Sold" }
      yield* Effect.exit(Effect.fail(error).pipe(Policy.apply(policy)))
      assert.strictEqual(Policy.attempts(error)[0]?.message, "Sold")
    })
  )
})
