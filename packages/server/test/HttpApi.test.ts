/** A policy before REST model servers, which are bare servers of Node here. */
import * as NodeHttp from "node:http"
import * as Local from "@causeway/core/Local"
import * as Rule from "@causeway/core/Rule"
import { HttpRelay, type HttpUpstreamConfig } from "@causeway/openai/HttpRelay"
import * as Policy from "@causeway/resilience/Policy"
import * as Health from "@causeway/server/Health"
import * as HttpApi from "@causeway/server/HttpApi"
import * as Server from "@causeway/server/Server"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { call } from "./fixtures/client.ts"

/** What a server has seen of its requests. */
interface Seen {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: NodeHttp.IncomingHttpHeaders
  readonly body: string
}

interface Rest {
  readonly url: string
  readonly seen: ReadonlyArray<Seen>
}

type Answer = (request: Seen, response: NodeHttp.ServerResponse) => void

const rest = (answer: Answer) =>
  Effect.acquireRelease(
    Effect.callback<Rest & { readonly server: NodeHttp.Server }>((resume) => {
      const seen: Array<Seen> = []
      const server = NodeHttp.createServer((request, response) => {
        const chunks: Array<Buffer> = []
        request.on("data", (chunk: Buffer) => chunks.push(chunk))
        request.on("end", () => {
          const { headers, method, url } = request
          const one = { method, url, headers, body: Buffer.concat(chunks).toString() }
          seen.push(one)
          answer(one, response)
        })
      }).listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, seen, server }))
      })
    }),
    ({ server }) =>
      Effect.sync(() => {
        server.closeAllConnections()
        server.close()
      })
  )

const json = (
  response: NodeHttp.ServerResponse,
  status: number,
  value: unknown,
  headers: NodeHttp.OutgoingHttpHeaders = {}
) => response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value))

/** LitServe's `/predict`, and what may become of it. */
const lit: Answer = ({ body, url = "" }, response) => {
  switch (url.split("?")[0]) {
    case "/health":
      return void response.writeHead(200).end()
    case "/predict":
      return void json(response, 200, [JSON.parse(body).input ** 2], { "x-request-id": "up-1" })
    case "/busy":
      return void json(response, 500, { detail: "the queue is full" })
    case "/broken":
      return void json(response, 500, { detail: "CUDA out of memory" }, { "x-request-id": "up-2" })
    case "/locked":
      return void json(response, 401, { detail: "who are you" })
    case "/wrong":
      return void json(response, 422, { detail: [{ loc: ["body", "input"], msg: "field required" }] })
    case "/limited":
      return void json(response, 429, { detail: "slow down" }, { "retry-after": "7" })
    case "/half":
      response.writeHead(200, { "content-type": "application/json", "content-length": "100" }).write("[1, ")
      return void setImmediate(() => response.destroy())
    case "/stated":
      return void json(response, 200, { error: "no such lora" })
    case "/tokens":
      response.writeHead(200, { "content-type": "text/event-stream" })
      return void response.end("data: a b\n\ndata: c\n\n")
    case "/cut":
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: a\n\ndata: b")
      return void setImmediate(() => response.destroy())
    case "/made":
      return void response
        .writeHead(201, { "content-type": "application/octet-stream", "inference-header-content-length": "3" })
        .end(Buffer.from([0, 255, 1]))
    default:
      return void json(response, 404, { detail: "Not Found" })
  }
}

const busy: Rule.Rule = {
  name: "lit: busy",
  source: "its words",
  when: Rule.says(/queue is full/),
  reason: Rule.overloaded
}

const served = (
  upstreams: Readonly<Record<string, HttpUpstreamConfig>>,
  options: Omit<HttpApi.Options, "path"> = {},
  rules: Readonly<Record<string, ReadonlyArray<Rule.Rule>>> = {}
) => {
  const health = Layer.unwrap(Effect.map(HttpApi.check(upstreams), (check) => Health.layer({ checks: [check] })))
  return Server.serve(
    Layer.merge(HttpApi.layer({ path: "/models/score", ...options }), health).pipe(
      Layer.provide(Local.layer(HttpRelay, HttpRelay.layer(upstreams, { rules })))
    ),
    { port: 0 }
  )
}

const ask = (path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) =>
  call(`/models/score${path}`, body === undefined ? { headers } : { method: "POST", body, headers })

describe("HttpApi", () => {
  it.live("passes requests and answers on as they are, by the upstream's paths", () =>
    Effect.gen(function* () {
      const server = yield* rest(lit)
      const config = {
        baseUrl: server.url,
        headers: { "x-api-key": "k" },
        paths: { "/": "/predict", "/tokens2": "/tokens" }
      }
      yield* Effect.gen(function* () {
        const squared = yield* ask("?a=1", { input: 3 }, { authorization: "Bearer mine", "x-lora": "l", cookie: "c=1" })
        assert.deepStrictEqual([squared.status, squared.text], [200, "[9]"])
        assert.strictEqual(squared.headers["x-upstream-request-id"], "up-1")
        const [seen] = server.seen
        assert.deepInclude(seen, { method: "POST", url: "/predict?a=1" })
        assert.deepInclude(seen?.headers, { "x-api-key": "k", "x-lora": "l" })
        assert.notProperty(seen?.headers, "authorization")
        assert.notProperty(seen?.headers, "cookie")
        assert.strictEqual((yield* ask("/tokens2")).text, "data: a b\n\ndata: c\n\n")
        const made = yield* ask("/made", {})
        assert.deepStrictEqual([made.status, made.headers["inference-header-content-length"]], [201, "3"])
        assert.strictEqual((yield* ask("/../health")).status, 400)
      }).pipe(Effect.provide(served({ lit: config }, { forward: ["X-Lora", "Authorization", "Cookie"] })))
    })
  )

  it.live("finds what stands below its path, however that path is spelled", () =>
    Effect.gen(function* () {
      const server = yield* rest((_, response) => json(response, 200, {}))
      yield* Effect.gen(function* () {
        for (const path of ["/%6Dodels/%73core/a/b?c=/d", "//models//score/a/b?c=/d"]) {
          assert.strictEqual((yield* call(path)).status, 200)
        }
        assert.strictEqual((yield* call("/models/scor%65?a=/b")).status, 200)
        // A slash that is encoded is no step.
        assert.strictEqual((yield* call("/models%2Fscore/a/b")).status, 404)
      }).pipe(Effect.provide(served({ lit: { baseUrl: server.url } })))
      assert.deepStrictEqual(
        server.seen.map(({ url }) => url),
        ["/a/b?c=/d", "/a/b?c=/d", "/?a=/b"]
      )
    })
  )

  it.live("tells what became of a call, by the rules of all and by those of the upstream", () =>
    Effect.gen(function* () {
      const server = yield* rest(lit)
      yield* Effect.gen(function* () {
        const table = [
          ["/busy", 503, "overloaded"],
          ["/broken", 502, "provider_fault"],
          ["/locked", 502, "authentication"],
          ["/wrong", 422, "invalid_request"],
          ["/limited", 429, "rate_limited"],
          ["/half", 502, "connection_lost"],
          ["/stated", 502, "malformed_response"],
          ["/nowhere", 404, "not_found"]
        ] as const
        for (const [path, status, code] of table) {
          const answer = yield* ask(path, { input: 1 })
          assert.deepStrictEqual([path, answer.status, answer.error?.code], [path, status, code])
        }
        assert.strictEqual((yield* ask("/broken", {})).headers["x-upstream-request-id"], "up-2")
        assert.strictEqual((yield* ask("/limited", {})).headers["retry-after"], "7")
        const cut = yield* ask("/cut")
        assert.match(cut.text, /^data: a\n\ndata: b\n\nevent: error\ndata: .*"connection_lost"/)
      }).pipe(Effect.provide(served({ lit: { baseUrl: server.url } }, {}, { lit: [busy] })))
    })
  )

  it.live("falls over to another one, and repeats only what may be", () =>
    Effect.gen(function* () {
      const down = yield* rest((_, response) => void json(response, 500, { detail: "broken" }))
      const up = yield* rest(lit)
      const upstreams = {
        "lit-1": { baseUrl: down.url, health: "/health" },
        "lit-2": { baseUrl: up.url, health: "/health" }
      }
      const policy = Policy.make({ upstreams: ["lit-1", "lit-2"], fallback: ["lit-2"], retry: { times: 0 } })
      yield* Effect.gen(function* () {
        const answer = yield* ask("/predict", { input: 4 })
        assert.deepStrictEqual([answer.status, answer.text], [200, "[16]"])
        assert.strictEqual(answer.headers["x-causeway-upstream"], "lit-2")
        const health = yield* call("/health")
        assert.strictEqual(health.status, 200)
        assert.include(health.text, '"lit-1":"ProviderFault","lit-2":"well"')
      }).pipe(Effect.provide(served(upstreams, { policy, replay: "safe" })))
      yield* Effect.gen(function* () {
        assert.strictEqual((yield* ask("/predict", { input: 4 })).status, 502)
        assert.strictEqual((yield* ask("/predict", { input: 4 }, { "idempotency-key": "a" })).status, 200)
      }).pipe(Effect.provide(served(upstreams, { policy })))
    })
  )

  it.live("is not ready where no upstream is well, also where one says nothing", () =>
    Effect.gen(function* () {
      const silent = yield* rest(() => {})
      yield* Effect.gen(function* () {
        const health = yield* call("/health")
        assert.strictEqual(health.status, 503)
        assert.include(health.text, '"lit":"no answer"')
      }).pipe(Effect.provide(served({ lit: { baseUrl: silent.url, health: "/health" } })))
    })
  )

  it.live("asks its upstreams no more than five times a second, however often the health is asked for", () =>
    Effect.gen(function* () {
      const server = yield* rest(lit)
      yield* Effect.gen(function* () {
        const from = performance.now()
        const answers = yield* Effect.forEach(Array.from({ length: 60 }), () => call("/health"), { concurrency: 20 })
        const most = 1 + (performance.now() - from) / 200
        assert.isTrue(answers.every(({ status }) => status === 200))
        assert.isAtMost(server.seen.length, most)
      }).pipe(Effect.provide(served({ lit: { baseUrl: server.url, health: "/health" } })))
    })
  )
})
