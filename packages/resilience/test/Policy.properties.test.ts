import { PolicyError } from "@causeway/core/PolicyError"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import * as Policy from "@causeway/resilience/Policy"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { chance, failure, reasons, scripted, timed } from "./fixtures/calls.ts"

const names = ["b", "c", "d"]
const tags = Object.keys(reasons)

const count = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** A policy, small enough that its limits matter. */
const Options = Schema.Struct({
  deadline: count(1, 20_000),
  attempt: count(1, 20_000),
  times: count(0, 4),
  base: count(1, 4000),
  fallbacks: count(0, names.length),
  replay: Schema.Literals(["safe", "never"]),
  chance: count(0, 99)
})

/** What one attempt does: nothing for some time, then it ends in some way. */
const Steps = Schema.NonEmptyArray(
  Schema.Struct({
    takes: count(0, 6000),
    ends: Schema.Literals(["success", "failure", "failure ", "failure  ", "defect", "never"]),
    reason: count(0, tags.length - 1)
  })
)

const policyOf = (options: typeof Options.Type) =>
  Policy.make({
    deadline: options.deadline,
    attempt: Math.min(options.attempt, options.deadline),
    firstElement: Math.min(options.attempt, options.deadline),
    retry: { times: options.times, base: options.base, max: 5000 },
    fallback: names.slice(0, options.fallbacks),
    replay: options.replay
  })

const reasonOf = (index: number) => Object.values(reasons)[index] ?? reasons.fault

/** The steps as a call that knows how many of it are running, and how many ever were at once. */
const callOf = (steps: typeof Steps.Type) => {
  const running = { now: 0, most: 0 }
  const own: Array<UpstreamError> = []
  const step = ({ ends, reason, takes }: (typeof steps)[number]): Effect.Effect<string, UpstreamError> => {
    const end = Effect.suspend((): Effect.Effect<string, UpstreamError> => {
      if (ends === "success") return Effect.succeed("yes")
      if (ends === "defect") return Effect.die("a mistake")
      if (ends === "never") return Effect.never
      const error = failure(reasonOf(reason))
      own.push(error)
      return Effect.fail(error)
    })
    return Effect.acquireUseRelease(
      Effect.sync(() => (running.most = Math.max(running.most, ++running.now))),
      () => (takes === 0 ? end : Effect.delay(end, Duration.millis(takes))),
      () => Effect.sync(() => running.now--)
    )
  }
  const [first, ...rest] = steps
  return { ...scripted(step(first), ...rest.map(step)), running, own }
}

const most = (options: typeof Options.Type) => 1 + options.fallbacks + options.times

describe("for every policy and every course of a call", () => {
  it.effect.prop(
    "attempts and time are bounded, and no two run at once",
    { options: Options, steps: Steps },
    ({ options, steps }) =>
      Effect.gen(function* () {
        const { call, log, own, running } = callOf(steps)
        const startedAt = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
        const { exit, ms } = yield* timed(call.pipe(Policy.apply(policyOf(options)), chance(options.chance / 100)))
        assert.isAtMost(log.length, most(options))
        assert.isAtMost(ms, options.deadline)
        assert.isTrue(log.every(({ at }) => at - startedAt < options.deadline))
        assert.deepStrictEqual(
          log.map(({ number }) => number),
          log.map((_, index) => index + 1)
        )
        assert.deepStrictEqual(running, { now: 0, most: 1 })
        if (Exit.isSuccess(exit) || Exit.hasDies(exit)) return
        const error = yield* Effect.flip(exit)
        if (error instanceof PolicyError) assert.isTrue(own.every(({ reason }) => reason === reasons.outOfTime))
        else assert.include([own[0], own.at(-1)], error)
        assert.strictEqual(Policy.attempts(error).length, log.length)
      })
  )

  it.effect.prop("the caller's fault is one attempt", { options: Options, steps: Steps }, ({ options, steps }) =>
    Effect.gen(function* () {
      const { call, log } = scripted(Effect.fail(failure(reasons.invalid)), callOf(steps).call)
      yield* timed(call.pipe(Policy.apply(policyOf(options))))
      assert.strictEqual(log.length, 1)
    })
  )

  it.effect.prop(
    "what may have run is never repeated where a replay is not safe",
    { options: Options, steps: Steps },
    ({ options, steps }) =>
      Effect.gen(function* () {
        const { call, own } = callOf(steps)
        yield* timed(call.pipe(Policy.apply(policyOf({ ...options, replay: "never" }))))
        assert.isTrue(own.slice(0, -1).every((error) => error.reason._tag !== "ProviderFault"))
      })
  )

  it.effect.prop(
    "a caller who goes away leaves nothing running",
    { options: Options, steps: Steps, after: count(0, 20_000) },
    ({ after, options, steps }) =>
      Effect.gen(function* () {
        const { call, log, running } = callOf(steps)
        const fiber = yield* Effect.forkChild(call.pipe(Policy.apply(policyOf(options))), { startImmediately: true })
        yield* TestClock.adjust(Duration.millis(after))
        yield* Fiber.interrupt(fiber)
        const attempts = log.length
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(running.now, 0)
        assert.strictEqual(log.length, attempts)
      })
  )

  it.effect.prop(
    "a stream is started as often, in the same time, and closed as often",
    { options: Options, steps: Steps },
    ({ options, steps }) =>
      Effect.gen(function* () {
        const { call, log, running } = callOf(steps)
        let open = 0
        const held = Effect.acquireRelease(
          Effect.sync(() => open++),
          () => Effect.sync(() => open--)
        )
        const stream = Stream.scoped(Stream.fromEffect(Effect.andThen(held, call)))
        const { exit, ms } = yield* timed(Stream.runCollect(stream.pipe(Policy.applyStream(policyOf(options)))))
        assert.isAtMost(log.length, most(options))
        assert.isAtMost(ms, options.deadline)
        assert.deepStrictEqual(running, { now: 0, most: 1 })
        assert.strictEqual(open, 0)
        if (Exit.isSuccess(exit)) assert.deepStrictEqual(exit.value, ["yes"])
      })
  )
})
