import { readFileSync } from "node:fs"
import * as Catalogue from "@causeway/core/Catalogue"
import * as Local from "@causeway/core/Local"
import { Relay } from "@causeway/openai/Relay"
import * as OpenAiApi from "@causeway/server/OpenAiApi"
import * as Problem from "@causeway/server/Problem"
import * as PublicError from "@causeway/server/PublicError"
import { RequestError, RequestReason } from "@causeway/server/RequestError"
import * as Server from "@causeway/server/Server"
import { UpstreamError } from "@causeway/core/UpstreamError"
import { Simulator } from "@causeway/simulator/Simulator"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { Journal, noHealthyUpstream, Refused, routes } from "./fixtures/Calls.ts"
import { type Answer, call, connect, head, post } from "./fixtures/client.ts"

const accept = "application/json, application/problem+json"

const problemOf = (answer: Answer): Problem.Problem => {
  assert.strictEqual(answer.headers["content-type"], "application/problem+json")
  const problem = Schema.decodeUnknownSync(Problem.Problem, { onExcessProperty: "error" })(JSON.parse(answer.text))
  assert.strictEqual(problem.status, answer.status)
  assert.strictEqual(problem.instance, encodeURIComponent(String(answer.headers["x-request-id"])))
  assert.strictEqual(String(problem.retryable), answer.headers["x-should-retry"])
  return problem
}

const anchors = new Set(
  Array.from(readFileSync("docs/errors.md", "utf8").matchAll(/^#{2,3} (.+)$/gm), ([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, "")
      .replaceAll(" ", "-")
  )
)

const key = Redacted.make("sk-causeway-test-0123456789abcdef")

const live = Layer.unwrap(
  Effect.map(Simulator, ({ url }) => {
    const relay = Local.layer(Relay, Relay.layer({ primary: { baseUrl: url } }))
    return Server.serve(Layer.mergeAll(routes, OpenAiApi.layer().pipe(Layer.provide(relay))), {
      port: 0,
      keys: [key],
      maxBody: 1000
    })
  })
).pipe(Layer.provide(Simulator.layer()), Layer.provideMerge(Journal.layer))

const keyed = { "x-api-key": Redacted.value(key), accept }

describe("Problem", () => {
  layer(live)((it) => {
    it.effect.each([
      ["/nope", "GET", "", 404, "RouteNotFound", "Route not found"],
      ["/predict/square", "GET", "", 405, "MethodNotAllowed", "Method not allowed"],
      ["/predict/square", "POST", "{", 400, "MalformedBody", "Malformed body"],
      ["/predict/square", "POST", '{"x":"3"}', 400, "InvalidValue", "Invalid value"],
      ["/predict/square", "POST", "x".repeat(1001), 413, "BodyTooLarge", "Body too large"],
      ["/v1/chat/completions", "POST", "{}", 400, "InvalidValue", "Invalid value"],
      ["/v1/nope", "POST", "{}", 404, "RouteNotFound", "Route not found"]
    ] as const)("tells the refusal of %s by %s of %j as one", ([path, method, body, status, reason, title]) =>
      Effect.gen(function* () {
        const answer = yield* call(path, { method, headers: keyed, ...(body !== "" && { body }) })
        const problem = problemOf(answer)
        assert.strictEqual(problem.status, status)
        assert.strictEqual(problem.type, `/docs/errors#requesterror-${reason.toLowerCase()}`)
        assert.strictEqual(problem.title, title)
        assert.strictEqual(problem.retryable, false)
      })
    )

    it.effect("tells a missing key as one, with its challenge", () =>
      Effect.gen(function* () {
        const answer = yield* post("/predict/square", { x: 3 }, { accept })
        assert.strictEqual(problemOf(answer).type, "/docs/errors#requesterror-unauthenticated")
        assert.strictEqual(answer.headers["www-authenticate"], 'Bearer realm="causeway"')
      })
    )

    it.effect("tells failures of calls as problems, with our fields and no secret", () =>
      Effect.gen(function* () {
        const upstream = problemOf(yield* post("/predict/upstream", "", keyed))
        assert.deepStrictEqual(
          { ...upstream, instance: "" },
          {
            type: "/docs/errors#upstreamerror-gateway",
            title: "Gateway",
            status: 503,
            detail: 'the upstream "primary" was not reached: its envoy gateway reports no healthy upstream',
            instance: "",
            code: "gateway",
            category: "upstream_error",
            retryable: true,
            upstreamRequestId: "up-1"
          }
        )
        const blamed = problemOf(yield* post("/predict/blame", { who: "caller" }, keyed))
        assert.deepStrictEqual([blamed.status, blamed.retryAfterMs, blamed.code], [400, 1500, "Blamed"])
        assert.strictEqual(blamed.type, "/docs/errors#contracterror")
        const died = yield* post("/predict/die", "", { ...keyed, "x-request-id": "a:b" })
        assert.deepInclude(problemOf(died), { type: "/docs/errors#internalerror", instance: "a%3Ab" })
        assert.notMatch(died.text, /hunter2|TypeError|\.ts/)
      })
    )

    it.effect("tells an upstream's failure of the OpenAI routes as one", () =>
      Effect.gen(function* () {
        const messages = [{ role: "user", content: "hi" }]
        const answer = yield* post("/v1/chat/completions", { model: "fault:unauthorized", messages }, keyed)
        const problem = problemOf(answer)
        assert.deepStrictEqual([problem.status, problem.code], [502, "authentication"])
        assert.strictEqual(problem.type, "/docs/errors#upstreamerror-authentication")
      })
    )

    it.effect.each([
      undefined,
      "*/*",
      "application/*",
      "application/json",
      "application/json, application/problem+json;q=0.5",
      "application/json, application/problem+json;q=0"
    ])("keeps OpenAI's shape for accept %s", (accept) =>
      Effect.gen(function* () {
        const headers = { "x-api-key": Redacted.value(key) }
        const answer = yield* post("/predict/square", "{}", accept === undefined ? headers : { ...headers, accept })
        assert.match(String(answer.headers["content-type"]), /^application\/json/)
        assert.strictEqual(answer.error?.code, "invalid_value")
      })
    )

    it.effect("is the form of a 406 too", () =>
      Effect.gen(function* () {
        const problem = problemOf(
          yield* post("/predict/square", { x: 3 }, { ...keyed, accept: "text/html, application/problem+json" })
        )
        assert.deepStrictEqual([problem.status, problem.param], [406, "accept"])
      })
    )

    it.effect("leaves the error of a stream in the form of its API", () =>
      Effect.gen(function* () {
        const socket = yield* connect
        const fields = ["content-length: 11", "connection: close", `x-api-key: ${Redacted.value(key)}`]
        socket.send(head("POST", "/predict/cut", ...fields, "accept: text/event-stream, application/problem+json"))
        socket.send('{"after":1}')
        assert.match(yield* socket.closed, /event: error\ndata: \{"error":\{"message".*\n\n\r\n0\r\n\r\n$/)
      })
    )
  })

  it("has a heading of the catalogue for every kind of failure", () => {
    const kinds = [
      ...Catalogue.entries().map(({ error, tag }) => `${error}/${tag}`),
      ...RequestReason.members.map((member) => `RequestError/${member.fields._tag.schema.literal}`),
      PublicError.fromError(new Refused({ why: "" }), { isDeclared: true }).kind,
      PublicError.fromError(new Error("x")).kind,
      PublicError.fromCause(Cause.interrupt(1)).kind
    ]
    assert.deepStrictEqual(
      kinds.filter((kind) => !anchors.has(Problem.anchorOf(kind))),
      []
    )
  })

  it("is of a published catalogue, where there is one", () => {
    const { type } = Problem.fromError(PublicError.fromError(noHealthyUpstream), {
      explanations: "https://a.example/e"
    })
    assert.strictEqual(type, "https://a.example/e#upstreamerror-gateway")
  })

  it.prop("is one for every failure", [Arbitrary.schema(Schema.Union([UpstreamError, RequestReason]))], ([error]) => {
    const told = PublicError.fromError("reason" in error ? error : new RequestError({ reason: error }))
    const problem = Problem.fromError(told, { requestId: "r" })
    assert.isTrue(Schema.is(Problem.Problem)(problem))
    assert.isTrue(anchors.has(problem.type.split("#")[1] ?? ""))
  })
})
