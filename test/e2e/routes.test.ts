/**
 * The command without any setting: the simulator as upstream, worker threads, the
 * default services.
 */
import { assert, describe, layer } from "@effect/vitest"
import * as Fault from "@causeway/simulator/Fault"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Answer, chat, codeOf, get, post, ready, send, type Server } from "./command.ts"

class Causeway extends Context.Service<Causeway, Server>()("causeway/test/e2e/routes.test/Causeway") {}

const to = (path: string) => Effect.map(Causeway, ({ url }) => url + path)

const timeout = 60_000
/** What a call that the upstream leaves hanging has, in milliseconds. */
const stalled = 1500

/**
 * What comes of a call: its status and the error's code; of a stream that fails
 * after its start, both with `then` between them.
 */
const outcomeOf = (answer: Answer): string => {
  if (answer.status !== 200) return `${answer.status} ${codeOf(answer)}`
  if (!answer.headers.get("content-type")?.startsWith("text/event-stream")) return "200"
  const [, body] = /\nevent: error\ndata: (.*)\n\n$/.exec(answer.text) ?? []
  if (body === undefined) return answer.text.endsWith("data: [DONE]\n\n") ? "200" : "200 then nothing"
  assert.notInclude(answer.text, "[DONE]")
  return `200 then ${codeOf({ ...answer, text: body })}`
}

type Row = readonly [plain: string, stream: string, predict: string]

const each = (outcome: string): Row => [outcome, outcome, outcome]

const outcomes: Readonly<Record<string, Row>> = {
  "no-healthy-upstream": each("503 gateway"),
  "rate-limited": each("429 rate_limit_exceeded"),
  quota: each("429 insufficient_quota"),
  overloaded: each("503 overloaded"),
  unauthorized: each("502 authentication"),
  stall: each("504 deadline_exceeded"),
  "stall-body": ["504 deadline_exceeded", "200 then deadline_exceeded", "504 deadline_exceeded"],
  "cut-stream": ["502 connection_lost", "200 then stream_truncated", "502 connection_lost"],
  "stream-error": ["502 provider_fault", "200 then provider_fault", "502 provider_fault"],
  html: each("502 malformed_response"),
  empty: each("502 malformed_response"),
  reset: each("502 connection_lost"),
  "server-error": each("502 provider_fault"),
  "context-length": each("400 context_length_exceeded"),
  "content-filter": each("400 content_filter"),
  "model-not-found": each("404 model_not_found"),
  "gateway-timeout": each("504 gateway"),
  "gateway-reset": each("503 gateway"),
  "gateway-overflow": each("503 gateway"),
  "bad-gateway": each("502 gateway"),
  "truncated-json": ["502 malformed_response", "200 then stream_truncated", "502 malformed_response"],
  "reset-body": ["502 connection_lost", "200 then connection_lost", "502 connection_lost"],
  "stream-reset": ["502 connection_lost", "200 then connection_lost", "502 connection_lost"],
  "error-in-200": each("502 provider_fault"),
  "wrong-shape": each("502 malformed_response"),
  "error-first": each("502 provider_fault"),
  "malformed-event": ["200", "200 then stream_protocol", "200"],
  "no-finish": ["200", "200 then stream_truncated", "200"],
  "odd-framing": each("200"),
  "not-http": each("502 protocol"),
  "broken-gzip": each("502 malformed_response")
}

layer(Layer.effect(Causeway, ready()), { timeout, excludeTestServices: true })("causeway serve", (it) => {
  /** That the server goes on as if nothing had happened. */
  const assertServes = Effect.gen(function* () {
    const [square, completion] = yield* Effect.all(
      [post(yield* to("/predict"), { x: 3 }), post(yield* to("/v1/chat/completions"), chat("simulator"))],
      { concurrency: "unbounded" }
    )
    assert.deepStrictEqual(JSON.parse(square.text), { y: 9 })
    assert.strictEqual(completion.status, 200)
  })

  it.effect(
    "prints where it listens, what the upstream is, and two lines that work",
    () =>
      Effect.gen(function* () {
        const { stdout, url } = yield* Causeway
        const banner = stdout()
        assert.include(banner, `Causeway serves ${url}\n`)
        assert.match(banner, /upstream +the simulator/)
        const lines = Array.from(banner.matchAll(/curl -s (\S+) -d '(.*)'/g), ([, url = "", body = ""]) => ({
          url,
          body
        }))
        const answers = yield* Effect.forEach(lines, ({ body, url }) => post(url, body))
        assert.deepStrictEqual(answers.map(outcomeOf), ["200", "503 gateway"])
      }),
    timeout
  )

  it.effect(
    "relays chat completions, plain and streamed",
    () =>
      Effect.gen(function* () {
        const url = yield* to("/v1/chat/completions")
        const plain = yield* post(url, chat("simulator"))
        assert.include(plain.text, '"system_fingerprint":"causeway-simulator"')
        const streamed = yield* post(url, chat("simulator", true))
        assert.strictEqual(streamed.headers.get("content-type")?.split(";")[0], "text/event-stream")
        assert.isTrue(streamed.text.endsWith("data: [DONE]\n\n"))
        const deltas = Array.from(streamed.text.matchAll(/^data: (\{.*\})$/gm), ([, json = ""]) => JSON.parse(json))
        const text = deltas.map(({ choices }) => choices[0]?.delta.content ?? "").join("")
        assert.strictEqual(text, JSON.parse(plain.text).choices[0].message.content)
      }),
    timeout
  )

  it.effect(
    "lists the upstream's models, with the faults among them",
    () =>
      Effect.gen(function* () {
        const { text } = yield* get(yield* to("/v1/models"))
        const ids = JSON.parse(text).data.map(({ id }: { readonly id: string }) => id)
        for (const { name } of Fault.all) assert.include(ids, `fault:${name}`)
      }),
    timeout
  )

  it.effect(
    "serves each call of the service, and the first one at /predict",
    () =>
      Effect.gen(function* () {
        for (const path of ["/predict", "/predict/square"]) {
          assert.deepStrictEqual(JSON.parse((yield* post(yield* to(path), { x: -1.5 })).text), { y: 2.25 })
        }
        for (const body of [{ prompt: "Hello" }, { prompt: "Hello", model: "gpt-5" }]) {
          const { text } = yield* post(yield* to("/predict/answer"), body)
          assert.include(JSON.parse(text).text, "simulator")
        }
      }),
    timeout
  )

  it.effect(
    "tells of its health",
    () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(JSON.parse((yield* get(yield* to("/health/live"))).text), { status: "live" })
        assert.strictEqual((yield* get(yield* to("/health/ready"))).status, 200)
        const { checks, status } = JSON.parse((yield* get(yield* to("/health"))).text)
        assert.strictEqual(status, "ready")
        assert.strictEqual(checks[0].name, "workers")
        assert.strictEqual(checks[0].details.state, "ready")
      }),
    timeout
  )

  it.effect(
    "keeps the upstream's id and its wish to wait, and has an id of its own",
    () =>
      Effect.gen(function* () {
        const body = { ...chat("fault:rate-limited"), prompt: "Hello" }
        const paths = ["/v1/chat/completions", "/predict/answer"]
        // Beside each other, since both wait as the upstream wishes.
        const answers = yield* Effect.forEach(
          paths,
          (path) => Effect.flatMap(to(path), (url) => post(url, body, { "x-request-id": `mine-${path.length}` })),
          { concurrency: "unbounded" }
        )
        for (const [at, { headers }] of answers.entries()) {
          assert.strictEqual(headers.get("retry-after"), "2")
          assert.strictEqual(headers.get("x-should-retry"), "true")
          assert.match(headers.get("x-upstream-request-id") ?? "", /^sim-req-\d+$/)
          assert.strictEqual(headers.get("x-request-id"), `mine-${paths[at]?.length}`)
        }
        assert.match((yield* get(yield* to("/health"))).headers.get("x-request-id") ?? "", /^req_/)
      }),
    timeout
  )

  describe("a fault of the upstream", () => {
    // All of them: `test/faults`.
    it.effect("is one of the simulator's", () =>
      Effect.sync(() =>
        assert.includeMembers(
          Fault.all.map(({ name }) => name),
          Object.keys(outcomes)
        )
      )
    )

    for (const [name, expected] of Object.entries(outcomes)) {
      it.effect(
        `${name} is told, and the next request is served`,
        () =>
          Effect.gen(function* () {
            const model = `fault:${name}`
            const headers: Record<string, string> = name.startsWith("stall")
              ? { "x-causeway-timeout": String(stalled) }
              : {}
            const relay = yield* to("/v1/chat/completions")
            const answers = yield* Effect.all(
              [
                post(relay, chat(model), headers),
                post(relay, chat(model, true), headers),
                post(yield* to("/predict/answer"), { prompt: "Hello", model }, headers)
              ],
              { concurrency: "unbounded" }
            )
            const seen = answers.map(outcomeOf)
            assert.deepStrictEqual<ReadonlyArray<string>>(seen, expected)
            yield* assertServes
          }),
        timeout
      )
    }
  })

  describe("a bad request", () => {
    const cases: ReadonlyArray<readonly [what: string, path: string, init: RequestInit, status: number, says: string]> =
      [
        ["malformed JSON", "/predict", { method: "POST", body: '{"x":' }, 400, "JSON"],
        ["an empty body", "/predict/answer", { method: "POST", body: "" }, 400, "empty"],
        [
          "invalid UTF-8",
          "/v1/chat/completions",
          { method: "POST", body: new Uint8Array([0x22, 0xff, 0x22]) },
          400,
          "UTF-8"
        ],
        ["a wrong type", "/predict", { method: "POST", body: '{"x":"three"}' }, 400, "x"],
        ["a number too large to square", "/predict", { method: "POST", body: '{"x":1e200}' }, 400, "x"],
        ["a missing field", "/predict/answer", { method: "POST", body: '{"model":"m"}' }, 400, "prompt"],
        ["no messages", "/v1/chat/completions", { method: "POST", body: '{"model":"m"}' }, 400, "messages"],
        ["an unknown route", "/v2/nothing", {}, 404, "/v2/nothing"],
        ["an unknown call", "/predict/nothing", { method: "POST", body: "{}" }, 404, "/predict/nothing"],
        ["a wrong method", "/predict", {}, 405, "POST"],
        ["a body over 32 MiB", "/predict", { method: "POST", body: new Uint8Array(33 * 1024 * 1024) }, 413, "32"]
      ]
    for (const [what, path, init, status, says] of cases) {
      it.effect(
        `with ${what} is ${status}`,
        () =>
          Effect.gen(function* () {
            const answer = yield* send(yield* to(path), init)
            assert.strictEqual(answer.status, status, answer.text)
            assert.notStrictEqual(codeOf(answer), "")
            assert.include(answer.text, says)
            yield* assertServes
          }),
        timeout
      )
    }
  })
})
