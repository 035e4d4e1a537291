import type { UpstreamError } from "@causeway/core/UpstreamError"
import type * as OpenAiClient from "@causeway/openai/OpenAiClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Answers from "./fixtures/answers.ts"
import { calling, chat, failure, jsonCalls, upload } from "./fixtures/client.ts"
import { completion, http, json, token } from "./fixtures/rawServer.ts"

type Ask = (ai: OpenAiClient.Service) => Effect.Effect<unknown, UpstreamError>

const respond: Ask = (ai) => ai.responses.create({ model: "m", input: "x" })
const embed: Ask = (ai) => ai.embeddings.create({ model: "m", input: ["x", "y"] })
const moderate: Ask = (ai) => ai.moderations.create({ input: ["x", "y"] })
const transcribe =
  (format?: "text" | "vtt" | "srt"): Ask =>
  (ai) =>
    format === undefined
      ? ai.audio.transcriptions.create({ model: "m", file: upload() })
      : ai.audio.transcriptions.create({ model: "m", file: upload(), response_format: format })
const draw: Ask = (ai) => ai.images.generate({ prompt: "x" })
const speak: Ask = (ai) => ai.audio.speech.create({ model: "m", input: "x", voice: "alloy" })
const speakInPieces: Ask = (ai) => Stream.runDrain(ai.audio.speech.stream({ model: "m", input: "x", voice: "alloy" }))
const forget: Ask = (ai) => ai.responses.delete("resp_1")

const plain = (body: string, type = "text/plain") => http(200, { "content-type": type }, body)
const malformed = (issue: string): object => ({ _tag: "MalformedResponse", issue, seenIn: "body" })

const rows: ReadonlyArray<readonly [string, Ask, Buffer, object]> = [
  [
    "a response that failed",
    respond,
    json(Answers.responseObject({ status: "failed", error: { code: "server_error", message: "x" } })),
    { _tag: "ProviderFault", seenIn: "body" }
  ],
  [
    "a response that failed for its rate",
    respond,
    json(Answers.responseObject({ status: "failed", error: { code: "rate_limit_exceeded", message: "x" } })),
    { _tag: "RateLimited", seenIn: "body" }
  ],
  [
    "a response that failed without words",
    respond,
    json(Answers.responseObject({ status: "failed" })),
    malformed("wrong-shape")
  ],
  [
    "a response that is not done",
    respond,
    json(Answers.responseObject({ status: "in_progress" })),
    malformed("wrong-shape")
  ],
  ["a response without output", respond, json(Answers.responseObject({ output: undefined })), malformed("wrong-shape")],
  ["a response that is HTML", respond, plain("<html>", "text/html"), malformed("not-json")],
  ["too few embeddings", embed, json(Answers.embeddingsOf([1])), malformed("wrong-shape")],
  [
    "embeddings out of place",
    embed,
    json({ ...Answers.embeddingsOf([1], [2]), data: Answers.embeddingsOf([1], [2]).data.toReversed() }),
    malformed("wrong-shape")
  ],
  ["an embedding without numbers", embed, json(Answers.embeddingsOf([1], [])), malformed("wrong-shape")],
  ["too few moderations", moderate, json(Answers.moderation), malformed("wrong-shape")],
  [
    "a moderation that says nothing",
    moderate,
    json({ ...Answers.moderation, results: [{}, {}] }),
    malformed("wrong-shape")
  ],
  ["a transcription without text", transcribe(), json({ segments: [] }), malformed("wrong-shape")],
  ["an empty text", transcribe("text"), plain(""), malformed("empty")],
  ["a text that is HTML", transcribe("text"), plain("<html>", "text/html"), malformed("wrong-shape")],
  [
    "an error in a text",
    transcribe("text"),
    plain('{"error":{"message":"x","type":"server_error"}}'),
    { _tag: "ProviderFault", seenIn: "body" }
  ],
  [
    "an error in JSON where text was asked for",
    transcribe("text"),
    json({ error: { message: "x", type: "server_error" } }),
    { _tag: "ProviderFault" }
  ],
  ["subtitles that are none", transcribe("vtt"), plain("hello"), malformed("wrong-shape")],
  ["other subtitles that are none", transcribe("srt"), plain("hello"), malformed("wrong-shape")],
  ["no images", draw, json({ created: 1, data: [] }), malformed("wrong-shape")],
  ["an image without data", draw, json({ created: 1, data: [{ revised_prompt: "x" }] }), malformed("wrong-shape")],
  ["empty audio", speak, Answers.audio(new Uint8Array()), malformed("empty")],
  ["audio that is HTML", speak, plain("<html>", "text/html"), malformed("wrong-shape")],
  ["audio that is HTML without a type", speak, http(200, {}, "<!doctype html>"), malformed("wrong-shape")],
  ["audio that is a list in JSON without a type", speak, http(200, {}, '[{"x":1}]'), malformed("wrong-shape")],
  ["audio that is an error", speak, json({ error: { message: "x", type: "server_error" } }), { _tag: "ProviderFault" }],
  ["a stream of empty audio", speakInPieces, Answers.audio(new Uint8Array()), malformed("empty")],
  ["a stream of audio that is HTML", speakInPieces, plain("<html>", "text/html"), malformed("wrong-shape")],
  [
    "a stream of audio that is HTML without a type",
    speakInPieces,
    http(200, {}, "<!doctype html>"),
    malformed("wrong-shape")
  ],
  [
    "a stream of audio that is a list in JSON without a type",
    speakInPieces,
    http(200, {}, '[{"x":1}]'),
    malformed("wrong-shape")
  ],
  [
    "a stream of audio that is an error",
    speakInPieces,
    json({ error: { message: "x", type: "server_error" } }),
    { _tag: "ProviderFault" }
  ],
  ["a deletion that is HTML", forget, plain("<html>", "text/html"), malformed("not-json")],
  ["a deletion that was none", forget, json({ id: "resp_1", deleted: false }), malformed("wrong-shape")]
]

describe("what the SDK takes for a success", () => {
  it.effect.each(rows)("is a failure: %s", ([, ask, answer, expected]) =>
    calling(
      (socket) => socket.write(answer),
      (ai) => Effect.map(failure(ask(ai)), (error) => assert.deepInclude(error.reason, expected))
    )
  )

  const everywhere: ReadonlyArray<readonly [string, Buffer, object]> = [
    ["nothing", http(200, { "content-type": "application/json" }), { _tag: "MalformedResponse", issue: "empty" }],
    ["HTML", plain("<html>", "text/html"), { _tag: "MalformedResponse", issue: "not-json" }],
    ["half of an object", json({ id: "x" }).subarray(0, -3), { _tag: "ConnectionLost" }],
    ["JSON that breaks off", plain('{"id": "x', "application/json"), { _tag: "MalformedResponse", issue: "truncated" }],
    ["null", json(null), { _tag: "MalformedResponse", issue: "wrong-shape" }],
    ["another object", json({ hello: "world" }), { _tag: "MalformedResponse", issue: "wrong-shape" }],
    ["an error", json({ error: { message: "x", type: "server_error" } }), { _tag: "ProviderFault", seenIn: "body" }],
    ["an error of its status", json({ error: { message: "x" } }, {}, 500), { _tag: "ProviderFault", seenIn: "status" }]
  ]
  it.effect.each(everywhere)("is a failure of every call: %s", ([, answer, expected]) =>
    calling(
      (socket) => socket.end(answer),
      (ai) =>
        Effect.gen(function* () {
          for (const [name, call] of Object.entries<Effect.Effect<unknown, UpstreamError>>(jsonCalls(ai))) {
            const error = yield* failure(call)
            assert.deepInclude({ call: name, ...error.reason }, { call: name, ...expected })
            assert.strictEqual(error.operation, name)
          }
        })
    )
  )

  it.effect("is a success where it is one: incomplete, in the background, silent", () =>
    calling(
      (socket, { number }) =>
        socket.write(
          number === 1
            ? json(
                Answers.responseObject({ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } })
              )
            : number === 2
              ? json(Answers.responseObject({ status: "queued", output: [] }))
              : plain("\n")
        ),
      (ai) =>
        Effect.gen(function* () {
          assert.strictEqual((yield* ai.responses.create({ model: "m", input: "x" })).status, "incomplete")
          const queued = yield* ai.responses.create({ model: "m", input: "x", background: true })
          assert.strictEqual(queued.status, "queued")
          const text = yield* ai.audio.transcriptions.create({ model: "m", file: upload(), response_format: "text" })
          assert.strictEqual(text, "\n")
        })
    )
  )
})

describe("a strict client", () => {
  const { usage: _, ...withoutUsage } = Answers.embeddingsOf([1])
  const wrong: ReadonlyArray<readonly [string, Ask, unknown, RegExp]> = [
    ["a completion", (ai) => ai.chat.completions.create(chat), { ...completion("hi"), created: "today" }, /"created"/],
    [
      "a finish reason",
      (ai) => ai.chat.completions.create(chat),
      { ...completion("hi"), choices: [{ ...completion("hi").choices[0], finish_reason: "done" }] },
      /"finish_reason"/
    ],
    ["a response", respond, Answers.responseObject({ created_at: null }), /"created_at"/],
    ["embeddings", (ai) => ai.embeddings.create({ model: "m", input: "x" }), withoutUsage, /"usage"/],
    ["a model", (ai) => ai.models.retrieve("a"), { id: "a" }, /"object"/],
    ["models", (ai) => ai.models.list(), { data: [{ id: "a" }] }, /"object"/],
    [
      "an older completion",
      (ai) => ai.completions.create({ model: "m", prompt: "x" }),
      { ...Answers.textCompletion, object: "x" },
      /"object"/
    ],
    ["a moderation", (ai) => ai.moderations.create({ input: "x" }), { ...Answers.moderation, id: 1 }, /"id"/],
    ["images", draw, { data: [{ url: "x" }] }, /"created"/],
    ["a file", (ai) => ai.files.retrieve("f"), { id: "f" }, /"object"/],
    ["a page of files", (ai) => ai.files.list(), { data: [{ id: "f" }] }, /"object"/]
  ]
  it.effect.each(wrong)("checks the fields of %s", ([, ask, answer, message]) =>
    Effect.gen(function* () {
      yield* calling(Answers.always(answer), (ai) => ask(ai))
      const error = yield* calling(Answers.always(answer), (ai) => failure(ask(ai)), { strict: true })
      assert.deepInclude(error.reason, malformed("wrong-shape"))
      assert.match(error.message, message)
    })
  )

  it.effect("takes what is right, and leaves it as it is", () =>
    calling(
      Answers.always({ ...completion("hi"), unknown: { kept: true } }),
      (ai) =>
        Effect.map(ai.chat.completions.create(chat), (answer) =>
          assert.deepStrictEqual(Reflect.get(answer, "unknown"), { kept: true })
        ),
      { strict: true }
    )
  )

  it.effect("checks events, and a call can be stricter than its client", () =>
    calling(Answers.events(token("a").replace('"created":1', '"created":"now"')), (ai) =>
      Effect.gen(function* () {
        const lenient = yield* failure(Stream.runDrain(ai.chat.completions.stream(chat)))
        assert.strictEqual(lenient.reason._tag, "StreamTruncated")
        const strict = yield* failure(Stream.runDrain(ai.chat.completions.stream(chat, { strict: true })))
        assert.deepInclude(strict.reason, { _tag: "StreamProtocol", index: 0 })
        assert.match(strict.message, /"created"/)
      })
    )
  )

  it.effect("takes the whole streams of every kind", () =>
    calling(
      (socket, request) => Answers.events(...Answers.wholeStreams.responses)(socket, request),
      (ai) =>
        Effect.gen(function* () {
          assert.strictEqual((yield* Stream.runCollect(ai.responses.stream({ model: "m", input: "x" }))).length, 3)
        }),
      { strict: true }
    )
  )
})
