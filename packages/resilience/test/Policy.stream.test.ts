import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Contract from "@causeway/core/Contract"
import * as Local from "@causeway/core/Local"
import * as Upstream from "@causeway/core/Upstream"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as Policy from "@causeway/resilience/Policy"
import * as Upstreams from "@causeway/resilience/Upstreams"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { countingTimers, failing, failure, made, reasons, timed } from "./fixtures/calls.ts"

const backup = () => Policy.make({ fallback: ["backup"] })

/** A stream for each upstream, and the order in which they were started. */
const upstreams = <A, E>(primary: Stream.Stream<A, E>, second: Stream.Stream<A, E>) => {
  const started: Array<string> = []
  const stream = Stream.unwrap(
    Effect.map(Upstream.Current, (name = "primary") => {
      started.push(name)
      return name === "primary" ? primary : second
    })
  )
  return { stream, started }
}

/** Elements, each after this wait. */
const paced = (wait: Duration.Input, ...elements: ReadonlyArray<string>) =>
  Stream.fromIterable(elements).pipe(
    Stream.rechunk(1),
    Stream.mapEffect((element) => Effect.delay(Effect.succeed(element), wait))
  )

/** What a stream brought, and how it ended. */
const read = <A, E, R>(stream: Stream.Stream<A, E, R>) =>
  Effect.gen(function* () {
    const seen: Array<A> = []
    const { exit, ms } = yield* timed(Stream.runForEach(stream, (element) => Effect.sync(() => seen.push(element))))
    return { seen, exit, ms }
  })

/** A stream that counts how often it was opened and closed. */
const counting = <A, E>(stream: Stream.Stream<A, E>) => {
  const counts = { opened: 0, closed: 0 }
  const opening = Effect.acquireRelease(
    Effect.sync(() => counts.opened++),
    () => Effect.sync(() => counts.closed++)
  )
  return { counts, stream: Stream.scoped(Stream.unwrap(Effect.as(opening, stream))) }
}

describe("applyStream", () => {
  it.effect("leaves a stream alone that goes well, and one that is empty", () =>
    Effect.gen(function* () {
      const { seen } = yield* read(paced("30 seconds", "a", "b", "c").pipe(Policy.applyStream(backup())))
      assert.deepStrictEqual(seen, ["a", "b", "c"])
      const empty = upstreams(Stream.empty, Stream.make("never asked"))
      assert.deepStrictEqual((yield* read(empty.stream.pipe(Policy.applyStream(backup())))).seen, [])
      assert.deepStrictEqual(empty.started, ["primary"])
    })
  )

  it.effect("asks another upstream before the first element", () =>
    Effect.gen(function* () {
      const { started, stream } = upstreams(Stream.fail(failure(reasons.overloaded)), Stream.make("x", "y"))
      const { ms, seen } = yield* read(stream.pipe(Policy.applyStream(backup())))
      assert.deepStrictEqual(seen, ["x", "y"])
      assert.deepStrictEqual(started, ["primary", "backup"])
      assert.strictEqual(ms, 0)
    })
  )

  it.effect("lets every element see its upstream and attempt, not only the first", () =>
    Effect.gen(function* () {
      const stream = Stream.range(1, 3).pipe(
        Stream.rechunk(1),
        Stream.mapEffect(() => made),
        Stream.mapEffect(({ number, upstream }) =>
          upstream === undefined ? Effect.fail(failure(reasons.overloaded)) : Effect.succeed(`${upstream} ${number}`)
        ),
        Policy.applyStream(backup())
      )
      assert.deepStrictEqual((yield* read(stream)).seen, ["backup 2", "backup 2", "backup 2"])
    })
  )

  it.effect("starts a stream again where there is no other upstream", () =>
    Effect.gen(function* () {
      let starts = 0
      const stream = Stream.suspend(() => (++starts < 3 ? Stream.fail(failure(reasons.fault)) : Stream.make("x")))
      const { seen } = yield* read(stream.pipe(Policy.applyStream(Policy.make())))
      assert.deepStrictEqual(seen, ["x"])
      assert.strictEqual(starts, 3)
    })
  )

  it.effect("lets a failure pass that comes after the first element, and mixes nothing into it", () =>
    Effect.gen(function* () {
      const error = failure(reasons.truncated)
      const { started, stream } = upstreams(
        Stream.concat(Stream.make("a"), Stream.fail(error)),
        Stream.make("of another upstream")
      )
      const { exit, seen } = yield* read(stream.pipe(Policy.applyStream(backup())))
      assert.deepStrictEqual(seen, ["a"])
      assert.deepStrictEqual(started, ["primary"])
      assert.deepStrictEqual(exit, Exit.fail(error))
      assert.deepStrictEqual(
        Policy.attempts(error).map(({ next }) => next),
        ["nothing: the stream had begun"]
      )
    })
  )

  it.effect(
    "learns of its upstream from a failure after the first element, but not from one that is the caller's",
    () =>
      Effect.gen(function* () {
        for (const [reason, counts] of [
          ["truncated", true],
          ["invalid", false]
        ] as const) {
          const broken = Stream.concat(Stream.make("a"), Stream.fail(failure(reasons[reason])))
          const { started, stream } = upstreams(broken, Stream.make("b"))
          const policied = stream.pipe(Policy.applyStream(backup()))
          yield* Effect.gen(function* () {
            // Each of them has answered too, so half of all that was seen are failures.
            for (let each = 0; each < 10; each++) assert.deepStrictEqual((yield* read(policied)).seen, ["a"])
            const [primary] = yield* Upstreams.status
            assert.deepStrictEqual(
              [primary?.state, primary?.lastFailure, primary?.failures],
              counts ? ["down", "StreamTruncated", 10] : ["healthy", undefined, 0]
            )
            started.length = 0
            yield* read(policied)
            assert.deepStrictEqual(started, counts ? ["backup"] : ["primary"])
          }).pipe(Effect.provide(Layer.fresh(Upstreams.layerNamed({ primary: {}, backup: {} }))))
        }
      })
  )

  it.effect("keeps the attempts before a stream that failed after its start", () =>
    Effect.gen(function* () {
      const error = failure(reasons.truncated, "backup")
      const { stream } = upstreams(
        Stream.fail(failure(reasons.overloaded)),
        Stream.concat(Stream.make("a"), Stream.fail(error))
      )
      assert.deepStrictEqual((yield* read(stream.pipe(Policy.applyStream(backup())))).exit, Exit.fail(error))
      assert.deepStrictEqual(
        Policy.attempts(error).map(({ number, reason, upstream }) => [number, upstream, reason]),
        [
          [1, "primary", "Overloaded"],
          [2, "backup", "StreamTruncated"]
        ]
      )
    })
  )

  it.effect("never repeats a defect, nor one that comes after the first element", () =>
    Effect.gen(function* () {
      for (const before of [Stream.empty, Stream.make("a")]) {
        const { started, stream } = upstreams(Stream.concat(before, Stream.die("a mistake")), Stream.make("x"))
        const { exit } = yield* read(stream.pipe(Policy.applyStream(backup())))
        assert.isTrue(Exit.hasDies(exit))
        assert.deepStrictEqual(started, ["primary"])
      }
    })
  )
})

describe("limits of a stream", () => {
  it.effect("asks another upstream where the first element does not come in time", () =>
    Effect.gen(function* () {
      const { stream } = upstreams(Stream.never, Stream.make("x"))
      const policy = Policy.make({ firstElement: "5 seconds", fallback: ["backup"] })
      const { ms, seen } = yield* read(stream.pipe(Policy.applyStream(policy)))
      assert.deepStrictEqual([seen, ms], [["x"], 5000])
    })
  )

  it.effect("fails where no first element comes at all", () =>
    Effect.gen(function* () {
      const policy = Policy.make({ firstElement: "5 seconds", retry: { times: 0 } })
      const { error, ms } = yield* failing(Stream.runDrain(Stream.never.pipe(Policy.applyStream(policy))))
      assert.strictEqual(ms, 5000)
      assert.deepInclude(error.reason, { _tag: "DeadlineExceeded", phase: "first-element" })
    })
  )

  it.effect("fails where the reader waits too long for a further element", () =>
    Effect.gen(function* () {
      const policy = Policy.make({ idle: "2 seconds", fallback: ["backup"] })
      const stream = Stream.concat(paced("1 second", "a", "b", "c"), Stream.never).pipe(Policy.applyStream(policy))
      const { exit, ms, seen } = yield* read(stream)
      assert.deepStrictEqual(seen, ["a", "b", "c"])
      assert.strictEqual(ms, 5000)
      const error = Exit.isFailure(exit) ? yield* Effect.flip(exit) : undefined
      assert.strictEqual(error?.message, "DeadlineExceeded: no further element came within 2s")
    })
  )

  it.effect("do not count the time that the reader takes", () =>
    Effect.gen(function* () {
      const policy = Policy.make({ idle: "2 seconds" })
      const slow = paced("1 second", "a", "b", "c").pipe(
        Policy.applyStream(policy),
        Stream.mapEffect((element) => Effect.delay(Effect.succeed(element), "1 minute"))
      )
      const { ms, seen } = yield* read(slow)
      assert.deepStrictEqual([seen, ms], [["a", "b", "c"], 183_000])
    })
  )

  it.effect("a deadline that is given ends a stream that flows; the default one does not", () =>
    Effect.gen(function* () {
      const minutes = paced("30 seconds", ...Array.from({ length: 40 }, (_, index) => String(index)))
      const given = yield* read(minutes.pipe(Policy.applyStream(Policy.make({ deadline: "5 minutes" }))))
      assert.deepStrictEqual([given.seen.length, given.ms], [9, 300_000])
      const error = Exit.isFailure(given.exit) ? yield* Effect.flip(given.exit) : undefined
      assert.strictEqual(error?.message, "DeadlineExceeded: the call did not end within 5m")
      const open = yield* read(minutes.pipe(Policy.applyStream(Policy.make())))
      assert.deepStrictEqual([open.seen.length, open.ms], [40, 1_200_000])
    })
  )

  it.effect("a caller's deadline ends a stream that flows", () =>
    Effect.gen(function* () {
      const limited = paced("1 second", "a", "b", "c", "d").pipe(
        Policy.applyStream(Policy.make()),
        CallMetadata.withTimeoutStream("2500 millis")
      )
      const { ms, seen } = yield* read(limited)
      assert.deepStrictEqual([seen, ms], [["a", "b"], 2500])
    })
  )

  it.effect("hold for a stream whose clean-up never ends", () =>
    Effect.gen(function* () {
      const stuck = Stream.concat(Stream.make("a"), Stream.never).pipe(Stream.ensuring(Effect.never))
      const silent = Stream.never.pipe(Stream.ensuring(Effect.never))
      const held = Stream.callback<string>((queue) =>
        Effect.andThen(
          Effect.acquireRelease(Effect.void, () => Effect.never),
          Queue.offer(queue, "a")
        )
      )
      const policy = Policy.make({ firstElement: "1 second", idle: "1 second", retry: { times: 0 } })
      for (const stream of [stuck, silent, held]) {
        assert.strictEqual((yield* read(stream.pipe(Policy.applyStream(policy)))).ms, 1000)
      }
    })
  )
})

describe("what a stream holds", () => {
  it.effect("is closed after each attempt, at its end, when its reader leaves, and when a limit passes", () =>
    Effect.gen(function* () {
      const policy = Policy.make({ firstElement: "1 second", idle: "1 second", retry: { times: 2 } })
      const closes = Effect.fnUntraced(function* <A, E>(
        stream: Stream.Stream<A, E>,
        take: number,
        counts: { readonly opened: number; readonly closed: number }
      ) {
        const counted = counting(stream)
        yield* timed(counted.stream.pipe(Policy.applyStream(policy), Stream.take(take), Stream.runDrain))
        assert.deepStrictEqual(counted.counts, counts)
      })
      yield* closes(Stream.fail(failure(reasons.fault)), 9, { opened: 3, closed: 3 })
      yield* closes(Stream.never, 9, { opened: 3, closed: 3 })
      yield* closes(paced(1, "a", "b"), 9, { opened: 1, closed: 1 })
      yield* closes(paced(1, "a", "b"), 1, { opened: 1, closed: 1 })
      yield* closes(Stream.concat(paced(1, "a"), Stream.never), 9, { opened: 1, closed: 1 })
      yield* closes(Stream.concat(paced(1, "a"), Stream.fail("an error")), 9, { opened: 1, closed: 1 })
    })
  )

  it.effect("is closed when its reader is interrupted, before and after the first element", () =>
    Effect.gen(function* () {
      for (const stream of [Stream.never, Stream.concat(Stream.make("a"), Stream.never)]) {
        const counted = counting(stream)
        const reading = counted.stream.pipe(Policy.applyStream(backup()), Stream.runDrain)
        const fiber = yield* Effect.forkChild(reading, { startImmediately: true })
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(counted.counts, { opened: 1, closed: 1 })
      }
    })
  )

  it.effect("leaves no timer behind, however it ends", () =>
    Effect.gen(function* () {
      const { timers, withTimers } = yield* countingTimers
      const left = Effect.fnUntraced(function* <A, E>(stream: Stream.Stream<A, E>, take = 9) {
        const reading = stream.pipe(Policy.applyStream(backup()), Stream.take(take), Stream.runDrain, withTimers)
        yield* timed(reading)
        return yield* timers
      })
      assert.strictEqual(yield* left(paced("1 second", "a", "b")), 0)
      assert.strictEqual(yield* left(paced("1 second", "a", "b"), 1), 0)
      assert.strictEqual(yield* left(paced("1 second", "a", "b").pipe(Stream.concat(Stream.fail("an error")))), 0)
      assert.strictEqual(yield* left(Stream.concat(paced("1 second", "a"), Stream.never)), 0)
    })
  )

  it.effect("has one timer for all of its elements", () =>
    Effect.gen(function* () {
      const { timers, withTimers } = yield* countingTimers
      const most = { timers: 0 }
      const stream = paced("1 second", "a", "b", "c", "d").pipe(
        Stream.tap(() => Effect.map(timers, (count) => (most.timers = Math.max(most.timers, count)))),
        Policy.applyStream(backup()),
        Stream.runDrain,
        withTimers
      )
      yield* timed(stream)
      assert.strictEqual(most.timers, 1)
    })
  )

  it.effect("is not pulled ahead of its reader", () =>
    Effect.gen(function* () {
      let pulled = 0
      const gate = yield* Deferred.make<void>()
      const stream = Stream.range(1, 100).pipe(
        Stream.rechunk(1),
        Stream.tap(() => Effect.sync(() => pulled++)),
        Policy.applyStream(backup()),
        Stream.runForEach((n) => (n === 3 ? Deferred.await(gate) : Effect.void))
      )
      const fiber = yield* Effect.forkChild(stream, { startImmediately: true })
      yield* TestClock.adjust("1 second")
      assert.strictEqual(pulled, 3)
      yield* Fiber.interrupt(fiber)
    })
  )
})

describe("a contract's stream", () => {
  class Tokens extends Contract.Service<Tokens>()(
    "test/Tokens",
    Rpc.make("tokens", { success: Schema.String, error: UpstreamError, stream: true })
  ) {}

  it.effect("ends with the policy's error when the call's deadline passes, whoever sees it first", () =>
    Effect.gen(function* () {
      const handlers = Tokens.toLayer({ tokens: () => Stream.concat(Stream.make("a"), Stream.never) })
      const tokens = Stream.unwrap(Effect.map(Tokens, (client) => client.tokens())).pipe(
        Policy.applyStream(Policy.make({ deadline: "5 seconds" })),
        Stream.provide(Local.layer(Tokens, handlers))
      )
      const late = Effect.delay(Effect.fail(failure(reasons.outOfTime)), "4980 millis")
      const aborting = Stream.concat(Stream.make("a"), Stream.fromEffect(late)).pipe(
        Policy.applyStream(Policy.make({ deadline: "5 seconds" }))
      )
      for (const stream of [tokens, aborting]) {
        const { exit, seen } = yield* read(stream)
        assert.deepStrictEqual(seen, ["a"])
        const error = Exit.isFailure(exit) ? yield* Effect.flip(exit) : undefined
        assert.strictEqual(error?.message, "DeadlineExceeded: the call did not end within 5s")
      }
    })
  )

  it.effect("sees upstream, attempt and deadline, and is asked of another upstream", () =>
    Effect.gen(function* () {
      const handlers = Tokens.toLayer({
        tokens: () =>
          Stream.unwrap(
            Effect.map(made, ({ number, remainingMs, upstream }) =>
              upstream === undefined
                ? Stream.fail(failure(reasons.noHealthyUpstream))
                : Stream.make(upstream, String(number), String(remainingMs))
            )
          )
      })
      const policy = Policy.make({ deadline: "9 seconds", fallback: ["backup"] })
      const tokens = Stream.unwrap(Effect.map(Tokens, (client) => client.tokens())).pipe(
        Policy.applyStream(policy),
        Stream.runCollect,
        Effect.provide(Local.layer(Tokens, handlers))
      )
      assert.deepStrictEqual(yield* tokens, ["backup", "2", "9000"])
    })
  )
})
