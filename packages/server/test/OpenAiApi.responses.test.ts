import * as Local from "@causeway/core/Local"
import { Relay } from "@causeway/openai/Relay"
import type { UpstreamConfig } from "@causeway/openai/UpstreamConfig"
import * as OpenAiApi from "@causeway/server/OpenAiApi"
import * as Server from "@causeway/server/Server"
import { Simulator } from "@causeway/simulator/Simulator"
import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import OpenAI, { NotFoundError } from "openai"
import { call, post } from "./fixtures/client.ts"
import { gateway, Upstream } from "./fixtures/upstream.ts"

const sdk = Effect.map(Server.Server, ({ url }) => new OpenAI({ baseURL: `${url}/v1`, apiKey: "k", maxRetries: 0 }))

const simulated = (options?: OpenAiApi.Options, config: Partial<UpstreamConfig> = {}) =>
  Layer.unwrap(
    Effect.map(Simulator, ({ url }) => {
      const relay = Local.layer(Relay, Relay.layer({ primary: { baseUrl: url, ...config } }))
      return Server.serve(OpenAiApi.layer(options).pipe(Layer.provide(relay)), { port: 0 })
    })
  ).pipe(Layer.provideMerge(Simulator.layer()))

const own = {
  "idempotency-key": "order-7",
  "openai-beta": "assistants=v2",
  "openai-organization": "org-1",
  "openai-project": "proj-1"
}

/** Not for an upstream: between the caller and this server, or nobody's business. */
const others = {
  authorization: "Bearer caller",
  "x-api-key": "caller",
  cookie: "a=b",
  "x-stainless-lang": "js",
  "user-agent": "the caller's",
  "x-custom": "1",
  "x-forwarded-for": "10.0.0.1"
}

const form = `--b\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n{}\r\n--b--\r\n`

/** One request of each kind of call, whose headers the upstream saw. */
const sent = Effect.fnUntraced(function* (headers: Readonly<Record<string, string>>) {
  const body = { model: "simulator", messages: [{ role: "user", content: "x" }] }
  yield* post("/v1/chat/completions", body, headers)
  yield* post("/v1/chat/completions", { ...body, stream: true }, headers)
  yield* call("/v1/models", { headers })
  yield* post("/v1/files", form, { ...headers, "content-type": "multipart/form-data; boundary=b" })
  yield* post("/v1/audio/speech", { model: "simulator", input: "x", voice: "alloy" }, headers)
  yield* call("/v1/responses/none", { headers })
  const { requests } = yield* Simulator
  return (yield* requests).slice(-6).map(({ headers }) => Object.fromEntries(headers))
})

const json = (text: string, status = 200) =>
  Effect.flatMap(Upstream, ({ answer }) =>
    answer((response) => {
      response.writeHead(status, { "content-type": "application/json" })
      response.end(text)
    })
  )

const events = (...texts: ReadonlyArray<string>) =>
  Effect.flatMap(Upstream, ({ answer }) =>
    answer((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" })
      response.end(texts.join(""))
    })
  )

const event = (type: string, fields: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
const delta = event("response.output_text.delta", { sequence_number: 7, delta: "a" })
const completed = event("response.completed", { sequence_number: 8, response: { error: null, output: [] } })

describe("OpenAiApi", () => {
  layer(simulated())("forwards of a caller's headers", (it) => {
    it.effect("the idempotency key and what is beta, and nothing else, with every kind of call", () =>
      Effect.gen(function* () {
        const seen = yield* sent({ ...own, ...others })
        assert.strictEqual(seen.length, 6)
        for (const headers of seen) {
          assert.strictEqual(headers["idempotency-key"], "order-7")
          assert.strictEqual(headers["openai-beta"], "assistants=v2")
          for (const name of ["openai-organization", "openai-project", ...Object.keys(others)]) {
            if (name === "user-agent") assert.strictEqual(headers[name], "causeway")
            else assert.notProperty(headers, name)
          }
        }
      })
    )

    it.effect("none where there are none", () =>
      Effect.gen(function* () {
        for (const headers of yield* sent({})) for (const name of Object.keys(own)) assert.notProperty(headers, name)
      })
    )
  })

  layer(simulated({ forward: ["openai-project"] }, { headers: { "OpenAI-Beta": "the-server's", "x-custom": "2" } }))(
    "forwards",
    (it) => {
      it.effect("what it is told to, and lets the upstream's own configuration win", () =>
        Effect.gen(function* () {
          for (const headers of yield* sent({ ...own, ...others })) {
            assert.include(headers, { "openai-project": "proj-1", "openai-beta": "the-server's", "x-custom": "2" })
            assert.notProperty(headers, "openai-organization")
          }
        })
      )
    }
  )

  layer(simulated())("serves a response that was made before", (it) => {
    it.effect("as the SDK asks for it: the response, its input, its end", () =>
      Effect.gen(function* () {
        const { responses } = yield* sdk
        const made = yield* Effect.promise(() => responses.create({ model: "simulator", input: "hello" }))
        const found = yield* Effect.promise(() => responses.retrieve(made.id))
        assert.deepStrictEqual(found.output, made.output)
        const items = yield* Effect.promise(() => responses.inputItems.list(made.id, { order: "asc", limit: 1 }))
        assert.include(JSON.stringify(items.data), "hello")
        const { requests } = yield* Simulator
        assert.strictEqual((yield* requests).at(-1)?.path, `/v1/responses/${made.id}/input_items`)
        yield* Effect.promise(() => responses.delete(made.id))
        const gone = yield* Effect.promise(() => responses.retrieve(made.id).catch((error: unknown) => error))
        assert.instanceOf(gone, NotFoundError)
        assert.match(gone.message, /not found/)
      })
    )

    it.effect("cancels one in the background, and tells of one that cannot be cancelled as the upstream does", () =>
      Effect.gen(function* () {
        const { responses } = yield* sdk
        const queued = yield* Effect.promise(() =>
          responses.create({ model: "simulator", input: "x", background: true })
        )
        assert.strictEqual(queued.status, "queued")
        assert.strictEqual((yield* Effect.promise(() => responses.cancel(queued.id))).status, "cancelled")
        const made = yield* Effect.promise(() => responses.create({ model: "simulator", input: "x" }))
        const { error, status } = yield* call(`/v1/responses/${made.id}/cancel`, { method: "POST" })
        assert.deepStrictEqual([status, error?.message], [400, "Cannot cancel a synchronous response."])
      })
    )

    it.effect("under no path that leads elsewhere, by no other method", () =>
      Effect.gen(function* () {
        const { requestCount } = yield* Simulator
        const before = yield* requestCount
        for (const path of ["/v1/responses/..", "/v1/responses/%2e%2e/cancel", "/v1/responses/%2E/input_items"]) {
          assert.include([404, 405], (yield* call(path)).status)
        }
        const { headers, status } = yield* call("/v1/responses/r", { method: "POST" })
        assert.deepStrictEqual([status, headers["allow"]], [405, "GET, HEAD, DELETE, OPTIONS"])
        assert.strictEqual(yield* requestCount, before)
      })
    )
  })

  layer(gateway())("serves a response that was made before", (it) => {
    it.effect("with the query that came, and every byte of the answer", () =>
      Effect.gen(function* () {
        const text = '{"object":"response","id":"r","output":[ ],"unheard_of":1e2}'
        yield* json(text)
        const query = "?include[]=reasoning.encrypted_content&include_obfuscation=false"
        assert.strictEqual((yield* call(`/v1/responses/a%2Fb${query}`)).text, text)
        assert.strictEqual((yield* Upstream).requests[0]?.url, `/v1/responses/a%2Fb${query}`)
      })
    )

    it.effect("though it failed: that is not this call's failure", () =>
      Effect.gen(function* () {
        const failed =
          '{"object":"response","status":"failed","error":{"code":"server_error","message":"x"},"output":[]}'
        for (const [path, method] of [
          ["/v1/responses/r", "GET"],
          ["/v1/responses/r/cancel", "POST"]
        ] as const) {
          yield* json(failed)
          const { status, text } = yield* call(path, { method })
          assert.deepStrictEqual([status, text], [200, failed])
          assert.strictEqual((yield* Upstream).requests[0]?.body.length, 0)
        }
      })
    )

    it.effect("cancels it with the body that came, where one did", () =>
      Effect.gen(function* () {
        yield* json('{"object":"response","output":[]}')
        assert.strictEqual((yield* post("/v1/responses/r/cancel", '{"of the future":1e2}')).status, 200)
        assert.strictEqual((yield* Upstream).requests[0]?.body.toString(), '{"of the future":1e2}')
      })
    )

    it.effect("but not what is none", () =>
      Effect.gen(function* () {
        for (const [text, code] of [
          ['{"object":"response","id":"r"}', "malformed_response"],
          ["", "malformed_response"],
          ['{"error":{"message":"busy","code":"overloaded"}}', "overloaded"]
        ] as const) {
          yield* json(text)
          const { error } = yield* call("/v1/responses/r")
          assert.strictEqual(error?.code, code)
        }
        yield* json('{"object":"list","data":[{}]}')
        assert.strictEqual((yield* call("/v1/responses/r/input_items")).error?.code, "malformed_response")
      })
    )

    it.effect("deletes it, whether or not the upstream has anything to say to that", () =>
      Effect.gen(function* () {
        for (const text of ["", '{"id":"r","deleted":true}']) {
          yield* json(text)
          const answer = yield* call("/v1/responses/r", { method: "DELETE" })
          assert.deepStrictEqual([answer.status, answer.text], [200, text])
        }
        yield* json('{"id":"r","deleted":false}')
        assert.strictEqual((yield* call("/v1/responses/r", { method: "DELETE" })).status, 502)
      })
    )

    it.effect("as its events, from where the caller wants them, to their end", () =>
      Effect.gen(function* () {
        yield* events(delta, completed)
        const path = "/v1/responses/r?stream=true&starting_after=6"
        const { headers, text } = yield* call(path)
        assert.strictEqual(text, delta + completed)
        assert.match(String(headers["content-type"]), /^text\/event-stream/)
        const [seen] = (yield* Upstream).requests
        assert.deepStrictEqual([seen?.url, seen?.headers.accept], [path, "text/event-stream"])
        yield* events(delta)
        const cut = yield* call(path)
        const [, data] = /event: error\ndata: (.*)\n\n$/.exec(cut.text) ?? []
        assert.deepInclude(JSON.parse(data ?? ""), { type: "error", sequence_number: 8, code: "stream_truncated" })
        yield* json('{"error":{"message":"gone","code":"not_found"}}', 404)
        assert.strictEqual((yield* call(path)).status, 404)
      })
    )
  })
})
