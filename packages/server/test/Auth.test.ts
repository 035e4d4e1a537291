import { createHash } from "node:crypto"
import * as Local from "@causeway/core/Local"
import * as Redaction from "@causeway/core/Redaction"
import { Relay } from "@causeway/openai/Relay"
import * as Auth from "@causeway/server/Auth"
import { Caller } from "@causeway/server/Caller"
import * as Info from "@causeway/server/Info"
import * as OpenAiApi from "@causeway/server/OpenAiApi"
import * as Server from "@causeway/server/Server"
import { Simulator } from "@causeway/simulator/Simulator"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { Journal, routes, serve } from "./fixtures/Calls.ts"
import { call, post } from "./fixtures/client.ts"

const square = (headers: Readonly<Record<string, string>>) => post("/predict/square", { x: 3 }, headers)

const hashOf = (key: string) => `sha256:${createHash("sha256").update(key).digest("hex")}`

const whoami = HttpRouter.add(
  "GET",
  "/whoami",
  Effect.map(Caller, (caller) => HttpServerResponse.text(caller?.key ?? "nobody"))
)

/** Everything that scopes speak of, in front of the simulator. */
const guarded = (options: Server.Options) =>
  Layer.unwrap(
    Effect.map(Simulator, ({ url }) => {
      const relay = Local.layer(Relay, Relay.layer({ simulator: { baseUrl: url } }))
      const info = Info.layer({ name: "test", version: "0.0.0" })
      const all = Layer.mergeAll(routes, whoami, info, Layer.provide(OpenAiApi.layer(), relay))
      return Server.serve(all, { port: 0, ...options })
    })
  ).pipe(Layer.provide(Simulator.layer()), Layer.provide(Journal.layer))

describe("Auth", () => {
  layer(serve({ keys: [Redacted.make("first-key"), Redacted.make("second key")] }))((it) => {
    it.effect.each([
      { authorization: "Bearer first-key" },
      { authorization: "bearer   first-key " },
      { "x-api-key": "first-key" },
      { "x-api-key": "second key" }
    ])("lets %o in", (headers) =>
      Effect.gen(function* () {
        assert.strictEqual((yield* square(headers)).status, 200)
      })
    )

    it.effect.each([
      [{}, "no API key was sent"],
      [{ authorization: "" }, "no API key was sent"],
      [{ authorization: "Bearer" }, "no API key was sent"],
      [{ authorization: "Basic Zmlyc3Qta2V5" }, "no API key was sent"],
      [{ "x-api-key": "" }, "no API key was sent"],
      [{ authorization: "Bearer first-ke" }, "not known here"],
      [{ authorization: "Bearer first-key2" }, "not known here"],
      [{ "x-api-key": "FIRST-KEY" }, "not known here"]
    ] as const)("keeps %o out with 401", ([headers, message]) =>
      Effect.gen(function* () {
        const answer = yield* square(headers)
        assert.strictEqual(answer.status, 401)
        assert.strictEqual(answer.headers["www-authenticate"], 'Bearer realm="causeway"')
        assert.strictEqual(answer.headers["x-should-retry"], "false")
        assert.isString(answer.headers["x-request-id"])
        assert.include(answer.error, { type: "authentication_error", code: "unauthenticated" })
        assert.include(answer.error?.message ?? "", message)
      })
    )

    it.effect("never repeats a key that it does not know", () =>
      Effect.gen(function* () {
        assert.notInclude((yield* square({ "x-api-key": "s3cret" })).text, "s3cret")
      })
    )

    it.effect("masks its keys wherever something is rendered", () =>
      Effect.sync(() => {
        assert.strictEqual(
          Redaction.text("the keys are first-key and second key"),
          "the keys are <redacted> and <redacted>"
        )
      })
    )

    it.effect("hides from strangers which routes there are, but not the health", () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* call("/nope")).status, 401)
        for (const path of ["/health", "/health/live", "/health/ready", "/health/ready?verbose"]) {
          assert.strictEqual((yield* call(path)).status, 200, path)
        }
        assert.strictEqual((yield* call("/health/../predict")).status, 401)
        assert.strictEqual((yield* call("/healthy")).status, 401)
      })
    )
  })

  describe("scopes", () => {
    const keys = [
      { name: "ops", key: Redacted.make("ops-key") },
      { name: "embed", hash: hashOf("embed-key"), scopes: { routes: ["/predict/square", "/health*"] } },
      { name: "watch", hash: hashOf("watch-key"), scopes: { operator: true } },
      { name: "small", hash: hashOf("small-key"), scopes: { models: ["gpt-5-mini", "text-*"] } }
    ] as const

    layer(guarded({ keys }))((it) => {
      it.effect("let a key in that is known by its hash alone, and never the hash itself", () =>
        Effect.gen(function* () {
          assert.strictEqual((yield* square({ "x-api-key": "embed-key" })).status, 200)
          assert.strictEqual((yield* square({ "x-api-key": hashOf("embed-key") })).status, 401)
          assert.strictEqual((yield* square({ "x-api-key": hashOf("embed-key").slice(7) })).status, 401)
        })
      )

      it.effect.each(["/predict/seen", "/predict/square/", "/predict//square", "/predict/square%2F", "/nope", "/info"])(
        "keep a key off %s with 403, that is not among its routes",
        (path) =>
          Effect.gen(function* () {
            const answer = yield* post(path, {}, { "x-api-key": "embed-key" })
            assert.strictEqual(answer.status, 403)
            assert.include(answer.error, { type: "permission_error", code: "forbidden" })
            assert.include(answer.error?.message ?? "", `the API key "embed" has no access to /`)
            assert.strictEqual(answer.headers["x-should-retry"], "false")
          })
      )

      it.effect("leave what is for operators to keys that say so, or that say nothing", () =>
        Effect.gen(function* () {
          for (const [key, status] of [
            ["ops-key", 200],
            ["watch-key", 200],
            ["small-key", 403]
          ] as const) {
            const answer = yield* call("/info", { headers: { authorization: `Bearer ${key}` } })
            assert.strictEqual(answer.status, status, key)
          }
          assert.strictEqual((yield* call("/info")).status, 401)
        })
      )

      it.effect.each([
        ["gpt-5-mini", 200],
        ["text-embedding-3-small", 200],
        ["gpt-5", 403],
        ["GPT-5-mini", 403]
      ] as const)("let a key use the model %s: %i", ([model, status]) =>
        Effect.gen(function* () {
          const answer = yield* post("/v1/embeddings", { model, input: "a" }, { "x-api-key": "small-key" })
          assert.strictEqual(answer.status, status, answer.text)
          if (status === 403) assert.include(answer.error?.message ?? "", `has no access to the model ${model}`)
        })
      )

      it.effect("refuse a second model in another spelling, which some upstreams would take", () =>
        Effect.gen(function* () {
          const body = { model: "gpt-5-mini", Model: "gpt-5", input: "a" }
          for (const path of ["/v1/embeddings", "/v1/audio/speech"]) {
            const answer = yield* post(path, body, { "x-api-key": "small-key" })
            assert.deepStrictEqual([answer.status, answer.error?.param], [400, "Model"])
          }
          // Who may use every model says what it likes.
          assert.strictEqual((yield* post("/v1/embeddings", body, { "x-api-key": "ops-key" })).status, 200)
        })
      )

      it.effect("refuse a request whose model nobody here can see", () =>
        Effect.gen(function* () {
          const headers = { "x-api-key": "small-key", "content-type": "multipart/form-data; boundary=b" }
          const form = '--b\r\ncontent-disposition: form-data; name="model"\r\n\r\ngpt-5\r\n--b--\r\n'
          assert.strictEqual((yield* post("/v1/audio/transcriptions", form, headers)).status, 403)
          assert.strictEqual((yield* post("/v1/moderations", { input: "a" }, headers)).status, 403)
          for (const [path, method] of [
            ["/v1/responses/resp_1", "GET"],
            ["/v1/responses/resp_1", "DELETE"],
            ["/v1/responses/resp_1/cancel", "POST"],
            ["/v1/responses/resp_1/input_items", "GET"],
            ["/v1/files", "GET"],
            ["/v1/files/file-1", "DELETE"],
            ["/v1/files/file-1/content", "GET"]
          ] as const) {
            assert.strictEqual((yield* call(path, { method, headers })).status, 403, `${method} ${path}`)
          }
          assert.strictEqual((yield* call("/v1/models", { headers })).status, 200)
        })
      )

      it.effect("tell handlers the key's name", () =>
        Effect.gen(function* () {
          assert.strictEqual((yield* call("/whoami", { headers: { "x-api-key": "watch-key" } })).text, "watch")
        })
      )
    })

    it("refuse a hash that is none", () => {
      assert.throws(() => Auth.layer({ keys: [{ name: "a", hash: "md5:00" }] }), TypeError)
    })
  })

  it.prop(
    "matches the keys that it was made of, and no others",
    [Arbitrary.schema(Schema.NonEmptyString), Arbitrary.schema(Schema.NonEmptyString)],
    ([key, other]) => {
      const callerOf = Auth.matcher([Redacted.make(key)])
      assert.isDefined(callerOf(Redacted.make(key)))
      assert.strictEqual(callerOf(Redacted.make(other)) !== undefined, key === other)
    }
  )
})
