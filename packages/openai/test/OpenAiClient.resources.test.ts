import type { UpstreamError } from "@causeway/core/UpstreamError"
import * as OpenAiClient from "@causeway/openai/OpenAiClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import OpenAI, { AzureOpenAI } from "openai"
import * as Answers from "./fixtures/answers.ts"
import { calling, failure, upload } from "./fixtures/client.ts"
import { http, json, type RawServer, type Respond, serve } from "./fixtures/rawServer.ts"

const sdkOf = ({ url }: RawServer) => new OpenAI({ baseURL: url, apiKey: "k", maxRetries: 0 })

const base64 = (numbers: ReadonlyArray<number>): string =>
  Buffer.from(new Float32Array(numbers).buffer).toString("base64")

interface Row {
  readonly name: string
  readonly answer: unknown
  readonly line: string
  readonly ours: (ai: OpenAiClient.Service) => Effect.Effect<unknown, UpstreamError>
  readonly theirs: (sdk: OpenAI) => PromiseLike<unknown>
}

const row = (
  name: string,
  line: string,
  answer: unknown,
  ours: Row["ours"],
  theirs: Row["theirs"]
): readonly [string, Row] => [name, { name, line, answer, ours, theirs }]

const rows = [
  row(
    "responses.create",
    "POST /v1/responses",
    Answers.responseObject({ unknown: { kept: true } }),
    (ai) => ai.responses.create({ model: "m", input: "x" }),
    (sdk) => sdk.responses.create({ model: "m", input: "x" })
  ),
  row(
    "responses.retrieve, which failed",
    "GET /v1/responses/resp_1?include%5B%5D=message.input_image.image_url",
    Answers.responseObject({ status: "failed", error: { code: "server_error", message: "no" }, output: [] }),
    (ai) => ai.responses.retrieve("resp_1", { include: ["message.input_image.image_url"] }),
    (sdk) => sdk.responses.retrieve("resp_1", { include: ["message.input_image.image_url"] })
  ),
  row(
    "responses.cancel",
    "POST /v1/responses/resp_1/cancel",
    Answers.responseObject({ status: "cancelled" }),
    (ai) => ai.responses.cancel("resp_1"),
    (sdk) => sdk.responses.cancel("resp_1")
  ),
  row(
    "embeddings.create as base64",
    "POST /v1/embeddings",
    { ...Answers.embeddingsOf([1]), data: [{ object: "embedding", index: 0, embedding: base64([0.5]) }] },
    (ai) => ai.embeddings.create({ model: "e", input: "x", encoding_format: "base64" }),
    (sdk) => sdk.embeddings.create({ model: "e", input: "x", encoding_format: "base64" })
  ),
  row(
    "models.retrieve",
    "GET /v1/models/a%2Fb",
    Answers.model,
    (ai) => ai.models.retrieve("a/b"),
    (sdk) => sdk.models.retrieve("a/b")
  ),
  row(
    "completions.create",
    "POST /v1/completions",
    Answers.textCompletion,
    (ai) => ai.completions.create({ model: "m", prompt: "x" }),
    (sdk) => sdk.completions.create({ model: "m", prompt: "x" })
  ),
  row(
    "moderations.create",
    "POST /v1/moderations",
    Answers.moderation,
    (ai) => ai.moderations.create({ input: "x" }),
    (sdk) => sdk.moderations.create({ input: "x" })
  ),
  row(
    "images.generate",
    "POST /v1/images/generations",
    Answers.images,
    (ai) => ai.images.generate({ prompt: "x" }),
    (sdk) => sdk.images.generate({ prompt: "x" })
  ),
  row(
    "images.edit",
    "POST /v1/images/edits",
    Answers.images,
    (ai) => ai.images.edit({ prompt: "x", image: upload() }),
    (sdk) => sdk.images.edit({ prompt: "x", image: upload() })
  ),
  row(
    "images.createVariation",
    "POST /v1/images/variations",
    Answers.images,
    (ai) => ai.images.createVariation({ image: upload() }),
    (sdk) => sdk.images.createVariation({ image: upload() })
  ),
  row(
    "audio.transcriptions.create",
    "POST /v1/audio/transcriptions",
    { text: "hi" },
    (ai) => ai.audio.transcriptions.create({ model: "m", file: upload() }),
    (sdk) => sdk.audio.transcriptions.create({ model: "m", file: upload() })
  ),
  row(
    "audio.translations.create, with segments",
    "POST /v1/audio/translations",
    { text: "hi", language: "en", duration: 1 },
    (ai) => ai.audio.translations.create({ model: "m", file: upload(), response_format: "verbose_json" }),
    (sdk) => sdk.audio.translations.create({ model: "m", file: upload(), response_format: "verbose_json" })
  ),
  row(
    "files.create",
    "POST /v1/files",
    Answers.fileObject,
    (ai) => ai.files.create({ file: upload(), purpose: "batch" }),
    (sdk) => sdk.files.create({ file: upload(), purpose: "batch" })
  ),
  row(
    "files.retrieve",
    "GET /v1/files/file-1",
    Answers.fileObject,
    (ai) => ai.files.retrieve("file-1"),
    (sdk) => sdk.files.retrieve("file-1")
  ),
  row(
    "files.delete",
    "DELETE /v1/files/file-1",
    { id: "file-1", object: "file", deleted: true },
    (ai) => ai.files.delete("file-1"),
    (sdk) => sdk.files.delete("file-1")
  )
]

/** The content of a body that came in chunks, each with its length before it; other bodies as they are. */
const withoutChunks = (body: string): string => {
  if (!/^[0-9a-f]+\r\n/.test(body)) return body
  let content = ""
  for (let at = 0; at < body.length;) {
    const start = body.indexOf("\r\n", at) + 2
    const length = Number.parseInt(body.slice(at, start), 16)
    content += body.slice(start, start + length)
    at = start + length + 2
  }
  return content
}

/** A boundary is made up anew for each form. */
const withoutBoundary = (body: string): string => {
  const content = withoutChunks(body)
  const boundary = /^--(\S+)/.exec(content)?.[1]
  return boundary === undefined ? content : content.replaceAll(boundary, "boundary").trimEnd()
}

describe("a resource", () => {
  it.effect.each(rows)("asks and answers as the SDK does: %s", ([, { answer, line, ours, theirs }]) =>
    calling(Answers.always(answer), (ai, server) =>
      Effect.gen(function* () {
        const mine = yield* ours(ai)
        const sdks = yield* Effect.promise(() => theirs(sdkOf(server)))
        assert.deepStrictEqual(mine, sdks)
        const [first, second] = server.requests
        assert.strictEqual(first!.head.split("\r\n")[0], `${line} HTTP/1.1`)
        assert.strictEqual(second!.head.split("\r\n")[0], `${line} HTTP/1.1`)
        assert.strictEqual(withoutBoundary(first!.body), withoutBoundary(second!.body))
      })
    )
  )

  it.effect("gives ids and rate limits of an answer that is none of JSON, too", () =>
    calling(
      (socket) => socket.write(Answers.audio(new Uint8Array([1, 2]), { "x-request-id": "up-1" })),
      (ai) =>
        Effect.gen(function* () {
          const whole = yield* ai.audio.speech.create.withResponse({ model: "m", input: "x", voice: "alloy" })
          assert.deepStrictEqual([...whole.data], [1, 2])
          assert.strictEqual(whole.response.requestId, "up-1")
          const streamed = yield* ai.audio.speech.stream.withResponse({ model: "m", input: "x", voice: "alloy" })
          assert.strictEqual(streamed.response.requestId, "up-1")
          const pieces = yield* Stream.runCollect(streamed.data)
          assert.deepStrictEqual(Array.from(Buffer.concat(pieces)), [1, 2])
        }).pipe(Effect.scoped)
    )
  )

  it.effect("is deleted, whether the upstream says so or says nothing", () =>
    calling(
      (socket, { number }) =>
        socket.write(number === 1 ? json({ id: "resp_1", object: "response", deleted: true }) : http(204, {})),
      (ai, { requests }) =>
        Effect.gen(function* () {
          assert.isUndefined(yield* ai.responses.delete("resp_1"))
          assert.isUndefined(yield* ai.responses.delete("resp_1"))
          assert.match(requests[0]!.head, /^DELETE \/v1\/responses\/resp_1 /)
        })
    )
  )

  it.effect("gives the bytes of a file, whatever they say", () =>
    calling(
      (socket) => socket.write(json({ error: "a line of a log" })),
      (ai) =>
        Effect.gen(function* () {
          const text = '{"error":"a line of a log"}'
          assert.strictEqual(Buffer.from(yield* ai.files.content("file-1")).toString(), text)
          const pieces = yield* Stream.runCollect(ai.files.contentStream("file-1"))
          assert.strictEqual(Buffer.concat(pieces).toString(), text)
        })
    )
  )

  it.effect("is asked with the call's own query, headers and key", () =>
    calling(Answers.always(Answers.fileObject), (ai, { requests }) =>
      Effect.gen(function* () {
        const options = { query: { tenant: "t 1" }, headers: { "x-mine": "1" }, idempotencyKey: "once" }
        yield* ai.files.retrieve("file-1", options)
        yield* ai.files.create({ file: upload(), purpose: "batch" }, options)
        for (const { head } of requests) {
          assert.match(head, /^\w+ \/v1\/files(?:\/file-1)?\?tenant=t(?:%20|\+)1 /)
          assert.match(head, /^x-mine: 1$/im)
          assert.match(head, /^idempotency-key: once$/im)
        }
        assert.strictEqual(requests.length, 2)
      })
    )
  )

  it.effect("with an empty id asks nothing", () =>
    calling(Answers.always({}), (ai, { requests }) =>
      Effect.gen(function* () {
        for (const call of [
          ai.models.retrieve(""),
          ai.responses.retrieve(""),
          ai.responses.delete(""),
          ai.files.content(""),
          Stream.runDrain(ai.responses.retrieveStream(""))
        ]) {
          assert.strictEqual((yield* failure(Effect.asVoid(call))).reason._tag, "RequestEncoding")
        }
        assert.strictEqual(requests.length, 0)
      })
    )
  )

  it.effect("names models as the upstream does, in paths too", () =>
    calling(
      Answers.always(Answers.model),
      (ai, { requests }) =>
        Effect.gen(function* () {
          yield* ai.models.retrieve("gpt-5")
          assert.match(requests[0]!.head, /^GET \/v1\/models\/llama /)
        }),
      { models: { "gpt-5": "llama" } }
    )
  )
})

const page = (ids: ReadonlyArray<string>, more: object) =>
  json({ object: "list", data: ids.map((id) => ({ ...Answers.fileObject, id })), ...more })

/** Pages of a list, by what the page before ended with. */
const pages: Respond = (socket, { head }) => {
  const after = /[?&]after=([^&\s]+)/.exec(head)?.[1]
  if (after === undefined) socket.write(page(["a", "b"], { has_more: true }))
  else if (after === "b") socket.write(page(["c"], { has_more: true, last_id: "c" }))
  else socket.write(page(["d"], { has_more: false }))
}

describe("a list in pages", () => {
  it.effect("gives every object of every page", () =>
    calling(pages, (ai, { requests }) =>
      Effect.gen(function* () {
        const files = yield* ai.files.list({ purpose: "batch" }, { query: { tenant: "t" } })
        assert.deepStrictEqual(
          files.map(({ id }) => id),
          ["a", "b", "c", "d"]
        )
        assert.strictEqual(requests.length, 3)
        for (const { head } of requests) assert.match(head, /purpose=batch.*tenant=t/)
      })
    )
  )

  it.effect("asks for a page when it is wanted", () =>
    calling(pages, (ai, { requests }) =>
      Effect.gen(function* () {
        const first = yield* Stream.runCollect(Stream.take(ai.files.listStream(), 2))
        assert.strictEqual(first.length, 2)
        assert.strictEqual(requests.length, 1)
        const items = yield* Stream.runCollect(ai.responses.inputItems.listStream("resp_1"))
        assert.strictEqual(items.length, 4)
        assert.match(requests[1]!.head, /^GET \/v1\/responses\/resp_1\/input_items /)
      })
    )
  )

  it.effect("is not followed in a circle, and not to nowhere", () =>
    Effect.gen(function* () {
      for (const [page, expected] of [
        [{ data: [{ id: "a" }], has_more: true }, 2],
        [{ data: [], has_more: true }, 1],
        [{ data: [{ id: "a" }], has_more: true, last_id: "a" }, 2]
      ] as const) {
        yield* calling(Answers.always(page), (ai, { requests }) =>
          Effect.gen(function* () {
            const error = yield* failure(ai.files.list())
            assert.deepInclude(error.reason, { _tag: "MalformedResponse", issue: "wrong-shape" })
            assert.strictEqual(requests.length, expected)
          })
        )
      }
    })
  )

  it.effect("is not followed in a wider circle, by any of its ways", () =>
    calling(
      (socket, { head, number }) => {
        if (number > 20) return void socket.destroy()
        const [, after] = /[?&]after=(\w)/.exec(head) ?? []
        socket.write(json({ object: "list", data: [{ id: after === "a" ? "b" : "a" }], has_more: true }))
      },
      (ai, { requests }) =>
        Effect.gen(function* () {
          for (const [walk, expected] of [
            [ai.files.list(), 3],
            [Stream.runDrain(ai.files.listStream()), 6],
            [ai.responses.inputItems.list("resp_1"), 9]
          ] as const) {
            const error = yield* failure(walk)
            assert.deepInclude(error.reason, { _tag: "MalformedResponse", issue: "wrong-shape" })
            assert.strictEqual(requests.length, expected)
          }
        })
    )
  )

  it.effect("keeps what came before a page that fails", () =>
    calling(
      (socket, request) => (request.number === 1 ? pages(socket, request) : socket.write(http(503, {}, "no"))),
      (ai) =>
        Effect.gen(function* () {
          const seen: Array<string> = []
          const error = yield* failure(
            Stream.runForEach(ai.files.listStream(), ({ id }) => Effect.sync(() => seen.push(id)))
          )
          assert.deepStrictEqual(seen, ["a", "b"])
          assert.strictEqual(error.operation, "files.listStream")
        })
    )
  )
})

describe("anyone's client", () => {
  it.effect("has every resource: Azure's", () =>
    Effect.gen(function* () {
      const server = yield* serve((socket, request) => {
        const { head } = request
        if (head.includes("/responses")) socket.write(json(Answers.responseObject()))
        else if (head.includes("/speech")) socket.write(Answers.audio(new Uint8Array([7])))
        else if (head.includes("/transcriptions"))
          Answers.events(...Answers.wholeStreams.transcriptions)(socket, request)
        else socket.write(json(Answers.images))
      })
      const azure = new AzureOpenAI({
        endpoint: server.url.replace("/v1", ""),
        apiKey: "azure-key",
        apiVersion: "2024-10-21"
      })
      const ai = yield* OpenAiClient.fromSdk(azure, { name: "azure", retries: 0 })
      assert.strictEqual((yield* ai.responses.create({ model: "d", input: "x" })).output_text, "hi")
      assert.strictEqual((yield* ai.audio.speech.create({ model: "d", input: "x", voice: "alloy" }))[0], 7)
      const events = yield* Stream.runCollect(ai.audio.transcriptions.stream({ model: "d", file: upload() }))
      assert.strictEqual(events.at(-1)?.type, "transcript.text.done")
      assert.strictEqual((yield* ai.images.edit({ model: "d", prompt: "x", image: upload() })).data?.length, 1)
      for (const { head } of server.requests) {
        assert.match(head, /^POST \/openai\/(?:deployments\/d\/)?[\w/]+\?api-version=2024-10-21 /)
        assert.match(head, /^api-key: azure-key$/im)
      }
      assert.strictEqual(server.requests.length, 4)
    }).pipe(Effect.scoped)
  )

  it.effect("has every resource on a fetch of its own", () =>
    Effect.gen(function* () {
      const server = yield* serve((socket, request) => {
        if (request.head.includes("/speech")) socket.write(Answers.audio(new Uint8Array([7])))
        else if (request.head.includes("/files")) socket.write(json(Answers.fileObject))
        else Answers.events(...Answers.wholeStreams.responses)(socket, request)
      })
      const sdk = new OpenAI({ baseURL: server.url, apiKey: "k", fetch: (input, init) => fetch(input, init) })
      const ai = yield* OpenAiClient.fromSdk(sdk, { retries: 0 })
      const pieces = yield* Stream.runCollect(ai.audio.speech.stream({ model: "m", input: "x", voice: "alloy" }))
      assert.deepStrictEqual(Array.from(Buffer.concat(pieces)), [7])
      assert.strictEqual((yield* ai.files.create({ file: upload(), purpose: "batch" })).id, "file-1")
      const events = yield* Stream.runCollect(ai.responses.stream({ model: "m", input: "x" }))
      assert.strictEqual(events.at(-1)?.type, "response.completed")
    }).pipe(Effect.scoped)
  )
})
