import * as CallMetadata from "@causeway/core/CallMetadata"
import { PolicyError } from "@causeway/core/PolicyError"
import * as Upstream from "@causeway/core/Upstream"
import * as Call from "@causeway/resilience/Call"
import * as Degraded from "@causeway/resilience/Degraded"
import { InvalidPolicy } from "@causeway/resilience/InvalidPolicy"
import * as Policy from "@causeway/resilience/Policy"
import * as Upstreams from "@causeway/resilience/Upstreams"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { failing, failure, reasons, timed } from "./fixtures/calls.ts"
import { world } from "./fixtures/upstreams.ts"

const once = () => Policy.make({ retry: { times: 0 }, breaker: { open: "1 second", steps: [] } })
const sorry = Degraded.make({ answers: [Degraded.fixed("sorry", "later")] })
const down = (upstream: string) => Effect.fail(failure(reasons.overloaded, upstream))

describe("apply", () => {
  it.effect("answers a call that failed, marked, and leaves a success alone", () =>
    Effect.gen(function* () {
      const failed = down("a").pipe(Policy.apply(once()), Degraded.apply(sorry), Degraded.marked)
      assert.deepStrictEqual(yield* failed, { value: "later", degraded: "sorry" })
      const served = Effect.succeed("yes").pipe(Degraded.apply(sorry), Degraded.marked)
      assert.deepStrictEqual(yield* served, { value: "yes", degraded: undefined })
    })
  )

  it.effect("does not answer for the caller's own fault, nor for a defect", () =>
    Effect.gen(function* () {
      const error = yield* Effect.fail(failure(reasons.invalid)).pipe(Degraded.apply(sorry), Effect.flip)
      assert.strictEqual(error.reason._tag, "InvalidRequest")
      assert.isTrue(Exit.hasDies(yield* Effect.exit(Effect.die("a mistake").pipe(Degraded.apply(sorry)))))
    })
  )

  it.effect("tries one answer after the other, and fails as the last one does", () =>
    Effect.gen(function* () {
      const seen: Array<unknown> = []
      const cached: Degraded.Answer<string, string> = {
        name: "cached",
        answer: (error) =>
          Effect.andThen(
            Effect.sync(() => seen.push(error)),
            Effect.fail("nothing is cached")
          )
      }
      const error = failure(reasons.overloaded)
      const both = Degraded.make<string, string | PolicyError>({ answers: [cached, Degraded.refuse("30 seconds")] })
      const refused = yield* Effect.fail(error).pipe(Degraded.apply(both), Effect.flip)
      assert.deepStrictEqual(seen, [error])
      assert.instanceOf(refused, PolicyError)
      assert.strictEqual(refused.message, "Shed: no upstream can serve")
    })
  )

  it("refuses what is no plan", () => {
    const fixed = Degraded.fixed("sorry", "later")
    for (const [options, problem] of [
      [{ answers: [] }, "degraded.answers: got none, allowed is at least one answer"],
      [{}, "degraded.answers: got undefined, allowed is a list of at least one answer"],
      [{ answers: fixed }, "degraded.answers: got [object Object], allowed is a list"],
      [{ answers: [fixed, null] }, "degraded.answers[1]: got null, allowed is { name, answer }, as of fixed or refuse"],
      [{ answers: [{ name: "sorry" }] }, "degraded.answers[0]: got [object Object],"],
      [{ answers: [fixed, fixed] }, 'degraded.answers[1]: got "sorry", allowed is each answer once'],
      [{ answers: [fixed], when: true }, "degraded.when: got true, allowed is a function of an error"],
      [{ answers: [fixed], probe: Number.NaN }, "degraded.probe: got NaN,"],
      [{ answers: [fixed], within: 0 }, "degraded.within: got 0,"],
      [
        { answers: [fixed], whitin: 1 },
        "degraded.whitin: got an unknown option, allowed is answers, when, probe, within"
      ]
    ] as const) {
      // @ts-expect-error not all of them are options
      assert.throws(() => Degraded.make(options), InvalidPolicy, problem)
    }
    assert.throws(() => Degraded.refuse(Number.NaN), InvalidPolicy, "degraded.refuse: got NaN")
  })
})

describe("an answer that does not come", () => {
  const hangs: Degraded.Answer<never> = { name: "smaller", answer: () => Effect.never }
  const failed = Effect.fail(failure(reasons.overloaded))

  it.effect("ends after its limit, and the next one is tried", () =>
    Effect.gen(function* () {
      let closed = 0
      const held: Degraded.Answer<never> = {
        name: "held",
        answer: () =>
          Effect.onInterrupt(Effect.never, () =>
            // Whose clean-up hangs too is not waited for.
            Effect.andThen(
              Effect.sync(() => closed++),
              Effect.never
            )
          )
      }
      const plan = Degraded.make({ answers: [hangs, held, Degraded.fixed("sorry", "later")], within: "3 seconds" })
      const { exit, ms } = yield* timed(failed.pipe(Degraded.apply(plan), Degraded.marked))
      assert.deepStrictEqual(exit, Exit.succeed({ value: "later", degraded: "sorry" }))
      assert.strictEqual(ms, 6000)
      assert.strictEqual(closed, 1)
    })
  )

  it.effect("fails as a deadline where it is the last one, after a minute by default", () =>
    Effect.gen(function* () {
      const plan = Degraded.make({ answers: [hangs] })
      for (const call of [
        failed.pipe(Degraded.apply(plan)),
        Stream.runDrain(Stream.fromEffect(failed).pipe(Degraded.applyStream(plan)))
      ]) {
        const { error, ms } = yield* failing(call)
        assert.strictEqual(ms, 60_000)
        assert.strictEqual(error.message, "DeadlineExceeded: the answer of last resort smaller did not come within 1m")
      }
    })
  )

  it.effect("ends with the call's deadline, after which is only given what is there at once", () =>
    Effect.gen(function* () {
      const endsAt = (yield* Clock.currentTimeMillis) + 2000
      const late = Effect.delay(failed, "1 second")
      const within = Effect.provideService(CallMetadata.Deadline, endsAt)
      const hung = yield* failing(late.pipe(Degraded.apply(Degraded.make({ answers: [hangs] })), within))
      assert.strictEqual(hung.ms, 2000)
      assert.strictEqual(hung.error.reason._tag, "DeadlineExceeded")
      const later = Degraded.make({ answers: [hangs, Degraded.fixed("sorry", "later")] })
      const { exit, ms } = yield* timed(late.pipe(Degraded.apply(later), within))
      assert.deepStrictEqual(exit, Exit.succeed("later"))
      assert.strictEqual(ms, 1000)
    })
  )

  it.effect("is interrupted with its caller", () =>
    Effect.gen(function* () {
      let open = 0
      const held: Degraded.Answer<never> = {
        name: "held",
        answer: () =>
          Effect.acquireUseRelease(
            Effect.sync(() => open++),
            () => Effect.never,
            () => Effect.sync(() => open--)
          )
      }
      const fiber = yield* Effect.forkChild(failed.pipe(Degraded.apply(Degraded.make({ answers: [held] }))), {
        startImmediately: true
      })
      assert.strictEqual(open, 1)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(open, 0)
    })
  )
})

describe("a plan", () => {
  it.effect("is entered when all upstreams are down, and left when one is back", () =>
    Effect.gen(function* () {
      const upstreams = world({ a: down("a"), b: down("b") })
      const call = upstreams.call.pipe(Policy.apply(once()), Degraded.apply(sorry), Degraded.marked)
      const answers = (count: number) => Effect.replicateEffect(call, count)
      yield* answers(5)
      upstreams.asked()
      // Nobody is asked any longer, and nobody waits.
      assert.deepStrictEqual(new Set((yield* answers(20)).map(({ degraded }) => degraded)), new Set(["sorry"]))
      assert.deepStrictEqual(upstreams.asked(), [])
      // One call at a time finds out, for each upstream.
      yield* TestClock.adjust("1 second")
      yield* answers(20)
      assert.isAtMost(upstreams.asked().length, 3)
      upstreams.let("b", Effect.succeed("b is back"))
      yield* TestClock.adjust("4 seconds")
      yield* answers(3)
      assert.deepStrictEqual(yield* call, { value: "b is back", degraded: undefined })
    }).pipe(Effect.provide(Upstreams.layerNamed({ a: {}, b: {} })))
  )

  it.effect("lets a call through now and then where there is no breaker", () =>
    Effect.gen(function* () {
      const { asked, call } = world({ a: down("a") })
      const policy = Policy.make({ retry: { times: 0 }, breaker: false })
      const degraded = call.pipe(Policy.apply(policy), Degraded.apply(sorry))
      yield* Effect.replicateEffect(degraded, 5)
      asked()
      for (let tenth = 0; tenth < 30; tenth++) {
        yield* degraded
        yield* TestClock.adjust("100 millis")
      }
      assert.strictEqual(asked().length, 3)
    }).pipe(Effect.provide(Upstreams.layerNamed({ a: {} })))
  )

  it.effect("lets one through for each layer and model, which take none from each other", () =>
    Effect.gen(function* () {
      const { asked, call } = world({ a: down("a") })
      const policy = Policy.make({ retry: { times: 0 }, breaker: false })
      const degraded = call.pipe(Policy.apply(policy), Degraded.apply(sorry))
      const layers = yield* Effect.replicateEffect(Layer.build(Layer.fresh(Upstreams.layerNamed({ a: {} }))), 2)
      const calls = layers.flatMap((layer) =>
        ["large", "small"].map((model) => Effect.provideContext(Call.annotate({ model })(degraded), layer))
      )
      for (const each of calls) yield* Effect.replicateEffect(each, 5)
      asked()
      for (let tenth = 0; tenth < 30; tenth++) {
        for (const each of calls) yield* each
        yield* TestClock.adjust("100 millis")
      }
      assert.strictEqual(asked().length, 3 * calls.length)
    }).pipe(Effect.scoped)
  )

  it.effect("is entered too where a breaker only watches, or has not opened yet, and left to an operator's hand", () =>
    Effect.gen(function* () {
      for (const breaker of [{ observe: true }, { consecutive: 100, rate: false, slow: false }] as const) {
        const { asked, call } = world({ a: down("a") })
        const policy = Policy.make({ retry: { times: 0 }, breaker })
        const degraded = call.pipe(Policy.apply(policy), Degraded.apply(sorry))
        yield* Effect.gen(function* () {
          yield* Effect.replicateEffect(degraded, 5)
          yield* degraded
          asked()
          yield* Effect.replicateEffect(degraded, 20)
          assert.isAtMost(asked().length, 1)
          yield* Upstreams.force("a", "closed")
          yield* Effect.replicateEffect(degraded, 20)
          assert.strictEqual(asked().length, 20)
        }).pipe(Effect.provide(Layer.fresh(Upstreams.layerNamed({ a: {} }))))
      }
    })
  )
})

describe("applyStream", () => {
  it.effect("answers where no element came, and lets a failure pass that comes later", () =>
    Effect.gen(function* () {
      const early = Stream.fail(failure(reasons.overloaded)).pipe(Degraded.applyStream(sorry))
      assert.deepStrictEqual(yield* Stream.runCollect(early), ["later"])
      const late = Stream.concat(Stream.make("a"), Stream.fail(failure(reasons.truncated)))
      const { error } = yield* failing(Stream.runCollect(late.pipe(Degraded.applyStream(sorry))))
      assert.strictEqual(error.reason._tag, "StreamTruncated")
    })
  )

  it.effect("is entered by health too", () =>
    Effect.gen(function* () {
      const stream = Stream.unwrap(Effect.map(Upstream.Current, (name = "a") => Stream.fromEffect(down(name)))).pipe(
        Policy.applyStream(once()),
        Degraded.applyStream(sorry),
        Stream.runCollect
      )
      for (let each = 0; each < 7; each++) assert.deepStrictEqual((yield* timed(stream)).exit, Exit.succeed(["later"]))
    }).pipe(Effect.provide(Upstreams.layerNamed({ a: {} })))
  )
})
