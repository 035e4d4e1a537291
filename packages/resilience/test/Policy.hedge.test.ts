import { PolicyError } from "@causeway/core/PolicyError"
import * as Upstream from "@causeway/core/Upstream"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import * as Call from "@causeway/resilience/Call"
import * as Policy from "@causeway/resilience/Policy"
import * as Upstreams from "@causeway/resilience/Upstreams"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { failing, failure, reasons, timed } from "./fixtures/calls.ts"
import { world } from "./fixtures/upstreams.ts"

const after = (wait: Duration.Input, answer: string) => Effect.delay(Effect.succeed(answer), wait)
const failsAfter = (wait: Duration.Input, upstream: string) =>
  Effect.delay(Effect.fail(failure(reasons.fault, upstream)), wait)

/** Upstreams whose primary takes 100 milliseconds, as the policy has learnt already. */
const known = (options: Policy.Options = {}) =>
  Effect.gen(function* () {
    const upstreams = world({ primary: after("100 millis", "primary"), backup: after("140 millis", "backup") })
    const policy = Policy.make({ fallback: ["backup"], hedge: {}, ...options })
    const call = upstreams.call.pipe(Policy.apply(policy))
    for (let each = 0; each < 10; each++) yield* timed(call)
    upstreams.asked()
    return { ...upstreams, call }
  })

describe("hedge", () => {
  it.effect("asks another upstream after 2.5 times the median, and takes what comes first", () =>
    Effect.gen(function* () {
      const upstreams = yield* known()
      let released = false
      upstreams.let(
        "primary",
        Effect.onInterrupt(after("3 seconds", "late"), () => Effect.sync(() => (released = true)))
      )
      const { exit, ms } = yield* timed(upstreams.call)
      assert.deepStrictEqual([exit, ms], [Exit.succeed("backup"), 390])
      assert.isTrue(released)
      upstreams.let("primary", after("300 millis", "primary"))
      const inTime = yield* timed(upstreams.call)
      assert.deepStrictEqual([inTime.exit, inTime.ms], [Exit.succeed("primary"), 300])
      assert.deepStrictEqual(upstreams.asked(), ["primary", "backup", "primary", "backup"])
    })
  )

  it.effect("asks the cheapest of the others, wherever the list has it", () =>
    Effect.gen(function* () {
      const { asked, call, let: is } = world({ primary: after("100 millis", "primary") })
      for (const name of ["dear", "cheap", "fair"]) is(name, after("140 millis", name))
      const policied = call.pipe(Policy.apply(Policy.make({ hedge: {} })))
      for (let each = 0; each < 10; each++) yield* timed(policied)
      asked()
      is("primary", after("3 seconds", "late"))
      assert.deepStrictEqual((yield* timed(policied)).exit, Exit.succeed("cheap"))
      assert.deepStrictEqual(asked(), ["primary", "cheap"])
    }).pipe(
      Effect.provide(Upstreams.layerNamed({ primary: {}, dear: { cost: 9 }, cheap: { cost: 2 }, fair: { cost: 5 } }))
    )
  )

  it.effect("is no probe of another one that was down", () =>
    Effect.gen(function* () {
      const { asked, call, let: is } = world({ primary: after(1, "primary"), third: after(1, "third") })
      is("backup", failsAfter(0, "backup"))
      const policied = call.pipe(Policy.apply(Policy.make({ hedge: {} })))
      for (let each = 0; each < 10; each++) yield* timed(policied)
      const preferring = Effect.provideService(Upstream.Current, "backup")
      for (let each = 0; each < 5; each++) yield* timed(preferring(policied))
      yield* TestClock.adjust("2 seconds")
      asked()
      is("primary", Effect.never)
      assert.deepStrictEqual((yield* timed(policied)).exit, Exit.succeed("third"))
      assert.deepStrictEqual(asked(), ["primary", "third"])
    }).pipe(Effect.provide(Upstreams.layerNamed({ primary: {}, backup: {}, third: {} })))
  )

  it.effect("does not where the first one answers as usual, or fails", () =>
    Effect.gen(function* () {
      const upstreams = yield* known()
      yield* timed(upstreams.call)
      assert.deepStrictEqual(upstreams.asked(), ["primary"])
      upstreams.let("primary", failsAfter("10 millis", "primary"))
      assert.strictEqual((yield* timed(upstreams.call)).ms, 150)
      assert.deepStrictEqual(upstreams.asked(), ["primary", "backup"])
    })
  )

  it.effect("waits for the one that is left where the other fails", () =>
    Effect.gen(function* () {
      const upstreams = yield* known()
      upstreams.let("primary", after("1 second", "primary"))
      upstreams.let("backup", failsAfter("10 millis", "backup"))
      assert.deepStrictEqual((yield* timed(upstreams.call)).exit, Exit.succeed("primary"))
      upstreams.let("primary", failsAfter("300 millis", "primary"))
      upstreams.let("backup", after("1 second", "backup"))
      assert.deepStrictEqual((yield* timed(upstreams.call)).exit, Exit.succeed("backup"))
      assert.deepStrictEqual(upstreams.asked(), ["primary", "backup", "primary", "backup"])
    })
  )

  it.effect("fails with the first upstream's error, and knows of both attempts", () =>
    Effect.gen(function* () {
      const upstreams = yield* known({ retry: { times: 0 } })
      upstreams.let("primary", failsAfter("1 second", "primary"))
      upstreams.let("backup", failsAfter("100 millis", "backup"))
      const { error } = yield* failing(upstreams.call)
      assert.notInstanceOf(error, PolicyError)
      if (!(error instanceof PolicyError)) assert.strictEqual(error.upstream, "primary")
      assert.deepStrictEqual(
        Policy.attempts(error).map(({ kind, next, number }) => [number, kind, next]),
        [
          [2, "hedge", "nothing: attempt 1 is under way"],
          [1, undefined, "nothing: no retry is allowed"]
        ]
      )
    })
  )

  it.effect("ends at once by a failure that is the caller's", () =>
    Effect.gen(function* () {
      const upstreams = yield* known()
      upstreams.let("primary", Effect.never)
      upstreams.let("backup", Effect.fail(failure(reasons.invalid, "backup")))
      const { error, ms } = yield* failing(upstreams.call)
      assert.deepStrictEqual([error.reason._tag, ms], ["InvalidRequest", 250])
    })
  )

  it.effect("stays within the budget of the slow upstream", () =>
    Effect.gen(function* () {
      const hedge = { budget: { share: 0.1, floor: 1 } }
      const upstreams = yield* known({ hedge, budget: false, breaker: false, attempt: "1 second" })
      upstreams.let("primary", after("800 millis", "primary"))
      const waits: Array<number> = []
      for (let each = 0; each < 5; each++) waits.push((yield* timed(upstreams.call)).ms)
      assert.deepStrictEqual(waits, [390, 390, 800, 800, 800])
    })
  )

  it.effect("is not made of a call that must not happen twice", () =>
    Effect.gen(function* () {
      const upstreams = yield* known()
      upstreams.let("primary", after("3 seconds", "primary"))
      const { exit, ms } = yield* timed(Call.annotate({ replay: "never" })(upstreams.call))
      assert.deepStrictEqual([exit, ms], [Exit.succeed("primary"), 3000])
    })
  )

  it.effect("asks after a fixed time where the median is not known", () =>
    Effect.gen(function* () {
      const { call } = world({ primary: Effect.never, backup: after(0, "backup") })
      const policy = Policy.make({ fallback: ["backup"], hedge: { otherwise: "2 seconds" } })
      assert.strictEqual((yield* timed(call.pipe(Policy.apply(policy)))).ms, 2000)
    })
  )

  it.effect("does not wait longer and longer for an upstream that it has given up time and again", () =>
    Effect.gen(function* () {
      const upstreams = yield* known({ budget: { share: 1 }, breaker: false })
      upstreams.let("primary", Effect.never)
      const waits = new Set<number>()
      for (let each = 0; each < 25; each++) waits.add((yield* timed(upstreams.call)).ms)
      assert.deepStrictEqual([...waits], [390])
    })
  )

  it.effect("opens the breaker of an upstream that is slow in half of its calls", () =>
    Effect.gen(function* () {
      const upstreams = yield* known({ breaker: { window: "1 minute", open: "10 seconds" } })
      upstreams.let("primary", Effect.never)
      for (let each = 0; each < 10; each++) yield* timed(upstreams.call)
      upstreams.asked()
      assert.strictEqual((yield* timed(upstreams.call)).ms, 140)
      assert.deepStrictEqual(upstreams.asked(), ["backup"])
    })
  )
})

const streams = (primary: Stream.Stream<string, UpstreamError>, backup: Stream.Stream<string, UpstreamError>) => {
  const open = { primary: 0, backup: 0 }
  const held = (name: "primary" | "backup") =>
    Effect.acquireRelease(
      Effect.sync(() => open[name]++),
      () => Effect.sync(() => open[name]--)
    )
  const stream = Stream.unwrap(
    Effect.map(Upstream.Current, (name) =>
      name === "backup"
        ? Stream.scoped(Stream.unwrap(Effect.as(held("backup"), backup)))
        : Stream.scoped(Stream.unwrap(Effect.as(held("primary"), primary)))
    )
  )
  const policy = Policy.make({ fallback: ["backup"], hedge: { otherwise: "100 millis" } })
  return { open, stream: stream.pipe(Policy.applyStream(policy)) }
}

describe("a hedged stream", () => {
  it.effect("is that whose first element comes first, and the other one is closed", () =>
    Effect.gen(function* () {
      const later = Stream.fromEffect(after("1 second", "c"))
      const { open, stream } = streams(Stream.never, Stream.concat(Stream.make("a", "b"), later))
      const seen: Array<string> = []
      const fiber = yield* Effect.forkChild(
        Stream.runForEach(stream, (element) => Effect.sync(() => seen.push(element))),
        { startImmediately: true }
      )
      yield* TestClock.adjust("100 millis")
      assert.deepStrictEqual([seen, open], [["a", "b"], { primary: 0, backup: 1 }])
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual([seen, open], [["a", "b", "c"], { primary: 0, backup: 0 }])
    })
  )

  it.effect("is closed too where both come at once", () =>
    Effect.gen(function* () {
      // What starts the second one lets the first one go on, and both are there before anybody looks.
      const gate = yield* Deferred.make<void>()
      const first = Stream.concat(Stream.fromEffect(Effect.as(Deferred.await(gate), "primary")), Stream.never)
      const other = Stream.concat(Stream.fromEffect(Effect.as(Deferred.done(gate, Exit.void), "backup")), Stream.never)
      const { open, stream } = streams(first, other)
      const seen: Array<string> = []
      const fiber = yield* Effect.forkChild(
        Stream.runForEach(stream, (element) => Effect.sync(() => seen.push(element))),
        { startImmediately: true }
      )
      assert.deepStrictEqual(open, { primary: 1, backup: 0 })
      yield* TestClock.adjust("100 millis")
      assert.deepStrictEqual([seen, open], [["primary"], { primary: 1, backup: 0 }])
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(open, { primary: 0, backup: 0 })
    })
  )
})

const ms = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

describe("for every course of a hedged call", () => {
  it.effect.prop(
    "nothing is left running, and no more than two ever were",
    {
      calls: Schema.NonEmptyArray(
        Schema.Struct({
          takes: Schema.Tuple([ms(3000), ms(3000)]),
          fails: Schema.Tuple([Schema.Boolean, Schema.Boolean]),
          leavesAfter: ms(5000)
        })
      )
    },
    ({ calls }) =>
      Effect.gen(function* () {
        const running = { now: 0, most: 0 }
        const policy = Policy.make({
          deadline: "4 seconds",
          attempt: "2 seconds",
          fallback: ["backup"],
          hedge: { otherwise: "500 millis" },
          retry: { times: 1 },
          breaker: { consecutive: 2, open: "1 second" }
        })
        for (const { fails, leavesAfter, takes } of calls) {
          const call = Effect.flatMap(Upstream.Current, (name) => {
            const index = name === "backup" ? 1 : 0
            const end = fails[index]
              ? Effect.fail(failure(reasons.overloaded, name ?? "primary"))
              : Effect.succeed("yes")
            return Effect.acquireUseRelease(
              Effect.sync(() => (running.most = Math.max(running.most, ++running.now))),
              () => Effect.delay(end, Duration.millis(takes[index] ?? 0)),
              () => Effect.sync(() => running.now--)
            )
          })
          const fiber = yield* Effect.forkChild(call.pipe(Policy.apply(policy)), { startImmediately: true })
          yield* TestClock.adjust(leavesAfter)
          yield* Fiber.interrupt(fiber)
          yield* TestClock.adjust(1)
          assert.strictEqual(running.now, 0)
          assert.isAtMost(running.most, 2)
        }
        // Whatever happened before, no slot of a probe was lost: the primary comes back.
        yield* TestClock.adjust("1 minute")
        const asked: Array<string | undefined> = []
        const well = Effect.tap(Upstream.Current, (name) => Effect.sync(() => asked.push(name)))
        for (let each = 0; each < 30; each++) {
          yield* timed(well.pipe(Policy.apply(policy)))
          yield* TestClock.adjust("100 millis")
        }
        assert.isUndefined(asked.at(-1))
      })
  )
})
