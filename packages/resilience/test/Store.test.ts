import { Evidence } from "@causeway/core/Evidence"
import * as Upstream from "@causeway/core/Upstream"
import { UpstreamError } from "@causeway/core/UpstreamError"
import { ProviderFault, RateLimited, type UpstreamReason } from "@causeway/core/UpstreamReason"
import { InvalidPolicy } from "@causeway/resilience/InvalidPolicy"
import * as Policy from "@causeway/resilience/Policy"
import * as Store from "@causeway/resilience/Store"
import * as Upstreams from "@causeway/resilience/Upstreams"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as TestClock from "effect/testing/TestClock"

const policy = Policy.make({ retry: { times: 0 } })

const broken = new ProviderFault({ message: "it broke", seenIn: "status" })
const limited = new RateLimited({ message: "slow down", seenIn: "status", retryAfter: Duration.seconds(20) })

/** A process: what it knows is its own, but for what it shares by the store. */
const process = Effect.fnUntraced(function* (store: Context.Context<Store.Store>) {
  const context = yield* Layer.build(
    Layer.fresh(
      Layer.provideMerge(
        Store.layerShared().pipe(Layer.provide(Layer.succeedContext(store))),
        Upstreams.layerNamed({ primary: {}, backup: {} })
      )
    )
  )
  const asked = { primary: 0, backup: 0 }
  const ask = (reason: UpstreamReason | undefined) =>
    Effect.gen(function* () {
      const upstream = (yield* Upstream.Current) ?? "primary"
      asked[upstream === "primary" ? "primary" : "backup"]++
      if (upstream === "backup" || reason === undefined) return upstream
      return yield* new UpstreamError({
        upstream,
        operation: "test",
        reason,
        evidence: new Evidence({ attempt: 1, timing: { startedAt: 0, totalMs: 0 } })
      })
    }).pipe(Policy.apply(policy), Effect.provideContext(context))
  return { asked, ask, status: Effect.provideContext(Upstreams.status, context) }
})

const memory = Layer.build(Store.layerMemory)

/** Long enough for one to write, and the other one to read. */
const shared = Effect.andThen(TestClock.adjust("500 millis"), TestClock.adjust("0 millis"))

describe("what one process finds out", () => {
  for (const [name, store] of [
    ["in memory", memory],
    ["a key-value store", Layer.build(Layer.provide(Store.layerKeyValueStore, KeyValueStore.layerMemory))]
  ] as const) {
    it.effect(`opens the breakers of the others, and lets them through again: ${name}`, () =>
      Effect.gen(function* () {
        const context = yield* store
        const one = yield* process(context)
        const other = yield* process(context)
        yield* other.ask(undefined)
        for (let call = 0; call < 5; call++) yield* one.ask(broken)
        yield* shared
        assert.strictEqual(yield* other.ask(broken), "backup")
        assert.deepStrictEqual(other.asked, { primary: 1, backup: 1 })
        const [primary] = yield* other.status
        assert.strictEqual(primary?.state, "down")
        assert.include(primary?.why ?? "", "another process found it so")
        yield* TestClock.adjust("500 millis")
        // The time of both is over; one of them finds out, and the other one follows it.
        assert.strictEqual(yield* one.ask(undefined), "primary")
        yield* shared
        const [again] = yield* other.status
        assert.strictEqual(again?.state, "degraded")
      })
    )
  }

  it.effect("is the rest that an upstream asked for, too", () =>
    Effect.gen(function* () {
      const context = yield* memory
      const one = yield* process(context)
      const other = yield* process(context)
      yield* other.ask(undefined)
      yield* one.ask(limited)
      yield* shared
      assert.strictEqual(yield* other.ask(undefined), "backup")
      yield* TestClock.adjust("20 seconds")
      assert.strictEqual(yield* other.ask(undefined), "primary")
    })
  )

  it.effect("is not held against what was seen here later", () =>
    Effect.gen(function* () {
      const context = yield* memory
      const { put } = Context.get(context, Store.Store)
      const other = yield* process(context)
      for (let call = 0; call < 5; call++) yield* other.ask(broken)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* other.ask(undefined), "primary")
      const old = { by: "other", at: 500, isOpen: true, openUntil: 60_000, restsUntil: 60_000, why: "it was" }
      yield* shared
      yield* put("causeway:primary:", old)
      yield* shared
      const [primary] = yield* other.status
      assert.strictEqual(primary?.restsUntil, undefined)
      assert.notStrictEqual(primary?.state, "down")
    })
  )

  it.effect("is believed no longer than a breaker may be open", () =>
    Effect.gen(function* () {
      const context = yield* memory
      const { put } = Context.get(context, Store.Store)
      const other = yield* process(context)
      yield* other.ask(undefined)
      yield* put("causeway:primary:", {
        by: "other",
        at: 1,
        isOpen: true,
        openUntil: 1e15,
        restsUntil: 0,
        why: "its clock is wrong"
      })
      yield* shared
      assert.strictEqual(yield* other.ask(undefined), "backup")
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* other.ask(undefined), "primary")
    })
  )
})

/** What is logged of the store. */
const withLog = <A, E, R>(self: Effect.Effect<A, E, R>) => {
  const lines: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => void lines.push(`${logLevel} ${String(message)}`))
  return Effect.map(Effect.provide(self, Logger.layer([logger])), (value) => ({
    value,
    lines: lines.filter((line) => line.includes("the store"))
  }))
}

describe("a store that does not serve", () => {
  for (const [name, broken_] of [
    ["fails", Effect.fail(new Store.StoreError({ operation: "get", message: "no connection" }))],
    ["never answers", Effect.never],
    ["throws", Effect.die(new Error("a mistake"))]
  ] as const) {
    it.effect(`${name}: calls do not feel it, the log says it once, and later what was missed is written`, () =>
      Effect.gen(function* () {
        let isBroken = true
        const real = Context.get(yield* memory, Store.Store)
        const store = Context.make(Store.Store, {
          get: (key) => (isBroken ? broken_ : real.get(key)),
          put: (key, news) => (isBroken ? broken_ : real.put(key, news))
        })
        const { lines } = yield* withLog(
          Effect.gen(function* () {
            const one = yield* process(store)
            const other = yield* process(store)
            yield* other.ask(undefined)
            for (let call = 0; call < 5; call++) assert.strictEqual(yield* one.ask(broken), "backup")
            assert.strictEqual(yield* one.ask(broken), "backup")
            assert.strictEqual(one.asked.primary, 5)
            for (let second = 0; second < 5; second++) yield* TestClock.adjust("1 second")
            assert.strictEqual(yield* other.ask(undefined), "primary")
            isBroken = false
            for (let call = 0; call < 3; call++) yield* one.ask(broken)
            for (let second = 0; second < 6; second++) yield* TestClock.adjust("500 millis")
            assert.isDefined(yield* real.get("causeway:primary:"))
          })
        )
        assert.deepStrictEqual(
          lines.map((line) => line.replace(/,.*/, "")),
          [
            "Warn the store of what is known of upstreams fails",
            "Warn the store of what is known of upstreams fails",
            "Info the store of what is known of upstreams serves again",
            "Info the store of what is known of upstreams serves again"
          ]
        )
      })
    )
  }

  it.effect("is one that holds what is no news, too", () =>
    Effect.gen(function* () {
      const values = yield* Layer.build(KeyValueStore.layerMemory)
      yield* Context.get(values, KeyValueStore.KeyValueStore).set("causeway:primary:", '{"by":1}')
      const context = yield* Layer.build(Layer.provide(Store.layerKeyValueStore, Layer.succeedContext(values)))
      const error = yield* Effect.flip(Context.get(context, Store.Store).get("causeway:primary:"))
      assert.instanceOf(error, Store.StoreError)
      assert.strictEqual(error.operation, "get")
      const { lines } = yield* withLog(
        Effect.gen(function* () {
          const one = yield* process(context)
          yield* one.ask(undefined)
          yield* shared
          assert.strictEqual(yield* one.ask(undefined), "primary")
        })
      )
      assert.lengthOf(lines, 1)
    })
  )
})

describe("options", () => {
  it("that are none are refused", () => {
    assert.throws(() => Store.layerShared({ every: 0 }), InvalidPolicy, "store.every")
    assert.throws(() => Reflect.apply(Store.layerShared, undefined, [{ evry: 1 }]), InvalidPolicy, "store.evry")
  })
})
