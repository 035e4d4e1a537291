import type { UpstreamError } from "@causeway/core/UpstreamError"
import type * as OpenAiClient from "@causeway/openai/OpenAiClient"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import OpenAI from "openai"
import * as Answers from "./fixtures/answers.ts"
import { calling, clientOf, eventStreams, failure } from "./fixtures/client.ts"
import { chunk, json, serve } from "./fixtures/rawServer.ts"

type Kind = keyof typeof Answers.wholeStreams
const kinds = Object.keys(Answers.wholeStreams) as ReadonlyArray<Kind>
const all = kinds.map((kind) => [kind] as const)

const streamOf = (ai: OpenAiClient.Service, kind: Kind, options?: OpenAiClient.CallOptions) =>
  (eventStreams(ai, options) satisfies Record<Kind, Stream.Stream<unknown, UpstreamError>>)[kind] as Stream.Stream<
    unknown,
    UpstreamError
  >

/** What a stream that ends here lacks, and what had come of its output. */
const missing = {
  chat: { missing: "done", partial: "a" },
  completions: { missing: "done", partial: "a" },
  responses: { missing: "final-event", partial: "a" },
  transcriptions: { missing: "final-event", partial: "a" },
  images: { missing: "final-event", partial: "" }
} as const satisfies Record<Kind, object>

describe("a stream of events", () => {
  it.effect.each(all)("ends after its proper end: %s", ([kind]) => {
    const whole = Answers.wholeStreams[kind]
    return calling(Answers.events(...whole), (ai) =>
      Effect.gen(function* () {
        const elements = yield* Stream.runCollect(streamOf(ai, kind))
        const last = /data: (.*)/.exec(whole.at(-1)!)?.[1]
        assert.deepStrictEqual(elements.at(-1), JSON.parse(last ?? ""))
        assert.strictEqual(elements.length, whole.length)
      })
    )
  })

  it.effect.each(all)("that is cut is a failure, with its partial output: %s", ([kind]) =>
    calling(Answers.events(...Answers.wholeStreams[kind].slice(0, -1)), (ai) =>
      Effect.gen(function* () {
        const seen: Array<unknown> = []
        const error = yield* failure(
          Stream.runForEach(streamOf(ai, kind), (each) => Effect.sync(() => seen.push(each)))
        )
        assert.deepInclude(error.reason, { _tag: "StreamTruncated", ...missing[kind] })
        assert.strictEqual(seen.length, Answers.wholeStreams[kind].length - 1)
      })
    )
  )

  it.effect.each(all)("that the caller aborts is a failure, with its partial output: %s", ([kind]) =>
    calling(Answers.silentEvents(...Answers.wholeStreams[kind].slice(0, -1)), (ai, server) =>
      Effect.gen(function* () {
        const aborter = new AbortController()
        const count = Answers.wholeStreams[kind].length - 1
        let seen = 0
        const error = yield* failure(
          Stream.runForEach(streamOf(ai, kind, { signal: aborter.signal }), () =>
            Effect.sync(() => {
              if (++seen === count) aborter.abort()
            })
          )
        )
        assert.deepInclude(error.reason, { _tag: "Aborted", by: "caller", seenIn: "stream" })
        assert.strictEqual(error.evidence.stream?.partial ?? "", missing[kind].partial)
        yield* server.requests[0]!.closed
      })
    )
  )

  it.effect.each(all)("that goes silent is a failure: %s", ([kind]) =>
    calling(Answers.silentEvents(Answers.wholeStreams[kind][0]), (ai, server) =>
      Effect.gen(function* () {
        const error = yield* failure(Stream.runDrain(streamOf(ai, kind, { timeout: "100 millis" })))
        assert.deepInclude(error.reason, { _tag: "Timeout", phase: "idle" })
        yield* server.requests[0]!.closed
      })
    )
  )

  it.effect.each(all)("that is interrupted closes its socket within 100 ms: %s", ([kind]) =>
    calling(Answers.silentEvents(Answers.wholeStreams[kind][0]), (ai, server) =>
      Effect.gen(function* () {
        const took: Array<number> = []
        for (const number of [1, 2, 3]) {
          const first = yield* Deferred.make<void>()
          const fiber = yield* Effect.forkChild(
            Stream.runForEach(streamOf(ai, kind), () => Deferred.succeed(first, undefined))
          )
          yield* Deferred.await(first)
          assert.strictEqual(server.open, 1)
          const started = performance.now()
          yield* Fiber.interrupt(fiber)
          yield* server.requests[number - 1]!.closed
          took.push(performance.now() - started)
          assert.strictEqual(server.open, 0)
        }
        // A busy machine may take its time, but not each time.
        assert.isBelow(Math.min(...took), 100)
      })
    )
  )

  it.effect.each(all)("that its consumer has enough of closes its socket: %s", ([kind]) =>
    calling(Answers.silentEvents(Answers.wholeStreams[kind][0]), (ai, server) =>
      Effect.gen(function* () {
        assert.strictEqual((yield* Stream.runCollect(Stream.take(streamOf(ai, kind), 1))).length, 1)
        yield* server.requests[0]!.closed
        assert.strictEqual(server.open, 0)
      })
    )
  )

  it.effect.each(all)("that is answered with JSON or an error says which: %s", ([kind]) =>
    calling(
      (socket, { number }) =>
        socket.write(
          number === 1
            ? json({ error: { message: "x", type: "server_error" } })
            : number === 2
              ? json({ hello: "world" })
              : json({ error: { message: "slow down" } }, {}, 429)
        ),
      (ai) =>
        Effect.gen(function* () {
          for (const expected of [
            { _tag: "ProviderFault", seenIn: "body" },
            { _tag: "MalformedResponse", issue: "wrong-shape" },
            { _tag: "RateLimited", seenIn: "status" }
          ] as ReadonlyArray<object>) {
            assert.deepInclude((yield* failure(Stream.runDrain(streamOf(ai, kind)))).reason, expected)
          }
        })
    )
  )

  it.effect.each(all)("that turns into something else is no cut stream: %s", ([kind]) =>
    Effect.gen(function* () {
      const [first = ""] = Answers.wholeStreams[kind]
      const rows = [
        [Answers.events(first, "<html>\n<title>504</title>\n"), { _tag: "StreamProtocol", index: 1 }],
        [Answers.events(first, "Internal Server Error"), { _tag: "StreamProtocol", index: 1 }],
        [Answers.events("Service is up.\n"), { _tag: "MalformedResponse", issue: "not-json" }],
        // A field that this standard does not know is skipped, as it says.
        [Answers.events(first, "weather: fine\n"), { _tag: "StreamTruncated" }]
      ] as const
      for (const [answer, expected] of rows) {
        const error = yield* calling(answer, (ai) => failure(Stream.runDrain(streamOf(ai, kind))))
        assert.deepInclude(error.reason, expected)
      }
    })
  )

  it.effect("of a response ends with the reason where it fails, and with its event where it is incomplete", () =>
    calling(
      (socket, request) =>
        Answers.events(
          Answers.wholeStreams.responses[0],
          request.number === 1
            ? Answers.typed("response.failed", {
                response: Answers.responseObject({
                  status: "failed",
                  error: { code: "rate_limit_exceeded", message: "slow down" }
                })
              })
            : Answers.typed("response.incomplete", { response: Answers.responseObject({ status: "incomplete" }) })
        )(socket, request),
      (ai) =>
        Effect.gen(function* () {
          const failed = yield* failure(Stream.runDrain(ai.responses.stream({ model: "m", input: "x" })))
          assert.deepInclude(failed.reason, { _tag: "RateLimited", seenIn: "stream" })
          const events = yield* Stream.runCollect(ai.responses.retrieveStream("resp_1", { starting_after: 3 }))
          assert.strictEqual(events.at(-1)?.type, "response.incomplete")
        })
    )
  )

  it.effect("of a response that exists is asked for from where it broke off", () =>
    calling(Answers.events(...Answers.wholeStreams.responses), (ai, { requests }) =>
      Effect.gen(function* () {
        yield* Stream.runDrain(ai.responses.retrieveStream("resp_1", { starting_after: 3 }))
        assert.match(requests[0]!.head, /^GET \/v1\/responses\/resp_1\?starting_after=3&stream=true /)
      })
    )
  )

  it.effect("equals the SDK's own: a response's, a transcription's, an image's", () =>
    Effect.gen(function* () {
      const server = yield* serve((socket, request) => {
        const kind = request.head.includes("/responses")
          ? "responses"
          : request.head.includes("/audio")
            ? "transcriptions"
            : "images"
        Answers.events(...Answers.wholeStreams[kind])(socket, request)
      })
      const sdk = new OpenAI({ baseURL: server.url, apiKey: "k" })
      const file = new File(["abc"], "a.wav")
      const theirs = yield* Effect.promise(() =>
        Promise.all([
          sdk.responses.create({ model: "m", input: "x", stream: true }),
          sdk.audio.transcriptions.create({ model: "m", file, stream: true }),
          sdk.images.generate({ model: "m", prompt: "x", stream: true })
        ]).then((streams) =>
          Promise.all(
            streams.map(async (stream) => {
              const events: Array<unknown> = []
              for await (const event of stream) events.push(event)
              return events
            })
          )
        )
      )
      const ai = yield* clientOf({ baseUrl: server.url })
      const streams: ReadonlyArray<Stream.Stream<unknown, UpstreamError>> = [
        ai.responses.stream({ model: "m", input: "x" }),
        ai.audio.transcriptions.stream({ model: "m", file }),
        ai.images.generateStream({ model: "m", prompt: "x" })
      ]
      for (const [index, stream] of streams.entries()) {
        assert.deepStrictEqual<unknown>(yield* Stream.runCollect(stream), theirs[index])
      }
    }).pipe(Effect.scoped)
  )
})

describe("a stream of bytes", () => {
  const speech = { model: "m", input: "x", voice: "alloy" } as const
  const head = "HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ntransfer-encoding: chunked\r\n\r\n"

  it.effect("gives what has come before the rest is there, and closes its socket when it is interrupted", () =>
    calling(
      (socket) => socket.write(Buffer.concat([Buffer.from(head), chunk(new Uint8Array([1, 2]))])),
      (ai, server) =>
        Effect.gen(function* () {
          const first = yield* Deferred.make<Uint8Array>()
          const fiber = yield* Effect.forkChild(
            Stream.runForEach(ai.audio.speech.stream(speech), (piece) => Deferred.succeed(first, piece))
          )
          assert.deepStrictEqual([...(yield* Deferred.await(first))], [1, 2])
          yield* Fiber.interrupt(fiber)
          yield* server.requests[0]!.closed
          assert.strictEqual(server.open, 0)
        })
    )
  )

  it.effect("that is cut, stalls or is aborted is a failure, as a whole answer is", () =>
    calling(
      (socket, { number }) => {
        socket.write(Buffer.concat([Buffer.from(head), chunk(new Uint8Array([1, 2]))]))
        if (number <= 2) socket.destroySoon()
      },
      (ai, server) =>
        Effect.gen(function* () {
          for (const [options, expected] of [
            [{}, { _tag: "ConnectionLost" }],
            [{ timeout: "100 millis" }, { _tag: "Timeout" }]
          ] as const) {
            const whole = yield* failure(ai.audio.speech.create(speech, options))
            assert.deepInclude(whole.reason, expected)
            const pieces = yield* failure(Stream.runDrain(ai.audio.speech.stream(speech, options)))
            assert.deepInclude(pieces.reason, expected)
          }
          const aborter = new AbortController()
          const aborted = yield* failure(
            Stream.runForEach(ai.audio.speech.stream(speech, { signal: aborter.signal }), () =>
              Effect.sync(() => aborter.abort())
            )
          )
          assert.deepInclude(aborted.reason, { _tag: "Aborted", by: "caller" })
          for (const { closed } of server.requests) yield* closed
        })
    )
  )

  it.effect("is held up by a slow consumer, not kept in memory", () => {
    const megabyte = Buffer.alloc(1024 * 1024, 1)
    const total = 16
    let written = 0
    return calling(
      (socket) => {
        socket.write(head)
        const next = () => {
          while (written < total) {
            written++
            if (!socket.write(chunk(megabyte))) return void socket.once("drain", next)
          }
          socket.write("0\r\n\r\n")
        }
        next()
      },
      (ai) =>
        Effect.gen(function* () {
          const opened = yield* ai.audio.speech.stream.withResponse(speech)
          // What the sockets' own buffers take is all that the upstream may write.
          for (let turn = 0; turn < 200; turn++) yield* Effect.promise(() => new Promise(setImmediate))
          assert.isBelow(written, total)
          let bytes = 0
          yield* Stream.runForEach(opened.data, (piece) => Effect.sync(() => (bytes += piece.length)))
          assert.strictEqual(bytes, total * megabyte.length)
        }).pipe(Effect.scoped)
    )
  })
})
