import { PolicyError } from "@causeway/core/PolicyError"
import * as Upstream from "@causeway/core/Upstream"
import * as Degraded from "@causeway/resilience/Degraded"
import { InvalidPolicy } from "@causeway/resilience/InvalidPolicy"
import * as Policy from "@causeway/resilience/Policy"
import * as Upstreams from "@causeway/resilience/Upstreams"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
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

  it("refuses a plan without answers", () => {
    // @ts-expect-error no answer
    assert.throws(() => Degraded.make({ answers: [] }), InvalidPolicy, "degraded.answers: got none")
  })
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
