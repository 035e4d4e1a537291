/**
 * What a failure touches, and what not: workers that end, clients that leave,
 * secrets that must not get out.
 */
import { Simulator } from "@causeway/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { chat, codeOf, directory, get, moduleUrl, post, ready, run, send, serve, until } from "./command.ts"
import { gate } from "./upstream.ts"

const timeout = 60_000

const key = "swordfish-and-chips"
const token = "mackerel-and-toast"

/** The service whose calls take their worker along, in front of an upstream with a key. */
const faulty = (baseUrl: string, pool: string) => ({
  env: { OPENAI_API_KEY: key, PROXY_TOKEN: token },
  cwd: directory({
    "causeway.config.mjs": `
      import * as Config from ${JSON.stringify(import.meta.resolve("effect/Config"))}
      export default {
        upstreams: {
          slow: {
            baseUrl: "${baseUrl}",
            apiKey: Config.Redacted("OPENAI_API_KEY"),
            headers: { "proxy-authorization": "Bearer " + process.env.PROXY_TOKEN }
          }
        },
        pool: ${pool},
        services: [new URL(${moduleUrl("test/e2e/fixtures/faulty.ts")})] }`
  })
})

describe.for(["thread", "process"])("a worker that is a %s", (isolation) => {
  it.live(
    "that its service ends fails that call only",
    () =>
      Effect.gen(function* () {
        const upstream = yield* gate((_, response) => {
          response.setHeader("content-type", "application/json").end('{"object":"list","data":[{"id":"m"}]}')
        })
        const server = yield* ready(
          faulty(upstream.url, `{ isolation: "${isolation}", size: 2, spare: 1, unresponsiveAfter: "2500 millis" }`)
        )
        const call = (tag: string, body: unknown = "") => post(`${server.url}/faulty/${tag}`, body)
        // The call that waits is on one of two workers, and what comes goes to the other one.
        const bothReady = until(get(`${server.url}/health`), ({ text }) => {
          const { workers }: { workers: ReadonlyArray<{ readonly state: string }> } = JSON.parse(text).checks[0].details
          return workers.filter(({ state }) => state === "ready").length === 2
        })
        yield* bothReady
        const waiting = yield* Effect.forkScoped(call("models"))
        yield* upstream.arrived
        for (const [tag, status, code] of [
          ["exit", 500, "crashed"],
          ["throwLater", 500, "crashed"],
          ["throwNow", 500, "internal_error"],
          ["spin", 504, "unresponsive"]
        ] as const) {
          const failed = yield* call(tag)
          assert.strictEqual(failed.status, status, failed.text)
          assert.strictEqual(codeOf(failed), code)
          assert.notInclude(failed.text, key)
          assert.notInclude(failed.text, token)
          assert.strictEqual((yield* call("double", { x: 21 })).text, "42")
          yield* bothReady
        }
        yield* upstream.open
        assert.strictEqual((yield* Fiber.join(waiting)).text, "1")
        assert.include(server.stderr(), "thrown outside of any call")
        assert.notInclude(server.stderr(), key)
        assert.notInclude(server.stderr(), token)
        assert.notInclude(server.stderr(), "\u001b")
      }),
    timeout
  )
})

describe("without workers", () => {
  it.live(
    "what is thrown outside of any call ends the command, and shows no secret",
    () =>
      Effect.gen(function* () {
        const server = yield* ready(faulty("http://127.0.0.1:1/v1", "{ size: 0 }"))
        yield* Effect.forkScoped(Effect.exit(send(`${server.url}/faulty/throwLater`, { method: "POST" })))
        const { code, stderr } = yield* server.ended
        assert.strictEqual(code, 1)
        assert.include(stderr, "causeway: TypeError: thrown outside of any call")
        assert.notInclude(stderr, key)
        assert.notInclude(stderr, "\u001b")
      }),
    timeout
  )
})

describe("a service whose handlers cannot be built", () => {
  const cwd = directory({
    "causeway.config.mjs": `export default {
      upstreams: "simulator", services: [new URL(${moduleUrl("test/e2e/fixtures/unbuildable.ts")})] }`
  })
  const why = "the handlers of test/Unbuildable could not be built: there is no dictionary"

  it.live(
    "leaves the server not ready, and says why",
    () =>
      Effect.gen(function* () {
        const server = yield* serve({ cwd })
        const { status, text } = yield* until(get(`${server.url}/health/ready`), ({ text }) => text.includes(why))
        assert.strictEqual(status, 503)
        assert.strictEqual(JSON.parse(text).status, "not-ready")
        const refused = yield* post(`${server.url}/predict`, "")
        assert.strictEqual(refused.status, 503)
        assert.strictEqual(codeOf(refused), "unreachable")
        assert.strictEqual((yield* get(`${server.url}/health/live`)).status, 200)
        assert.include(server.stderr(), why)
      }),
    timeout
  )

  it.live(
    "ends the command where it is served in process",
    () =>
      Effect.gen(function* () {
        const { code, stderr } = yield* run({ cwd, args: ["serve", "--port", "0", "--workers", "0"] })
        assert.strictEqual(code, 1)
        assert.strictEqual(stderr, `causeway: ${why}\n`)
      }),
    timeout
  )
})

describe("a client that leaves", () => {
  for (const [what, path, body] of [
    ["a completion", "/v1/chat/completions", chat("fault:stall")],
    ["a stream", "/v1/chat/completions", chat("fault:stall-body", true)],
    ["a call of a service", "/predict/answer", { prompt: "Hello", model: "fault:stall" }]
  ] as const) {
    it.live(
      `ends ${what} as far as the upstream's socket`,
      () =>
        Effect.gen(function* () {
          const simulator = yield* Simulator
          const server = yield* ready({ env: { OPENAI_BASE_URL: simulator.url } })
          const client = new AbortController()
          const request = yield* Effect.forkScoped(
            Effect.exit(send(server.url + path, { method: "POST", body: JSON.stringify(body), signal: client.signal }))
          )
          const { number } = yield* simulator.awaitRequest(
            ({ model, outcome }) => model?.startsWith("fault:") === true && outcome === "pending"
          )
          client.abort()
          const { outcome } = yield* simulator.awaitClosed(number)
          assert.strictEqual(outcome, "abandoned")
          assert.strictEqual((yield* Fiber.join(request))._tag, "Failure")
          assert.strictEqual((yield* post(`${server.url}/predict`, { x: 3 })).status, 200)
        }).pipe(Effect.provide(Simulator.layer())),
      timeout
    )
  }
})

describe("a secret", () => {
  it.live(
    "never gets out, even where the upstream repeats it",
    () =>
      Effect.gen(function* () {
        const upstream = yield* gate((request, response, body) => {
          const { authorization } = request.headers
          response.writeHead(500, { "content-type": "application/json", "x-echo": authorization })
          const message = `no such key: ${authorization} in ${body}`
          response.end(JSON.stringify({ error: { message, type: "server_error" } }))
        })
        yield* upstream.open
        const own = "open-sesame-please"
        const server = yield* ready({
          env: { OPENAI_BASE_URL: upstream.url, OPENAI_API_KEY: key, CAUSEWAY_API_KEY: own }
        })
        const authorization = `Bearer ${own}`
        const texts: Array<string> = []
        for (const [path, body] of [
          ["/v1/chat/completions", chat("m")],
          ["/v1/chat/completions", chat("m", true)],
          ["/predict/answer", { prompt: `is it ${own}?` }]
        ] as const) {
          assert.strictEqual(codeOf(yield* post(server.url + path, body)), "unauthenticated")
          const { headers, status, text } = yield* post(server.url + path, body, { authorization })
          assert.strictEqual(status, 502)
          texts.push(text, JSON.stringify(Array.from(headers)))
        }
        yield* server.signal("SIGTERM")
        const { stderr, stdout } = yield* server.ended
        for (const text of [...texts, stdout, stderr]) {
          assert.notInclude(text, key)
          assert.notInclude(text, own)
        }
        assert.include(stderr, "ProviderFault")
      }),
    timeout
  )
})
