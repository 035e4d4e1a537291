/** Models of one's own among the upstreams of the command. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Simulator } from "@causeway/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { directory, get, moduleUrl, post, ready, run, serve, until } from "./command.ts"

const timeout = 90_000

/** A model that repeats behind a word, fails at "break" and takes its worker down at "crash". */
const models = (word: string): string => `
  import * as ModelServer from ${moduleUrl("packages/openai/src/ModelServer.ts")}
  import * as Effect from ${JSON.stringify(import.meta.resolve("effect/Effect"))}
  const answer = (text) => {
    if (text === "crash") process.exit(7)
    return text === "break" ? Effect.fail(new Error("no memory is left")) : Effect.succeed(${JSON.stringify(word)} + text)
  }
  export default ModelServer.layer({
    "echo-1": { chat: ({ messages }) => Effect.suspend(() => answer(ModelServer.textOf(messages.at(-1)))) }
  })`

const configuration = (upstreams: object, more: object = {}): string =>
  JSON.stringify({ upstreams, pool: { size: 1, spare: 0 }, ...more })

const own = { module: "./models.mjs", models: { "gpt-5": "echo-1" } }

const asked = (content: string) => ({ model: "gpt-5", messages: [{ role: "user", content }] })

const said = (text: string): unknown => JSON.parse(text).choices?.[0].message.content

describe("causeway serve, with models of one's own", () => {
  it.live(
    "serves them as the upstream that is asked first, and asks the next one where they fail",
    () =>
      Effect.gen(function* () {
        const { url } = yield* Simulator
        const cwd = directory({
          "models.mjs": models("first: "),
          "causeway.config.json": configuration({ own, backup: { baseUrl: url } })
        })
        const server = yield* ready({ cwd })
        assert.match(server.stdout(), /upstream +own, models of models\.mjs$/m)
        const first = yield* post(`${server.url}/v1/chat/completions`, asked("hello"))
        assert.deepStrictEqual([first.status, said(first.text)], [200, "first: hello"], first.text)
        assert.strictEqual(first.headers.get("x-causeway-upstream"), "own")
        const second = yield* post(`${server.url}/v1/chat/completions`, asked("break"))
        assert.deepStrictEqual([second.status, second.headers.get("x-causeway-upstream")], [200, "backup"])
        assert.match(String(said(second.text)), /^You said: "break"/)

        // A service's own client of OpenAI asks them as well.
        const answer = yield* post(`${server.url}/predict/answer`, { prompt: "hello", model: "gpt-5" })
        assert.deepStrictEqual([answer.status, JSON.parse(answer.text)], [200, { text: "first: hello" }])

        // Each call is counted once, of its upstream.
        const counted = (yield* get(`${server.url}/metrics`)).text
          .split("\n")
          .filter((line) => line.startsWith("gen_ai_client_operation_duration_seconds_count"))
        assert.isNotEmpty(counted)
        for (const line of counted) assert.match(line, /causeway_upstream="(?:own|backup)"/)

        // Only this server has the key.
        const info = JSON.parse((yield* get(`${server.url}/info`)).text)
        assert.deepInclude(info.upstreams[0], { name: "own", isAuthenticated: true, models: { "gpt-5": "echo-1" } })
        assert.strictEqual((yield* get(`${info.upstreams[0].baseUrl}/models`)).status, 401)

        writeFileSync(join(cwd, "models.mjs"), models("again: "))
        yield* server.signal("SIGHUP")
        yield* until(Effect.sync(server.stderr), (text) => text.includes("was read again, and is used"))
        const after = yield* post(`${server.url}/v1/chat/completions`, asked("hello"))
        assert.strictEqual(said(after.text), "again: hello")

        writeFileSync(join(cwd, "models.mjs"), "export default 1")
        yield* server.signal("SIGHUP")
        yield* until(Effect.sync(server.stderr), (text) => /is not used: .*has no models of ModelServer/.test(text))
        assert.strictEqual(said((yield* post(`${server.url}/v1/chat/completions`, asked("hi"))).text), "again: hi")
        yield* server.signal("SIGTERM")
        assert.strictEqual((yield* server.ended).code, 0)
      }).pipe(Effect.provide(Simulator.layer())),
    timeout
  )

  it.live(
    "goes on where they take their worker down",
    () =>
      Effect.gen(function* () {
        const cwd = directory({
          "models.mjs": models(""),
          "causeway.config.json": configuration({ own }, { policy: { retry: { times: 0 }, fallback: [] } })
        })
        const server = yield* ready({ cwd })
        const crashed = yield* post(`${server.url}/v1/chat/completions`, asked("crash"))
        assert.isAtLeast(crashed.status, 500)
        assert.match(crashed.text, /"code":"(?:crashed|provider_fault)"/)
        const square = yield* post(`${server.url}/predict/square`, { x: 3 })
        assert.strictEqual(square.text, '{"y":9}')
        const after = yield* post(`${server.url}/v1/chat/completions`, asked("hello"))
        assert.strictEqual(said(after.text), "hello")
      }),
    timeout
  )

  it.live(
    "is not ready while none of them is, where nobody else would be asked",
    () =>
      Effect.gen(function* () {
        const broken = 'throw new Error("no weights")'
        const alone = directory({ "models.mjs": broken, "causeway.config.json": configuration({ own }) })
        const backup = { baseUrl: "http://127.0.0.1:1" }
        const besides = directory({ "models.mjs": broken, "causeway.config.json": configuration({ own, backup }) })
        for (const [cwd, status] of [
          [alone, 503],
          [besides, 200]
        ] as const) {
          const server = yield* serve({ cwd })
          const found = yield* until(get(`${server.url}/health`), ({ text }) => /"name":"workers","ok":true/.test(text))
          const { checks } = JSON.parse(found.text)
          const check = checks.find(({ name }: { readonly name: string }) => name === "models")
          assert.deepStrictEqual([found.status, check.ok], [status, status === 200], found.text)
          if (status === 503) assert.match(check.reason, /^own: (?:starting|.*no weights)/)
        }
      }),
    timeout
  )

  it.live(
    "serves them in process, and checks their module",
    () =>
      Effect.gen(function* () {
        const cwd = directory({ "models.mjs": models(""), "causeway.config.json": configuration({ own }) })
        const server = yield* ready({ cwd, env: { CAUSEWAY_WORKERS: "0" } })
        const answer = yield* post(`${server.url}/v1/chat/completions`, asked("hello"))
        assert.strictEqual(said(answer.text), "hello")
        const good = yield* run({ args: ["check"], cwd })
        assert.match(good.stdout, /^own +models\.mjs +ok +\d+ +models of one's own/m)
        assert.strictEqual(good.code, 0)
        writeFileSync(join(cwd, "models.mjs"), "export default 1")
        const bad = yield* run({ args: ["check"], cwd })
        assert.match(bad.stdout, /^own +models\.mjs +failed +\d+ .*its default export is none/m)
        assert.strictEqual(bad.code, 1)
        const ended = yield* run({ args: ["serve", "--port", "0"], cwd, env: { CAUSEWAY_WORKERS: "0" } })
        assert.match(ended.stderr, /^causeway: the handlers of causeway\/Relay could not be built: .*no models/m)
        assert.strictEqual(ended.code, 1)
      }),
    timeout
  )

  it.live(
    "refuses a module that is not there, or that has an address beside it",
    () =>
      Effect.gen(function* () {
        const wrong = { module: "./absent.mjs", baseUrl: "http://127.0.0.1:1" }
        const cwd = directory({ "causeway.config.json": configuration({ own: wrong }) })
        const { stderr } = yield* run({ args: ["check"], cwd })
        assert.match(stderr, /upstreams\.own\.module in causeway\.config\.json: got ".\/absent\.mjs", .*which exists/)
        assert.match(stderr, /upstreams\.own\.baseUrl in causeway\.config\.json: got an option that does not exist/)
      }),
    timeout
  )
})
