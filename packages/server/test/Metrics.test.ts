import * as Local from "@causeway/core/Local"
import { Relay } from "@causeway/openai/Relay"
import type * as Health from "@causeway/server/Health"
import * as Metrics from "@causeway/server/Metrics"
import * as OpenAiApi from "@causeway/server/OpenAiApi"
import * as Server from "@causeway/server/Server"
import { Simulator } from "@causeway/simulator/Simulator"
import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Redacted from "effect/Redacted"
import { happened, Journal, routes } from "./fixtures/Calls.ts"
import { call, connect, head, post } from "./fixtures/client.ts"

const keys = [
  { name: "ops", key: Redacted.make("ops-key") },
  { name: "app", key: Redacted.make("app-key"), scopes: {} }
] as const

let isWell = true
const check: Health.Check = { name: "test", status: Effect.sync(() => ({ ok: isWell })) }

/** With a registry of its own, since the default one is the process's. */
const served = Layer.unwrap(
  Effect.map(Simulator, ({ url }) => {
    const relay = Local.layer(Relay, Relay.layer({ simulator: { baseUrl: url } }))
    const all = Layer.mergeAll(routes, Metrics.layerRoute({ checks: [check] }), Layer.provide(OpenAiApi.layer(), relay))
    return Server.serve(all, { port: 0, keys, metrics: true })
  })
).pipe(
  Layer.provide(Simulator.layer()),
  Layer.provideMerge(Journal.layer),
  Layer.provide(Layer.succeed(Metric.MetricRegistry, new Map()))
)

const scrape = Effect.map(call("/metrics", { headers: { "x-api-key": "ops-key" } }), ({ text }) => text)

const key = { "x-api-key": "app-key" }

/** The value of the series whose line holds all of these. */
const valueOf = (text: string, name: string, ...labels: ReadonlyArray<string>): number | undefined => {
  const line = text
    .split("\n")
    .find((line) => (line.startsWith(`${name}{`) || line === name) && labels.every((label) => line.includes(label)))
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(" ")))
}

describe("Metrics", () => {
  layer(served)((it) => {
    it.effect("are for operators alone", () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* call("/metrics")).status, 401)
        assert.strictEqual((yield* call("/metrics", { headers: key })).status, 403)
        const { headers, status } = yield* call("/metrics", { headers: { "x-api-key": "ops-key" } })
        assert.strictEqual(status, 200)
        assert.strictEqual(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8")
      })
    )

    it.effect("count requests by route, status and reason", () =>
      Effect.gen(function* () {
        for (let n = 0; n < 3; n++) yield* post("/predict/square", { x: n }, key)
        yield* post("/predict/upstream", {}, key)
        yield* call("/nope-1", { headers: key })
        yield* call("/nope-2", { headers: key })
        const text = yield* scrape
        const count = "http_server_request_duration_seconds_count"
        assert.strictEqual(
          valueOf(text, count, 'http_route="/predict/', 'status_code="200"', 'http_request_method="POST"'),
          3
        )
        assert.strictEqual(valueOf(text, count, '"/predict/', '"503"', 'error_type="Gateway"'), 1)
        // Paths that are no routes are no series.
        assert.strictEqual(valueOf(text, count, 'status_code="404"'), 2)
        assert.notInclude(text, "nope")
        assert.include(text, "# TYPE http_server_request_duration_seconds histogram")
      })
    )

    it.effect("know what is being answered, and what was given up", () =>
      Effect.gen(function* () {
        const active = (text: string) => valueOf(text, "http_server_active_requests", '"POST"')
        const socket = yield* connect
        socket.send(`${head("POST", "/predict/hang", "x-api-key: app-key", "content-length: 2")}{}`)
        assert.strictEqual(yield* happened, "hang began")
        assert.strictEqual(active(yield* scrape), 1)
        yield* socket.leave
        assert.strictEqual(yield* happened, "hang ended")
        const text = yield* scrape
        assert.strictEqual(active(text), 0)
        assert.strictEqual(
          valueOf(text, "http_server_request_duration_seconds_count", '"/predict/', 'error_type="aborted"'),
          1
        )
      })
    )

    it.effect("tell of calls to upstreams by the conventions for generative AI", () =>
      Effect.gen(function* () {
        const messages = [{ role: "user", content: "hello" }]
        yield* post("/v1/chat/completions", { model: "gpt-5", messages }, key)
        yield* post(
          "/v1/chat/completions",
          { model: "gpt-5-stream", messages, stream: true, stream_options: { include_usage: true } },
          key
        )
        yield* post("/v1/chat/completions", { model: "fault:no-healthy-upstream", messages }, key)
        const text = yield* scrape
        const chat = 'gen_ai_operation_name="chat"'
        const duration = "gen_ai_client_operation_duration_seconds_count"
        assert.strictEqual(valueOf(text, duration, chat, 'gen_ai_request_model="gpt-5"'), 1)
        assert.strictEqual(valueOf(text, duration, chat, '"gpt-5-stream"'), 1)
        assert.strictEqual(
          valueOf(text, duration, chat, 'gen_ai_request_model="fault:no-healthy-upstream"', 'error_type="Gateway"'),
          1
        )
        for (const model of ['"gpt-5"', '"gpt-5-stream"']) {
          for (const type of ["input", "output"]) {
            const label = `gen_ai_token_type="${type}"`
            assert.isAbove(valueOf(text, "gen_ai_client_token_usage_sum", model, label) ?? 0, 0, `${model} ${type}`)
          }
        }
        const first = "gen_ai_client_operation_time_to_first_chunk_seconds_count"
        assert.strictEqual(valueOf(text, first, '"gpt-5-stream"'), 1)
        assert.isUndefined(valueOf(text, first, '"gpt-5"'))
      })
    )

    it.effect("tell whether the server is well, at this moment, and what the process needs", () =>
      Effect.gen(function* () {
        assert.strictEqual(valueOf(yield* scrape, "causeway_health_check", 'check="test"'), 1)
        isWell = false
        const text = yield* scrape
        assert.strictEqual(valueOf(text, "causeway_health_check", 'check="test"'), 0)
        assert.match(text, /^process_memory_usage_bytes \d+$/m)
        assert.match(text, /^process_cpu_time_seconds_total\{cpu_mode="user"\} [\d.]+$/m)
      })
    )
  })
})
