/**
 * What those who run the server see of it: health, metrics, info and the access log.
 */
import { createServer, type Server } from "node:http"
import { Simulator } from "@causeway/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { chat, directory, get, moduleUrl, post, ready, run, send, until } from "./command.ts"

const timeout = 60_000

const configuration = (url: string, server: string) =>
  directory({
    "causeway.config.ts": `
      import { defineConfig } from ${moduleUrl("packages/cli/src/Config.ts")}
      export default defineConfig({
        upstreams: { primary: { baseUrl: ${JSON.stringify(url)}, headers: { "x-secret": "hunter2" } } },
        policy: { retry: { times: 0 } },
        pool: { size: 1 },
        server: ${server}
      })`
  })

const linesOf = (text: string): ReadonlyArray<Record<string, unknown>> =>
  text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line))

describe("those who run the server", () => {
  it.live(
    "see what its services are called with, and what they fail with",
    () =>
      Effect.gen(function* () {
        const { url } = yield* Simulator
        const server = yield* ready({ cwd: configuration(url, "{}") })
        const { openapi, paths } = JSON.parse((yield* get(`${server.url}/openapi.json`)).text)
        assert.strictEqual(openapi, "3.1.0")
        assert.hasAllKeys(paths, ["/predict/square", "/predict/answer"])
        assert.includeMembers(Object.keys(paths["/predict/answer"].post.responses), ["200", "429", "502", "503", "504"])
        for (const path of ["/docs", "/docs/errors"]) {
          assert.match((yield* get(`${server.url}${path}`)).text, /^<!doctype html>/)
        }
      }).pipe(Effect.provide(Simulator.layer())),
    timeout
  )

  it.live(
    "see what it does, and no secret",
    () =>
      Effect.gen(function* () {
        const { url } = yield* Simulator
        const server = yield* ready({ cwd: configuration(url, `{ accessLog: "json" }`) })
        yield* post(`${server.url}/v1/chat/completions?token=hunter3`, chat("gpt-5"))
        yield* post(`${server.url}/v1/chat/completions`, chat("fault:no-healthy-upstream"))
        yield* post(`${server.url}/predict`, { x: 3 })

        const info = JSON.parse((yield* get(`${server.url}/info`)).text)
        assert.strictEqual(info.name, "causeway")
        assert.match(info.version, /^\d+\.\d+\.\d+/)
        assert.isAtLeast(info.uptimeSeconds, 0)
        assert.deepInclude(info.upstreams[0], { name: "primary", baseUrl: url, isAuthenticated: false })
        assert.deepInclude(info.services[0].routes, "/predict/square")
        assert.isAtLeast(info.workers.workers.length, 1)

        const metrics = (yield* get(`${server.url}/metrics`)).text
        for (const line of [
          /^http_server_request_duration_seconds_count\{.*http_route="\/v1\/chat\/completions".*\} 1$/m,
          /^gen_ai_client_operation_duration_seconds_count\{.*gen_ai_request_model="gpt-5".*\} 1$/m,
          /^gen_ai_client_operation_duration_seconds_count\{.*error_type="Gateway".*\} 1$/m,
          /^causeway_workers_active\{.*\} 1$/m,
          /^causeway_health_check\{check="workers"\} 1$/m,
          /^causeway_health_check\{check="upstreams"\} 1$/m
        ]) {
          assert.match(metrics, line)
        }

        yield* until(Effect.sync(server.stdout), (text) => linesOf(text).length >= 3)
        const [first, second, third] = linesOf(server.stdout())
        assert.deepInclude(first, { method: "POST", status: 200, upstream: "primary", attempts: 1 })
        assert.deepInclude(second, { status: 503, reason: "Gateway", upstream: "primary", attempts: 1 })
        assert.deepInclude(third, { path: "/predict", status: 200 })
        for (const secret of ["hunter2", "hunter3"]) {
          assert.notInclude(JSON.stringify(info) + metrics + server.stdout() + server.stderr(), secret)
        }
      }).pipe(Effect.provide(Simulator.layer())),
    timeout
  )

  it.live(
    "see at once that no upstream answers any more, where that counts",
    () =>
      Effect.gen(function* () {
        const { behave, url } = yield* Simulator
        const server = yield* ready({
          cwd: configuration(url, "{ health: { requireUpstream: true }, accessLog: false }")
        })
        assert.strictEqual((yield* get(`${server.url}/health/ready`)).status, 200)
        yield* behave({ fault: "no-healthy-upstream" })
        for (let call = 0; call < 6; call++) yield* post(`${server.url}/v1/chat/completions`, chat("gpt-5"))
        const { status, text } = yield* get(`${server.url}/health/ready`)
        assert.strictEqual(status, 503)
        assert.deepStrictEqual(JSON.parse(text).reasons, ["upstreams: all of them are down"])
        assert.match((yield* get(`${server.url}/metrics`)).text, /^causeway_health_check\{check="upstreams"\} 0$/m)
        assert.strictEqual((yield* get(`${server.url}/health/live`)).status, 200)
        assert.deepStrictEqual(linesOf(server.stdout()), [])
      }).pipe(Effect.provide(Simulator.layer())),
    timeout
  )

  it.live(
    "may leave the log's reader and go on being served",
    () =>
      Effect.gen(function* () {
        const server = yield* ready({ env: { CAUSEWAY_ACCESS_LOG: "json" } })
        yield* server.closeStdout
        for (let call = 0; call < 5; call++) {
          assert.strictEqual((yield* post(`${server.url}/predict`, { x: 3 })).status, 200)
        }
        yield* server.signal("SIGTERM")
        assert.strictEqual((yield* server.ended).code, 0)
      }),
    timeout
  )
})

/** A collector that takes what it is sent, and answers nothing of its own. */
const collector = Effect.acquireRelease(
  Effect.callback<{
    readonly url: string
    readonly received: Array<readonly [path: string, body: string]>
    readonly server: Server
  }>((resume) => {
    const received: Array<readonly [string, string]> = []
    const server = createServer((request, response) => {
      let body = ""
      request.on("data", (chunk: Buffer) => (body += chunk.toString()))
      request.on("end", () => {
        received.push([request.url ?? "", body])
        response.writeHead(200, { "content-type": "application/json" }).end("{}")
      })
    }).listen(0, "127.0.0.1", () => {
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, received, server }))
    })
  }),
  ({ server }) => Effect.sync(() => server.close().closeAllConnections())
)

describe("a collector", () => {
  it.live(
    "gets traces and metrics, of the workers too, and no log",
    () =>
      Effect.gen(function* () {
        const simulator = yield* Simulator
        const { received, url } = yield* collector
        const server = yield* ready({
          env: {
            OPENAI_BASE_URL: simulator.url,
            OTEL_EXPORTER_OTLP_ENDPOINT: url,
            OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
            OTEL_METRIC_EXPORT_INTERVAL: "200",
            OTEL_BSP_SCHEDULE_DELAY: "200",
            OTEL_LOGS_EXPORTER: "otlp"
          }
        })
        const traceId = "0af7651916cd43dd8448eb211c80319c"
        const traceparent = `00-${traceId}-b7ad6b7169203331-01`
        yield* send(`${server.url}/predict/answer?token=hunter2`, {
          method: "POST",
          headers: { traceparent },
          body: JSON.stringify({ prompt: "Hello", model: "gpt-5" })
        })
        const texts = (path: string) =>
          Effect.sync(() => received.flatMap(([to, body]) => (to === path ? [body] : [])).join("\n"))
        const traces = yield* until(texts("/v1/traces"), (text) => text.includes("chat gpt-5"))
        assert.isTrue(traces.includes(traceId))
        assert.isTrue(traces.includes('"causeway"'))
        assert.isFalse(traces.includes("hunter2"))
        assert.isFalse(traces.includes("/health"))
        yield* until(
          texts("/v1/metrics"),
          (text) =>
            text.includes("http.server.request.duration") &&
            text.includes("gen_ai.client.token.usage") &&
            /"service\.instance\.id","value":\{"stringValue":"\d+-\d+"\}/.test(text)
        )
        assert.strictEqual(yield* texts("/v1/logs"), "")
        yield* server.signal("SIGTERM")
        assert.strictEqual((yield* server.ended).code, 0)
      }).pipe(Effect.scoped, Effect.provide(Simulator.layer())),
    timeout
  )

  it.live(
    "that cannot be named is a wrong setting",
    () =>
      Effect.gen(function* () {
        const { code, stderr } = yield* run({
          args: ["serve"],
          env: {
            OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318",
            OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
            OTEL_METRIC_EXPORT_INTERVAL: "soon"
          }
        })
        assert.strictEqual(code, 1)
        for (const setting of [
          "OTEL_EXPORTER_OTLP_ENDPOINT",
          "OTEL_EXPORTER_OTLP_PROTOCOL",
          "METRIC_EXPORT_INTERVAL"
        ]) {
          assert.include(stderr, setting)
        }
      }),
    timeout
  )
})
