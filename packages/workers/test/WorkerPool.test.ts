import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Contract from "@causeway/core/Contract"
import * as Upstream from "@causeway/core/Upstream"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import { Bad, Good, Nowhere, Refused } from "./fixtures/contracts.ts"
import { directory, entry, eventually, layer, until } from "./fixtures/pool.ts"

describe("WorkerPool", { timeout: 60_000 }, () => {
  it.layer(layer({ unresponsiveAfter: "1 minute" }), { excludeTestServices: true })("answers", (it) => {
    it.effect("with a success", () =>
      Effect.gen(function* () {
        const good = yield* Good
        assert.strictEqual(yield* good.square({ x: 3 }), 9)
      })
    )

    it.effect("with the call's own error", () =>
      Effect.gen(function* () {
        const good = yield* Good
        const error = yield* Effect.flip(good.refuse({ code: 42 }))
        assert.instanceOf(error, Refused)
        assert.strictEqual(error._tag === "Refused" && error.code, 42)
      })
    )

    it.effect("with the handler's defect, which fails its own call only", () =>
      Effect.gen(function* () {
        const good = yield* Good
        const [thrown, died, answer] = yield* Effect.all(
          [Effect.exit(good.die({ how: "throw" })), Effect.exit(good.die({ how: "error" })), good.square({ x: 5 })],
          { concurrency: "unbounded" }
        )
        assert.isTrue(Exit.isFailure(thrown) && Cause.hasDies(thrown.cause))
        assert.isTrue(Exit.isFailure(died) && Cause.hasDies(died.cause))
        assert.include(Exit.isFailure(thrown) ? Cause.pretty(thrown.cause) : "", "thrown by the handler itself")
        assert.strictEqual(answer, 25)
      })
    )

    it.effect("nothing but that it ended, where the outcome is discarded", () =>
      Effect.gen(function* () {
        const good = yield* Good
        assert.strictEqual(yield* good.square({ x: 3 }, { discard: true }), undefined)
        assert.strictEqual(yield* good.refuse({ code: 1 }, { discard: true }), undefined)
      })
    )

    it.effect("and gives the handler the metadata of the call", () =>
      Effect.gen(function* () {
        const good = yield* Good
        const seen = yield* good
          .metadata()
          .pipe(
            CallMetadata.withTimeout("5 seconds"),
            Effect.provideService(Upstream.Current, "backup"),
            Effect.provideService(Upstream.CurrentAttempt, { number: 2 }),
            Effect.provideService(CallMetadata.RequestId, "req-1")
          )
        assert.deepInclude(seen, { upstream: "backup", attempt: 2, requestId: "req-1" })
        assert.isAtMost(seen.remaining ?? Number.NaN, 5000)
        assert.isAbove(seen.remaining ?? Number.NaN, 0)
      })
    )

    it.effect("and gives it the pool's own deadline where the caller sets none", () =>
      Effect.gen(function* () {
        const good = yield* Good
        const { remaining } = yield* good.metadata()
        assert.isAtMost(remaining ?? Number.NaN, 600_000)
        assert.isAbove(remaining ?? Number.NaN, 500_000)
      })
    )

    it.effect("with the failure that its entry does not serve a contract", () =>
      Effect.gen(function* () {
        const nowhere = yield* Nowhere
        const { reason } = yield* Effect.flip(nowhere.call())
        assert.strictEqual(reason._tag, "Unreachable")
        assert.include(reason.message, "does not serve test/Nowhere/call")
      })
    )

    it.effect("to calls posted together as to calls by themselves: an object that two of them share stays apart", () =>
      Effect.gen(function* () {
        const good = yield* Good
        const shared = { inner: { n: 1 } }
        const answers = yield* Effect.all(
          [good.mutate({ value: shared }), good.mutate({ value: shared }), good.mutate({ value: shared })],
          { concurrency: "unbounded" }
        )
        const touched = { inner: { n: 1 }, touched: 1 }
        assert.deepStrictEqual(answers, [touched, touched, touched])
        assert.deepStrictEqual(shared, { inner: { n: 1 } })
      })
    )

    it.effect("by the value that a payload had at the call", () =>
      Effect.gen(function* () {
        const good = yield* Good
        const value = { n: 1 }
        const fiber = yield* Effect.forkChild(good.echo({ value }), { startImmediately: true })
        value.n = 9
        assert.deepStrictEqual(yield* Fiber.join(fiber), { n: 1 })
      })
    )

    it.effect("in time to calls that wait for a timer, where others compute without a pause", () =>
      Effect.gen(function* () {
        const good = yield* Good
        let answers = 0
        const computing = Effect.forever(Effect.tap(good.spin({ ms: 1 }), () => Effect.sync(() => answers++)))
        const flood = yield* Effect.forkChild(Effect.replicateEffect(computing, 32, { concurrency: "unbounded" }))
        yield* eventually(
          Effect.sync(() => answers),
          (answers) => answers > 0
        )
        const before = answers
        yield* good.sleep({ ms: 100 })
        assert.isBelow(answers - before, 500)
        yield* Fiber.interrupt(flood)
      })
    )

    it.effect("at once, also where a slow call follows in the same turn", () =>
      Effect.gen(function* () {
        const good = yield* Good
        const answered = join(yield* directory, "answered")
        yield* good.spin({ ms: 50 })
        const fast = Effect.map(good.square({ x: 2 }), () => writeFileSync(answered, ""))
        const [, wasAnswered] = yield* Effect.all([fast, good.spin({ ms: 20_000, until: answered })], {
          concurrency: "unbounded"
        })
        assert.isTrue(wasAnswered)
      }).pipe(Effect.scoped)
    )

    it.effect("a hundred calls at a time", () =>
      Effect.gen(function* () {
        const good = yield* Good
        const answers = yield* Effect.forEach(
          Array.from({ length: 100 }, (_, x) => x),
          (x) => good.square({ x }),
          {
            concurrency: "unbounded"
          }
        )
        assert.deepStrictEqual(
          answers,
          Array.from({ length: 100 }, (_, x) => x * x)
        )
      })
    )
  })

  it.live("serves several contracts by the same workers, with the data and the environment they are given", () =>
    Effect.gen(function* () {
      const good = yield* Good
      const bad = yield* Bad
      assert.deepStrictEqual(yield* good.data(), { model: "small", sizes: [1, 2] })
      assert.strictEqual(yield* good.environment({ name: "CAUSEWAY_TEST" }), "given")
      assert.isDefined(yield* good.environment({ name: "PATH" }))
      assert.strictEqual(yield* bad.block({ ms: 1 }), undefined)
    }).pipe(Effect.provide(layer({ data: { model: "small", sizes: [1, 2] }, env: { CAUSEWAY_TEST: "given" } })))
  )

  it.live("gives each call to the worker that has least to do", () =>
    Effect.gen(function* () {
      yield* until(({ workers }) => workers.filter(({ state }) => state === "ready").length === 2)
      const good = yield* Good
      const pool = yield* WorkerPool.WorkerPool
      const fibers = yield* Effect.forEach(["a", "b", "c", "d"], (id) =>
        Effect.forkChild(good.hang({ id }), { startImmediately: true })
      )
      const { workers } = yield* pool.status
      assert.deepStrictEqual(
        workers.map(({ inFlight }) => inFlight),
        [2, 2]
      )
      yield* Fiber.interruptAll(fibers)
    }).pipe(Effect.provide(layer({ size: 2 })))
  )

  it.live("keeps to the concurrency of the pool, and to that of an Rpc", () =>
    Effect.gen(function* () {
      yield* until(({ state }) => state === "ready")
      const pool = yield* WorkerPool.WorkerPool
      const good = yield* Good
      const narrow = yield* pool.client(Narrow)
      const calls = [
        ...["a", "b", "c"].map((id) => good.hang({ id })),
        ...["d", "e"].map((id) => narrow.hang({ id })),
        // Of another Rpc with a limit of its own.
        narrow.square({ x: 1 })
      ]
      const fibers = yield* Effect.forEach(calls, (call) => Effect.forkChild(call, { startImmediately: true }))
      const { inFlight, queued } = yield* pool.status
      assert.deepStrictEqual({ inFlight, queued }, { inFlight: 4, queued: 2 })
      yield* Fiber.interruptAll(fibers)
    }).pipe(Effect.provide(layer({ concurrency: 2 })))
  )

  it.live("refuses a call when the queue is full, and says when to come again", () =>
    Effect.gen(function* () {
      yield* until(({ state }) => state === "ready")
      const good = yield* Good
      const pool = yield* WorkerPool.WorkerPool
      yield* Effect.forkChild(good.hang({ id: "a" }), { startImmediately: true })
      const waiting = yield* Effect.forEach([1, 2], (x) =>
        Effect.forkChild(good.square({ x }), { startImmediately: true })
      )
      const { boundary, reason } = yield* Effect.flip(good.square({ x: 3 }))
      if (reason._tag !== "Overloaded") return assert.fail(reason.message)
      assert.strictEqual(boundary, "test/Good pool")
      assert.strictEqual(reason.queued, 2)
      assert.isAtLeast(Duration.toMillis(reason.retryAfter), 100)
      assert.isAtMost(Duration.toMillis(reason.retryAfter), 60_000)
      // Room again once one that waits gives up.
      for (const fiber of waiting) yield* Fiber.interrupt(fiber)
      assert.strictEqual((yield* pool.status).queued, 0)
    }).pipe(Effect.provide(layer({ concurrency: 1, queue: 2 })))
  )

  it.live("ends a call at its deadline: not sent while it waits, maybe run once it was posted", () =>
    Effect.gen(function* () {
      yield* until(({ state }) => state === "ready")
      const good = yield* Good
      const [running, waiting] = yield* Effect.all(
        [
          Effect.flip(good.hang({ id: "a" }).pipe(CallMetadata.withTimeout("300 millis"))),
          Effect.flip(good.square({ x: 1 }).pipe(CallMetadata.withTimeout("100 millis")))
        ],
        { concurrency: "unbounded" }
      )
      if (running.reason._tag !== "DeadlineExceeded") return assert.fail(running.message)
      if (waiting.reason._tag !== "DeadlineExceeded") return assert.fail(waiting.message)
      assert.strictEqual(running.reason.delivery, "may-have-run")
      assert.strictEqual(waiting.reason.delivery, "not-sent")
      assert.isAtMost(Duration.toMillis(waiting.reason.limit), 100)
      // The handler was interrupted, so that there is room again.
      assert.isTrue((yield* good.produced({ id: "a" })).ended)
    }).pipe(Effect.provide(layer({ concurrency: 1 })))
  )

  it.live("gives a call its own deadline where the caller sets none", () =>
    Effect.gen(function* () {
      const good = yield* Good
      const { reason } = yield* Effect.flip(good.hang({ id: "a" }))
      assert.strictEqual(reason._tag, "DeadlineExceeded")
    }).pipe(Effect.provide(layer({ deadline: "1 second" })))
  )

  it.live("does not send a call whose time is over", () =>
    Effect.gen(function* () {
      const good = yield* Good
      const { reason } = yield* Effect.flip(good.square({ x: 1 }).pipe(Effect.provideService(CallMetadata.Deadline, 0)))
      assert.strictEqual(reason._tag === "DeadlineExceeded" && reason.delivery, "not-sent")
    }).pipe(Effect.provide(layer()))
  )

  it.live("interrupts the handler when the caller is interrupted", () =>
    Effect.gen(function* () {
      const good = yield* Good
      const fiber = yield* Effect.forkChild(good.hang({ id: "a" }), { startImmediately: true })
      yield* eventually(good.produced({ id: "a" }), ({ chunks }) => chunks === 1)
      yield* Fiber.interrupt(fiber)
      yield* eventually(good.produced({ id: "a" }), ({ ended }) => ended)
      const pool = yield* WorkerPool.WorkerPool
      assert.strictEqual((yield* pool.status).inFlight, 0)
    }).pipe(Effect.provide(layer()))
  )

  it.live("drains: what runs and what waits ends, new calls are refused", () =>
    Effect.gen(function* () {
      yield* until(({ state }) => state === "ready")
      const good = yield* Good
      const pool = yield* WorkerPool.WorkerPool
      const running = yield* Effect.forkChild(good.sleep({ ms: 200 }), { startImmediately: true })
      const waiting = yield* Effect.forkChild(good.square({ x: 4 }), { startImmediately: true })
      const drained = yield* Effect.forkChild(pool.drain, { startImmediately: true })
      const { reason } = yield* Effect.flip(good.square({ x: 5 }))
      assert.strictEqual(reason._tag, "Draining")
      assert.strictEqual((yield* pool.status).state, "draining")
      assert.strictEqual(yield* Fiber.join(waiting), 16)
      assert.strictEqual(yield* Fiber.join(running), undefined)
      yield* Fiber.join(drained)
      const { inFlight, queued } = yield* pool.status
      assert.deepStrictEqual({ inFlight, queued }, { inFlight: 0, queued: 0 })
    }).pipe(Effect.provide(layer({ concurrency: 1 })))
  )

  it.live("ends with its scope: what runs fails, what waits was not sent, and nothing is left", () =>
    Effect.gen(function* () {
      const before = activeHandles()
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(layer({ concurrency: 1, spare: 1 }), scope)
      yield* until(({ workers }) => workers.some(({ state }) => state === "spare")).pipe(Effect.provide(context))
      const good = Context.get(context, Good)
      const running = yield* Effect.forkChild(Effect.flip(good.hang({ id: "a" })), { startImmediately: true })
      const waiting = yield* Effect.forkChild(Effect.flip(good.square({ x: 1 })), { startImmediately: true })
      const changes = yield* Effect.forkChild(Stream.runDrain(Context.get(context, WorkerPool.WorkerPool).changes))
      yield* Scope.close(scope, Exit.void)
      yield* Fiber.join(changes)
      assert.strictEqual((yield* Fiber.join(running)).reason._tag, "Crashed")
      assert.strictEqual((yield* Fiber.join(waiting)).reason._tag, "Draining")
      assert.strictEqual((yield* Effect.flip(good.square({ x: 1 }))).reason._tag, "Draining")
      yield* eventually(Effect.sync(activeHandles), (now) => now <= before)
    })
  )

  it.live("shows its state, as a value and as a stream", () =>
    Effect.gen(function* () {
      const pool = yield* WorkerPool.WorkerPool
      assert.strictEqual((yield* pool.status).state, "starting")
      const { queued, state, workers } = yield* until(({ workers }) => workers.some(({ state }) => state === "spare"))
      assert.deepStrictEqual([state, queued], ["ready", 0])
      assert.deepStrictEqual(
        workers.map(({ callsDone, id, inFlight, state }) => ({ callsDone, id, inFlight, state })),
        [
          { id: 1, state: "ready", inFlight: 0, callsDone: 0 },
          { id: 2, state: "spare", inFlight: 0, callsDone: 0 }
        ]
      )
    }).pipe(Effect.provide(layer({ spare: 1 })))
  )

  it.live("logs what its workers log, with their id", () => {
    const lines: Array<{ message: unknown; annotations: Readonly<Record<string, unknown>> }> = []
    const logger = Logger.make<unknown, void>(({ fiber, message }) => {
      lines.push({ message, annotations: fiber.getRef(References.CurrentLogAnnotations) })
    })
    return Effect.gen(function* () {
      const good = yield* Good
      yield* good.log({ message: "from inside" })
      yield* eventually(
        Effect.sync(() => lines.length),
        (n) => n > 0
      )
      assert.deepStrictEqual(lines, [{ message: ["from inside"], annotations: { from: "handler", worker: 1 } }])
    }).pipe(
      Effect.provide(
        WorkerPool.layer(Good, { entry: entry("worker"), size: 1, spare: 0 }).pipe(
          Layer.provide(Logger.layer([logger]))
        )
      )
    )
  })

  it.live("continues the caller's span in the worker, where it is sampled", () =>
    Effect.gen(function* () {
      const good = yield* Good
      const parent = Tracer.externalSpan({ traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" })
      const seen = yield* Effect.withParentSpan(good.span(), parent)
      assert.strictEqual(seen.traceId, parent.traceId)
      assert.strictEqual(seen.name, "test/Good/span")
      assert.notStrictEqual(seen.parentId, parent.spanId)
      // Without a sampled parent there is no span at all.
      const unsampled = Tracer.externalSpan({ traceId: parent.traceId, spanId: parent.spanId, sampled: false })
      assert.isTrue(Exit.isFailure(yield* Effect.exit(Effect.withParentSpan(good.span(), unsampled))))
      assert.isTrue(Exit.isFailure(yield* Effect.exit(good.span())))
    }).pipe(Effect.provide(layer()))
  )

  it("refuses options that make no sense", () => {
    const nonsense = [{ size: 0 }, { spare: -1 }, { queue: Number.NaN }, { concurrency: 1.5 }, { deadline: 0 }]
    const limits = { isolation: "process", resourceLimits: { codeRangeSizeMb: 1 } } as const
    assert.throws(() => WorkerPool.layerPool({ entry: entry("worker"), ...limits }), "codeRangeSizeMb")
    for (const options of nonsense) {
      assert.throws(() => WorkerPool.layerPool({ entry: entry("worker"), ...options }), RangeError)
    }
  })

  it.live("and a concurrency of an Rpc that makes none", () =>
    Effect.gen(function* () {
      const { client } = yield* WorkerPool.WorkerPool
      for (const concurrency of [0, -1, 1.5, Number.NaN]) {
        const rpc = Rpc.make("square", { payload: { x: Schema.Finite } }).annotate(Contract.Concurrency, concurrency)
        class Odd extends Contract.Service<Odd>()("test/Odd", rpc) {}
        const exit = yield* Effect.exit(client(Odd))
        assert.instanceOf(Exit.isFailure(exit) && Cause.squash(exit.cause), RangeError)
      }
    }).pipe(Effect.provide(layer()))
  )
})

/** Shares calls of `Good`, under limits of its own. */
class Narrow extends Contract.fromGroup<Narrow>()(
  "test/Good",
  Good.group
    .omit("hang", "square")
    .add(
      Rpc.make("hang", { payload: { id: Schema.String }, success: Schema.Void }).annotate(Contract.Concurrency, 1),
      Rpc.make("square", { payload: { x: Schema.Finite }, success: Schema.Finite }).annotate(Contract.Concurrency, 1)
    )
) {}

const activeHandles = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === "MessagePort" || name === "Worker").length
