/** Calls over `/rpc` that are made to break it; and that strangers are told nothing of what is for programs. */
import * as RemoteProtocol from "@causeway/core/RemoteProtocol"
import * as Local from "@causeway/core/Local"
import * as RpcApi from "@causeway/server/RpcApi"
import * as Server from "@causeway/server/Server"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import { Calls, handlers, Journal, routes } from "./fixtures/Calls.ts"
import { errorOf, post } from "./fixtures/client.ts"

const served = (options: Server.Options = {}) => {
  const rpc = RpcApi.layer(Calls).pipe(Layer.provide(Local.layer(Calls, handlers)))
  return Server.serve(Layer.mergeAll(rpc, routes), { port: 0, ...options }).pipe(
    Layer.provideMerge(Journal.layer),
    Layer.provide(Logger.layer([]))
  )
}

const deep = (depth: number, start: string, end: string): string => start.repeat(depth) + end.repeat(depth)

/** The text of a call, whose payload and headers are text of JSON. */
const request = (tag: string, payload: string, headers = "[]", id = '"1"'): string =>
  `{"_tag":"Request","id":${id},"tag":${JSON.stringify(tag)},"payload":${payload},"headers":${headers}}\n`

const square = (headers: ReadonlyArray<readonly [string, string]>): string =>
  request("square", '{"x":3}', JSON.stringify(headers))

const nine = '{"y":9}'

/** What is sent, and what comes: the status, or a text of the last line. */
const hostile: ReadonlyArray<readonly [name: string, body: string, expected: number | string]> = [
  ["nothing", "", 400],
  ["two calls", square([]) + square([]), 400],
  ["a list of calls", `[${square([])}]`, 400],
  ["no call", "{}", 400],
  ["lists 200,000 deep", deep(200_000, "[", "]"), 400],
  ["a payload 200,000 deep", request("square", deep(200_000, "[", "]")), "Undecodable"],
  [
    "a payload of objects 100,000 deep",
    request("nested", `${'{"messages":'.repeat(100_000)}1${"}".repeat(100_000)}`),
    "Undecodable"
  ],
  [
    "references that lead to themselves",
    request("square", '{"x":{"$ref":0,"__lossless__":{"$ref":0}}}'),
    "Undecodable"
  ],
  ["a payload in the prototype", request("square", '{"__proto__":{"x":3}}'), "Undecodable"],
  ["headers 50,000 deep", request("square", '{"x":3}', deep(50_000, "[", "]")), 400],
  ["headers that are no texts", request("square", '{"x":3}', '[["a",1]]'), 400],
  ["a hundred thousand headers", square(Array.from({ length: 100_000 }, (_, at) => [`x-${at}`, "y"] as const)), nine],
  [
    "headers with names of what every object has",
    square([
      ["__proto__", "a"],
      ["constructor", "b"]
    ]),
    nine
  ],
  ["headers with line ends", square([["x-a\r\nx-b", "c\r\n\r\nd"]]), nine],
  ["an id of a megabyte", request("square", '{"x":3}', "[]", JSON.stringify("i".repeat(1_000_000))), nine],
  ["an id with line ends", request("square", '{"x":3}', "[]", String.raw`"a\n{\"_tag\":\"Exit\"}"`), nine],
  ["an id that is an object", request("square", '{"x":3}', "[]", "{}"), 400],
  ["a call that there is not", request("nope", "{}"), "Unreachable"],
  ["a call of a megabyte", request("n".repeat(1_000_000), "{}"), "Unreachable"],
  ["the constructor", request("constructor", "{}"), "Unreachable"],
  ["__proto__", request("__proto__", "{}"), "Unreachable"],
  ["a timeout that is none", square([["x-causeway-timeout", "nonsense"]]), nine],
  ["a timeout in the past", square([["x-causeway-timeout", "-5"]]), nine],
  ["a timeout without end", square([["x-causeway-timeout", "Infinity"]]), nine],
  ["a timeout beyond all dates", square([["x-causeway-timeout", "1e300"]]), nine],
  ["an attempt that is none", square([["x-causeway-attempt", "1e400"]]), nine],
  ["an id of a request that is none", square([["x-request-id", "a\r\nx: y"]]), nine],
  [
    "a trace that is none",
    square([
      ["traceparent", "a\r\nx: y"],
      ["tracestate", "\u0000"]
    ]),
    nine
  ]
]

const ndjson = { "content-type": RemoteProtocol.contentType }

layer(served(), { excludeTestServices: true })("a program that sends", (it) => {
  it.effect.each(hostile)("%s", ([, body, expected]) =>
    Effect.gen(function* () {
      const answer = yield* post("/rpc", body, { ...ndjson, host: "localhost" })
      if (typeof expected === "number") {
        assert.strictEqual(answer.status, expected, answer.text)
        assert.hasAllKeys(answer.error, ["message", "type", "param", "code"])
      } else {
        assert.strictEqual(answer.status, 200, answer.text.slice(0, 500))
        const lines = answer.text.trim().split("\n")
        assert.strictEqual(JSON.parse(lines.at(-1) ?? "")._tag, "Exit")
        assert.include(lines.at(-1), expected)
      }
      assert.include((yield* post("/rpc", square([]), { ...ndjson, host: "localhost" })).text, nine)
    })
  )
})

const refusals = ["die", "refuse", "upstream", "wrong", "square", "nope"]

const strangers: ReadonlyArray<readonly [string, Readonly<Record<string, string>>]> = [
  ["under another name", { host: "server" }],
  ["under a name that begins alike", { host: "localhost.example" }],
  ["under an address that begins alike", { host: "127.0.0.1.example" }],
  ["with a user in the name", { host: "localhost@example" }],
  ["through a proxy", { host: "localhost", "x-forwarded-for": "192.0.2.1" }],
  ["through a proxy that says little", { host: "localhost", forwarded: "" }],
  ["from a page", { host: "localhost", origin: "http://evil.example", "content-type": "text/plain" }]
]

layer(served(), { excludeTestServices: true })("a stranger", (it) => {
  it.effect.each(strangers)("who comes %s is told nothing that is for programs", ([, headers]) =>
    Effect.gen(function* () {
      for (const tag of refusals) {
        const { error, status, text } = yield* post("/rpc", request(tag, '{"x":3}'), { ...ndjson, ...headers })
        assert.include([400, 401], status, text)
        assert.hasAllKeys(error, ["message", "type", "param", "code"])
        assert.notInclude(text, "Exit")
      }
    })
  )

  it.effect("is told no more of a failure than a sentence, wherever it comes from", () =>
    Effect.gen(function* () {
      for (const tag of refusals) {
        const { status, text } = yield* post(`/predict/${tag}`, tag === "square" ? '{"x":"hunter2"}' : "", {
          accept: "application/x-ndjson, application/problem+json, application/json;q=0.1, */*;q=0.1"
        })
        assert.isAtLeast(status, 400)
        assert.notMatch(text, /hunter2|node_modules|\.ts:\d|"(?:stack|cause|_tag|evidence|defect)"/)
      }
    })
  )
})

layer(served({ keys: [{ name: "app", key: Redacted.make("app"), scopes: {} }] }), { excludeTestServices: true })(
  "a caller whose key is no operator's",
  (it) => {
    it.effect("is refused", () =>
      Effect.gen(function* () {
        const headers = { ...ndjson, host: "localhost", "x-api-key": "app" }
        const { status, text } = yield* post("/rpc", request("die", "{}"), headers)
        assert.strictEqual(status, 403, text)
        assert.strictEqual(errorOf(text)?.code, "forbidden")
      })
    )
  }
)
