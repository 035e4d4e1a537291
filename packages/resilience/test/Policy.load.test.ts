import * as Disposition from "@causeway/core/Disposition"
import { PolicyError } from "@causeway/core/PolicyError"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import * as Call from "@causeway/resilience/Call"
import * as Policy from "@causeway/resilience/Policy"
import * as Upstreams from "@causeway/resilience/Upstreams"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { failure, reasons, timed } from "./fixtures/calls.ts"
import { world } from "./fixtures/upstreams.ts"

const yes = Effect.succeed("yes")
const second = Effect.delay(yes, "1 second")

const together = <A, E, R>(count: number, call: Effect.Effect<A, E, R>) =>
  Effect.all(
    Array.from({ length: count }, () => Effect.exit(call)),
    { concurrency: "unbounded" }
  )

const tagOf = (exit: Exit.Exit<unknown, unknown>): string => {
  const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
  return error instanceof PolicyError ? error.reason._tag : Exit.isSuccess(exit) ? "success" : "failure"
}

describe("concurrency", () => {
  it.effect("sends what is over an upstream's limit to another one", () =>
    Effect.gen(function* () {
      const { asked, call } = world({ primary: second, backup: second })
      const policy = Policy.make({ fallback: ["backup"], concurrency: { initial: 2, max: 2 } })
      yield* timed(together(4, call.pipe(Policy.apply(policy))))
      assert.deepStrictEqual(asked(), ["primary", "primary", "backup", "backup"])
    })
  )

  it.effect("lets calls wait where there is nowhere else to go, and refuses those that are too many", () =>
    Effect.gen(function* () {
      const { call } = world({ primary: second })
      const policy = Policy.make({ concurrency: { initial: 2, max: 2, queue: 4 } })
      const { exit, ms } = yield* timed(together(8, call.pipe(Policy.apply(policy))))
      assert.strictEqual(ms, 3000)
      const tags = (yield* exit).map(tagOf)
      assert.strictEqual(tags.filter((tag) => tag === "success").length, 6)
      assert.strictEqual(tags.filter((tag) => tag === "Shed").length, 2)
    })
  )

  it.effect("holds for a retry too, which waits for its place, and ends with its own error where none comes", () =>
    Effect.gen(function* () {
      let underWay = 0
      let most = 0
      let number = 0
      const call = Effect.acquireUseRelease(
        Effect.sync(() => (most = Math.max(most, ++underWay))),
        () =>
          Effect.suspend(() => {
            number++
            if (number === 1) return Effect.fail(failure(reasons.overloaded))
            return number === 2 ? Effect.delay(yes, "2 seconds") : number === 3 ? yes : Effect.never
          }),
        () => Effect.sync(() => underWay--)
      )
      const policy = Policy.make({
        deadline: "5 seconds",
        retry: { times: 1, base: "10 millis", max: "10 millis" },
        concurrency: { initial: 1, min: 1, max: 1 }
      })
      const { exit, ms } = yield* timed(together(2, call.pipe(Policy.apply(policy))))
      assert.deepStrictEqual((yield* exit).map(tagOf), ["success", "success"])
      assert.strictEqual(ms, 2000)
      assert.strictEqual(most, 1)

      // The second caller takes the place while the first one waits, and never gives it back.
      number = 0
      const hung = Effect.suspend(() => (number++ === 0 ? Effect.fail(failure(reasons.overloaded)) : Effect.never))
      const again = yield* timed(together(2, hung.pipe(Policy.apply(policy))))
      assert.deepStrictEqual((yield* again.exit).map(tagOf), ["failure", "DeadlineExceeded"])
      assert.strictEqual(again.ms, 5000)
    })
  )

  it.effect("gives a place back that was waited for where its upstream wants rest by then", () =>
    Effect.gen(function* () {
      const policy = Policy.make({ retry: { times: 0 }, concurrency: { initial: 1, max: 1 } })
      const forms = [
        Policy.apply(policy),
        (call: Effect.Effect<string, UpstreamError>) =>
          Stream.runDrain(Policy.applyStream(policy)(Stream.fromEffect(call)))
      ]
      for (const form of forms) {
        const upstreams = world({
          primary: Effect.suspend(() => {
            upstreams.let("primary", yes)
            return Effect.delay(Effect.fail(failure(reasons.rateLimited)), "1 second")
          })
        })
        const startedAt = yield* Clock.currentTimeMillis
        const { exit } = yield* timed(together(3, form(upstreams.call)))
        assert.deepStrictEqual((yield* exit).map(tagOf), ["failure", "success", "success"])
        const [first, ...others] = upstreams.log.map(({ at }) => at - startedAt)
        assert.strictEqual(first, 0)
        assert.strictEqual(others.length, 2)
        assert.isTrue(
          others.every((at) => at >= 3000 && at < 3500),
          `asked at ${others.join(", ")}`
        )
        yield* TestClock.adjust("10 seconds")
      }
    })
  )

  it.effect("gets its place back from an error whose disposition makes no sense, and the caller gets the error", () =>
    Effect.gen(function* () {
      const sound = { blame: "upstream", retry: "after", fallback: "any", health: "pauses", delivery: "not-sent" }
      const policy = Policy.make({ deadline: "5 seconds", concurrency: { initial: 1, max: 1 }, fallback: ["backup"] })
      for (const senseless of [{}, { ...sound, fallback: "somewhere" }, { ...sound, retryAfter: "soon" }]) {
        const error = Object.assign(new Error("senseless"), { [Disposition.symbol]: senseless })
        const { exit } = yield* timed(together(2, Effect.fail(error).pipe(Policy.apply(policy))))
        for (const each of yield* exit) assert.deepStrictEqual(each, Exit.fail(error))
      }
      assert.strictEqual((yield* timed(yes.pipe(Policy.apply(policy)))).ms, 0)
    })
  )

  it.effect("holds for the last open door too", () =>
    Effect.gen(function* () {
      const { call, let: is, log } = world({ primary: Effect.fail(failure(reasons.overloaded)) })
      const policy = Policy.make({
        concurrency: { initial: 1, max: 1 },
        retry: { times: 0 },
        breaker: { open: "1 minute" }
      })
      const policied = call.pipe(Policy.apply(policy))
      for (let each = 0; each < 5; each++) yield* timed(policied)
      const startedAt = yield* Clock.currentTimeMillis
      log.length = 0
      is("primary", second)
      const { exit } = yield* timed(together(3, policied))
      assert.deepStrictEqual((yield* exit).map(tagOf), ["success", "success", "success"])
      assert.deepStrictEqual(
        log.map(({ at }) => at - startedAt),
        [0, 1000, 2000]
      )
    })
  )

  it.effect("takes nothing of a stated pace for calls that find no place", () =>
    Effect.gen(function* () {
      // One a second, of which four may come early; the first call tells of it and holds its place.
      const stated = { "limit-requests": "66", "remaining-requests": "6", "reset-requests": "60s" }
      const upstreams = world({ primary: Effect.andThen(Upstreams.observe(stated), second), backup: yes })
      const { asked, call } = upstreams
      const policy = Policy.make({ fallback: ["backup"], concurrency: { initial: 1, max: 1 } })
      const policied = call.pipe(Policy.apply(policy))
      const first = yield* Effect.forkChild(policied, { startImmediately: true })
      for (let each = 0; each < 10; each++) yield* policied
      assert.deepStrictEqual(asked(), ["primary", ...Array.from({ length: 10 }, () => "backup")])
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(first)
      upstreams.let("primary", yes)
      for (let each = 0; each < 4; each++) yield* policied
      assert.deepStrictEqual(asked(), ["primary", "primary", "primary", "primary"])
      // Nor do those that the pace refuses keep a place.
      yield* policied
      assert.deepStrictEqual(asked(), ["backup"])
      yield* TestClock.adjust("1 minute")
      yield* policied
      assert.deepStrictEqual(asked(), ["primary"])
    })
  )

  it.effect("waits for no longer than the deadline", () =>
    Effect.gen(function* () {
      const { call } = world({ primary: Effect.never })
      const policy = Policy.make({ deadline: "5 seconds", concurrency: { initial: 1, max: 1 } })
      const { exit, ms } = yield* timed(together(3, call.pipe(Policy.apply(policy))))
      assert.deepStrictEqual((yield* exit).map(tagOf), ["DeadlineExceeded", "DeadlineExceeded", "DeadlineExceeded"])
      assert.strictEqual(ms, 5000)
    })
  )

  it.effect("counts a stream until it has ended, however that comes about", () =>
    Effect.gen(function* () {
      const policy = Policy.make({ concurrency: { initial: 1, max: 1, queue: 0 } })
      const flowing = Stream.concat(Stream.make("a"), Stream.never).pipe(Policy.applyStream(policy))
      const ended = Stream.make("a").pipe(Policy.applyStream(policy), Stream.runCollect)
      const reader = yield* Effect.forkChild(Stream.runDrain(flowing), { startImmediately: true })
      assert.strictEqual(tagOf(yield* Effect.exit(ended)), "Shed")
      yield* Fiber.interrupt(reader)
      assert.deepStrictEqual(yield* ended, ["a"])
      yield* flowing.pipe(Stream.take(1), Stream.runDrain)
      assert.deepStrictEqual(yield* ended, ["a"])
    })
  )

  it.effect.prop(
    "loses no place, however calls end and callers go away",
    {
      calls: Schema.NonEmptyArray(
        Schema.Struct({
          takes: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3000 })),
          leaves: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3000 })),
          ends: Schema.Literals(["success", "failure", "defect", "never"])
        })
      )
    },
    ({ calls }) =>
      Effect.gen(function* () {
        const policy = Policy.make({
          attempt: "1 second",
          retry: { times: 1 },
          fallback: ["backup"],
          hedge: { otherwise: "300 millis" },
          breaker: false,
          concurrency: { initial: 2, min: 2, max: 2, queue: 2 }
        })
        const ends = {
          success: yes,
          failure: Effect.fail(failure(reasons.overloaded)),
          defect: Effect.die("a mistake"),
          never: Effect.never
        }
        const fibers = yield* Effect.forEach(calls, ({ ends: end, leaves, takes }) =>
          Effect.delay(ends[end], Duration.millis(takes)).pipe(
            Policy.apply(policy),
            Effect.timeoutOption(Duration.millis(leaves)),
            Effect.exit,
            Effect.forkChild({ startImmediately: true })
          )
        )
        yield* TestClock.adjust("1 minute")
        yield* Fiber.awaitAll(fibers)
        // Both places of both upstreams are free again.
        const { asked, call } = world({ primary: second, backup: second })
        yield* timed(together(4, call.pipe(Policy.apply(policy))))
        assert.deepStrictEqual(asked().slice(0, 4), ["primary", "primary", "backup", "backup"])
      })
  )
})

describe("shedding", () => {
  it.effect("refuses most calls of an upstream that serves none, but for those that are critical", () =>
    Effect.gen(function* () {
      const { asked, call } = world({ primary: Effect.fail(failure(reasons.overloaded)) })
      const policied = call.pipe(Policy.apply(Policy.make({ shed: {}, retry: { times: 0 } })))
      yield* timed(together(200, policied))
      asked()
      const { exit } = yield* timed(together(200, policied))
      const reached = asked().length
      assert.isAtLeast(reached, 3)
      assert.isAtMost(reached, 60)
      assert.strictEqual((yield* exit).filter((each) => tagOf(each) === "Shed").length, 200 - reached)
      yield* timed(together(20, policied.pipe(Call.annotate({ priority: "critical" }))))
      assert.strictEqual(asked().length, 20)
    })
  )
})
