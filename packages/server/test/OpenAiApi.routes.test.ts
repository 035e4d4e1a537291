import type { ServerResponse } from "node:http"
import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import OpenAI, { APIError, toFile } from "openai"
import * as Server from "@causeway/server/Server"
import { call, connect, head, post } from "./fixtures/client.ts"
import { gateway, Upstream } from "./fixtures/upstream.ts"

const json = (text: string, status = 200, headers: Readonly<Record<string, string>> = {}) =>
  Effect.flatMap(Upstream, ({ answer }) =>
    answer((response) => {
      response.writeHead(status, { "content-type": "application/json", ...headers })
      response.end(text)
    })
  )

/** A stream that ends after these events; `cut`: by breaking off. */
const events = (texts: ReadonlyArray<string>, cut = false) =>
  Effect.flatMap(Upstream, ({ answer }) =>
    answer((response) => {
      response.writeHead(200, { "content-type": "text/event-stream", "x-ms-request-id": "up-1" })
      for (const text of texts) response.write(text)
      if (cut) setImmediate(() => setImmediate(() => response.destroy()))
      else response.end()
    })
  )

const event = (type: string, fields: object = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`

const created = event("response.created", { sequence_number: 0, response: { error: null } })
const delta = event("response.output_text.delta", { sequence_number: 7, delta: 'a "sequence_number":99' })
const completed = event("response.completed", { sequence_number: 8, response: { error: null, output: [] } })

const sdk = Effect.map(Server.Server, ({ url }) => new OpenAI({ baseURL: `${url}/v1`, apiKey: "k", maxRetries: 0 }))

/** What a promise rejects with. */
const rejection = (make: () => Promise<unknown>) =>
  Effect.promise(() =>
    make().then(
      () => undefined,
      (error: unknown) => error
    )
  )

const boundary = "b0undary"
const multipart = { "content-type": `multipart/form-data; boundary=${boundary}` }
const audio = Buffer.from(Array.from({ length: 3000 }, (_, index) => (index * 31) % 256))
const form = Buffer.concat([
  Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n`),
  audio,
  Buffer.from(`\r\n--${boundary}\r\ncontent-disposition: form-data; name="model"\r\n\r\nm\r\n--${boundary}--\r\n`)
])

describe("OpenAiApi", () => {
  layer(gateway({ m: "upstream/m" }))((it) => {
    it.effect.each([
      ["/chat/completions", "/v1/chat/completions"],
      ["/v1/v1/chat/completions?a=b", "/v1/chat/completions"],
      ["/openai/models/gpt-5/", "/v1/models/gpt-5"],
      ["/v1/responses/resp_1/cancel/cancel", undefined],
      ["/nope", undefined]
    ] as const)("tells who asks for %s which route was meant", ([path, meant]) =>
      Effect.gen(function* () {
        const { error, status } = yield* post(path, {})
        assert.strictEqual(status, 404)
        const [plain = ""] = path.split("?")
        const hint = meant === undefined ? "" : `; there is ${meant}`
        assert.strictEqual(error?.message, `there is nothing at POST ${plain}${hint}`)
      })
    )

    it.effect.each([
      ["/v1/completions", { model: "x", prompt: "a" }, '{"choices":[{"text":"a"}],"extra":1e2}'],
      ["/v1/responses", { model: "x", input: "a", metadata: { a: "b" } }, '{"output":[ ],"error":null}'],
      ["/v1/embeddings", { model: "x", input: ["a"] }, '{"data":[{"embedding":[1e0]}]}'],
      ["/v1/embeddings", { model: "x", input: [[1, 2]] }, '{"data":[{"embedding":"AAAA"}]}'],
      ["/v1/moderations", { input: "a" }, '{"results":[{"flagged":false}]}'],
      ["/v1/images/generations", { prompt: "a" }, '{"data":[{"url":"http://x"}]}']
    ] as const)("passes %s on as it is, both ways", ([path, body, answer]) =>
      Effect.gen(function* () {
        yield* json(answer, 200, { "apim-request-id": "up-1", "x-ratelimit-limit-tokens": "5", "set-cookie": "a=b" })
        const { headers, status, text } = yield* post(path, { ...body, unheard_of: [1] })
        assert.deepStrictEqual([status, text], [200, answer])
        assert.include(headers, {
          "x-upstream-request-id": "up-1",
          "apim-request-id": "up-1",
          "x-ratelimit-limit-tokens": "5"
        })
        assert.isUndefined(headers["set-cookie"])
        const { requests } = yield* Upstream
        assert.strictEqual(requests[0]?.url, path)
        assert.strictEqual(requests[0]?.body.toString(), JSON.stringify({ ...body, unheard_of: [1] }))
        assert.strictEqual(requests[0]?.headers["x-request-id"], headers["x-request-id"])
      })
    )

    it.effect.each([
      ["/v1/completions", { prompt: "a" }, "model"],
      ["/v1/responses", { model: "" }, "model"],
      ["/v1/responses", { stream: 1 }, "stream"],
      ["/v1/embeddings", { model: "x", input: [] }, "input"],
      ["/v1/moderations", {}, "input"],
      ["/v1/images/generations", { model: "x" }, "prompt"],
      ["/v1/audio/speech", { model: "x" }, "input"]
    ] as const)("refuses a body that %s cannot have", ([path, body, param]) =>
      Effect.gen(function* () {
        yield* json("{}")
        const { error, status } = yield* post(path, body)
        assert.deepStrictEqual([status, error?.param], [400, param])
        assert.strictEqual((yield* Upstream).requests.length, 0)
      })
    )

    it.effect.each([
      ["GET", "/v1/models?limit=2&after=a%20b", "/v1/models?limit=2&after=a%20b", '{"data":[]}'],
      ["GET", "/v1/models/org%2Fname", "/v1/models/org%2Fname", '{"id":"org/name"}'],
      ["GET", "/v1/models/m", "/v1/models/upstream%2Fm", '{"id":"m"}'],
      ["GET", "/v1/files?purpose=batch", "/v1/files?purpose=batch", '{"data":[]}'],
      ["GET", "/v1/files/f", "/v1/files/f", '{"id":"f"}'],
      ["DELETE", "/v1/files/f", "/v1/files/f", '{"id":"f","deleted":true}']
    ] as const)("%s %s", ([method, path, asked, answer]) =>
      Effect.gen(function* () {
        yield* json(answer)
        const { status, text } = yield* call(path, { method })
        assert.deepStrictEqual([status, text], [200, answer])
        const [seen] = (yield* Upstream).requests
        assert.deepStrictEqual([seen?.method, seen?.url], [method, asked])
      })
    )

    it.effect.each(["/v1/models/..", "/v1/models/%2e%2e", "/v1/files/%2E/content"])("knows no id in %s", (path) =>
      Effect.gen(function* () {
        yield* json('{"id":"x"}')
        assert.strictEqual((yield* call(path)).status, 404)
        assert.strictEqual((yield* Upstream).requests.length, 0)
      })
    )

    it.effect("tells an unknown model as the upstream does, and a wrong method with those that there are", () =>
      Effect.gen(function* () {
        yield* json(
          '{"error":{"message":"no such model","code":"model_not_found","type":"invalid_request_error"}}',
          404
        )
        const { error, status } = yield* call("/v1/models/x")
        assert.deepStrictEqual([status, error?.code, error?.message], [404, "model_not_found", "no such model"])
        const wrong = yield* call("/v1/files/f", { method: "POST" })
        assert.deepStrictEqual([wrong.status, wrong.headers["allow"]], [405, "GET, HEAD, DELETE, OPTIONS"])
      })
    )

    it.effect("streams a response up to its final event, without [DONE]", () =>
      Effect.gen(function* () {
        yield* events([created, delta, completed, "data: [DONE]\n\n"])
        const { headers, text } = yield* post("/v1/responses", { model: "x", stream: true })
        assert.strictEqual(text, created + delta + completed)
        assert.match(String(headers["content-type"]), /^text\/event-stream/)
        assert.strictEqual(headers["x-upstream-request-id"], "up-1")
      })
    )

    it.effect("ends a response that breaks off by its API's own error event, which the SDK raises", () =>
      Effect.gen(function* () {
        yield* events([created, delta], true)
        const { text } = yield* post("/v1/responses", { model: "x", stream: true })
        assert.isTrue(text.startsWith(created + delta), text)
        const [, data] = /event: error\ndata: (.*)\n\n$/.exec(text) ?? []
        assert.deepInclude(JSON.parse(data ?? ""), {
          type: "error",
          sequence_number: 8,
          code: "connection_lost",
          param: null
        })
        const client = yield* sdk
        const error = yield* rejection(async () => {
          for await (const _ of await client.responses.create({ model: "x", input: "a", stream: true }));
        })
        assert.instanceOf(error, APIError)
        assert.strictEqual(error.code, "connection_lost")
      })
    )

    it.effect("tells a failed response by its API's own error event", () =>
      Effect.gen(function* () {
        const failed = event("response.failed", { response: { error: { code: "server_error", message: "oops" } } })
        yield* events([created, failed])
        const { text } = yield* post("/v1/responses", { model: "x", stream: true })
        const [, data] = /event: error\ndata: (.*)\n\n$/.exec(text) ?? []
        assert.deepInclude(JSON.parse(data ?? ""), { type: "error", sequence_number: 1, code: "provider_fault" })
      })
    )

    it.effect.each([
      [
        "/v1/completions",
        ['data: {"choices":[{"index":0,"text":"a","finish_reason":"stop"}]}\n\n', "data: [DONE]\n\n"]
      ],
      ["/v1/images/generations", [event("image_generation.partial_image"), event("image_generation.completed")]]
    ] as const)("streams %s to its own end", ([path, texts]) =>
      Effect.gen(function* () {
        yield* events(texts)
        const body = { model: "x", prompt: "a", stream: true }
        assert.strictEqual((yield* post(path, body)).text, texts.join(""))
        yield* events(texts.slice(0, 1))
        const cut = yield* post(path, body)
        assert.match(cut.text, /event: error\ndata: \{"error":.*"stream_truncated"/)
        assert.notInclude(cut.text, "[DONE]")
      })
    )

    it.effect.each(["/v1/audio/transcriptions", "/v1/audio/translations"])("sends a form on to %s", (path) =>
      Effect.gen(function* () {
        yield* json('{"text":"hi"}')
        const answer = yield* post(path, form, multipart)
        assert.deepStrictEqual(
          [answer.status, answer.text, answer.headers["content-type"]],
          [200, '{"text":"hi"}', "application/json"]
        )
        const [seen] = (yield* Upstream).requests
        assert.strictEqual(seen?.headers["content-type"], multipart["content-type"])
        assert.strictEqual(
          seen?.body.toString("latin1"),
          form.toString("latin1").replace("\r\n\r\nm\r\n", "\r\n\r\nupstream/m\r\n")
        )
      })
    )

    it.effect("streams a transcript", () =>
      Effect.gen(function* () {
        const texts = [event("transcript.text.delta", { delta: "a" }), event("transcript.text.done", { text: "a" })]
        yield* events(texts)
        const streamed = Buffer.concat([
          Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="stream"\r\n\r\ntrue\r\n`),
          form
        ])
        const { headers, text } = yield* post("/v1/audio/transcriptions", streamed, multipart)
        assert.strictEqual(text, texts.join(""))
        assert.match(String(headers["content-type"]), /^text\/event-stream/)
      })
    )

    it.effect("refuses what is no form", () =>
      Effect.gen(function* () {
        yield* json("{}")
        const { error, status } = yield* post("/v1/files", { a: 1 }, { "content-type": "application/json" })
        assert.deepStrictEqual([status, error?.code, error?.param], [400, "invalid_header", "content-type"])
      })
    )

    it.effect("serves the SDK: audio, a file up and down, embeddings", () =>
      Effect.gen(function* () {
        const client = yield* sdk
        const { answer } = yield* Upstream
        yield* answer((response, { method, url }) => {
          if (url === "/v1/audio/speech" || url.endsWith("/content")) {
            response.writeHead(200, {
              "content-type": "audio/mpeg",
              "content-disposition": 'attachment; filename="a.mp3"'
            })
            response.write(audio.subarray(0, 1000))
            setImmediate(() => response.end(audio.subarray(1000)))
          } else {
            response.writeHead(200, { "content-type": "application/json" })
            response.end(method === "POST" ? '{"id":"f","object":"file"}' : '{"data":[]}')
          }
        })
        const bytes = yield* Effect.promise(async () =>
          Buffer.from(
            await (await client.audio.speech.create({ model: "m", voice: "alloy", input: "hi" })).arrayBuffer()
          )
        )
        assert.isTrue(bytes.equals(audio))
        const file = yield* Effect.promise(async () =>
          client.files.create({ file: await toFile(audio, "a.mp3"), purpose: "user_data" })
        )
        assert.strictEqual(file.id, "f")
        const content = yield* Effect.promise(() => client.files.content("f"))
        assert.strictEqual(content.headers.get("content-disposition"), 'attachment; filename="a.mp3"')
        assert.isTrue(Buffer.from(yield* Effect.promise(() => content.arrayBuffer())).equals(audio))
      })
    )

    it.effect("breaks the connection where audio breaks off, so that nobody takes a part for the whole", () =>
      Effect.gen(function* () {
        const { answer } = yield* Upstream
        yield* answer((response) => {
          response.writeHead(200, { "content-type": "audio/mpeg" })
          response.write(audio)
          setTimeout(() => response.destroy(), 20)
        })
        const body = JSON.stringify({ model: "x", input: "a" })
        const socket = yield* connect
        socket.send(head("POST", "/v1/audio/speech", `content-length: ${body.length}`) + body)
        const text = yield* socket.closed
        assert.match(text, /^HTTP\/1\.1 200 /)
        assert.notInclude(text, "\r\n0\r\n\r\n")
        const client = yield* sdk
        const error = yield* rejection(async () =>
          (await client.audio.speech.create({ model: "m", voice: "alloy", input: "hi" })).arrayBuffer()
        )
        assert.instanceOf(error, Error)
      })
    )

    it.effect(
      "resets the connection where a body without chunks breaks off: its mere end would be that of the body",
      () =>
        Effect.gen(function* () {
          const { answer } = yield* Upstream
          const body = JSON.stringify({ model: "x", input: "a" })
          const asked = `POST /v1/audio/speech HTTP/1.0\r\ncontent-length: ${body.length}\r\n\r\n${body}`
          const ends = [
            [(response: ServerResponse) => response.end(audio), undefined],
            [(response: ServerResponse) => setTimeout(() => response.destroy(), 20), "ECONNRESET"]
          ] as const
          for (const [end, failure] of ends) {
            yield* answer((response) => {
              response.writeHead(200, { "content-type": "audio/mpeg" })
              response.write(audio)
              end(response)
            })
            const socket = yield* connect
            socket.send(asked)
            assert.match(yield* socket.closed, /^HTTP\/1\.1 200 /)
            assert.strictEqual(socket.failure(), failure)
          }
        })
    )

    it.effect.each([
      ["a page", 200, { "content-type": "text/html" }, "<html>", 502, "malformed_response"],
      ["nothing", 200, { "content-type": "audio/mpeg" }, "", 502, "malformed_response"],
      [
        "a limit",
        429,
        { "content-type": "application/json", "retry-after": "3" },
        '{"error":{"message":"slow"}}',
        429,
        "rate_limited"
      ]
    ] as const)("answers audio that is %s with an error", ([, status, headers, body, told, code]) =>
      Effect.gen(function* () {
        const { answer } = yield* Upstream
        yield* answer((response) => void response.writeHead(status, headers).end(body))
        const seen = yield* post("/v1/audio/speech", { model: "x", input: "a" })
        assert.deepStrictEqual([seen.status, seen.error?.code], [told, code])
        if (status === 429) assert.strictEqual(seen.headers["retry-after"], "3")
      })
    )
  })
})
