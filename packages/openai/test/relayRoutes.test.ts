import * as Disposition from "@causeway/core/Disposition"
import type { Relay } from "@causeway/openai/Relay"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { chunk, eventsHead, http, json, lastChunk, type Respond, token } from "./fixtures/rawServer.ts"
import { collect, relaying, upstreamError } from "./fixtures/relaying.ts"

const event = (type: string, fields: object = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`

const delta = (text: string): string => event("response.output_text.delta", { delta: text, sequence_number: 4 })

const created = event("response.created", { response: { id: "r", error: null, output: [] }, sequence_number: 0 })

const completed = event("response.completed", { response: { id: "r", error: null, output: [{}] }, sequence_number: 9 })

/** An event of the older completions. */
const text = (finish: string | null) => `data: {"choices":[{"index":0,"text":"a","finish_reason":${finish}}]}\n\n`

/** Events, and then silence. */
const streams =
  (...texts: ReadonlyArray<string>): Respond =>
  (socket) =>
    socket.write(Buffer.concat([Buffer.from(eventsHead), ...texts.filter((text) => text !== "").map(chunk)]))

/** Events, and then the end of the message. */
const ending =
  (...texts: ReadonlyArray<string>): Respond =>
  (socket) =>
    socket.write(
      Buffer.concat([
        Buffer.from(eventsHead),
        ...texts.filter((text) => text !== "").map(chunk),
        Buffer.from(lastChunk)
      ])
    )

const post = (path: string, body: object = { model: "m", stream: true }) => ({
  path,
  method: "POST",
  body: JSON.stringify(body)
})

const textOf = (elements: ReadonlyArray<unknown>): string =>
  elements.filter((element) => typeof element === "string").join("")

describe("a stream of a response", () => {
  const unknown = 'event: response.of_the_future\ndata: {"type":"response.of_the_future", "x" : 1e2}\nid: 7\n\n'

  it.effect("ends with its final event, without [DONE], though the upstream keeps the connection", () =>
    relaying(streams(created, unknown, delta("a"), completed), (relay) =>
      Effect.gen(function* () {
        const { elements, error } = yield* collect(relay.events(post("/responses")))
        assert.isUndefined(error)
        assert.strictEqual(textOf(elements), created + unknown + delta("a") + completed)
      })
    )
  )

  it.effect.each(["incomplete", "cancelled"] as const)("ends with response.%s, with [DONE] behind it", (how) => {
    const last = event(`response.${how}`, { response: { error: null } })
    return relaying(ending(created, last, "data: [DONE]\n\n"), (relay) =>
      Effect.gen(function* () {
        const { elements, error } = yield* collect(relay.events(post("/responses")))
        assert.isUndefined(error)
        assert.strictEqual(textOf(elements), created + last)
      })
    )
  })

  it.effect.each([
    ["the end", ""],
    ["[DONE]", "data: [DONE]\n\n"]
  ] as const)("is truncated where %s comes before its final event", ([, tail]) =>
    relaying(ending(created, delta("half "), delta("of it"), tail), (relay) =>
      Effect.gen(function* () {
        const error = upstreamError((yield* collect(relay.events(post("/responses")))).error)
        assert.deepInclude(error.reason, {
          _tag: "StreamTruncated",
          missing: "final-event",
          events: 3,
          partial: "half of it"
        })
        assert.strictEqual(error.operation, "responses.create")
        assert.strictEqual(error.evidence.stream?.partial, "half of it")
      })
    )
  )

  it.effect.each([
    [
      "a failed response",
      event("response.failed", { response: { error: { code: "rate_limit_exceeded", message: "slow down" } } }),
      "RateLimited"
    ],
    ["a failed response without words", event("response.failed", { response: { error: null } }), "ProviderFault"],
    [
      "an error event",
      event("error", { code: "server_error", message: "oops", param: null, sequence_number: 3 }),
      "ProviderFault"
    ]
  ] as const)("fails with %s, and closes the socket", ([, failing, tag]) =>
    relaying(streams(created, delta("a"), failing), (relay, server) =>
      Effect.gen(function* () {
        const { elements, error } = yield* collect(relay.events(post("/responses")))
        assert.strictEqual(textOf(elements), created + delta("a"))
        assert.deepInclude(upstreamError(error).reason, { _tag: tag, seenIn: "stream" })
        assert.strictEqual(upstreamError(error).evidence.stream?.events, 2)
        yield* server.requests[0]!.closed
      })
    )
  )
})

describe("streams of other kinds", () => {
  it.effect.each([
    ["/images/generations", ["image_generation.partial_image", "image_generation.completed"]],
    ["/images/edits", ["image_edit.partial_image", "image_edit.completed"]],
    ["/audio/speech", ["speech.audio.delta", "speech.audio.done"]],
    ["/audio/transcriptions", ["transcript.text.delta", "transcript.text.done"]]
  ] as const)("end properly or not at all: %s", ([path, types]) =>
    relaying(
      (socket, { number }) =>
        ending(...types.slice(0, number === 1 ? 2 : 1).map((type) => event(type)))(socket, { number } as never),
      (relay) =>
        Effect.gen(function* () {
          const body = Buffer.from('{"stream":true,"stream_format":"sse"}')
          const good = yield* collect(relay.transfer({ path, method: "POST", body }))
          assert.isUndefined(good.error)
          assert.strictEqual(textOf(good.elements), types.map((type) => event(type)).join(""))
          const cut = yield* collect(relay.transfer({ path, method: "POST", body }))
          assert.deepInclude(upstreamError(cut.error).reason, { _tag: "StreamTruncated", missing: "final-event" })
        })
    )
  )
  it.effect("of completions need their finish reason", () => {
    return relaying(
      (socket, seen) => ending(text(null), seen.number === 1 ? text('"stop"') : "", "data: [DONE]\n\n")(socket, seen),
      (relay) =>
        Effect.gen(function* () {
          assert.isUndefined((yield* collect(relay.events(post("/completions")))).error)
          const cut = yield* collect(relay.events(post("/completions")))
          assert.deepInclude(upstreamError(cut.error).reason, { _tag: "StreamTruncated", missing: "finish-reason" })
        })
    )
  })
})

/** The error of a request in JSON that is handed over as bytes. */
const transferError = (relay: Relay["Service"], path: string, asked: object) =>
  Effect.map(collect(relay.transfer({ path, method: "POST", body: Buffer.from(JSON.stringify(asked)) })), ({ error }) =>
    upstreamError(error)
  )

describe("a plain answer", () => {
  const table = [
    ["POST", "/responses", "responses.create", '{"output":[ ],"error":null,"x":1e2}', '{"id":"r"}'],
    ["POST", "/completions", "completions.create", '{"choices":[{"text":""}]}', '{"choices":[{"message":{}}]}'],
    ["POST", "/embeddings", "embeddings.create", '{"data":[{"embedding":[0.5]}]}', '{"data":[]}'],
    ["POST", "/moderations", "moderations.create", '{"results":[{"flagged":false}]}', '{"results":[]}'],
    ["GET", "/models?limit=1", "models.list", '{"data":[{"id":"m"}]}', '{"data":{}}'],
    ["GET", "/models/m", "models.retrieve", '{"id":"m"}', '{"data":[]}'],
    ["POST", "/images/generations", "images.generate", '{"data":[{"b64_json":"aGk="}]}', '{"data":[{}]}'],
    ["POST", "/images/edits", "images.edit", '{"data":[{"url":"http://x"}]}', '{"data":[]}'],
    ["POST", "/images/variations", "images.createVariation", '{"data":[{"url":"http://x"}]}', "{}"],
    ["POST", "/audio/transcriptions", "audio.transcriptions.create", '{"text":""}', '{"txt":""}'],
    ["POST", "/audio/translations", "audio.translations.create", '{"text":"x"}', "[]"],
    ["GET", "/files", "files.list", '{"data":[]}', '{"files":[]}'],
    ["POST", "/files", "files.create", '{"id":"f"}', "null"],
    ["GET", "/files/f", "files.retrieve", '{"id":"f"}', "{}"],
    ["DELETE", "/files/f", "files.delete", '{"id":"f","deleted":true}', "{}"]
  ] as const
  it.effect.each(table)("%s %s", ([method, path, operation, good, bad]) =>
    relaying(
      (socket, { number }) => {
        const answers = [good, good, bad, '{"error":{"message":"slow down","code":"rate_limit_exceeded"}}']
        socket.write(http(200, { "content-type": "application/json" }, answers[number - 1]))
      },
      (relay, server) =>
        Effect.gen(function* () {
          const request = { path, method, ...(method === "POST" && { body: '{"input":"a"}' }) }
          assert.strictEqual((yield* relay.complete(request)).body, good)
          const whole = yield* collect(relay.transfer({ path, method, body: Buffer.from('{"input":"a"}') }))
          assert.strictEqual(textOf(whole.elements), good)
          assert.match(server.requests[1]!.head, new RegExp(`^${method} /v1${path.replace("?", "\\?")} HTTP`))
          const wrong = upstreamError(yield* Effect.flip(relay.complete(request)))
          assert.deepInclude(wrong.reason, { _tag: "MalformedResponse", issue: "wrong-shape" })
          assert.strictEqual(wrong.operation, operation)
          const said = upstreamError(yield* Effect.flip(relay.complete(request)))
          assert.deepInclude(said.reason, { _tag: "RateLimited", seenIn: "body" })
        })
    )
  )

  it.effect("in the background a response may be in the making still", () =>
    relaying(
      (socket) => socket.write(json({ status: "in_progress", output: [] })),
      (relay) =>
        Effect.gen(function* () {
          assert.strictEqual((yield* relay.complete(post("/responses", { background: true }))).status, 200)
          // Nobody can tell what is asked for in what is no JSON.
          const { elements } = yield* collect(
            relay.transfer({ path: "/responses", method: "POST", body: Buffer.of(1) })
          )
          assert.include(textOf(elements), "in_progress")
        })
    )
  )

  it.effect("is checked by what was asked for in bytes too", () =>
    relaying(
      (socket, { number }) =>
        socket.write(
          number === 1 ? json({ error: { message: "oops" } }, {}, 500) : json({ data: [{ embedding: [1] }] })
        ),
      (relay) =>
        Effect.gen(function* () {
          assert.strictEqual((yield* transferError(relay, "/responses", { background: true })).replay, "never")
          const { reason } = yield* transferError(relay, "/embeddings", { input: ["a", "b"] })
          assert.deepInclude(reason, { _tag: "MalformedResponse", issue: "wrong-shape" })
        })
    )
  )

  it.effect.each([
    ["a job in the background", "/responses", { background: true }, "never"],
    ["a response", "/responses", { background: false }, undefined],
    ["a file", "/files", {}, "never"]
  ] as const)("says whether %s may be asked for again", ([, path, body, replay]) =>
    relaying(
      (socket) => socket.write(json({ error: { message: "oops" } }, {}, 500)),
      (relay) =>
        Effect.gen(function* () {
          const error = upstreamError(yield* Effect.flip(relay.complete(post(path, body))))
          assert.strictEqual(error.replay, replay)
          const headers = { "idempotency-key": "order-7" }
          const keyed = yield* Effect.flip(relay.complete({ ...post(path, body), headers }))
          assert.isUndefined(upstreamError(keyed).replay)
        })
    )
  )

  it.effect("refuses a caller's header that cannot be sent, and lets no others through", () =>
    relaying(
      (socket) => socket.write(json({ data: [] })),
      (relay, server) =>
        Effect.gen(function* () {
          const request = { path: "/models", method: "GET" }
          for (const value of ["a\r\nhost: elsewhere", "\u0000", "日本"]) {
            const headers = { "openai-beta": value }
            const { reason } = upstreamError(yield* Effect.flip(relay.complete({ ...request, headers })))
            assert.deepInclude(reason, { _tag: "RequestEncoding", path: "header openai-beta" })
          }
          assert.strictEqual(server.requests.length, 0)
          const smuggled = { "openai-project": "p", authorization: "Bearer x" }
          yield* relay.complete({ ...request, headers: smuggled })
          assert.include(server.requests[0]?.head, "openai-project: p")
          assert.notInclude(server.requests[0]?.head, "Bearer x")
        })
    )
  )

  it.effect("finds a model's own page under the upstream's name for it", () =>
    relaying(
      (socket) => socket.write(json({ id: "org/llama" })),
      (relay, server) =>
        Effect.gen(function* () {
          yield* relay.complete({ path: "/models/gpt-5?x=1", method: "GET" })
          assert.match(server.requests[0]!.head, /^GET \/v1\/models\/org%2Fllama\?x=1 HTTP/)
        }),
      { config: { models: { "gpt-5": "org/llama" } } }
    )
  )

  it.effect.each(["x-request-id", "request-id", "apim-request-id", "x-ms-request-id", "cf-ray", "x-amzn-requestid"])(
    "tells the upstream's id by the name of %s",
    (name) =>
      relaying(
        (socket) => socket.write(json({ data: [] }, { [name]: "id-1", "set-cookie": "a=b" })),
        (relay) =>
          Effect.gen(function* () {
            const { headers, requestId } = yield* relay.complete({ path: "/files", method: "GET" })
            assert.strictEqual(requestId, "id-1")
            assert.deepInclude(headers, [name, "id-1"])
            assert.notInclude(
              headers.map(([key]) => key),
              "set-cookie"
            )
          })
      )
  )
})

describe("a transfer", () => {
  const boundary = "----b0undary"
  const contentType = `multipart/form-data; boundary=${boundary}`
  const part = (name: string, value: string | Uint8Array, more = "") =>
    Buffer.concat([
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n`),
      Buffer.from(value),
      Buffer.from("\r\n")
    ])
  const audio = Buffer.from(Array.from({ length: 1000 }, (_, index) => (index * 7) % 256))
  const form = (model: string) =>
    Buffer.concat([
      part("file", Buffer.concat([audio, Buffer.from('\r\nname="model"\r\n\r\ngpt-5')]), '; filename="a.mp3"'),
      part("model", model),
      part("prompt", "gpt-5"),
      Buffer.from(`--${boundary}--\r\n`)
    ])
  const transcription = { path: "/audio/transcriptions", method: "POST", contentType }
  const speech = { path: "/audio/speech", method: "POST", body: Buffer.from('{"model":"gpt-5"}') }

  it.effect("sends a form on byte for byte, save for the model's name", () =>
    relaying(
      (socket) => socket.write(json({ text: "hi" })),
      (relay, server) =>
        Effect.gen(function* () {
          yield* Stream.runDrain(relay.transfer({ ...transcription, body: form("gpt-5") }))
          assert.deepStrictEqual(Buffer.from(server.requests[0]!.bytes), form("whisper"))
          assert.include(server.requests[0]!.head, `content-type: ${contentType}`)
          yield* Stream.runDrain(relay.transfer({ ...transcription, body: form("other") }))
          assert.deepStrictEqual(Buffer.from(server.requests[1]!.bytes), form("other"))
          yield* Stream.runDrain(relay.transfer(speech)).pipe(Effect.ignore)
          assert.strictEqual(server.requests[2]!.body, '{"model":"whisper"}')
        }),
      { config: { models: { "gpt-5": "whisper" } } }
    )
  )

  it.effect("passes bytes on as they come, behind their head", () =>
    relaying(
      (socket) => {
        socket.write(
          "HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\nx-request-id: up-1\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        socket.write(Buffer.concat([chunk(audio), chunk(audio), Buffer.from(lastChunk)]))
      },
      (relay) =>
        Effect.gen(function* () {
          const { elements, error } = yield* collect(relay.transfer(speech))
          assert.isUndefined(error)
          const [head, ...bytes] = elements
          assert.deepInclude(head, { status: 200, requestId: "up-1" })
          assert.deepStrictEqual(
            Buffer.concat(bytes.filter((each) => each instanceof Uint8Array)),
            Buffer.concat([audio, audio])
          )
        })
    )
  )

  it.effect("passes a file on, whatever it holds", () =>
    relaying(
      (socket, { number }) =>
        socket.write(
          http(200, { "content-type": "application/json" }, number === 1 ? '{"error":{"message":"of a batch"}}' : "")
        ),
      (relay) =>
        Effect.gen(function* () {
          const file = { path: "/files/f/content", method: "GET" }
          const { elements, error } = yield* collect(relay.transfer(file))
          assert.isUndefined(error)
          assert.strictEqual(String(elements[1]), '{"error":{"message":"of a batch"}}')
          assert.strictEqual((yield* collect(relay.transfer(file))).elements.length, 1)
        })
    )
  )

  it.effect.each([
    ["subtitles", { "content-type": "text/vtt" }, "WEBVTT\n"],
    ["text without a type", {}, "hello"]
  ] as const)("takes %s for a transcript", ([, headers, text]) =>
    relaying(
      (socket) => socket.write(http(200, headers, text)),
      (relay) =>
        Effect.gen(function* () {
          const { elements } = yield* collect(relay.transfer({ ...transcription, body: form("m") }))
          assert.strictEqual(String(elements[1]), text)
        })
    )
  )

  it.effect.each([
    ["nothing", http(200, { "content-type": "audio/mpeg" }), { _tag: "MalformedResponse", issue: "empty" }],
    ["nothing at all", http(200, {}), { _tag: "MalformedResponse", issue: "empty" }],
    [
      "a page",
      http(200, { "content-type": "text/html" }, "<html>"),
      { _tag: "MalformedResponse", issue: "wrong-shape" }
    ],
    ["a page without a type", http(200, {}, "<html>"), { _tag: "MalformedResponse", issue: "not-json" }],
    ["JSON", json({ id: 1 }), { _tag: "MalformedResponse", issue: "wrong-shape" }],
    ["an error", json({ error: { message: "x", type: "server_error" } }), { _tag: "ProviderFault", seenIn: "body" }],
    ["a 503", http(503, { server: "envoy" }, "no healthy upstream"), { _tag: "Gateway", flag: "no-healthy-upstream" }],
    [
      "half of it",
      http(200, { "content-type": "audio/mpeg", "content-length": "2000" }, audio),
      { _tag: "ConnectionLost", phase: "body" }
    ]
  ] as const)("takes no success for audio that is %s", ([, answer, reason]) =>
    relaying(
      (socket) => socket.end(answer),
      (relay) =>
        Effect.gen(function* () {
          const { error } = yield* collect(relay.transfer(speech))
          assert.deepInclude(upstreamError(error).reason, reason)
          assert.strictEqual(upstreamError(error).operation, "audio.speech.create")
        })
    )
  )

  it.effect("is bounded where an upstream stalls: in audio, in an error's body, and before its headers", () =>
    relaying(
      (socket, { number }) => {
        if (number === 1) socket.write("HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ncontent-length: 9\r\n\r\nab")
        if (number === 2)
          socket.write("HTTP/1.1 500 No\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{")
      },
      (relay, server) =>
        Effect.gen(function* () {
          const started = performance.now()
          const silent = upstreamError((yield* collect(relay.transfer(speech))).error)
          assert.deepInclude(silent.reason, { _tag: "Timeout", phase: "body" })
          const failed = upstreamError((yield* collect(relay.transfer(speech))).error)
          assert.strictEqual(failed.reason._tag, "ProviderFault")
          const late = upstreamError((yield* collect(relay.transfer(speech))).error)
          assert.deepInclude(late.reason, { _tag: "Timeout", phase: "headers" })
          assert.strictEqual(Disposition.of(late)?.delivery, "may-have-run")
          for (const { closed } of server.requests) yield* closed
          assert.isBelow(performance.now() - started, 5_000)
        }),
      { recorder: { idleTimeout: "100 millis", errorBodyTimeout: "100 millis", headersTimeout: "100 millis" } }
    )
  )

  it.effect("takes no JSON over the limit", () =>
    relaying(
      (socket) => socket.write(json({ data: [{ b64_json: "x".repeat(2000) }] })),
      (relay) =>
        Effect.gen(function* () {
          const { error } = yield* collect(relay.transfer({ path: "/images/edits", method: "POST" }))
          assert.deepInclude(upstreamError(error).reason, { _tag: "MalformedResponse", issue: "too-large" })
        }),
      { recorder: { maxBody: 1000 } }
    )
  )

  it.effect("makes the upstream wait for a slow consumer", () =>
    relaying(
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ntransfer-encoding: chunked\r\n\r\n")
        const piece = chunk(Buffer.alloc(64 * 1024))
        const more = (left: number): void => {
          if (left === 0) return void socket.write(lastChunk)
          if (socket.write(piece)) more(left - 1)
          else socket.once("drain", () => more(left - 1))
        }
        more(320)
      },
      (relay, server) =>
        Effect.gen(function* () {
          let bytes = 0
          yield* Stream.runForEach(relay.transfer(speech), (element) =>
            Effect.gen(function* () {
              if (!(element instanceof Uint8Array)) return
              if (bytes === 0) yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 100)))
              bytes += element.length
            })
          )
          assert.strictEqual(bytes, 320 * 64 * 1024)
          assert.strictEqual(server.requests.length, 1)
        })
    )
  )

  it.effect("closes the upstream's socket within 100 ms of an interruption", () =>
    relaying(
      (socket, { number }) => {
        if (number === 1) return
        socket.write("HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ntransfer-encoding: chunked\r\n\r\n")
        socket.write(chunk(audio))
      },
      (relay, server) =>
        Effect.gen(function* () {
          for (const number of [1, 2]) {
            const call = yield* Effect.forkChild(Stream.runDrain(relay.transfer(speech)))
            const { closed } = yield* server.arrived(number)
            const started = performance.now()
            yield* Fiber.interrupt(call)
            yield* closed
            assert.isBelow(performance.now() - started, 5_000)
          }
        })
    )
  )

  it.effect("tells no secret of what cannot be sent", () =>
    relaying(
      () => {},
      (relay) =>
        Effect.gen(function* () {
          const path = "/files?api_key=swordfish-and-chips&name=ä"
          const { error } = yield* collect(relay.transfer({ path, method: "GET" }))
          assert.deepInclude(upstreamError(error).reason, { _tag: "RequestEncoding", path: "path" })
          assert.notInclude(upstreamError(error).message, "swordfish")
        })
    )
  )

  it.effect("refuses a content type that cannot be sent", () =>
    relaying(
      () => {},
      (relay, server) =>
        Effect.gen(function* () {
          const { error } = yield* collect(relay.transfer({ ...speech, contentType: "a\r\nx: y" }))
          assert.strictEqual(upstreamError(error).reason._tag, "RequestEncoding")
          assert.strictEqual(server.requests.length, 0)
        })
    )
  )
})

const asking = (path: string, body: object) => ({ path, method: "POST", body: Buffer.from(JSON.stringify(body)) })

const form = async (fields: Readonly<Record<string, string>>) => {
  const data = new FormData()
  data.append("file", new Blob(["abc"]), "a.wav")
  for (const [name, value] of Object.entries(fields)) data.append(name, value)
  const request = new Request("http://localhost", { method: "POST", body: data })
  return {
    path: "/audio/transcriptions",
    method: "POST",
    contentType: request.headers.get("content-type") ?? "",
    body: new Uint8Array(await request.arrayBuffer())
  }
}

describe("an event stream", () => {
  const spoken = event("speech.audio.delta", { audio: "AAAA" }) + event("speech.audio.done")
  const written = event("transcript.text.delta", { delta: "a" }) + event("transcript.text.done", { text: "a" })

  it.effect("is an answer where it was asked for, and a failure elsewhere", () =>
    Effect.gen(function* () {
      const rows = [
        [
          spoken,
          asking("/audio/speech", { stream_format: "sse" }),
          asking("/audio/speech", { stream_format: "audio" })
        ],
        [
          written,
          yield* Effect.promise(() => form({ stream: "true" })),
          yield* Effect.promise(() => form({ stream: "false" }))
        ],
        [
          event("image_generation.completed", { b64_json: "AAAA" }),
          asking("/images/generations", { stream: true }),
          asking("/images/generations", {})
        ]
      ] as const
      for (const [text, streamed, plain] of rows) {
        yield* relaying(ending(text), (relay) =>
          Effect.gen(function* () {
            const answer = yield* collect(relay.transfer(streamed))
            assert.strictEqual(textOf(answer.elements), text)
            assert.isUndefined(answer.error)
            const { elements, error } = yield* collect(relay.transfer(plain))
            assert.deepStrictEqual(elements, [])
            assert.strictEqual(upstreamError(error).reason._tag, "MalformedResponse")
          })
        )
      }
    })
  )

  it.effect("of a chat is no answer for audio", () =>
    relaying(ending(token("a", "stop"), "data: [DONE]\n\n"), (relay) =>
      Effect.gen(function* () {
        const { error } = yield* collect(relay.transfer(asking("/audio/speech", { stream_format: "sse" })))
        assert.deepInclude(upstreamError(error).reason, { _tag: "StreamTruncated", missing: "final-event" })
      })
    )
  )
})
