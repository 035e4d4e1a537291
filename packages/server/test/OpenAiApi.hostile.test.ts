/** An upstream whose answers try to become more than one answer, or to break the one that they are. */
import * as NodeNet from "node:net"
import * as Local from "@causeway/core/Local"
import { Relay } from "@causeway/openai/Relay"
import * as OpenAiApi from "@causeway/server/OpenAiApi"
import * as Server from "@causeway/server/Server"
import { assert, describe, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { connect, head } from "./fixtures/client.ts"

/** An upstream that sends what it is told, whatever it is asked. */
class Upstream extends Context.Service<Upstream, { readonly url: string; answer: Buffer }>()(
  "@causeway/server/test/OpenAiApi.hostile.test/Upstream"
) {
  static readonly layer = Layer.effect(
    Upstream,
    Effect.acquireRelease(
      Effect.callback<{ readonly url: string; answer: Buffer; readonly server: NodeNet.Server }>((resume) => {
        const upstream = { url: "", answer: Buffer.alloc(0) }
        const server = NodeNet.createServer((socket) => {
          socket.on("error", () => {})
          socket.once("data", () => socket.end(upstream.answer))
        })
        server.listen(0, "127.0.0.1", () => {
          const { port } = server.address() as NodeNet.AddressInfo
          resume(Effect.succeed(Object.assign(upstream, { url: `http://127.0.0.1:${port}/v1`, server })))
        })
      }),
      ({ server }) => Effect.sync(() => void server.close())
    )
  )
}

const live = Layer.unwrap(
  Effect.map(Upstream, ({ url }) =>
    Server.serve(
      OpenAiApi.layer().pipe(Layer.provide(Local.layer(Relay, Relay.layer({ hostile: { baseUrl: url } })))),
      { port: 0 }
    )
  )
).pipe(Layer.provideMerge(Upstream.layer), Layer.provide(Logger.layer([])))

const completion = JSON.stringify({
  id: "c",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "hi", refusal: null }, finish_reason: "stop" }]
})
const event = `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: { content: "hi" }, finish_reason: "stop" }] })}\n\n`

const kinds = {
  plain: {
    path: "/v1/chat/completions",
    body: '{"model":"m","messages":[{"role":"user","content":"hi"}]}',
    type: "application/json",
    answer: completion,
    shown: completion
  },
  streamed: {
    path: "/v1/chat/completions",
    body: '{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true}',
    type: "text/event-stream",
    answer: `${event}data: [DONE]\n\n`,
    shown: '"delta":{"content":"hi"}'
  },
  audio: {
    path: "/v1/audio/speech",
    body: '{"model":"m","input":"hi","voice":"alloy"}',
    type: "audio/mpeg",
    answer: "ID3 some sound",
    shown: "ID3 some sound"
  }
} as const

/** What stands in the headers of an answer, in Latin-1; and whether it may be an answer all the same. */
const headers: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
  ["a line end in an id", ["x-request-id: a\rx-evil: b"]],
  ["a bare LF in an id", ["x-request-id: a\nx-evil: b"]],
  ["a folded id", ["x-request-id: a\r\n x-evil: b"]],
  ["an id that is not ASCII", ["x-request-id: \u00e9\u00ff"]],
  ["an id in UTF-8", [`x-request-id: ${Buffer.from("€uro").toString("latin1")}`]],
  ["an id of 10 KB", [`x-request-id: ${"a".repeat(10_000)}`]],
  ["a limit in UTF-8", [`x-ratelimit-limit-requests: ${Buffer.from("€").toString("latin1")}`]],
  ["a region in UTF-8", [`x-ms-region: ${Buffer.from("Österreich \u2028").toString("latin1")}`]],
  ["a content type in UTF-8", [`content-type: audio/mpeg; name="${Buffer.from("€").toString("latin1")}"`]],
  ["a content type with a control character", ["content-type: audio/\u0001mpeg"]],
  ["a content type of 10 KB", [`content-type: audio/${"x".repeat(10_000)}`]],
  ["an empty content type", ["content-type:"]],
  ["two content types", ["content-type: audio/mpeg", "content-type: text/html"]],
  [
    "a disposition in UTF-8",
    [`content-disposition: attachment; filename="${Buffer.from("€.txt").toString("latin1")}"`]
  ],
  ["a cookie", ["set-cookie: session=evil", "set-cookie: other=evil"]],
  ["headers of the connection", ["connection: x-evil", "x-evil: b", "keep-alive: timeout=1", "upgrade: evil"]],
  [
    "headers of this server",
    ["x-should-retry: evil", "x-causeway-upstream: evil", "access-control-allow-origin: evil"]
  ],
  ["a redirect that stays", ["location: http://evil.example/"]],
  ["a challenge", ['www-authenticate: Basic realm="evil"']],
  ["a content encoding that there is not", ["content-encoding: evil"]],
  ["a trailer", ["trailer: x-evil"]],
  ["a hundred limits", Array.from({ length: 100 }, (_, at) => `x-ratelimit-${at}: ${at}`)],
  ["a name of what every object has", ["__proto__: evil", "constructor: evil", "x-ratelimit-__proto__: fine"]]
]

const ask = (name: keyof typeof kinds, more: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { answer, body, path, type } = kinds[name]
    const upstream = yield* Upstream
    const typed = more.some((line) => line.startsWith("content-type")) ? [] : [`content-type: ${type}`]
    const lines = ["HTTP/1.1 200 OK", ...typed, ...more, `content-length: ${answer.length}`, "connection: close"]
    upstream.answer = Buffer.from(`${lines.join("\r\n")}\r\n\r\n${answer}`, "latin1")
    const socket = yield* connect
    socket.send(head("POST", path, "connection: close", `content-length: ${body.length}`) + body)
    return yield* socket.closed
  })

describe("an upstream that sends", () => {
  layer(live)((it) => {
    for (const kind of ["plain", "streamed", "audio"] as const) {
      it.effect.each(headers)(`%s, ${kind}`, ([, lines]) =>
        Effect.gen(function* () {
          const text = yield* ask(kind, lines)
          assert.match(text, /^HTTP\/1\.1 (?:200|502) /)
          assert.lengthOf(text.match(/HTTP\/1\.1 \d/g) ?? [], 1, text)
          const [top = ""] = text.split("\r\n\r\n")
          assert.match(top, /\r\nx-request-id: req_/)
          assert.match(top, /\r\ncontent-type: \S/i)
          assert.notMatch(top, /evil/i)
          if (text.startsWith("HTTP/1.1 502")) assert.include(text, '"upstream_error"')
          else assert.include(text, kinds[kind].shown)
          if (kind === "streamed" && text.startsWith("HTTP/1.1 200")) {
            assert.match(top, /\r\ncontent-type: text\/event-stream/i)
            assert.include(text, "[DONE]")
          }
          assert.include(yield* ask(kind, []), kinds[kind].shown)
        })
      )
    }
  })
})
