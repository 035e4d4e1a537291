import * as Contract from "@causeway/core/Contract"
import { Evidence } from "@causeway/core/Evidence"
import * as Local from "@causeway/core/Local"
import * as Upstream from "@causeway/core/Upstream"
import { UpstreamError } from "@causeway/core/UpstreamError"
import { ConnectionLost, RateLimited } from "@causeway/core/UpstreamReason"
import * as Policy from "@causeway/resilience/Policy"
import * as PredictApi from "@causeway/server/PredictApi"
import * as Server from "@causeway/server/Server"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as NodeHttp from "node:http"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { happened, noHealthyUpstream, serve } from "./fixtures/Calls.ts"
import { call, connect, errorOf, head, post } from "./fixtures/client.ts"

const connectionLost = new UpstreamError({
  upstream: "primary",
  operation: "test",
  reason: new ConnectionLost({ message: "the connection broke", seenIn: "socket", phase: "headers", bytesReceived: 0 }),
  evidence: new Evidence({ attempt: 1, timing: { startedAt: 0, totalMs: 1 } })
})

const restsForAnHour = new UpstreamError({
  upstream: "primary",
  operation: "test",
  reason: new RateLimited({ message: "too many", seenIn: "status", retryAfter: Duration.hours(1) }),
  evidence: new Evidence({ attempt: 1, timing: { startedAt: 0, totalMs: 1 } })
})

describe("PredictApi", () => {
  layer(serve())((it) => {
    it.effect("answers a call at its own path, and the first one also at /predict", () =>
      Effect.gen(function* () {
        for (const path of ["/predict/square", "/predict"]) {
          const answer = yield* post(path, { x: 3 })
          assert.strictEqual(answer.status, 200)
          assert.strictEqual(answer.text, '{"y":9}')
          assert.strictEqual(answer.headers["content-type"], "application/json")
        }
      })
    )

    it.effect("decodes and encodes by the schemas' JSON form", () =>
      Effect.gen(function* () {
        const answer = yield* post("/predict/dated", { on: "2026-01-02T03:04:05.000Z" })
        assert.strictEqual(answer.text, '"2026-01-02T03:04:05.000Z"')
      })
    )

    it.effect("takes no payload where there is none, and answers 204 where there is no success", () =>
      Effect.gen(function* () {
        for (const body of ["", " \n", "null", "{}"]) {
          const answer = yield* post("/predict/ping", body)
          assert.deepStrictEqual([answer.status, answer.text], [204, ""], JSON.stringify(body))
        }
        const answer = yield* post("/predict/ping", { x: 1 })
        assert.strictEqual(answer.status, 400)
        assert.strictEqual(answer.error?.message, "the body: the call takes no payload")
      })
    )

    it.effect("answers a stream with an event for each element and [DONE]", () =>
      Effect.gen(function* () {
        const answer = yield* post("/predict/count", { to: 3 })
        assert.strictEqual(answer.status, 200)
        assert.match(answer.headers["content-type"] ?? "", /^text\/event-stream/)
        assert.strictEqual(answer.headers["x-accel-buffering"], "no")
        assert.isString(answer.headers["x-request-id"])
        assert.strictEqual(answer.text, "data: 1\n\ndata: 2\n\ndata: 3\n\ndata: [DONE]\n\n")
      })
    )

    it.effect("answers an empty stream with [DONE] alone", () =>
      Effect.gen(function* () {
        const answer = yield* post("/predict/count", { to: 0 })
        assert.deepStrictEqual([answer.status, answer.text], [200, "data: [DONE]\n\n"])
      })
    )

    it.effect("answers a stream that fails at once with the status of its failure", () =>
      Effect.gen(function* () {
        const answer = yield* post("/predict/cut", { after: 0 })
        assert.strictEqual(answer.status, 503)
        assert.strictEqual(answer.error?.code, "gateway")
        assert.strictEqual(answer.headers["x-upstream-request-id"], "up-1")
      })
    )

    it.effect("ends a stream that fails later with an error event, and serves on over the same connection", () =>
      Effect.gen(function* () {
        const agent = yield* Effect.acquireRelease(
          Effect.sync(() => new NodeHttp.Agent({ keepAlive: true, maxSockets: 1 })),
          (agent) => Effect.sync(() => agent.destroy())
        )
        const answer = yield* call("/predict/cut", { body: { after: 2 }, agent })
        assert.strictEqual(answer.status, 200)
        const [one, two, error = "", ...rest] = answer.text.split("\n\n")
        assert.deepStrictEqual([one, two], ["data: 1", "data: 2"])
        const [event, data = ""] = error.split("\n")
        assert.strictEqual(event, "event: error")
        const body = errorOf(data.replace("data: ", ""))
        assert.strictEqual(body?.code, "gateway")
        assert.strictEqual(body?.type, "upstream_error")
        assert.deepStrictEqual(rest, [""])
        const next = yield* call("/predict/square", { body: { x: 2 }, agent })
        assert.strictEqual(next.text, '{"y":4}')
        assert.strictEqual(next.connection, answer.connection)
      })
    )

    it.effect("tells an error of the contract's own by its tag and message", () =>
      Effect.gen(function* () {
        const answer = yield* post("/predict/refuse", {})
        assert.strictEqual(answer.status, 500)
        assert.deepStrictEqual(answer.error, {
          message: "refused: on purpose",
          type: "error",
          param: null,
          code: "Refused"
        })
      })
    )

    it.effect("lets an error's blame decide the status, and its disposition the retry", () =>
      Effect.gen(function* () {
        for (const [who, status] of [
          ["caller", 400],
          ["upstream", 502],
          ["us", 500]
        ] as const) {
          const answer = yield* post("/predict/blame", { who })
          assert.strictEqual(answer.status, status)
          assert.strictEqual(answer.headers["x-should-retry"], "true")
          assert.strictEqual(answer.headers["retry-after"], "2")
          assert.strictEqual(answer.headers["retry-after-ms"], "1500")
        }
      })
    )

    it.effect("tells nothing of a defect but the request's id", () =>
      Effect.gen(function* () {
        const answer = yield* post("/predict/die", {}, { "x-request-id": "mine" })
        assert.strictEqual(answer.status, 500)
        assert.strictEqual(answer.error?.code, "internal_error")
        assert.include(answer.error?.message ?? "", "mine")
        assert.notMatch(answer.text, /hunter2|TypeError|\.ts/)
        assert.strictEqual(answer.headers["x-should-retry"], "false")
      })
    )

    it.effect("refuses to send a success that does not fit its schema", () =>
      Effect.gen(function* () {
        const answer = yield* post("/predict/wrong", {})
        assert.strictEqual(answer.status, 500)
        assert.strictEqual(answer.error?.code, "undecodable")
      })
    )

    it.effect.each([
      ["a wrong type", "/predict/square", '{"x":"3"}', "invalid_value", "x"],
      ["a missing field", "/predict/square", "{}", "invalid_value", "x"],
      [
        "a wrong type inside of an array",
        "/predict/nested",
        '{"messages":[{"content":1}]}',
        "invalid_value",
        "messages[0].content"
      ],
      ["another value than an object", "/predict/square", "[]", "invalid_value", null],
      ["null", "/predict/square", "null", "invalid_value", null],
      ["a number that is none", "/predict/square", '{"x":1e999}', "invalid_value", "x"],
      ["malformed JSON", "/predict/square", '{"x":', "malformed_body", null],
      ["JSON with something behind it", "/predict/square", '{"x":3}}', "malformed_body", null],
      ["an empty body", "/predict/square", "", "malformed_body", null],
      ["blanks", "/predict/square", " \n ", "malformed_body", null],
      ["invalid UTF-8", "/predict/square", Buffer.from('{"x":3,"y":"\u00ff"}', "latin1"), "malformed_body", null],
      ["a body cut inside of a character", "/predict/square", Uint8Array.of(0x22, 0xe2, 0x82), "malformed_body", null],
      [
        "JSON nested ten thousand deep",
        "/predict/square",
        `${"[".repeat(1e4)}${"]".repeat(1e4)}`,
        "invalid_value",
        null
      ],
      ["__proto__ as a key", "/predict/square", '{"__proto__":{"x":3}}', "invalid_value", "x"]
    ] as const)("answers %s with 400", ([, path, body, code, param]) =>
      Effect.gen(function* () {
        const answer = yield* post(path, body)
        assert.strictEqual(answer.status, 400, answer.text)
        assert.strictEqual(answer.error?.type, "invalid_request_error")
        assert.strictEqual(answer.error?.code, code)
        assert.strictEqual(answer.error?.param, param)
        assert.strictEqual(answer.headers["x-should-retry"], "false")
      })
    )

    it.effect("quotes nothing of a body that is no JSON", () =>
      Effect.gen(function* () {
        const answer = yield* post("/predict/square", '{"password": hunter2}')
        assert.strictEqual(answer.status, 400)
        assert.notInclude(answer.text, "hunter2")
      })
    )

    it.effect("takes a byte order mark, any content type, and none", () =>
      Effect.gen(function* () {
        for (const headers of [{ "content-type": "text/plain" }, { "content-type": "application/xml" }, {}]) {
          const answer = yield* post("/predict/square", '\uFEFF{"x":3}', headers)
          assert.strictEqual(answer.text, '{"y":9}')
        }
      })
    )

    it.effect("refuses a content encoding with 415", () =>
      Effect.gen(function* () {
        const answer = yield* post("/predict/square", Uint8Array.of(0x1f, 0x8b), { "content-encoding": "gzip" })
        assert.strictEqual(answer.status, 415)
        assert.strictEqual(answer.error?.code, "unsupported_encoding")
      })
    )

    it.effect.each(["GET", "PUT", "PATCH", "DELETE", "HEAD", "PROPFIND"])("refuses %s with 405 and allow", (method) =>
      Effect.gen(function* () {
        const answer = yield* call("/predict/square", { method })
        assert.strictEqual(answer.status, 405)
        assert.strictEqual(answer.headers["allow"], "POST, OPTIONS")
        assert.strictEqual(answer.error?.code, method === "HEAD" ? undefined : "method_not_allowed")
      })
    )

    it.effect("answers OPTIONS with what is allowed", () =>
      Effect.gen(function* () {
        const answer = yield* call("/predict/square", { method: "OPTIONS" })
        assert.deepStrictEqual([answer.status, answer.headers["allow"]], [204, "POST, OPTIONS"])
      })
    )

    it.effect.each([
      "/predict/nope",
      "/predict/square/more",
      "/nope",
      "/%zz",
      "//predict/../etc/passwd",
      "/predict/%00"
    ])("answers %s with 404", (path) =>
      Effect.gen(function* () {
        const answer = yield* post(path, { x: 3 })
        assert.strictEqual(answer.status, 404)
        assert.strictEqual(answer.error?.code, "route_not_found")
      })
    )

    it.effect.each(["/predict/sqare", "/predict/square/more"])("names the calls that there are at %s", (path) =>
      Effect.gen(function* () {
        const answer = yield* post(path, { x: 3 })
        assert.strictEqual(answer.status, 404)
        assert.match(
          answer.error?.message ?? "",
          /^there is nothing at POST \S+; there is \/predict\/square, \/predict\/\w+/
        )
        assert.notInclude((yield* post("/nope", { x: 3 })).error?.message ?? "", ";")
      })
    )

    it.effect("interrupts the handler of a client that leaves", () =>
      Effect.gen(function* () {
        const socket = yield* connect
        socket.send(head("POST", "/predict/hang", "content-length: 0"))
        assert.strictEqual(yield* happened, "hang began")
        yield* socket.leave
        assert.strictEqual(yield* happened, "hang ended")
      })
    )

    it.effect("ends the stream of a client that leaves in the middle", () =>
      Effect.gen(function* () {
        const socket = yield* connect
        socket.send(head("POST", "/predict/trickle", "content-length: 0"))
        yield* socket.until("data: 1\n\n")
        assert.strictEqual(yield* happened, "trickle began")
        yield* socket.leave
        assert.strictEqual(yield* happened, "trickle ended")
      })
    )
  })

  it.effect("refuses a contract whose success would tell a secret", () =>
    Effect.gen(function* () {
      class Keys extends Contract.Service<Keys>()(
        "test/Keys",
        Rpc.make("issue", { success: Schema.Struct({ key: Schema.Redacted(Schema.String) }) })
      ) {}
      const keys = Local.layer(Keys, Keys.toLayer({ issue: () => Effect.succeed({ key: Redacted.make("secret") }) }))
      const built = Layer.build(Server.serve(PredictApi.layer(Keys).pipe(Layer.provide(keys)), { port: 0 }))
      const exit = yield* Effect.exit(Effect.scoped(built))
      assert.isTrue(exit._tag === "Failure" && /test\/Keys\/issue cannot be served/.test(Cause.pretty(exit.cause)))
    })
  )

  it.effect("serves a call whatever its tag is, under its percent-encoded name", () =>
    Effect.gen(function* () {
      const tags = ["a.b", "a/b", "a:b", "a*b", "a b", "\u00e4", "a%2Fc", "A(b)", "a?b#c", "Get-User_1"]
      const group = RpcGroup.make(...tags.map((tag) => Rpc.make(tag, { success: Schema.String })))
      class Odd extends Contract.fromGroup<Odd>()("test/Odd", group) {}
      const handlers = Object.fromEntries(tags.map((tag) => [tag, () => Effect.succeed(tag)]))
      const odd = Local.layer(Odd, Odd.toLayer(handlers))
      yield* Effect.gen(function* () {
        for (const tag of tags) {
          const answer = yield* post(`/predict/${encodeURIComponent(tag)}`, "")
          assert.deepStrictEqual([answer.status, answer.text], [200, JSON.stringify(tag)], tag)
        }
      }).pipe(Effect.provide(Server.serve(PredictApi.layer(Odd).pipe(Layer.provide(odd)), { port: 0 })))
    })
  )

  it.effect("refuses a value that is nested too deeply to be read", () =>
    Effect.gen(function* () {
      interface Tree {
        readonly leaves: ReadonlyArray<Tree>
      }
      const Tree = Schema.Struct({ leaves: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => Tree)) })
      class Trees extends Contract.Service<Trees>()(
        "test/Trees",
        Rpc.make("plant", { payload: { tree: Tree }, success: Schema.String }),
        Rpc.make("echo", { payload: { value: Schema.Json }, success: Schema.Json })
      ) {}
      const trees = Local.layer(
        Trees,
        Trees.toLayer({ plant: () => Effect.succeed("planted"), echo: ({ value }) => Effect.succeed(value) })
      )
      yield* Effect.gen(function* () {
        const depth = 50_000
        const tree = '{"leaves":['.repeat(depth) + "]}".repeat(depth)
        const refused = yield* post("/predict/plant", `{"tree":${tree}}`)
        assert.deepStrictEqual([refused.status, refused.error?.code], [400, "invalid_value"])
        assert.strictEqual(refused.error?.message, "the body: is nested too deeply")
        const list = "[".repeat(2 * depth) + "]".repeat(2 * depth)
        assert.strictEqual((yield* post("/predict/echo", `{"value":${list}}`)).error?.code, "undecodable")
        assert.strictEqual((yield* post("/predict/plant", { tree: { leaves: [] } })).status, 200)
      }).pipe(Effect.provide(Server.serve(PredictApi.layer(Trees).pipe(Layer.provide(trees)), { port: 0 })))
    })
  )

  it.effect("makes its calls under a policy", () =>
    Effect.gen(function* () {
      const tried: Array<string> = []
      const upstreams = Effect.gen(function* () {
        const upstream = yield* Upstream.Current
        tried.push(String(upstream))
        return upstream === "backup" ? "from backup" : yield* noHealthyUpstream
      })
      class Asked extends Contract.Service<Asked>()(
        "test/Asked",
        Rpc.make("ask", { success: Schema.String, error: UpstreamError }),
        Rpc.make("tokens", { success: Schema.String, error: UpstreamError, stream: true })
      ) {}
      const asked = Local.layer(
        Asked,
        Asked.toLayer({ ask: () => upstreams, tokens: () => Stream.fromEffect(upstreams) })
      )
      const policy = Policy.make({ retry: { times: 0 }, fallback: ["backup"] })
      const routes = PredictApi.layer(Asked, { policy }).pipe(Layer.provide(asked))
      yield* Effect.gen(function* () {
        assert.strictEqual((yield* post("/predict/ask", "")).text, '"from backup"')
        assert.strictEqual((yield* post("/predict/tokens", "")).text, 'data: "from backup"\n\ndata: [DONE]\n\n')
        assert.deepStrictEqual(tried, ["undefined", "backup", "undefined", "backup"])
      }).pipe(Effect.provide(Server.serve(routes, { port: 0 })))
    })
  )

  it.effect("keeps what it learns of an upstream for each call apart", () =>
    Effect.gen(function* () {
      const call = { success: Schema.String, error: UpstreamError }
      class Shop extends Contract.Service<Shop>()("test/Shop", Rpc.make("busy", call), Rpc.make("local", call)) {}
      const shop = Local.layer(
        Shop,
        Shop.toLayer({ busy: () => Effect.fail(restsForAnHour), local: () => Effect.succeed("here") })
      )
      const policy = Policy.make({ fallback: [] })
      yield* Effect.gen(function* () {
        assert.strictEqual((yield* post("/predict/busy", "")).status, 429)
        assert.strictEqual((yield* post("/predict/busy", "")).error?.code, "shed")
        assert.strictEqual((yield* post("/predict/local", "")).text, '"here"')
      }).pipe(Effect.provide(Server.serve(PredictApi.layer(Shop, { policy }).pipe(Layer.provide(shop)), { port: 0 })))
    })
  )

  it.effect("makes a call that may have run again only where its Rpc or the caller's key says that it may be", () =>
    Effect.gen(function* () {
      const tried: Array<string> = []
      const lost = (name: string) =>
        Effect.gen(function* () {
          const upstream = String(yield* Upstream.Current)
          tried.push(`${name} ${upstream}`)
          return upstream === "backup" ? name : yield* connectionLost
        })
      const call = { success: Schema.String, error: UpstreamError }
      class Orders extends Contract.Service<Orders>()(
        "test/Orders",
        Rpc.make("place", call),
        Rpc.make("price", call).annotate(Contract.Replay, "safe"),
        Rpc.make("placeMany", { ...call, stream: true }),
        Rpc.make("prices", { ...call, stream: true }).annotate(Contract.Replay, "safe")
      ) {}
      const orders = Local.layer(
        Orders,
        Orders.toLayer({
          place: () => lost("place"),
          price: () => lost("price"),
          placeMany: () => Stream.fromEffect(lost("placeMany")),
          prices: () => Stream.fromEffect(lost("prices"))
        })
      )
      const policy = Policy.make({ retry: { times: 1 }, fallback: ["backup"], breaker: false })
      const routes = PredictApi.layer(Orders, { policy, headers: ["idempotency-key"] }).pipe(Layer.provide(orders))
      const deaf = PredictApi.layer(Orders, { path: "/deaf", policy }).pipe(Layer.provide(orders))
      const ask = (path: string, headers: Record<string, string> = {}) =>
        Effect.map(post(path, "", headers), ({ status }) => {
          const made = tried.join(", ")
          tried.length = 0
          return [status, made]
        })
      const key = { "idempotency-key": "a" }
      yield* Effect.gen(function* () {
        assert.deepStrictEqual(yield* ask("/predict/place"), [502, "place undefined"])
        assert.deepStrictEqual(yield* ask("/predict/placeMany"), [502, "placeMany undefined"])
        assert.deepStrictEqual(yield* ask("/deaf/place", key), [502, "place undefined"])
        assert.deepStrictEqual(yield* ask("/predict/price"), [200, "price undefined, price backup"])
        assert.deepStrictEqual(yield* ask("/predict/prices"), [200, "prices undefined, prices backup"])
        assert.deepStrictEqual(yield* ask("/predict/place", key), [200, "place undefined, place backup"])
      }).pipe(Effect.provide(Server.serve(Layer.merge(routes, deaf), { port: 0 })))
    })
  )
})
