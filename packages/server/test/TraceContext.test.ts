import * as Local from "@causeway/core/Local"
import { Relay } from "@causeway/openai/Relay"
import * as OpenAiApi from "@causeway/server/OpenAiApi"
import * as Server from "@causeway/server/Server"
import * as TraceContext from "@causeway/server/TraceContext"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import { post } from "./fixtures/client.ts"
import { Upstream } from "./fixtures/upstream.ts"

const traceId = "0af7651916cd43dd8448eb211c80319c"
const spanId = "b7ad6b7169203331"

/** What the upstream is told. */
const seen = (headers: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const upstream = yield* Upstream
    yield* upstream.answer((response) => response.writeHead(400).end())
    yield* post("/v1/embeddings", { model: "m", input: "a" }, headers)
    const { traceparent, tracestate } = upstream.requests[0]?.headers ?? {}
    return { traceparent, tracestate }
  })

describe("TraceContext", () => {
  it.each([
    [`00-${traceId}-${spanId}-01`, true],
    [`00-${traceId}-${spanId}-00`, true],
    [`cc-${traceId}-${spanId}-01`, true],
    [`cc-${traceId}-${spanId}-01-more`, true],
    [`00-${traceId}-${spanId}-01-more`, false],
    [`ff-${traceId}-${spanId}-01`, false],
    [`00-${"0".repeat(32)}-${spanId}-01`, false],
    [`00-${traceId}-${"0".repeat(16)}-01`, false],
    [`00-${traceId.toUpperCase()}-${spanId}-01`, false],
    [`00-${traceId}-${spanId}`, false],
    [`00-${traceId}-${spanId}-1`, false],
    [`cc-${traceId}-${spanId}-01-${"x".repeat(101)}`, false],
    ["", false]
  ])("takes %s for well-formed: %s", (traceparent, isValid) => {
    assert.strictEqual(TraceContext.isValid(traceparent), isValid)
  })

  const entry = new URL("./fixtures/worker.ts", import.meta.url)

  /** The relay in a worker thread, and in process. */
  const places = {
    "a worker": (url: string) =>
      WorkerPool.client(Relay).pipe(Layer.provide(WorkerPool.layerPool({ entry, size: 1, data: url }))),
    "the process": (url: string) => Local.layer(Relay, Relay.layer({ primary: { baseUrl: url } }))
  }

  for (const [place, relay] of Object.entries(places)) {
    const live = Layer.unwrap(
      Effect.map(Upstream, ({ url }) => Server.serve(OpenAiApi.layer().pipe(Layer.provide(relay(url))), { port: 0 }))
    ).pipe(Layer.provideMerge(Upstream.layer))

    layer(live, { excludeTestServices: true, timeout: "30 seconds" })(`over ${place}`, (it) => {
      it.effect.each(["00", "01"])("the upstream is told of the trace, with the flags %s", (flags) =>
        Effect.gen(function* () {
          const traceparent = `00-${traceId}-${spanId}-${flags}`
          assert.deepStrictEqual(yield* seen({ traceparent, tracestate: "a=1,b=2" }), {
            traceparent,
            tracestate: "a=1,b=2"
          })
          assert.deepStrictEqual(yield* seen({ traceparent }), { traceparent, tracestate: undefined })
        })
      )

      it.effect("and of none that is not well-formed", () =>
        Effect.gen(function* () {
          for (const headers of [{}, { traceparent: "00-1-2-3", tracestate: "a=1" }, { tracestate: "a=1" }]) {
            assert.deepStrictEqual(yield* seen(headers), { traceparent: undefined, tracestate: undefined })
          }
        })
      )
    })
  }

  /** A tracer that keeps what it is told. */
  const recorded: Array<Tracer.Span> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      recorded.push(span)
      return span
    }
  })
  const traced = Layer.unwrap(
    Effect.map(Upstream, ({ url }) =>
      Server.serve(OpenAiApi.layer().pipe(Layer.provide(places["a worker"](url))), { port: 0 })
    )
  ).pipe(Layer.provideMerge(Upstream.layer), Layer.provide(Layer.succeed(Tracer.Tracer, tracer)))

  layer(traced, { excludeTestServices: true, timeout: "30 seconds" })("where spans are recorded", (it) => {
    it.effect("the upstream is told the span of its call, within the caller's trace", () =>
      Effect.gen(function* () {
        const upstream = yield* Upstream
        yield* upstream.answer((response) => response.writeHead(400).end())
        const traceparent = `00-${traceId}-${spanId}-01`
        yield* post("/v1/embeddings", { model: "m", input: "a" }, { traceparent, tracestate: "a=1" })
        const [request] = upstream.requests
        assert.match(
          String(request?.headers["traceparent"]),
          new RegExp(`^00-${traceId}-(?!${spanId})[\\da-f]{16}-01$`)
        )
        assert.strictEqual(request?.headers["tracestate"], "a=1")
        // One that whoever looks at the trace finds there.
        const told = String(request?.headers["traceparent"]).slice(36, 52)
        assert.isTrue(recorded.some(({ spanId }) => spanId === told))
        const server = recorded.find(({ kind, parent }) => kind === "server" && Option.isSome(parent))
        assert.strictEqual(server?.traceId, traceId)
      })
    )
  })
})
