import * as BoundaryError from "@causeway/core/BoundaryError"
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Contract from "@causeway/core/Contract"
import * as Local from "@causeway/core/Local"
import * as Upstream from "@causeway/core/Upstream"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"

class Refused extends Schema.TaggedError<Refused>("test/Refused")("Refused", { why: Schema.String }) {}

class Sums extends Contract.Service<Sums>()(
  "test/Sums",
  Rpc.make("add", { payload: { a: Schema.Finite, b: Schema.Finite }, success: Schema.Finite, error: Refused }),
  Rpc.make("count", { payload: { to: Schema.Finite }, success: Schema.Finite, error: Refused, stream: true }),
  Rpc.make("seen", { success: Schema.Array(Schema.String) }),
  Rpc.make("hang")
) {}

const handlers = Sums.toLayer({
  add: ({ a, b }) => (a < 0 ? Effect.fail(new Refused({ why: "negative" })) : Effect.succeed(a + b)),
  count: ({ to }) => Stream.concat(Stream.range(1, to), Stream.fail(new Refused({ why: "end" }))),
  seen: () =>
    Effect.gen(function* () {
      const upstream = yield* Upstream.Current
      const attempt = yield* Upstream.CurrentAttempt
      const requestId = yield* CallMetadata.RequestId
      const remaining = yield* CallMetadata.remaining
      return [String(upstream), String(attempt?.number), String(requestId), String(remaining !== undefined)]
    }),
  hang: () => Effect.never
})

const live = Local.layer(Sums, handlers)

describe("Contract", () => {
  it.effect("answers, fails with the call's own error, and streams up to its failure", () =>
    Effect.gen(function* () {
      const sums = yield* Sums
      assert.strictEqual(yield* sums.add({ a: 1, b: 2 }), 3)
      const refused = yield* Effect.flip(sums.add({ a: -1, b: 2 }))
      assert.instanceOf(refused, Refused)
      const seen: Array<number> = []
      const error = yield* sums.count({ to: 3 }).pipe(
        Stream.runForEach((n) => Effect.sync(() => seen.push(n))),
        Effect.flip
      )
      assert.deepStrictEqual(seen, [1, 2, 3])
      assert.strictEqual(error._tag, "Refused")
    }).pipe(Effect.provide(live))
  )

  it.effect("carries metadata to the handler and nothing where none is set", () =>
    Effect.gen(function* () {
      const sums = yield* Sums
      const seen = yield* sums
        .seen()
        .pipe(
          CallMetadata.withTimeout("1 second"),
          Effect.provideService(Upstream.Current, "backup"),
          Effect.provideService(Upstream.CurrentAttempt, { number: 2 }),
          Effect.provideService(CallMetadata.RequestId, "req-1")
        )
      assert.deepStrictEqual(seen, ["backup", "2", "req-1", "true"])
      assert.deepStrictEqual(yield* sums.seen(), ["undefined", "undefined", "undefined", "false"])
    }).pipe(Effect.provide(live))
  )

  it.effect("ends a call at its deadline and interrupts the handler", () =>
    Effect.gen(function* () {
      const interrupted = yield* Deferred.make<void>()
      const stuck = Local.layer(
        Sums,
        Sums.toLayer({
          add: () => Effect.succeed(0),
          count: () => Stream.never,
          seen: () => Effect.succeed([]),
          hang: () => Effect.onInterrupt(Effect.never, () => Deferred.succeed(interrupted, undefined))
        })
      )
      yield* Effect.gen(function* () {
        const sums = yield* Sums
        const call = yield* Effect.forkChild(Effect.flip(CallMetadata.withTimeout("5 seconds")(sums.hang())))
        const stream = yield* Effect.forkChild(
          Effect.flip(Stream.runDrain(CallMetadata.withTimeoutStream("5 seconds")(sums.count({ to: 1 }))))
        )
        yield* TestClock.adjust("5 seconds")
        const error = yield* Fiber.join(call)
        assert.instanceOf(error, BoundaryError.BoundaryError)
        assert.strictEqual(error.reason._tag, "DeadlineExceeded")
        yield* Deferred.await(interrupted)
        const streamError = yield* Fiber.join(stream)
        assert.strictEqual(streamError._tag, "BoundaryError")
      }).pipe(Effect.provide(stuck))
    })
  )

  it.effect("interrupts the handler of a stream at its deadline, however slow its reader is", () =>
    Effect.gen(function* () {
      const interrupted = yield* Deferred.make<void>()
      const reading = yield* Deferred.make<void>()
      const go = yield* Deferred.make<void>()
      const endless = Stream.ensuring(Stream.forever(Stream.make(1)), Deferred.succeed(interrupted, undefined))
      const slow = Local.layer(
        Sums,
        Sums.toLayer({
          add: () => Effect.succeed(0),
          count: () => endless,
          seen: () => Effect.succeed([]),
          hang: () => Effect.void
        })
      )
      yield* Effect.gen(function* () {
        const sums = yield* Sums
        const reader = yield* sums.count({ to: 1 }).pipe(
          CallMetadata.withTimeoutStream("5 seconds"),
          Stream.runForEach(() => Effect.andThen(Deferred.succeed(reading, undefined), Deferred.await(go))),
          Effect.flip,
          Effect.forkChild
        )
        yield* Deferred.await(reading)
        yield* TestClock.adjust("5 seconds")
        yield* Deferred.await(interrupted)
        yield* Deferred.succeed(go, undefined)
        assert.strictEqual((yield* Fiber.join(reader))._tag, "BoundaryError")
      }).pipe(Effect.provide(slow))
    })
  )

  it.effect("ends a stream that is read as a queue at its deadline", () =>
    Effect.gen(function* () {
      class Endless extends Contract.Service<Endless>()(
        "test/Endless",
        Rpc.make("beat", { success: Schema.Finite, stream: true })
      ) {}
      const endless = Local.layer(Endless, Endless.toLayer({ beat: () => Stream.concat(Stream.make(1), Stream.never) }))
      yield* Effect.gen(function* () {
        const client = yield* Endless
        const queue = yield* client.beat(undefined, { asQueue: true }).pipe(CallMetadata.withTimeout("5 seconds"))
        assert.strictEqual(yield* Queue.take(queue), 1)
        const rest = yield* Effect.forkChild(Effect.flip(Queue.take(queue)))
        yield* TestClock.adjust("5 seconds")
        const error = yield* Fiber.join(rest)
        assert(error instanceof BoundaryError.BoundaryError)
        assert.strictEqual(error.reason._tag, "DeadlineExceeded")
      }).pipe(Effect.scoped, Effect.provide(endless))
    })
  )

  it.effect("fails a call whose payload does not fit its schema, as every other place does", () =>
    Effect.gen(function* () {
      const sums = yield* Sums
      const one = yield* Effect.flip(sums.add({ a: Number.NaN, b: 1 }))
      const many = yield* Effect.flip(Stream.runDrain(sums.count({ to: Number.NaN })))
      for (const error of [one, many]) {
        assert(error instanceof BoundaryError.BoundaryError)
        assert(error.reason._tag === "Undecodable")
        assert.deepStrictEqual([error.reason.direction, error.reason.delivery], ["request", "not-sent"])
      }
      assert(one instanceof BoundaryError.BoundaryError && one.reason._tag === "Undecodable")
      assert(many instanceof BoundaryError.BoundaryError)
      assert.match(one.reason.message, /^the payload of add does not fit its schema: .+ at \["a"\]$/)
      assert.match(many.reason.message, /^the payload of count .+ at \["to"\]$/)
      assert.match(one.reason.issue, /at \["a"\]$/)
      assert.deepStrictEqual(one.reason.raw, { a: Number.NaN, b: 1 })
      assert.strictEqual(yield* sums.add({ a: 1, b: 2 }), 3)
    }).pipe(Effect.provide(live))
  )

  it.effect("gives a call without a deadline the place's own", () =>
    Effect.gen(function* () {
      const sums = yield* Sums
      const call = yield* Effect.forkChild(Effect.flip(sums.hang()))
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual((yield* Fiber.join(call)).reason._tag, "DeadlineExceeded")
    }).pipe(Effect.provide(live))
  )

  it.effect("gives a stream the place's own deadline, to its first element", () =>
    Effect.gen(function* () {
      class Beats extends Contract.Service<Beats>()(
        "test/Beats",
        Rpc.make("beat", { payload: { isSilent: Schema.Boolean }, success: Schema.Finite, stream: true })
      ) {}
      const beats = Beats.toLayer({
        beat: ({ isSilent }) => (isSilent ? Stream.never : Stream.concat(Stream.make(1), Stream.never))
      })
      yield* Effect.gen(function* () {
        const client = yield* Beats
        const silent = yield* Effect.forkChild(Effect.flip(Stream.runDrain(client.beat({ isSilent: true }))))
        const queue = yield* client.beat({ isSilent: true }, { asQueue: true })
        const flowing = yield* Effect.forkChild(Stream.runDrain(client.beat({ isSilent: false })))
        yield* TestClock.adjust("1 minute")
        assert.isUndefined(flowing.pollUnsafe())
        assert.strictEqual((yield* Fiber.join(silent)).reason._tag, "DeadlineExceeded")
        const error = yield* Effect.flip(Queue.take(queue))
        assert(error instanceof BoundaryError.BoundaryError)
        yield* TestClock.adjust("1 day")
        assert.isUndefined(flowing.pollUnsafe())
      }).pipe(Effect.scoped, Effect.provide(Local.layer(Beats, beats, { deadline: "1 minute" })))
    })
  )

  it.effect("keeps a defect to its own call", () =>
    Effect.gen(function* () {
      class Odd extends Contract.Service<Odd>()(
        "test/Odd",
        Rpc.make("die"),
        Rpc.make("live", { success: Schema.Finite })
      ) {}
      const odd = Local.layer(
        Odd,
        Odd.toLayer({ die: () => Effect.die(new Error("odd")), live: () => Effect.succeed(1) })
      )
      yield* Effect.gen(function* () {
        const client = yield* Odd
        const exit = yield* Effect.exit(client.die())
        assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
        assert.strictEqual(yield* client.live(), 1)
      }).pipe(Effect.provide(odd))
    })
  )

  it.effect("keeps two contracts with the same tags apart", () =>
    Effect.gen(function* () {
      const group = RpcGroup.make(Rpc.make("name", { success: Schema.String }))
      const A = Contract.fromGroup<{ readonly a: 1 }>()("test/A", group)
      const B = Contract.fromGroup<{ readonly b: 1 }>()("test/B", group)
      const both = Layer.mergeAll(
        Local.layer(A, A.toLayer({ name: () => Effect.succeed("a") })),
        Local.layer(B, B.toLayer({ name: () => Effect.succeed("b") }))
      )
      const names = Effect.gen(function* () {
        return [yield* (yield* A).name(), yield* (yield* B).name()]
      })
      assert.deepStrictEqual(yield* Effect.provide(names, both), ["a", "b"])
    })
  )
})
