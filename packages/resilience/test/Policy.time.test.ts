/** No attempt begins that cannot finish, and no wait for one: the running median is reckoned with everywhere. */
import * as CallMetadata from "@causeway/core/CallMetadata"
import type { PolicyError } from "@causeway/core/PolicyError"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import { RateLimited } from "@causeway/core/UpstreamReason"
import * as Policy from "@causeway/resilience/Policy"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { chance, failing, failure, reasons, timed } from "./fixtures/calls.ts"
import { world } from "./fixtures/upstreams.ts"

const after = (wait: Duration.Input) => Effect.delay(Effect.succeed("yes"), wait)

/** An upstream that takes this long, as the policy has learnt already. */
const usual = Effect.fnUntraced(function* (takes: Duration.Input, options: Policy.Options) {
  const upstreams = world({ primary: after(takes), backup: after("10 millis") })
  const policy = Policy.make({ deadline: "5 seconds", ...options })
  const call = upstreams.call.pipe(Policy.apply(policy), chance(1))
  for (let each = 0; each < 10; each++) yield* timed(call)
  upstreams.log.length = 0
  return { ...upstreams, call }
})

/** When attempts began, from a moment on. */
const since = (startedAt: number, log: ReadonlyArray<{ readonly at: number }>) => log.map(({ at }) => at - startedAt)

const tagOf = (error: UpstreamError | PolicyError) => error.reason._tag

describe("the wait for a place", () => {
  const one = { concurrency: { initial: 1, max: 1 } }

  it.effect("ends when less is left than the attempt would take", () =>
    Effect.gen(function* () {
      const { call, let: is, log } = yield* usual("1 second", one)
      is("primary", after("4500 millis"))
      const holder = yield* Effect.forkChild(call, { startImmediately: true })
      const { error, ms } = yield* failing(call)
      assert.strictEqual(ms, 4000)
      assert.strictEqual(
        error.message,
        "DeadlineExceeded: no upstream would answer in time (the first upstream: 1 calls are under way there)"
      )
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(holder), "yes")
      assert.strictEqual(log.length, 1)
    })
  )

  it.effect("is in vain where the place comes free at the deadline itself", () =>
    Effect.gen(function* () {
      const { call, log } = world({ primary: after("5 seconds") })
      const policied = call.pipe(Policy.apply(Policy.make(one)))
      const holder = yield* Effect.forkChild(policied, { startImmediately: true })
      const { error, ms } = yield* failing(CallMetadata.withTimeout("5 seconds")(policied))
      assert.deepStrictEqual([ms, error.message], [5000, "DeadlineExceeded: the call did not end within 5s"])
      assert.strictEqual(yield* Fiber.join(holder), "yes")
      assert.strictEqual(log.length, 1)
      // It was given back.
      yield* timed(policied)
      assert.strictEqual(log.length, 2)
    })
  )

  it.effect("of a retry does too", () =>
    Effect.gen(function* () {
      const { call, let: is, log } = yield* usual("1 second", { ...one, retry: { times: 1, base: 1 } })
      const startedAt = yield* Clock.currentTimeMillis
      is("primary", Effect.delay(Effect.fail(failure(reasons.overloaded)), "100 millis"))
      const first = yield* Effect.forkChild(failing(call), { startImmediately: true })
      // The second one gets the place when the first one has failed, and holds it for too long.
      is("primary", after("4500 millis"))
      yield* Effect.forkChild(call, { startImmediately: true })
      const { error, ms } = yield* Effect.gen(function* () {
        while (first.pollUnsafe() === undefined) yield* TestClock.adjust("100 millis")
        return yield* Fiber.join(first)
      })
      assert.strictEqual(tagOf(error), "Overloaded")
      assert.strictEqual(ms, 4000)
      assert.deepStrictEqual(since(startedAt, log), [0, 100])
    })
  )

  it.effect("is not begun where it could not help, and another one is waited for", () =>
    Effect.gen(function* () {
      const { call, let: is, log } = yield* usual("1 second", { ...one, fallback: ["backup"] })
      is("primary", after("4500 millis"))
      is("backup", after("4200 millis"))
      yield* Effect.forkChild(call, { startImmediately: true })
      yield* Effect.forkChild(call, { startImmediately: true })
      is("backup", after("10 millis"))
      // The primary takes a second, so its place is waited for until 4 seconds, that of the other for longer.
      const { exit, ms } = yield* timed(call)
      assert.deepStrictEqual(exit, Exit.succeed("yes"))
      assert.strictEqual(ms, 4210)
      assert.deepStrictEqual(
        log.map(({ upstream }) => upstream),
        ["primary", "backup", "backup"]
      )
    })
  )
})

describe("a rest", () => {
  it.effect("that leaves less than the attempt would take is not waited for, one that leaves enough is", () =>
    Effect.gen(function* () {
      for (const [deadline, waits] of [
        ["3500 millis", false],
        ["4500 millis", true]
      ] as const) {
        const { call, let: is, log } = yield* usual("2 seconds", { deadline, retry: { times: 0 } })
        is("primary", Effect.fail(failure(reasons.rateLimited)))
        yield* failing(call)
        is("primary", after("2 seconds"))
        const { exit, ms } = yield* timed(Effect.flip(call))
        if (waits) {
          assert.isTrue(Exit.isFailure(exit))
          assert.deepStrictEqual([ms, log.length], [4200, 2])
        } else {
          assert.strictEqual(tagOf(yield* exit), "Shed")
          assert.deepStrictEqual([ms, log.length], [0, 1])
        }
      }
    })
  )
})

describe("a retry", () => {
  it.effect("waits by chance only as long as leaves the time that it usually takes", () =>
    Effect.gen(function* () {
      const { call, let: is, log } = yield* usual("3 seconds", { retry: { times: 1, base: "8 seconds" } })
      const startedAt = yield* Clock.currentTimeMillis
      is("primary", Effect.fail(failure(reasons.overloaded)))
      const fiber = yield* Effect.forkChild(call, { startImmediately: true })
      is("primary", after("2500 millis"))
      yield* TestClock.adjust("4500 millis")
      assert.strictEqual(yield* Fiber.join(fiber), "yes")
      assert.deepStrictEqual(since(startedAt, log), [0, 2000])
    })
  )

  it.effect("is not made where less is left than it usually takes", () =>
    Effect.gen(function* () {
      const { call, let: is, log } = yield* usual("3 seconds", { retry: { times: 1, base: 1 } })
      is("primary", Effect.delay(Effect.fail(failure(reasons.overloaded)), "2500 millis"))
      const { error, ms } = yield* failing(call)
      assert.strictEqual(Policy.attempts(error)[0]?.next, "nothing: the first upstream takes 3s, and less is left")
      assert.deepStrictEqual([ms, log.length], [2500, 1])
    })
  )

  it.effect("is not made where the upstream has become too slow while it waited", () =>
    Effect.gen(function* () {
      const { call, let: is, log } = yield* usual("10 millis", { retry: { times: 1, base: "2 seconds" } })
      const startedAt = yield* Clock.currentTimeMillis
      is("primary", after("4 seconds"))
      for (let each = 0; each < 100; each++) yield* Effect.forkChild(call, { startImmediately: true })
      yield* TestClock.adjust("3 seconds")
      is("primary", Effect.fail(failure(reasons.overloaded)))
      const { error, ms } = yield* failing(call)
      assert.strictEqual(tagOf(error), "Overloaded")
      assert.strictEqual(ms, 2000)
      assert.deepStrictEqual(since(startedAt, log).slice(100), [3000])
    })
  )

  it.effect("is not made where the rest that is asked for would pass the deadline", () =>
    Effect.gen(function* () {
      const { call, let: is, log } = yield* usual(1, { deadline: "2 seconds", retry: { times: 1, base: 1 } })
      is("primary", Effect.fail(failure(reasons.rateLimited)))
      const { error, ms } = yield* failing(call)
      assert.strictEqual(Policy.attempts(error)[0]?.next, "nothing: a wait of 2s would pass the deadline")
      assert.deepStrictEqual([ms, log.length], [0, 1])
    })
  )

  it.effect("does not wait out a rest that another one learnt of, where that leaves too little", () =>
    Effect.gen(function* () {
      const { call, let: is, log } = yield* usual("2 seconds", { retry: { times: 1, base: "1 second" } })
      const startedAt = yield* Clock.currentTimeMillis
      is("primary", Effect.fail(failure(reasons.overloaded)))
      const fiber = yield* Effect.forkChild(call, { startImmediately: true })
      yield* TestClock.adjust("500 millis")
      // It is told to rest until 4 seconds, which leaves one.
      const limited = new RateLimited({ message: "later", seenIn: "status", retryAfter: Duration.millis(3500) })
      is("primary", Effect.fail(failure(limited)))
      yield* failing(call)
      is("primary", after("2 seconds"))
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), "yes")
      assert.deepStrictEqual(since(startedAt, log), [0, 500, 1000])
    })
  )
})
