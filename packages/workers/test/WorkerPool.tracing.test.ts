/**
 * Spans that begin on one side of the boundary and go on on the other.
 */
import * as WorkerPool from "@causeway/workers/WorkerPool"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import { entry, eventually } from "./fixtures/pool.ts"
import { recorder } from "./fixtures/recorder.ts"
import { Traced } from "./fixtures/traced.ts"

const layer = (options: Partial<WorkerPool.Options> = {}) =>
  WorkerPool.client(Traced).pipe(
    Layer.provideMerge(WorkerPool.layerPool({ entry: entry("traced"), size: 1, spare: 0, ...options })),
    Layer.provideMerge(Logger.layer([]))
  )

const parentOf = (span: Tracer.Span) => Option.getOrUndefined(span.parent)?.spanId

const exitOf = ({ status }: Tracer.Span) =>
  status._tag === "Ended" ? status.exit : assert.fail("the span has not ended")

/** A call in a span that somebody records. */
const recorded = <A, E, R>(call: Effect.Effect<A, E, R>, tracer: Tracer.Tracer) =>
  call.pipe(Effect.withSpan("caller"), Effect.withTracer(tracer))

describe.each(["thread", "process"] as const)("tracing, %s", { timeout: 60_000 }, (isolation) => {
  it.layer(layer({ isolation }), { excludeTestServices: true })("a worker without a tracer", (it) => {
    it.effect("tells its spans to the tracer of the caller, below the caller's", () =>
      Effect.gen(function* () {
        const { work } = yield* Traced
        const { named, spans, tracer } = recorder()
        yield* recorded(work({ fail: false }), tracer)
        const [caller, , server, inner] = spans
        const client = spans.find(({ kind }) => kind === "client")
        assert.deepStrictEqual(
          spans.map(({ kind, name }) => [name, kind]),
          [
            ["caller", "internal"],
            ["test/Traced/work", "client"],
            ["test/Traced/work", "server"],
            ["inner", "internal"]
          ]
        )
        assert.deepStrictEqual(
          [client, server, inner].map((span) => span && parentOf(span)),
          [caller?.spanId, client?.spanId, server?.spanId]
        )
        assert.strictEqual(server && Option.getOrUndefined(server.parent), client)
        assert.strictEqual(new Set(spans.map(({ traceId }) => traceId)).size, 1)
        for (const span of spans) {
          assert.isTrue(Exit.isSuccess(exitOf(span)))
          assert.isTrue(span.status._tag === "Ended" && span.status.startTime <= span.status.endTime)
        }
        assert.strictEqual(named("inner").attributes.get("size"), 3)
        assert.notInclude(String(named("inner").attributes.get("apiKey")), "sk-")
        assert.deepStrictEqual(
          named("inner").events.map(([name, , attributes]) => [name, attributes]),
          [["began", { step: 1 }]]
        )
      })
    )

    it.effect("tells how they failed", () =>
      Effect.gen(function* () {
        const { work } = yield* Traced
        const { named, tracer } = recorder()
        yield* Effect.exit(recorded(work({ fail: true }), tracer))
        const exit = exitOf(named("inner"))
        assert.strictEqual(Exit.isFailure(exit) && Cause.squash(exit.cause), "refused")
      })
    )

    it.effect("tells them of any number of calls", () =>
      Effect.gen(function* () {
        const { work } = yield* Traced
        const { spans, tracer } = recorder()
        // Each has two, which is more than may be on their way.
        const calls = Effect.replicateEffect(work({ fail: false }), 3000, { concurrency: 16 })
        yield* recorded(calls, tracer)
        assert.lengthOf(
          spans.filter(({ name }) => name === "inner"),
          3000
        )
      })
    )

    it.effect("tells those of a stream", () =>
      Effect.gen(function* () {
        const { stream } = yield* Traced
        const { named, spans, tracer } = recorder()
        yield* recorded(Stream.runDrain(stream()), tracer)
        assert.isTrue(Exit.isSuccess(exitOf(named("elements"))))
        const server = spans.find(({ kind }) => kind === "server") ?? assert.fail()
        assert.strictEqual(parentOf(server), spans.find(({ kind }) => kind === "client")?.spanId)
      })
    )

    it.effect("ends what is open with the call", () =>
      Effect.gen(function* () {
        const { hang } = yield* Traced
        const { named, spans, tracer } = recorder()
        const fiber = yield* Effect.forkChild(recorded(hang(), tracer))
        yield* eventually(
          Effect.sync(() => spans.some(({ name }) => name === "inner")),
          (isThere) => isThere
        )
        yield* Fiber.interrupt(fiber)
        const exit = exitOf(named("inner"))
        assert.isTrue(Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause))
      })
    )

    it.effect("tells the span of a batch, with links to its calls", () =>
      Effect.gen(function* () {
        const { batched } = yield* Traced
        const { named, spans, tracer } = recorder()
        yield* recorded(Effect.all([batched(), batched()], { concurrency: "unbounded" }), tracer)
        const servers = spans.filter(({ kind }) => kind === "server").map(({ spanId }) => spanId)
        const { links } = named("Batch")
        assert.lengthOf(links, 2)
        // Of the call that tells it the link is the span itself; of another, what the worker knows of it.
        assert.include(servers, links[0]?.span.spanId)
      })
    )

    it.effect("tells nothing where the caller's span is not sampled, or nobody keeps it", () =>
      Effect.gen(function* () {
        const { work } = yield* Traced
        const { spans, tracer } = recorder()
        const unsampled = Tracer.externalSpan({ traceId: "a", spanId: "b", sampled: false })
        yield* work({ fail: false }).pipe(Effect.withParentSpan(unsampled), Effect.withTracer(tracer))
        yield* work({ fail: false }).pipe(Effect.withTracer(tracer))
        assert.lengthOf(spans, 0)
      })
    )

    it.effect("tells nothing of a call that is not to be traced, below a span that is", () =>
      Effect.gen(function* () {
        const { stream, work } = yield* Traced
        const { spans, tracer } = recorder()
        const calls = Effect.andThen(work({ fail: false }), Stream.runDrain(stream()))
        yield* recorded(Effect.withTracerEnabled(calls, false), tracer)
        assert.deepStrictEqual(
          spans.map(({ name }) => name),
          ["caller"]
        )
        yield* recorded(Effect.provideService(calls, Tracer.MinimumTraceLevel, "None"), tracer)
        assert.deepStrictEqual(
          spans.filter(({ sampled }) => sampled).map(({ name }) => name),
          ["caller", "caller"]
        )
      })
    )
  })

  it.live("ends the spans of a worker that crashes with the crash", () =>
    Effect.gen(function* () {
      const { crash } = yield* Traced
      const { named, tracer } = recorder()
      yield* Effect.exit(recorded(crash(), tracer))
      const exit = exitOf(named("inner"))
      const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      assert.include(String(error), "Crashed")
    }).pipe(Effect.provide(layer({ isolation })))
  )

  it.live("a worker's own tracer has the caller's span as parent, and tells nothing twice", () =>
    Effect.gen(function* () {
      const { seen, work } = yield* Traced
      const { spans, tracer } = recorder()
      yield* recorded(work({ fail: false }), tracer)
      assert.deepStrictEqual(
        spans.map(({ kind }) => kind),
        ["internal", "client"]
      )
      const [server, inner] = yield* seen()
      assert.deepStrictEqual([server?.name, server?.parentId], ["test/Traced/work", spans[1]?.spanId])
      assert.strictEqual(inner?.name, "inner")
    }).pipe(Effect.provide(layer({ isolation, data: "own tracer" })))
  )
})
