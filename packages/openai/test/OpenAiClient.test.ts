import { readFile } from "node:fs/promises"
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Disposition from "@causeway/core/Disposition"
import * as Upstream from "@causeway/core/Upstream"
import * as OpenAiClient from "@causeway/openai/OpenAiClient"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import OpenAI, { AzureOpenAI } from "openai"
import { calling, chat, failure, untilEnd } from "./fixtures/client.ts"
import {
  chunk,
  completion,
  done,
  eventsHead,
  http,
  json,
  lastChunk,
  type Respond,
  serve,
  token
} from "./fixtures/rawServer.ts"

const streams =
  (...pieces: ReadonlyArray<string>): Respond =>
  (socket) => {
    socket.write(eventsHead)
    for (const piece of pieces) socket.write(piece === "" ? lastChunk : chunk(piece))
  }

/** Fails so many times, then answers. */
const flaky =
  (failures: number, headers: Record<string, string> = {}): Respond =>
  (socket, request) => {
    const { body, number } = request
    if (number <= failures) socket.write(json({ error: { message: "try again" } }, headers, 503))
    else if (body.includes('"stream":true')) streams(token("hi", "stop") + done, "")(socket, request)
    else socket.write(json(completion("hi")))
  }

const setVariable = (name: string, value: string): void => {
  process.env[name] = value
}

const unsetVariable = (name: string): void => {
  delete process.env[name]
}

/** Sets a variable of the environment for the time of a call. */
const withVariable = <A, E, R>(name: string, value: string, call: Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => setVariable(name, value)),
    () => call,
    () => Effect.sync(() => unsetVariable(name))
  )

describe("a success", () => {
  it.effect("equals the SDK's own, with its request id", () =>
    calling(
      (socket) => socket.write(json({ ...completion("hi"), unknown: { kept: true } }, { "x-request-id": "up-1" })),
      (ai, { url }) =>
        Effect.gen(function* () {
          const sdk = new OpenAI({ baseURL: url, apiKey: "k", maxRetries: 0 })
          const ours = yield* ai.chat.completions.create(chat)
          const theirs = yield* Effect.promise(() => sdk.chat.completions.create(chat))
          assert.deepStrictEqual(ours, theirs)
          assert.strictEqual(Reflect.get(ours, "_request_id"), "up-1")
        })
    )
  )

  it.effect("of a stream equals the SDK's own, event by event", () =>
    calling(streams(token("a") + ": note\n\n", token("b"), token("", "stop") + done, ""), (ai, { url }) =>
      Effect.gen(function* () {
        const sdk = new OpenAI({ baseURL: url, apiKey: "k", maxRetries: 0 })
        const ours = yield* Stream.runCollect(ai.chat.completions.stream(chat))
        const theirs = yield* Effect.promise(async () => {
          const chunks: Array<unknown> = []
          for await (const each of await sdk.chat.completions.create({ ...chat, stream: true })) chunks.push(each)
          return chunks
        })
        assert.deepStrictEqual<ReadonlyArray<unknown>>(ours, theirs)
        assert.strictEqual(ours.length, 3)
      })
    )
  )

  it.effect("of embeddings is decoded as the SDK decodes it", () =>
    calling(
      (socket) => {
        const embedding = Buffer.from(new Float32Array([0.5, -1]).buffer).toString("base64")
        socket.write(json({ object: "list", model: "e", data: [{ object: "embedding", index: 0, embedding }] }))
      },
      (ai) =>
        Effect.gen(function* () {
          const { data } = yield* ai.embeddings.create({ model: "e", input: "x" })
          assert.deepStrictEqual(data[0]?.embedding, [0.5, -1])
        })
    )
  )

  it.effect("lists models", () =>
    calling(
      (socket) =>
        socket.write(json({ object: "list", data: [{ id: "a", object: "model", created: 1, owned_by: "b" }] })),
      (ai) =>
        Effect.gen(function* () {
          const models = yield* ai.models.list()
          assert.strictEqual(models[0]?.id, "a")
        })
    )
  )

  it.effect("is taken from an upstream that forgets the content type", () =>
    calling(
      (socket) => socket.write(http(200, { "x-request-id": "up-1" }, JSON.stringify(completion("hi")))),
      (ai) =>
        Effect.gen(function* () {
          const answer = yield* ai.chat.completions.create(chat)
          assert.strictEqual(answer.choices[0]?.message.content, "hi")
          assert.strictEqual(Reflect.get(answer, "_request_id"), "up-1")
        })
    )
  )

  it.effect("comes with its ids and rate limits where they are asked for", () =>
    calling(
      (socket, request) =>
        request.body.includes('"stream":true')
          ? streams(token("hi", "stop") + done, "")(socket, request)
          : request.number === 1
            ? socket.write(json({ error: { message: "busy" } }, { "retry-after-ms": "1" }, 503))
            : socket.write(json(completion("hi"), { "x-request-id": "up-2", "x-ratelimit-remaining-tokens": "12" })),
      (ai) =>
        Effect.gen(function* () {
          const { data, response } = yield* untilEnd(ai.chat.completions.create.withResponse(chat))
          assert.strictEqual(data.choices[0]?.message.content, "hi")
          assert.deepInclude(response, {
            upstream: "raw",
            status: 200,
            requestId: "up-2",
            attempt: 2,
            rateLimit: { "remaining-tokens": "12" }
          })
          const streamed = yield* ai.chat.completions.stream.withResponse(chat)
          assert.strictEqual(streamed.response.status, 200)
          assert.strictEqual((yield* Stream.runCollect(streamed.data)).length, 1)
        }).pipe(Effect.scoped),
      { retries: 2 }
    )
  )
})

describe("a request", () => {
  it.effect("has the upstream's key and headers, the call's own, and the ids of the request", () =>
    calling(
      (socket) => socket.write(json(completion("hi"))),
      (ai, { requests }) =>
        Effect.gen(function* () {
          yield* ai.chat.completions
            .create(chat, { headers: { "x-mine": "1" }, idempotencyKey: "once" })
            .pipe(Effect.provideService(CallMetadata.RequestId, "call-1"))
          const head = requests[0]!.head.toLowerCase()
          for (const line of [
            "authorization: bearer key-of-raw",
            "x-org: us",
            "x-mine: 1",
            "idempotency-key: once",
            "x-request-id: call-1"
          ]) {
            assert.include(head.split("\r\n"), line)
          }
        }),
      { apiKey: Redacted.make("key-of-raw"), headers: { "x-org": "us" } }
    )
  )

  it.effect("has no key where none is configured", () =>
    calling(
      (socket) => socket.write(json(completion("hi"))),
      (ai, { requests }) =>
        Effect.gen(function* () {
          yield* ai.chat.completions.create(chat)
          assert.notMatch(requests[0]!.head, /authorization/i)
        })
    )
  )

  it.effect("has no header that the SDK reads from the environment", () =>
    calling(
      (socket) => socket.write(json(completion("hi"))),
      (ai, { requests }) =>
        Effect.gen(function* () {
          yield* ai.chat.completions.create(chat)
          yield* ai.use((sdk) => sdk.chat.completions.create(chat))
          for (const { head } of requests) {
            assert.notInclude(head, "meant for another")
            assert.match(head, /^authorization: Bearer key-of-raw$/im)
          }
          assert.strictEqual(requests.length, 2)
        }),
      { apiKey: Redacted.make("key-of-raw") }
    ).pipe((call) =>
      withVariable("OPENAI_CUSTOM_HEADERS", "Authorization: meant for another\nx-org: meant for another", call)
    )
  )

  it.effect("names the model as the upstream does", () =>
    calling(
      (socket) => socket.write(json(completion("hi"))),
      (ai, { requests }) =>
        Effect.gen(function* () {
          yield* ai.chat.completions.create({ ...chat, model: "gpt-5" })
          assert.strictEqual(JSON.parse(requests[0]!.body).model, "llama")
        }),
      { models: { "gpt-5": "llama" } }
    )
  )

  it.effect("that cannot be encoded says where", () =>
    calling(
      () => {},
      (ai, { requests }) =>
        Effect.gen(function* () {
          const circular: { metadata: Record<string, unknown> } = { metadata: {} }
          circular.metadata["self"] = circular.metadata
          for (const [more, path] of [
            [{ metadata: { at: { deep: [1n] } } }, "metadata.at.deep[0]"],
            [{ metadata: { at: { toJSON: () => 1n } } }, "metadata.at"],
            [circular, "metadata.self"]
          ] as const) {
            const params: object = { ...chat, ...more }
            const error = yield* failure(ai.chat.completions.create(params as typeof chat))
            assert.deepInclude(error.reason, { _tag: "RequestEncoding", path })
            const streamed = yield* failure(Stream.runDrain(ai.chat.completions.stream(params as typeof chat)))
            assert.deepInclude(streamed.reason, { _tag: "RequestEncoding", path })
          }
          assert.strictEqual(requests.length, 0)
        })
    )
  )

  it.effect("has only headers that can be sent, and does not repeat the others' values", () =>
    calling(
      () => {},
      (ai, { requests }) =>
        Effect.gen(function* () {
          for (const options of [
            { headers: { "x-mine": "secret\nx-more: 1" } },
            { headers: { "x-mine": "\u65e5secret" } },
            { headers: { "x mine": "secret" } },
            { idempotencyKey: "secret\r\nx-more: 1" }
          ]) {
            for (const call of [
              ai.chat.completions.create(chat, options),
              Stream.runDrain(ai.chat.completions.stream(chat, options))
            ]) {
              const error = yield* failure(Effect.asVoid(call))
              assert.deepInclude(error.reason, { _tag: "RequestEncoding", path: "headers" })
              assert.notInclude(error.message, "secret")
            }
          }
          assert.strictEqual(requests.length, 0)
        })
    )
  )

  it.effect("of a file that is gone is a mistake of the request's", () =>
    calling(
      () => {},
      (ai) =>
        Effect.gen(function* () {
          const error = yield* failure(
            ai.use(async (sdk) =>
              sdk.files.create({ file: new File([await readFile("/nowhere/a.jsonl")], "a.jsonl"), purpose: "batch" })
            )
          )
          assert.strictEqual(error.reason._tag, "RequestEncoding")
          assert.notInclude(error.message, "/nowhere")
        })
    )
  )
})

/** An upstream that repeats a credential. */
const repeats: Respond = (socket) =>
  socket.write(json({ error: { message: "not the right one: swordfish-and-chips", type: "server_error" } }, {}, 500))

const assertMasked = (ai: OpenAiClient.Service) =>
  Effect.map(failure(ai.chat.completions.create(chat)), (error) => {
    assert.strictEqual(error.reason.message, "not the right one: <redacted>")
    assert.notInclude(JSON.stringify(error), "swordfish")
  })

describe("a credential", () => {
  it.effect.each([
    ["a header with a scheme", { headers: { authorization: "Bearer swordfish-and-chips" } }],
    ["a header without one", { headers: { "api-key": "swordfish-and-chips" } }],
    ["the key", { apiKey: Redacted.make("swordfish-and-chips") }]
  ] as const)("that an upstream repeats is masked: %s", ([, config]) => calling(repeats, assertMasked, config))

  it.effect("that an upstream repeats is masked: in the address, and of anyone's client", () =>
    Effect.gen(function* () {
      const { url } = yield* serve(repeats)
      const live = OpenAiClient.layer({ baseUrl: `${url}?api_key=swordfish-and-chips`, retries: 0 })
      yield* Effect.flatMap(OpenAiClient.OpenAiClient, assertMasked).pipe(Effect.provide(live))
      const sdk = new OpenAI({ baseURL: url, apiKey: "swordfish-and-chips" })
      yield* assertMasked(yield* OpenAiClient.fromSdk(sdk, { retries: 0 }))
    }).pipe(Effect.scoped)
  )
})

describe("what the SDK takes for a success", () => {
  const notUtf8 = Buffer.from(JSON.stringify(completion("h\u00e9")), "latin1")
  const answers: ReadonlyArray<readonly [string, Buffer, object]> = [
    ["an empty body", http(200, { "content-type": "application/json" }), { issue: "empty" }],
    ["an empty body without a type", http(200, {}), { issue: "empty" }],
    ["no content", http(204, {}), { issue: "empty" }],
    ["HTML", http(200, { "content-type": "text/html" }, "<html>"), { issue: "not-json" }],
    ["HTML as JSON", http(200, { "content-type": "application/json" }, "<html>"), { issue: "not-json" }],
    ["a string", json("hello"), { issue: "wrong-shape" }],
    ["null", json(null), { issue: "wrong-shape" }],
    ["bytes that are no text", http(200, { "content-type": "application/json" }, notUtf8), { issue: "encoding" }],
    ["the same without a type", http(200, {}, notUtf8), { issue: "encoding" }],
    ["no choices", json({ choices: [] }), { issue: "wrong-shape" }],
    ["an error", json({ error: { message: "x", type: "server_error" } }), { _tag: "ProviderFault" }],
    [
      "an error in a choice",
      json({ choices: [{ message: {}, error: { message: "x", code: 502 } }] }),
      { _tag: "ProviderFault" }
    ]
  ]
  it.effect.each(answers)("is a failure: %s", ([, answer, expected]) =>
    calling(
      (socket) => socket.write(answer),
      (ai) =>
        Effect.gen(function* () {
          const error = yield* failure(ai.chat.completions.create(chat))
          assert.deepInclude(error.reason, { _tag: "MalformedResponse", seenIn: "body", ...expected })
          assert.strictEqual(error.operation, "chat.completions.create")
        })
    )
  )

  it.effect("is a failure: a list that is none, too few embeddings", () =>
    calling(
      (socket, { body }) => socket.write(body === "" ? http(200, {}, "<html>") : json({ data: [{ embedding: [1] }] })),
      (ai) =>
        Effect.gen(function* () {
          assert.deepInclude((yield* failure(ai.models.list())).reason, {
            _tag: "MalformedResponse",
            issue: "not-json"
          })
          const error = yield* failure(
            ai.embeddings.create({ model: "e", input: ["a", "b"], encoding_format: "float" })
          )
          assert.deepInclude(error.reason, { _tag: "MalformedResponse", issue: "wrong-shape" })
        })
    )
  )
})

/** A call within a handler whose boundary gives it five seconds. */
const served = <A, E>(call: Effect.Effect<A, E>) =>
  Effect.withFiber((fiber) =>
    Effect.provideContext(call, CallMetadata.contextOf({ [CallMetadata.timeoutHeader]: "5000" }, fiber))
  )

describe("giving up", () => {
  it.effect(
    "closes the socket when the call is interrupted: before the headers, in the body, in an error's body, in a stream",
    () =>
      calling(
        (socket, { number }) => {
          if (number === 2)
            socket.write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{")
          if (number === 3) socket.write("HTTP/1.1 500 Error\r\ncontent-length: 100\r\n\r\n{")
          if (number === 4) socket.write(eventsHead + chunk(token("a")).toString())
        },
        (ai, server) =>
          Effect.gen(function* () {
            for (const number of [1, 2, 3, 4]) {
              const call =
                number === 4 ? Stream.runDrain(ai.chat.completions.stream(chat)) : ai.chat.completions.create(chat)
              const fiber = yield* Effect.forkChild(Effect.asVoid(call))
              const { closed } = yield* server.arrived(number)
              yield* Fiber.interrupt(fiber)
              yield* closed
            }
          })
      )
  )

  it.effect("by a signal fails the call as Aborted, with what had come of a stream", () =>
    calling(
      (socket, { number }) => {
        if (number === 2) socket.write(eventsHead + chunk(token("so far")).toString())
      },
      (ai, server) =>
        Effect.gen(function* () {
          const first = new AbortController()
          const call = yield* Effect.forkChild(failure(ai.chat.completions.create(chat, { signal: first.signal })))
          const { closed } = yield* server.arrived(1)
          first.abort()
          assert.deepInclude((yield* Fiber.join(call)).reason, { _tag: "Aborted", by: "caller" })
          yield* closed

          const second = new AbortController()
          const error = yield* failure(
            Stream.runForEach(ai.chat.completions.stream(chat, { signal: second.signal }), () =>
              Effect.sync(() => second.abort())
            )
          )
          assert.deepInclude(error.reason, { _tag: "Aborted", by: "caller" })
          assert.strictEqual(error.evidence.stream?.partial, "so far")
          yield* server.requests[1]!.closed

          const error3 = yield* failure(ai.chat.completions.create(chat, { signal: AbortSignal.abort() }))
          assert.strictEqual(error3.reason._tag, "Aborted")
          assert.strictEqual(server.requests.length, 2)
        })
    )
  )

  it.effect("by the deadline: an answer, a stream, and the wait between two attempts", () =>
    calling(
      (socket, { body, number }) => {
        if (body.includes('"stream":true')) socket.write(eventsHead + chunk(token("so far")).toString())
        else if (number > 2) socket.write(json({ error: { message: "busy" } }, { "retry-after": "30" }, 503))
      },
      (ai, server) =>
        Effect.gen(function* () {
          const call = yield* Effect.forkChild(
            failure(ai.chat.completions.create(chat).pipe(CallMetadata.withTimeout("5 seconds")))
          )
          const { closed } = yield* server.arrived(1)
          yield* TestClock.adjust("5 seconds")
          assert.deepInclude((yield* Fiber.join(call)).reason, { _tag: "Aborted", by: "deadline" })
          yield* closed

          const elements: Array<unknown> = []
          const streamed = yield* Effect.forkChild(
            failure(
              Stream.runForEach(
                ai.chat.completions.stream(chat).pipe(CallMetadata.withTimeoutStream("5 seconds")),
                (element) => Effect.sync(() => elements.push(element))
              )
            )
          )
          const { closed: alsoClosed } = yield* server.arrived(2)
          while (elements.length === 0) yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
          yield* TestClock.adjust("5 seconds")
          const error = yield* Fiber.join(streamed)
          assert.deepInclude(error.reason, { _tag: "Aborted", by: "deadline" })
          assert.strictEqual(error.evidence.stream?.partial, "so far")
          yield* alsoClosed

          // Half a minute is asked for, and five seconds are left: there is nothing to wait for.
          const busy = yield* failure(
            ai.chat.completions.create(chat, { retries: 2 }).pipe(CallMetadata.withTimeout("5 seconds"))
          )
          assert.strictEqual(Disposition.of(busy)?.retry, "after")
          assert.strictEqual(server.requests.length, 3)
        })
    )
  )

  it.effect("leaves a boundary's deadline to the boundary, and keeps one that is nearer", () =>
    calling(
      () => {},
      (ai, server) =>
        Effect.gen(function* () {
          const stream = Stream.runDrain(ai.chat.completions.stream(chat))
          const calls = [Effect.asVoid(ai.chat.completions.create(chat)), stream]
          for (const call of calls) {
            const nearer = yield* Effect.forkChild(served(CallMetadata.withTimeout("2 seconds")(failure(call))))
            const boundary = yield* Effect.forkChild(served(call))
            const { closed } = yield* server.arrived(server.requests.length + 2)
            yield* TestClock.adjust("5 seconds")
            assert.deepInclude((yield* Fiber.join(nearer)).reason, { _tag: "Aborted", by: "deadline" })
            assert.isUndefined(boundary.pollUnsafe())
            yield* Fiber.interrupt(boundary)
            yield* closed
          }
        })
    )
  )

  it.effect("asks nothing when the deadline has passed already", () =>
    calling(
      () => {},
      (ai, server) =>
        Effect.gen(function* () {
          yield* TestClock.adjust("1 second")
          const late = Effect.provideService(CallMetadata.Deadline, 1)
          for (const call of [ai.chat.completions.create(chat), Stream.runDrain(ai.chat.completions.stream(chat))]) {
            assert.deepInclude((yield* failure(late(Effect.asVoid(call)))).reason, { _tag: "Aborted", by: "deadline" })
          }
          assert.strictEqual(server.requests.length, 0)
        })
    )
  )

  it.effect("of the opening of a stream closes its socket, however long its scope stays open", () =>
    calling(
      () => {},
      (ai, server) =>
        Effect.gen(function* () {
          const call = yield* Effect.forkChild(ai.chat.completions.stream.withResponse(chat))
          const { closed } = yield* server.arrived(1)
          yield* Fiber.interrupt(call)
          yield* closed
        }).pipe(Effect.scoped)
    )
  )

  it.effect("by the call's own timeout: an answer, the start of a stream, its middle", () =>
    calling(
      (socket, { number }) => {
        if (number === 2)
          socket.write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{")
        if (number === 4) socket.write(eventsHead + chunk(token("a")).toString())
      },
      (ai, server) =>
        Effect.gen(function* () {
          const options = { timeout: "200 millis" } as const
          for (const phase of ["headers", "body"] as const) {
            const error = yield* failure(ai.chat.completions.create(chat, options))
            assert.deepInclude(error.reason, { _tag: "Timeout", phase })
          }
          for (const phase of ["headers", "idle"] as const) {
            const error = yield* failure(Stream.runDrain(ai.chat.completions.stream(chat, options)))
            assert.deepInclude(error.reason, { _tag: "Timeout", phase })
          }
          for (const { closed } of server.requests) yield* closed
        })
    )
  )
})

describe("retries", () => {
  it.effect("are made by itself, twice by default, for an answer and for a stream", () =>
    calling(
      flaky(2),
      (ai, server) =>
        Effect.gen(function* () {
          const answer = yield* untilEnd(ai.chat.completions.create(chat))
          assert.strictEqual(answer.choices[0]?.message.content, "hi")
          assert.strictEqual(server.requests.length, 3)
        }),
      { retries: undefined }
    ).pipe(
      Effect.andThen(
        calling(
          flaky(2),
          (ai, server) =>
            Effect.gen(function* () {
              assert.strictEqual((yield* untilEnd(Stream.runCollect(ai.chat.completions.stream(chat)))).length, 1)
              assert.strictEqual(server.requests.length, 3)
            }),
          { retries: undefined }
        )
      )
    )
  )

  it.effect("end with the last attempt's error, which says how many there were", () =>
    calling(
      flaky(9),
      (ai, server) =>
        Effect.gen(function* () {
          const error = yield* untilEnd(failure(ai.chat.completions.create(chat, { retries: 1 })))
          assert.strictEqual(error.evidence.attempt, 2)
          assert.strictEqual(server.requests.length, 2)
        }),
      { retries: 5 }
    )
  )

  it.effect("are not made for what they cannot mend, nor where the upstream says not to", () =>
    Effect.gen(function* () {
      for (const respond of [
        (socket) => socket.write(json({ error: { message: "no", type: "invalid_request_error" } }, {}, 400)),
        flaky(9, { "x-should-retry": "false" }),
        flaky(9, { "retry-after": "7200" })
      ] satisfies ReadonlyArray<Respond>) {
        yield* calling(respond, (ai, server) =>
          Effect.gen(function* () {
            yield* failure(ai.chat.completions.create(chat, { retries: 2 }))
            assert.strictEqual(server.requests.length, 1)
          })
        )
      }
    })
  )

  it.effect("are not made after the first event of a stream", () =>
    calling(streams(token("a"), ""), (ai, server) =>
      Effect.gen(function* () {
        const error = yield* failure(Stream.runDrain(ai.chat.completions.stream(chat, { retries: 2 })))
        assert.strictEqual(error.reason._tag, "StreamTruncated")
        assert.strictEqual(server.requests.length, 1)
      })
    )
  )

  it.effect("are not waited for once the call is given up", () =>
    calling(flaky(9, { "retry-after": "30" }), (ai, server) =>
      Effect.gen(function* () {
        for (const callOf of [
          (options: OpenAiClient.CallOptions) => Effect.asVoid(ai.chat.completions.create(chat, options)),
          (options: OpenAiClient.CallOptions) => Stream.runDrain(ai.chat.completions.stream(chat, options))
        ]) {
          const before = server.requests.length
          const aborter = new AbortController()
          const waits = Deferred.makeUnsafe<void>()
          const clock: Clock.Clock = Object.assign(Object.create(yield* Clock.Clock), {
            sleep: () => Effect.andThen(Deferred.succeed(waits, undefined), Effect.never)
          })
          const call = yield* Effect.forkChild(
            failure(callOf({ retries: 2, signal: aborter.signal })).pipe(Effect.provideService(Clock.Clock, clock))
          )
          yield* Deferred.await(waits)
          aborter.abort()
          assert.deepInclude((yield* Fiber.join(call)).reason, { _tag: "Aborted", by: "caller" })
          assert.strictEqual(server.requests.length, before + 1)
        }
      })
    )
  )

  it.effect("are the policy's where one is in charge", () =>
    calling(flaky(9), (ai, server) =>
      Effect.gen(function* () {
        const call = ai.chat.completions.create(chat, { retries: 2 })
        const error = yield* failure(Effect.provideService(call, Upstream.CurrentAttempt, { number: 3 }))
        assert.strictEqual(error.evidence.attempt, 3)
        assert.strictEqual(server.requests.length, 1)
      })
    )
  )
})

describe("use", () => {
  it.effect("gives the SDK and classifies what it throws", () =>
    calling(
      (socket, { head }) =>
        head.startsWith("GET /v1/files")
          ? socket.write(
              json({ error: { message: "slow", code: "rate_limit_exceeded" } }, { "x-request-id": "up-5" }, 429)
            )
          : socket.write(json(completion("hi"))),
      (ai) =>
        Effect.gen(function* () {
          const answer = yield* ai.use((sdk) => sdk.chat.completions.create(chat))
          assert.strictEqual(answer.choices[0]?.message.content, "hi")
          const error = yield* failure(ai.use((sdk) => sdk.files.retrieve("f"), { operation: "files.retrieve" }))
          assert.strictEqual(error.reason._tag, "RateLimited")
          assert.strictEqual(error.operation, "files.retrieve")
          assert.strictEqual(error.evidence.requestId, "up-5")
        })
    )
  )

  it.effect("classifies what reads the answer and fails at it", () =>
    calling(
      (socket) => socket.write(json({ choices: [] })),
      (ai) =>
        Effect.gen(function* () {
          const error = yield* failure(
            ai.use(async (sdk) => (await sdk.chat.completions.create(chat)).choices[0]!.message.content)
          )
          assert.deepInclude(error.reason, { _tag: "MalformedResponse", issue: "wrong-shape" })
          assert.instanceOf(error.cause, TypeError)
        })
    )
  )

  it.effect("dies of a mistake that has nothing to do with an upstream", () =>
    calling(
      () => {},
      (ai) =>
        Effect.gen(function* () {
          const mistake = new RangeError("mine")
          const exit = yield* Effect.exit(ai.use(() => Promise.reject(mistake)))
          assert.strictEqual(exit._tag === "Failure" && exit.cause.reasons[0]?._tag, "Die")
        })
    )
  )

  it.effect("closes every socket and aborts its signal when it is interrupted", () =>
    calling(
      () => {},
      (ai, server) =>
        Effect.gen(function* () {
          let seen: AbortSignal | undefined
          const call = yield* Effect.forkChild(
            ai.use((sdk, signal) => {
              seen = signal
              return Promise.all([sdk.models.list(), sdk.models.list()])
            })
          )
          yield* server.arrived(2)
          yield* Fiber.interrupt(call)
          for (const { closed } of server.requests) yield* closed
          assert.isTrue(seen?.aborted)
        })
    )
  )
})

describe("fromSdk", () => {
  it.effect("takes anyone's client: Azure's routes, query and key stay", () =>
    Effect.gen(function* () {
      const server = yield* serve((socket, { number }) =>
        socket.write(number === 1 ? json(completion("hi")) : http(503, { server: "envoy" }, "no healthy upstream"))
      )
      const azure = new AzureOpenAI({
        endpoint: server.url.replace("/v1", ""),
        apiKey: "azure-key",
        apiVersion: "2024-10-21",
        deployment: "d"
      })
      const ai = yield* OpenAiClient.fromSdk(azure, { name: "azure", retries: 0 })
      yield* ai.chat.completions.create(chat)
      assert.match(
        server.requests[0]!.head,
        /^POST \/openai\/deployments\/d\/chat\/completions\?api-version=2024-10-21 /
      )
      assert.match(server.requests[0]!.head, /^api-key: azure-key$/im)
      const error = yield* failure(ai.chat.completions.create(chat))
      assert.deepInclude(error.reason, { _tag: "Gateway", flag: "no-healthy-upstream" })
      assert.strictEqual(error.upstream, "azure")
      assert.strictEqual(azure.maxRetries, 2)
    }).pipe(Effect.scoped)
  )

  it.effect("keeps a fetch of the client's own, recorded and bounded", () =>
    Effect.gen(function* () {
      const server = yield* serve((socket, request) => {
        if (request.number === 1) socket.write(json(completion("hi")))
        if (request.number === 2) streams(token("a"), token("b"), "")(socket, request)
      })
      let calls = 0
      const sdk = new OpenAI({
        baseURL: server.url,
        apiKey: "k",
        fetch: (input, init) => {
          calls++
          return fetch(input, init)
        }
      })
      const ai = yield* OpenAiClient.fromSdk(sdk, { retries: 0 })
      yield* ai.chat.completions.create(chat)
      const error = yield* failure(Stream.runDrain(ai.chat.completions.stream(chat)))
      assert.deepInclude(error.reason, { _tag: "StreamTruncated", partial: "ab" })
      const silent = yield* failure(ai.chat.completions.create(chat, { timeout: "200 millis" }))
      assert.deepInclude(silent.reason, { _tag: "Timeout", phase: "headers" })
      yield* server.requests[2]!.closed
      assert.strictEqual(calls, 3)
    }).pipe(Effect.scoped)
  )

  it.effect("waits for the client's credential no longer than it may", () =>
    Effect.gen(function* () {
      const server = yield* serve(() => {})
      const sdk = new OpenAI({ baseURL: server.url, apiKey: () => new Promise<string>(() => {}) })
      const ai = yield* OpenAiClient.fromSdk(sdk, { retries: 0 })
      const options = { timeout: "100 millis" } as const
      const error = yield* failure(ai.chat.completions.create(chat, options))
      assert.deepInclude(error.reason, { _tag: "Credential", missing: "apiKey" })
      const streamed = yield* failure(Stream.runDrain(ai.chat.completions.stream(chat, options)))
      assert.deepInclude(streamed.reason, { _tag: "Credential", missing: "apiKey" })
      const late = yield* untilEnd(
        failure(Stream.runDrain(ai.chat.completions.stream(chat).pipe(CallMetadata.withTimeoutStream("5 seconds"))))
      )
      assert.deepInclude(late.reason, { _tag: "Aborted", by: "deadline" })
      assert.strictEqual(server.requests.length, 0)
    }).pipe(Effect.scoped)
  )
})
