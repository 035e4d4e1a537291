import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Disposition from "@causeway/core/Disposition"
import * as Local from "@causeway/core/Local"
import * as Upstream from "@causeway/core/Upstream"
import type { MalformedResponse } from "@causeway/core/UpstreamReason"
import { Relay } from "@causeway/openai/Relay"
import type { Upstreams } from "@causeway/openai/UpstreamConfig"
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { constants, createGzip } from "node:zlib"
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
import { collect, relaying, upstreamError } from "./fixtures/relaying.ts"

const chat = (body: object = {}) => ({
  path: "/chat/completions",
  method: "POST",
  body: JSON.stringify({ model: "m", messages: [], ...body })
})

const streams =
  (...pieces: ReadonlyArray<string>): Respond =>
  (socket) => {
    socket.write(eventsHead)
    for (const piece of pieces) socket.write(piece === "" ? lastChunk : chunk(piece))
  }

const wholeStream: Respond = (socket) =>
  socket.write(Buffer.concat([Buffer.from(eventsHead), chunk(token("a", "stop") + done), Buffer.from(lastChunk)]))

describe("complete", () => {
  it.effect("passes a request and its answer on as they are", () => {
    const answer =
      '{ "choices": [ {"message": {"content": "hi"}, "vendor\\u0020field": 1e2} ], "extra": {"b":1,"a":2} }'
    return relaying(
      (socket) =>
        socket.write(
          http(
            200,
            { "content-type": "application/json", "X-Request-Id": "up-1", "set-cookie": "a=b" },
            `\uFEFF${answer}`
          )
        ),
      (relay, server) =>
        Effect.gen(function* () {
          const request = { path: "/chat/completions?beta=1", method: "POST", body: '{"model":"m",  "unknown":[1,{}]}' }
          const { body, headers, status } = yield* relay.complete(request)
          assert.strictEqual(status, 200)
          assert.strictEqual(body, answer)
          assert.deepStrictEqual(headers, [
            ["content-type", "application/json"],
            ["x-request-id", "up-1"]
          ])
          assert.strictEqual(server.requests[0]?.body, request.body)
          assert.match(server.requests[0]?.head ?? "", /^POST \/v1\/chat\/completions\?beta=1 HTTP/)
        })
    )
  })

  it.effect("sends the upstream's own key and headers, its query, and the ids of the request", () =>
    relaying(
      (socket) => socket.write(json(completion("hi"))),
      (relay, server) =>
        Effect.gen(function* () {
          yield* relay.complete(chat()).pipe(Effect.provideService(CallMetadata.RequestId, "call-1"))
          const { head } = server.requests[0]!
          assert.match(head, /^POST \/v1\/chat\/completions\?api-version=2 HTTP/)
          assert.match(head, /^authorization: Bearer the-key-of-the-upstream$/m)
          assert.match(head, /^x-org: mine$/m)
          assert.match(head, /^x-request-id: call-1$/m)
          assert.match(head, /^content-type: application\/json$/m)
        }),
      {
        config: { apiKey: Redacted.make("the-key-of-the-upstream"), headers: { "X-Org": "mine" } },
        query: "?api-version=2"
      }
    )
  )

  it.effect("renames the model and leaves every other byte", () =>
    relaying(
      (socket) => socket.write(json(completion("hi"))),
      (relay, server) =>
        Effect.gen(function* () {
          const body = '{"x":{"model":"gpt-5"}, "model" : "gpt-5","text":"\\"model\\":\\"gpt-5\\"", "n":1.0}'
          yield* relay.complete({ path: "/chat/completions", method: "POST", body })
          assert.strictEqual(
            server.requests[0]?.body,
            '{"x":{"model":"gpt-5"}, "model" : "llama-3.3","text":"\\"model\\":\\"gpt-5\\"", "n":1.0}'
          )
          yield* relay.complete({ path: "/chat/completions", method: "POST", body: '{"model":"other"}' })
          assert.strictEqual(server.requests[1]?.body, '{"model":"other"}')
        }),
      { config: { models: { "gpt-5": "llama-3.3" } } }
    )
  )

  const wrong: ReadonlyArray<readonly [string, string, string | Uint8Array, MalformedResponse["issue"]]> = [
    ["no choices", "/chat/completions", '{"choices":[]}', "wrong-shape"],
    ["a choice without a message", "/chat/completions", '{"choices":[{}]}', "wrong-shape"],
    ["null", "/chat/completions", "null", "wrong-shape"],
    ["white space", "/chat/completions", " \n", "empty"],
    ["a number", "/models", "7", "wrong-shape"],
    ["invalid UTF-8", "/models", Buffer.from('{"data":[{"id":"\xff"}]}', "latin1"), "encoding"],
    ["models without ids", "/models", '{"data":[{}]}', "wrong-shape"],
    ["fewer embeddings than inputs", "/embeddings", '{"data":[{"embedding":[1]}]}', "wrong-shape"],
    ["embeddings that are empty", "/embeddings", '{"data":[{"embedding":[]},{"embedding":[]}]}', "wrong-shape"],
    ["a response in the making", "/responses", '{"status":"queued","output":[]}', "wrong-shape"],
    ["half of an object", "/chat/completions", '{"choices":[{"message":{', "truncated"]
  ]
  it.effect.each(wrong)("takes no answer for one that has %s", ([, path, answer, issue]) =>
    relaying(
      (socket) => socket.write(http(200, { "content-type": "application/json" }, answer)),
      (relay) =>
        Effect.gen(function* () {
          const body = JSON.stringify({ model: "m", input: ["a", "b"] })
          const method = path === "/models" ? "GET" : "POST"
          const error = upstreamError(yield* Effect.flip(relay.complete({ path, method, body })))
          assert.deepInclude(error.reason, { _tag: "MalformedResponse", seenIn: "body", issue })
        })
    )
  )

  it.effect("says so when the upstream redirects, and sends the key nowhere else", () =>
    relaying(
      (socket) => socket.write(http(308, { location: "https://example.com/v1?token=abc" })),
      (relay, server) =>
        Effect.gen(function* () {
          const error = upstreamError(yield* Effect.flip(relay.complete(chat())))
          assert.deepInclude(error.reason, { _tag: "Configuration", option: "baseUrl" })
          assert.include(error.reason.message, "https://example.com/v1")
          assert.notInclude(error.reason.message, "abc")
          assert.strictEqual(server.requests.length, 1)
        })
    )
  )

  it.effect("keeps the provider's words and hints", () =>
    relaying(
      (socket) =>
        socket.write(
          json(
            { error: { message: "slow down", type: "requests", code: "rate_limit_exceeded" } },
            { "retry-after": "3", "x-ratelimit-remaining-requests": "0", "x-request-id": "up-9" },
            429
          )
        ),
      (relay) =>
        Effect.gen(function* () {
          const call = relay.complete(chat()).pipe(Effect.provideService(Upstream.CurrentAttempt, { number: 4 }))
          const error = upstreamError(yield* Effect.flip(call))
          assert.strictEqual(error.operation, "chat.completions.create")
          assert.strictEqual(error.evidence.attempt, 4)
          assert.deepStrictEqual(
            { ...error.evidence.provider },
            {
              message: "slow down",
              type: "requests",
              code: "rate_limit_exceeded"
            }
          )
          assert.strictEqual(error.evidence.requestId, "up-9")
          assert.strictEqual(error.evidence.rateLimit?.["remaining-requests"], "0")
          assert.strictEqual(Disposition.of(error)?.retry, "after")
        })
    )
  )

  it.effect("closes the upstream's socket when it is interrupted, before the headers and in the body", () =>
    relaying(
      (socket, { number }) => {
        if (number === 2) socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")
      },
      (relay, server) =>
        Effect.gen(function* () {
          for (const number of [1, 2]) {
            const call = yield* Effect.forkChild(relay.complete(chat()))
            const { closed } = yield* server.arrived(number)
            yield* Fiber.interrupt(call)
            yield* closed
          }
        })
    )
  )

  it.effect("refuses what cannot be sent", () =>
    relaying(
      () => {},
      (relay, server) =>
        Effect.gen(function* () {
          for (const request of [
            { path: "no-slash", method: "GET" },
            { path: "/a b", method: "GET" },
            { path: "/a\r\nx: y", method: "GET" },
            ...["/..", "/a/../b", "/a/%2E./b", "/./a", "/a;/../b", "/a\\..\\b", "/a/..?b", "/a/..#b", "/a/..;b"].map(
              (path) => ({
                path,
                method: "GET"
              })
            ),
            { path: "/a", method: "get it" }
          ]) {
            const error = upstreamError(yield* Effect.flip(relay.complete(request)))
            assert.strictEqual(error.reason._tag, "RequestEncoding")
            assert.strictEqual(Disposition.of(error)?.delivery, "not-sent")
          }
          assert.strictEqual(server.requests.length, 0)
        })
    )
  )
})

describe("events", () => {
  it.effect("gives the head, then the text of whole events, without [DONE]", () =>
    relaying(
      (socket) => {
        socket.write(eventsHead.replace("\r\n\r\n", "\r\nx-request-id: up-3\r\n\r\n"))
        socket.write(chunk(`: hello\n\n${token("a")}`))
        socket.write(Buffer.concat([chunk(`id: 7\n${token("b", "stop")}${done}`), Buffer.from(lastChunk)]))
      },
      (relay, server) =>
        Effect.gen(function* () {
          const { elements, error } = yield* collect(relay.events(chat({ stream: true })))
          assert.isUndefined(error)
          const [head, ...texts] = elements
          assert.deepInclude(head, { status: 200, requestId: "up-3" })
          assert.strictEqual(texts.join(""), `${token("a")}id: 7\n${token("b", "stop")}`)
          assert.match(server.requests[0]?.head ?? "", /^accept: text\/event-stream$/m)
        })
    )
  )

  it.effect("joins the events of one turn", () =>
    relaying(
      streams(Array.from({ length: 50 }, (_, index) => token(`${index}`)).join("") + token("", "stop") + done, ""),
      (relay) =>
        Effect.gen(function* () {
          const { elements } = yield* collect(relay.events(chat()))
          assert.isBelow(elements.length, 10)
          assert.strictEqual(elements.slice(1).join("").split("\n\n").length, 52)
        })
    )
  )

  const tool = `data: {"choices":[{"index":0,"delta":{"tool_calls":[]},"finish_reason":null}]}\n\n`
  const truncated: ReadonlyArray<readonly [string, ReadonlyArray<string>, object, string]> = [
    ["nothing at all", [""], { missing: "first-event", events: 0 }, ""],
    ["only comments", [": a\n\n: b\n\n", ""], { missing: "first-event", events: 0 }, ""],
    ["no [DONE]", [token("a"), token("b", "stop"), ""], { missing: "done", events: 2 }, "ab"],
    ["half an event", [token("a"), "data: {", ""], { missing: "done", events: 1 }, "a"],
    ["no finish reason", [token("a") + tool + done, ""], { missing: "finish-reason", events: 2 }, "a"],
    [
      "a choice that never finishes",
      [token("a", null, 0) + token("b", null, 1) + token("", "stop", 0) + done, ""],
      { missing: "finish-reason", events: 3 },
      "a"
    ],
    ["[DONE] alone", [done, ""], { missing: "finish-reason", events: 0 }, ""]
  ]
  it.effect.each(truncated)("takes no stream for whole that has %s", ([, pieces, expected, partial]) =>
    relaying(streams(...pieces), (relay) =>
      Effect.gen(function* () {
        const { error } = yield* collect(relay.events(chat()))
        const { evidence, reason } = upstreamError(error)
        assert.deepInclude(reason, { _tag: "StreamTruncated", seenIn: "stream", partial, ...expected })
        if (partial !== "") assert.strictEqual(evidence.stream?.partial, partial)
      })
    )
  )

  it.effect("takes one that ends right: [DONE] in odd forms, several choices, nothing after it", () =>
    Effect.gen(function* () {
      const both = token("a", null, 0) + token("b", "length", 1) + token("", "stop", 0)
      for (const end of [
        done,
        "data:[DONE]\r\n\r\n",
        "data: [DONE]",
        "data: [DONE]\n",
        `${done}data: {"late":1}\n\n`
      ]) {
        yield* relaying(streams(both + end, ""), (relay) =>
          Effect.gen(function* () {
            const { elements, error } = yield* collect(relay.events(chat()))
            assert.isUndefined(error)
            assert.strictEqual(elements.slice(1).join(""), both)
          })
        )
      }
    })
  )

  it.effect("ends with [DONE] even if the upstream goes on, and closes its socket in time", () =>
    relaying(streams(token("a", "stop") + done), (relay, server) =>
      Effect.gen(function* () {
        const { error } = yield* collect(relay.events(chat()))
        assert.isUndefined(error)
        yield* server.requests[0]!.closed
      })
    )
  )

  it.effect("keeps the connection of a stream that ended as HTTP says", () =>
    relaying(wholeStream, (relay, server) =>
      Effect.gen(function* () {
        yield* collect(relay.events(chat()))
        yield* collect(relay.events(chat()))
        assert.deepStrictEqual(
          server.requests.map(({ connection }) => connection),
          [1, 1]
        )
      })
    )
  )

  it.effect("passes events on that came before a failure", () =>
    relaying(
      streams(
        token("a") +
          token("b") +
          'event: error\ndata: {"error":{"message":"The server is overloaded","code":"overloaded"}}\n\n'
      ),
      (relay, server) =>
        Effect.gen(function* () {
          const { elements, error } = yield* collect(relay.events(chat()))
          assert.strictEqual(elements.slice(1).join(""), token("a") + token("b"))
          const { evidence, reason } = upstreamError(error)
          assert.deepInclude(reason, { _tag: "Overloaded", seenIn: "stream" })
          assert.deepInclude(evidence.stream, { events: 2, partial: "ab" })
          assert.strictEqual(evidence.provider?.code, "overloaded")
          yield* server.requests[0]!.closed
        })
    )
  )

  const stated: ReadonlyArray<readonly [string, string]> = [
    ["beside empty choices", 'data: {"choices":[],"error":{"message":"boom","code":500}}\n\n'],
    [
      "in a choice",
      'data: {"choices":[{"index":0,"error":{"message":"boom","code":502},"finish_reason":"error"}]}\n\n'
    ],
    ["as the bare data of an error event", 'event: error\ndata: {"message":"boom","code":500}\n\n'],
    ["by its type", 'data: {"type":"error","error":{"type":"api_error","message":"boom"}}\n\n']
  ]
  it.effect.each(stated)("sees an error that is stated %s", ([, event]) =>
    relaying(streams(token("a") + event), (relay) =>
      Effect.gen(function* () {
        const { error } = yield* collect(relay.events(chat()))
        assert.strictEqual(upstreamError(error).reason.seenIn, "stream")
        assert.include(upstreamError(error).evidence.provider?.message, "boom")
      })
    )
  )

  const notEvents: ReadonlyArray<readonly [string, Readonly<Record<string, string>>, string, object]> = [
    [
      "a whole answer",
      { "content-type": "application/json" },
      JSON.stringify(completion("x")),
      { issue: "wrong-shape" }
    ],
    ["HTML", { "content-type": "text/html" }, "<html>", { issue: "not-json" }],
    ["HTML under another name", { "content-type": "text/plain" }, "<!doctype html><html>", { issue: "not-json" }],
    ["HTML as events", { "content-type": "text/event-stream" }, "<html>\n\n</html>", { issue: "not-json" }],
    ["JSON without a name", {}, JSON.stringify(completion("x")), { issue: "wrong-shape" }],
    ["an error without a name", {}, '{"error":{"message":"x","type":"server_error"}}', { _tag: "ProviderFault" }],
    [
      "an error as events",
      { "content-type": "text/event-stream" },
      '{"error":{"message":"x","type":"server_error"}}',
      { _tag: "ProviderFault" }
    ]
  ]
  it.effect.each(notEvents)("takes no stream for one that is %s", ([, headers, body, expected]) =>
    relaying(
      (socket) => socket.write(http(200, headers, body)),
      (relay) =>
        Effect.gen(function* () {
          const { elements, error } = yield* collect(relay.events(chat()))
          assert.deepStrictEqual(elements, [])
          assert.deepInclude(upstreamError(error).reason, { _tag: "MalformedResponse", seenIn: "body", ...expected })
        })
    )
  )

  it.effect("reads events that come without a content type", () =>
    relaying(
      (socket) => socket.write(http(200, {}, token("a", "stop") + done)),
      (relay) =>
        Effect.gen(function* () {
          const { elements, error } = yield* collect(relay.events(chat()))
          assert.isUndefined(error)
          assert.strictEqual(elements[1], token("a", "stop"))
        })
    )
  )

  it.effect("reads a compressed stream as it comes", () => {
    const gzip = createGzip()
    return relaying(
      (socket) => {
        socket.write(eventsHead.replace("\r\n\r\n", "\r\ncontent-encoding: gzip\r\n\r\n"))
        gzip.on("data", (bytes: Uint8Array) => socket.write(chunk(bytes)))
        gzip.on("end", () => socket.write(lastChunk))
        gzip.write(token("a"))
        gzip.flush(constants.Z_SYNC_FLUSH)
      },
      (relay) =>
        Effect.gen(function* () {
          let text = ""
          // The second event is sent when the first one has arrived.
          yield* Stream.runForEach(relay.events(chat()), (element) =>
            Effect.sync(() => {
              if (typeof element !== "string") return
              if (text === "") gzip.end(token("b", "stop") + done)
              text += element
            })
          )
          assert.strictEqual(text, token("a") + token("b", "stop"))
        })
    )
  })

  it.effect("takes no event without a bound", () =>
    relaying(
      (socket) => {
        socket.write(eventsHead)
        const piece = chunk("x".repeat(1_048_576))
        socket.write(chunk("data: "))
        const fill = () => {
          while (!socket.destroyed && socket.write(piece));
        }
        socket.on("drain", fill)
        fill()
      },
      (relay, server) =>
        Effect.gen(function* () {
          const { error } = yield* collect(relay.events(chat()))
          assert.deepInclude(upstreamError(error).reason, { _tag: "StreamProtocol", index: 0 })
          yield* server.requests[0]!.closed
        })
    )
  )

  it.effect("takes no more choices than any route has", () =>
    relaying(
      (socket) => {
        socket.write(eventsHead)
        for (let index = 0; index < 2_000; index++) socket.write(chunk(token("x", null, index)))
      },
      (relay, server) =>
        Effect.gen(function* () {
          const { error } = yield* collect(relay.events(chat()))
          assert.deepInclude(upstreamError(error).reason, { _tag: "StreamProtocol", index: 1_024 })
          yield* server.requests[0]!.closed
        })
    )
  )

  it.effect("takes empty events for no progress: a stream of them alone ends", () =>
    relaying(
      (socket) => {
        socket.write(eventsHead)
        const empty = 'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n'
        const timer = setInterval(() => socket.write(chunk(empty)), 5)
        socket.once("close", () => clearInterval(timer))
      },
      (relay, server) =>
        Effect.gen(function* () {
          const { error } = yield* collect(relay.events(chat()))
          assert.deepInclude(upstreamError(error).reason, { _tag: "Timeout", phase: "idle" })
          yield* server.requests[0]!.closed
        }),
      { recorder: { eventTimeout: "1 second" } }
    )
  )

  it.effect("takes comments for no events: a stream of them alone ends", () =>
    relaying(
      (socket) => {
        socket.write(eventsHead)
        const timer = setInterval(() => socket.write(chunk(": still here\n\n")), 20)
        socket.once("close", () => clearInterval(timer))
      },
      (relay, server) =>
        Effect.gen(function* () {
          const { error } = yield* collect(relay.events(chat()))
          assert.deepInclude(upstreamError(error).reason, { _tag: "Timeout", phase: "idle" })
          yield* server.requests[0]!.closed
        }),
      { recorder: { eventTimeout: "200 millis" } }
    )
  )

  it.effect("closes the upstream's socket when it is interrupted, and when the consumer has enough", () =>
    relaying(streams(token("a")), (relay, server) =>
      Effect.gen(function* () {
        yield* Stream.runDrain(Stream.take(relay.events(chat()), 1))
        yield* server.requests[0]!.closed
        const call = yield* Effect.forkChild(Stream.runDrain(relay.events(chat())))
        const { closed } = yield* server.arrived(2)
        yield* Fiber.interrupt(call)
        yield* closed
      })
    )
  )

  it.effect("slows the upstream down to the consumer's pace, and loses nothing", () => {
    const total = 600
    let sent = 0
    const event = token("x".repeat(65_536))
    return relaying(
      (socket) => {
        socket.write(eventsHead)
        const fill = () => {
          while (!socket.destroyed && sent < total) {
            sent++
            if (!socket.write(chunk(event))) return
          }
          if (sent === total) {
            sent++
            socket.write(Buffer.concat([chunk(token("", "stop") + done), Buffer.from(lastChunk)]))
          }
        }
        socket.on("drain", fill)
        fill()
      },
      (relay) =>
        Effect.gen(function* () {
          let bytes = 0
          let isFirst = true
          yield* Stream.runForEach(relay.events(chat()), (element) =>
            Effect.promise(async () => {
              if (typeof element === "string") bytes += element.length
              if (!isFirst) return
              isFirst = false
              for (let before = -1; before !== sent;) {
                before = sent
                await new Promise((resolve) => setTimeout(resolve, 100))
              }
              assert.isBelow(sent, total)
            })
          )
          assert.strictEqual(bytes, total * event.length + token("", "stop").length)
        })
    )
  })
})

const build = (upstreams: Upstreams, env: Record<string, string> = {}) =>
  Effect.scoped(Layer.build(Relay.layer(upstreams))).pipe(
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(env)))
  )

const on = (name: string) => Effect.provideService(Upstream.Current, name)

describe("layer", () => {
  const baseUrl = "http://127.0.0.1:1/v1"

  it.effect("reads a key from the configuration", () =>
    build({ a: { baseUrl, apiKey: Config.Redacted("A_KEY") } }, { A_KEY: "secret-of-a" })
  )

  it.effect("says which key is missing", () =>
    Effect.gen(function* () {
      const error = upstreamError(yield* Effect.flip(build({ a: { baseUrl, apiKey: Config.Redacted("A_KEY") } })))
      assert.strictEqual(error.reason._tag, "Credential")
      assert.include(error.message, "A_KEY")
    })
  )

  const bad: ReadonlyArray<readonly [string, Upstreams, string]> = [
    ["no upstream", {}, "Configuration"],
    ["no address", { a: { baseUrl: "api.example.com" } }, "Configuration"],
    ["another protocol", { a: { baseUrl: "ftp://example.com" } }, "Configuration"],
    ["a user in the address", { a: { baseUrl: "https://me:hunter2@example.com" } }, "Configuration"],
    ["a header's name that is none", { a: { baseUrl, headers: { "a b": "c" } } }, "Configuration"],
    ["a header's value with a line end", { a: { baseUrl, headers: { a: "b\r\nc: d" } } }, "Configuration"],
    ["an empty key", { a: { baseUrl, apiKey: Redacted.make("") } }, "Credential"],
    ["a key with a line end", { a: { baseUrl, apiKey: Redacted.make("hunter2\n") } }, "Credential"]
  ]
  it.effect.each(bad)("fails for %s", ([, upstreams, tag]) =>
    Effect.gen(function* () {
      const error = upstreamError(yield* Effect.flip(build(upstreams)))
      assert.strictEqual(error.reason._tag, tag)
      assert.notInclude(JSON.stringify(error), "hunter2")
    })
  )

  it.effect("calls the upstream that is chosen, by default the first", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const first = yield* serve((socket) => socket.write(json(completion("first"))))
        const second = yield* serve((socket) => socket.write(json(completion("second"))))
        const live = Local.layer(
          Relay,
          Relay.layer({ one: { baseUrl: first.url }, two: { baseUrl: `${second.url}/` } })
        )
        yield* Effect.gen(function* () {
          const relay = yield* Relay
          assert.include((yield* relay.complete(chat())).body, "first")
          assert.include((yield* relay.complete(chat()).pipe(on("two"))).body, "second")
          const error = upstreamError(yield* Effect.flip(relay.complete(chat()).pipe(on("three"))))
          assert.deepInclude(error.reason, { _tag: "Configuration", option: "upstreams" })
          assert.include(error.message, "one, two")
          const { error: streamed } = yield* collect(
            relay.events(chat()).pipe(Stream.provideService(Upstream.Current, "three"))
          )
          assert.strictEqual(upstreamError(streamed).reason._tag, "Configuration")
        }).pipe(Effect.provide(live))
      })
    )
  )
})
