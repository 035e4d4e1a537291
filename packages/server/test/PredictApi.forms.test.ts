import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Contract from "@causeway/core/Contract"
import * as Local from "@causeway/core/Local"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as PredictApi from "@causeway/server/PredictApi"
import * as Server from "@causeway/server/Server"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { noHealthyUpstream } from "./fixtures/Calls.ts"
import { call, connect, head, post } from "./fixtures/client.ts"

const Png = Schema.Uint8Array.pipe(HttpApiSchema.asUint8Array({ contentType: "image/png" }))

class Forms extends Contract.Service<Forms>()(
  "test/Forms",
  Rpc.make("reverse", {
    payload: Schema.Uint8Array.check(Schema.makeFilter((bytes) => bytes.length <= 1000 || "at most 1000 bytes")),
    success: Schema.Uint8Array
  }),
  Rpc.make("image", { success: Png }),
  Rpc.make("wrapped", { payload: { data: Schema.Uint8Array }, success: Schema.Finite }),
  Rpc.make("wrongBytes", { success: Schema.Uint8Array.check(Schema.makeFilter(() => "never fits")) }),
  Rpc.make("count", { payload: { to: Schema.Finite }, success: Schema.Finite, stream: true }),
  Rpc.make("cut", { payload: { after: Schema.Finite }, success: Schema.Finite, error: UpstreamError, stream: true }),
  Rpc.make("chunks", { success: Schema.Uint8Array, stream: true }),
  Rpc.make("cutChunks", { success: Schema.Uint8Array, error: UpstreamError, stream: true }),
  Rpc.make("nothing"),
  Rpc.make("context", { success: Schema.Record(Schema.String, Schema.NullOr(Schema.String)) })
) {}

const calls: Array<string> = []

/** Holds the failure of `cutChunks` until its first chunk has arrived. */
const gate = Latch.makeUnsafe(false)

const handlers = Forms.toLayer({
  reverse: (bytes) => Effect.sync(() => (calls.push("reverse"), bytes.toReversed())),
  image: () => Effect.succeed(Uint8Array.of(0x89, 0x50)),
  wrapped: ({ data }) => Effect.succeed(data.length),
  wrongBytes: () => Effect.succeed(Uint8Array.of(1)),
  count: ({ to }) => Stream.range(1, to),
  cut: ({ after }) => Stream.concat(Stream.range(1, after), Stream.fail(noHealthyUpstream)),
  chunks: () => Stream.make(Uint8Array.of(0, 255), Uint8Array.of(7)),
  cutChunks: () =>
    Stream.concat(
      Stream.make(Uint8Array.of(65, 66)),
      Stream.fromEffect(Effect.andThen(gate.await, Effect.fail(noHealthyUpstream)))
    ),
  nothing: () => Effect.void,
  context: (_, { headers }) =>
    Effect.gen(function* () {
      return {
        "accept-language": headers["accept-language"] ?? null,
        authorization: headers["authorization"] ?? null,
        requestId: (yield* CallMetadata.RequestId) ?? null,
        keyName: (yield* CallMetadata.KeyName) ?? null,
        hasDeadline: String((yield* CallMetadata.remaining) !== undefined)
      }
    })
})

const serve = (options: Server.Options = {}) =>
  Server.serve(
    PredictApi.layer(Forms, { headers: ["Accept-Language"] }).pipe(Layer.provide(Local.layer(Forms, handlers))),
    { port: 0, ...options }
  )

const forms = ["text/event-stream", "application/x-ndjson"] as const

describe("PredictApi", () => {
  layer(serve({ maxBody: 2000 }))((it) => {
    it.effect.each([
      [undefined, forms[0]],
      ["", forms[0]],
      ["*/*", forms[0]],
      ["text/*", forms[0]],
      ["application/x-ndjson", forms[1]],
      ["application/*", forms[1]],
      ["Application/X-NDJSON; charset=utf-8", forms[1]],
      ["text/event-stream;q=0.5, application/x-ndjson", forms[1]],
      ["text/event-stream, application/x-ndjson", forms[0]],
      ["application/x-ndjson, */*;q=0.1", forms[1]],
      ["text/event-stream;q=0, */*", forms[1]],
      ["application/jsonl", "application/jsonl"],
      ["application/problem+json", forms[0]],
      ["application/x-ndjson, application/problem+json", forms[1]],
      ["nonsense", forms[0]]
    ] as const)("answers a stream to accept %s in %s", ([accept, type]) =>
      Effect.gen(function* () {
        const answer = yield* post("/predict/count", { to: 2 }, accept === undefined ? {} : { accept })
        assert.strictEqual(answer.status, 200, answer.text)
        assert.strictEqual(answer.headers["content-type"]?.split(";")[0], type)
        assert.strictEqual(answer.headers["x-accel-buffering"], "no")
        assert.strictEqual(answer.text, type === forms[0] ? "data: 1\n\ndata: 2\n\ndata: [DONE]\n\n" : "1\n2\n")
      })
    )

    it.effect.each([
      ["/predict/count", { to: 2 }, "application/json"],
      ["/predict/count", { to: 2 }, "text/event-stream;q=0, application/x-ndjson;q=0"],
      ["/predict/reverse", "abc", "text/html"],
      ["/predict/reverse", "abc", "*/*;q=0"],
      ["/predict/context", "", "text/event-stream"]
    ] as const)("refuses %s of %j to accept %s with 406 in JSON, and makes no call", ([path, body, accept]) =>
      Effect.gen(function* () {
        calls.length = 0
        const answer = yield* post(path, body, { accept })
        assert.strictEqual(answer.status, 406)
        assert.match(String(answer.headers["content-type"]), /^application\/json/)
        assert.deepStrictEqual([answer.error?.code, answer.error?.param], ["not_acceptable", "accept"])
        assert.match(answer.error?.message ?? "", /application\/(?:json|x-ndjson)/)
        assert.deepStrictEqual(calls, [])
      })
    )

    it.effect("ends lines that fail with a line that says so, and then normally", () =>
      Effect.gen(function* () {
        const answer = yield* post("/predict/cut", { after: 2 }, { accept: "application/x-ndjson" })
        const [one, two, failed = "", ...rest] = answer.text.split("\n")
        assert.deepStrictEqual([answer.status, one, two, rest], [200, "1", "2", [""]])
        assert.include(JSON.parse(failed).error, { code: "gateway", type: "upstream_error" })
      })
    )

    it.effect("takes and gives bytes as they are", () =>
      Effect.gen(function* () {
        const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
        for (const type of [undefined, "application/octet-stream", "image/png", "text/plain"]) {
          const answer = yield* post("/predict/reverse", bytes, type === undefined ? {} : { "content-type": type })
          assert.strictEqual(answer.status, 200, answer.text)
          assert.strictEqual(answer.headers["content-type"], "application/octet-stream")
          assert.deepStrictEqual(Array.from(answer.bytes), Array.from(bytes.toReversed()))
        }
        assert.strictEqual((yield* post("/predict/reverse", new Uint8Array())).bytes.length, 0)
      })
    )

    it.effect("takes and gives bytes in base64 to who asks for JSON", () =>
      Effect.gen(function* () {
        const json = { "content-type": "application/json; charset=utf-8", accept: "application/json" }
        const answer = yield* post("/predict/reverse", '"AAEC"', json)
        assert.deepStrictEqual([answer.text, answer.headers["content-type"]], ['"AgEA"', "application/json"])
        const refused = yield* post("/predict/reverse", '"*"', json)
        assert.deepStrictEqual([refused.status, refused.error?.code], [400, "invalid_value"])
      })
    )

    it.effect("gives bytes in the media type that their schema has", () =>
      Effect.gen(function* () {
        const answer = yield* post("/predict/image", "", { accept: "image/*" })
        assert.deepStrictEqual([answer.headers["content-type"], answer.bytes.length], ["image/png", 2])
        assert.strictEqual((yield* post("/predict/image", "", { accept: "application/octet-stream" })).status, 406)
      })
    )

    it.effect("takes bytes inside of a payload in base64", () =>
      Effect.map(post("/predict/wrapped", { data: "AAEC" }), ({ text }) => assert.strictEqual(text, "3"))
    )

    it.effect("holds bytes to their schema and to the limit of bodies", () =>
      Effect.gen(function* () {
        const long = yield* post("/predict/reverse", new Uint8Array(1001))
        assert.deepStrictEqual([long.status, long.error?.code], [400, "invalid_value"])
        const large = yield* post("/predict/reverse", new Uint8Array(2001))
        assert.deepStrictEqual([large.status, large.error?.code], [413, "body_too_large"])
        const wrong = yield* post("/predict/wrongBytes", "")
        assert.deepStrictEqual([wrong.status, wrong.error?.code], [500, "undecodable"])
      })
    )

    it.effect("gives a stream of bytes as they are, or in base64", () =>
      Effect.gen(function* () {
        const raw = yield* post("/predict/chunks", "")
        assert.deepStrictEqual(Array.from(raw.bytes), [0, 255, 7])
        assert.strictEqual(raw.headers["content-type"], "application/octet-stream")
        const lines = yield* post("/predict/chunks", "", { accept: "application/x-ndjson" })
        assert.strictEqual(lines.text, '"AP8="\n"Bw=="\n')
      })
    )

    it.effect("breaks the connection of bytes that fail, and only that", () =>
      Effect.gen(function* () {
        const socket = yield* connect
        socket.send(head("POST", "/predict/cutChunks", "content-length: 0"))
        yield* socket.until("\r\nAB\r\n")
        yield* gate.open
        const text = yield* socket.closed
        assert.match(text, /^HTTP\/1.1 200 OK[^]*\r\n2\r\nAB\r\n$/)
        assert.strictEqual((yield* post("/predict/nothing", "")).status, 204)
      })
    )

    it.effect("answers 204 whatever is accepted", () =>
      Effect.map(post("/predict/nothing", "", { accept: "text/html" }), ({ status }) => assert.strictEqual(status, 204))
    )
  })

  it.effect("tells handlers the id, the key's name, the deadline, and the headers that are named", () =>
    Effect.gen(function* () {
      const answer = yield* post("/predict/context", "", {
        "x-request-id": "mine",
        "x-causeway-timeout": "20000",
        "accept-language": "de",
        authorization: "Bearer a-key-of-alice",
        "causeway-key-name": "mallory"
      })
      assert.deepStrictEqual(JSON.parse(answer.text), {
        "accept-language": "de",
        authorization: null,
        requestId: "mine",
        keyName: "alice",
        hasDeadline: "true"
      })
    }).pipe(Effect.provide(serve({ keys: [{ name: "alice", key: Redacted.make("a-key-of-alice") }] })))
  )

  class One extends Contract.Service<One>()("test/One", Rpc.make("a", { success: Schema.String })) {}
  class Two extends Contract.Service<Two>()("test/Two", Rpc.make("b", { success: Schema.String })) {}
  class Other extends Contract.Service<Other>()("test/Other", Rpc.make("a", { success: Schema.String })) {}

  const one = Local.layer(One, One.toLayer({ a: () => Effect.succeed("one") }))
  const two = Local.layer(Two, Two.toLayer({ b: () => Effect.succeed("two") }))
  const other = Local.layer(Other, Other.toLayer({ a: () => Effect.succeed("other") }))

  it.effect("serves several contracts, at one path and at several", () =>
    Effect.gen(function* () {
      const routes = Layer.mergeAll(
        PredictApi.layer(One),
        PredictApi.layer(Two),
        PredictApi.layer(Other, { path: "/other" })
      ).pipe(Layer.provide([one, two, other]))
      yield* Effect.gen(function* () {
        assert.strictEqual((yield* post("/predict/a", "")).text, '"one"')
        assert.strictEqual((yield* post("/predict/b", "")).text, '"two"')
        assert.strictEqual((yield* post("/other/a", "")).text, '"other"')
        assert.strictEqual((yield* post("/other", "")).text, '"other"')
        // Which one is the first depends on what was built first: so neither is.
        assert.strictEqual((yield* post("/predict", "")).status, 404)
        assert.strictEqual((yield* call("/predict/b")).status, 405)
        assert.strictEqual((yield* post("/other/b", "")).status, 404)
      }).pipe(Effect.provide(Server.serve(routes, { port: 0 })))
    })
  )

  it.effect.each([
    [
      "two calls at one place",
      () => Layer.mergeAll(PredictApi.layer(One), PredictApi.layer(Other)),
      /test\/\w+\/a cannot be served at \/predict\/a: test\/\w+\/a is/
    ],
    [
      "a header of the call's metadata",
      () => PredictApi.layer(One, { headers: ["Causeway-Timeout-Ms"] }),
      /not "Causeway-Timeout-Ms"/
    ],
    ["a header that is none", () => PredictApi.layer(One, { headers: ["a b"] }), /not "a b"/]
  ] as const)("refuses %s", ([, routes, message]) =>
    Effect.gen(function* () {
      const exit = yield* Layer.build(Server.serve(Layer.provide(routes(), [one, other]), { port: 0 })).pipe(
        Effect.scoped,
        Effect.exit
      )
      assert.match(exit._tag === "Failure" ? Cause.pretty(exit.cause) : "", message)
    })
  )
})
