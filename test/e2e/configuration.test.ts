/**
 * What the command does with its settings, right and wrong.
 */
import { existsSync, readFileSync } from "node:fs"
import { spawnSync } from "node:child_process"
import { createServer } from "node:http"
import { stripTypeScriptTypes } from "node:module"
import { delimiter, join } from "node:path"
import { Simulator } from "@causeway/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { chat, codeOf, directory, get, moduleUrl, post, program, ready, run, serve } from "./command.ts"

const timeout = 60_000

describe("causeway", () => {
  it.live(
    "shows its help, and each flag of serve",
    () =>
      Effect.gen(function* () {
        for (const args of [[], ["--help"]]) {
          const { code, stdout } = yield* run({ args })
          assert.strictEqual(code, 0)
          assert.include(stdout, "serve")
        }
        const { code, stdout } = yield* run({ args: ["serve", "--help"] })
        assert.strictEqual(code, 0)
        for (const flag of ["--port", "--host", "--workers", "--config", "--insecure"]) assert.include(stdout, flag)
      }),
    timeout
  )

  it.live(
    "tells its version",
    () =>
      Effect.map(run({ args: ["--version"] }), ({ code, stdout }) => {
        assert.strictEqual(code, 0)
        assert.match(stdout, /causeway v\d+\.\d+\.\d+/)
      }),
    timeout
  )

  it.live(
    "refuses commands and flags that do not exist",
    () =>
      Effect.gen(function* () {
        for (const [wrong, args] of [
          ["srve", ["srve"]],
          ["--prot", ["serve", "--prot", "1"]]
        ] as const) {
          const { code, stderr, stdout } = yield* run({ args })
          assert.strictEqual(code, 1)
          assert.include(stdout + stderr, wrong)
        }
      }),
    timeout
  )
})

describe("a wrong configuration", () => {
  const assertRefused = Effect.fnUntraced(function* (
    options: Parameters<typeof run>[0],
    ...expected: ReadonlyArray<string | RegExp>
  ) {
    const { code, stderr, stdout } = yield* run({ ...options, args: ["serve", ...(options.args ?? [])] })
    assert.strictEqual(code, 1)
    assert.strictEqual(stdout, "")
    assert.isTrue(stderr.startsWith("causeway: "))
    for (const text of expected) {
      if (typeof text === "string") assert.include(stderr, text)
      else assert.match(stderr, text)
    }
    // No stack, nothing of the program's inside.
    assert.notMatch(stderr, /^ +at /m)
    return stderr
  })

  it.live(
    "is told in one go: which setting, what it got, what is allowed",
    () =>
      Effect.gen(function* () {
        const stderr = yield* assertRefused(
          {
            args: ["--workers", "many"],
            env: { PORT: "http", OPENAI_BASE_URL: "localhost", OPENAI_API_KEY: "two words" }
          },
          'PORT: got "http", allowed is a whole number from 0 to 65535',
          '--workers: got "many", allowed is',
          'OPENAI_BASE_URL: got "localhost", allowed is an http or https address'
        )
        assert.notInclude(stderr, "two words")
        assert.strictEqual(stderr.trimEnd().split("\n").length, 5)
      }),
    timeout
  )

  it.live(
    "includes another host than loopback without a key",
    () =>
      Effect.gen(function* () {
        yield* assertRefused({ env: { HOST: "0.0.0.0" } }, /HOST: got "0\.0\.0\.0".*CAUSEWAY_API_KEY.*--insecure/)
        const open = yield* serve({ args: ["--insecure"], env: { HOST: "0.0.0.0", CAUSEWAY_WORKERS: "0" } })
        assert.include(open.stdout(), "anybody")
        const { port } = new URL(open.url)
        assert.strictEqual((yield* get(`http://127.0.0.1:${port}/health/live`)).status, 200)
      }),
    timeout
  )

  it.live(
    "includes a file that cannot be used",
    () =>
      Effect.gen(function* () {
        yield* assertRefused({ args: ["--config", "absent.ts"] }, "--config: got", "absent.ts")
        const cwd = directory({ "causeway.config.ts": "export default { server: { prot: 1 } }" })
        yield* assertRefused({ cwd }, "server.prot in causeway.config.ts", "upstreams in causeway.config.ts")
      }),
    timeout
  )

  it.live(
    "includes a port that is in use",
    () =>
      Effect.gen(function* () {
        const other = yield* Effect.acquireRelease(
          Effect.sync(() => createServer()),
          (server) => Effect.sync(() => server.close())
        )
        yield* Effect.callback<void>((resume) => void other.listen(0, "127.0.0.1", () => resume(Effect.void)))
        const address = other.address()
        const port = typeof address === "object" ? address?.port : undefined
        const stderr = yield* assertRefused({ env: { PORT: String(port) } })
        assert.strictEqual(stderr, `causeway: cannot listen on 127.0.0.1:${port}: the port is in use\n`)
      }),
    timeout
  )
})

describe("a configuration file", () => {
  it.live(
    "gives upstreams and a policy, so that a second upstream answers",
    () =>
      Effect.gen(function* () {
        const { requests, url } = yield* Simulator
        const cwd = directory({
          "causeway.config.ts": `
            import { defineConfig } from ${moduleUrl("packages/cli/src/Config.ts")}
            export default defineConfig({
              upstreams: {
                primary: { baseUrl: ${JSON.stringify(url)}, models: { "gpt-5": "fault:no-healthy-upstream" } },
                backup: { baseUrl: ${JSON.stringify(url)} }
              },
              policy: { fallback: ["backup"] },
              pool: { size: 1 }
            })`
        })
        const server = yield* ready({ cwd })
        const answers = yield* Effect.all([
          post(`${server.url}/v1/chat/completions`, chat("gpt-5")),
          post(`${server.url}/v1/chat/completions`, chat("gpt-5", true)),
          post(`${server.url}/predict/answer`, { prompt: "Hello", model: "gpt-5" })
        ])
        assert.deepStrictEqual(
          answers.map(({ status }) => status),
          [200, 200, 200]
        )
        const seen = (yield* requests).map(({ model }) => model)
        assert.deepStrictEqual(
          seen,
          answers.flatMap(() => ["fault:no-healthy-upstream", "gpt-5"])
        )
        assert.match(server.stdout(), /upstream +primary, http.*\n +backup, http/)
      }).pipe(Effect.provide(Simulator.layer())),
    timeout
  )
})

describe("no policy", () => {
  it.live(
    "means that a call is made again where that can help, and its answers say so",
    () =>
      Effect.gen(function* () {
        const { requestCount, url } = yield* Simulator
        const server = yield* ready({ env: { OPENAI_BASE_URL: url } })
        const good = yield* post(`${server.url}/v1/chat/completions`, chat("gpt-5"))
        assert.strictEqual(good.headers.get("x-causeway-upstream"), "primary")
        assert.strictEqual(good.headers.get("x-causeway-attempts"), "1")
        assert.strictEqual(good.headers.get("x-causeway-degraded"), null)
        // Beside each other, since each waits between its attempts.
        const answers = yield* Effect.all(
          [
            post(`${server.url}/v1/chat/completions`, chat("fault:overloaded")),
            post(`${server.url}/v1/chat/completions`, chat("fault:overloaded", true)),
            post(`${server.url}/predict/answer`, { prompt: "Hello", model: "fault:overloaded" })
          ],
          { concurrency: "unbounded" }
        )
        for (const { headers, status } of answers) {
          assert.strictEqual(status, 503)
          // The upstream says when to come back.
          assert.strictEqual(headers.get("x-should-retry"), "true")
          assert.strictEqual(headers.get("x-causeway-upstream"), "primary")
          assert.strictEqual(headers.get("x-causeway-attempts"), "3")
        }
        assert.strictEqual(yield* requestCount, 10)
        const fault = { prompt: "Hello", model: "fault:server-error" }
        const failed = yield* post(`${server.url}/predict/answer`, fault)
        assert.deepStrictEqual([failed.status, failed.headers.get("x-causeway-attempts")], [502, "3"])
        // It does not say so here, and the server has made all retries that are to be made.
        assert.strictEqual(failed.headers.get("x-should-retry"), "false")
        const health = JSON.parse((yield* get(`${server.url}/health`)).text)
        const { details, ok } = health.checks.find(({ name }: { readonly name: string }) => name === "upstreams")
        assert.isTrue(ok)
        assert.strictEqual(details.primary.state, "down")
        assert.deepInclude(details.primary.unwell[0], { model: "fault:overloaded", lastFailure: "Overloaded" })
      }).pipe(Effect.provide(Simulator.layer())),
    timeout
  )
})

describe("a rest of an hour", () => {
  it.live(
    "is not waited for, by a stream neither: the answer says at once when to come back",
    () =>
      Effect.gen(function* () {
        const { behave, requestCount, url } = yield* Simulator
        const server = yield* ready({ env: { OPENAI_BASE_URL: url } })
        yield* behave({ fault: "rate-limited-long" })
        const startedAt = yield* Clock.currentTimeMillis
        for (const [path, body] of [
          ["/v1/chat/completions", chat("a")],
          ["/v1/chat/completions", chat("b", true)],
          ["/predict/answer", { prompt: "Hello", model: "c" }]
        ] as const) {
          const before = yield* requestCount
          const told = yield* post(`${server.url}${path}`, body)
          assert.strictEqual(told.status, 429)
          assert.strictEqual(told.headers.get("retry-after"), "3600")
          assert.strictEqual(told.headers.get("x-should-retry"), "true")
          assert.strictEqual(told.headers.get("x-causeway-attempts"), "1")
          // Those after it are not sent, and hear when too.
          const next = yield* post(`${server.url}${path}`, body)
          assert.deepStrictEqual([next.status, JSON.parse(next.text).error.code], [503, "shed"])
          assert.closeTo(Number(next.headers.get("retry-after")), 3600, 60)
          assert.strictEqual(yield* requestCount, before + 1)
        }
        // Of the minute that a rest is waited for nothing was spent.
        assert.isBelow((yield* Clock.currentTimeMillis) - startedAt, 60_000)
      }).pipe(Effect.provide(Simulator.layer())),
    timeout
  )
})

describe("a deadline", () => {
  it.live(
    "ends a call in the worker and at the upstream, and the next upstream is asked in what is left of it",
    () =>
      Effect.gen(function* () {
        const { awaitClosed, requests, url } = yield* Simulator
        const cwd = directory({
          "causeway.config.ts": `
            import { defineConfig } from ${moduleUrl("packages/cli/src/Config.ts")}
            export default defineConfig({
              upstreams: {
                primary: { baseUrl: ${JSON.stringify(url)}, models: { "gpt-5": "fault:stall" } },
                backup: { baseUrl: ${JSON.stringify(url)} }
              },
              policy: { attempt: "3 seconds", firstElement: "3 seconds", breaker: false },
              pool: { size: 1 }
            })`
        })
        const server = yield* ready({ cwd })
        const urls = { chat: `${server.url}/v1/chat/completions`, answer: `${server.url}/predict/answer` }
        // The first call takes longer, since the worker loads the SDK for it, and may be too late.
        yield* Effect.repeat(post(urls.chat, chat("gpt-4o")), { until: ({ status }) => status === 200 })
        const answers = yield* Effect.all(
          [
            post(urls.chat, chat("gpt-5")),
            post(urls.chat, chat("gpt-5", true)),
            post(urls.answer, { prompt: "Hello", model: "gpt-5" })
          ],
          { concurrency: "unbounded" }
        )
        for (const { headers, status } of answers) {
          assert.strictEqual(status, 200)
          assert.strictEqual(headers.get("x-causeway-upstream"), "backup")
          // On a busy machine the backup may be too late as well, and both are asked again.
          assert.isAtLeast(Number(headers.get("x-causeway-attempts")), 2)
        }
        const stalled = (yield* requests).filter(({ fault }) => fault === "stall")
        assert.isAtLeast(stalled.length, 3)
        for (const { number } of stalled) yield* awaitClosed(number)
        // The caller's own deadline passes before the attempt's: nobody else is asked.
        const late = yield* post(urls.chat, chat("gpt-5"), { "x-causeway-timeout": "150" })
        assert.strictEqual(late.status, 504)
        const [last] = (yield* requests).slice(-1)
        assert.strictEqual(last?.fault, "stall")
        yield* awaitClosed(last?.number ?? 0)
      }).pipe(Effect.provide(Simulator.layer())),
    timeout
  )
})

describe("a degraded plan", () => {
  it.live(
    "answers where the upstream is down, and says so",
    () =>
      Effect.gen(function* () {
        const { behave, requestCount, url } = yield* Simulator
        const cwd = directory({
          "causeway.config.ts": `
            import { defineConfig } from ${moduleUrl("packages/cli/src/Config.ts")}
            export default defineConfig({
              upstreams: { primary: { baseUrl: ${JSON.stringify(url)} } },
              policy: {
                retry: { times: 0 },
                degraded: [{ cached: "10 minutes" }, { text: "Please come back later." }, { refuse: "30 seconds" }]
              },
              pool: { size: 1 }
            })`
        })
        const server = yield* ready({ cwd })
        const ask = (text: string, more: object = {}) =>
          post(`${server.url}/v1/chat/completions`, {
            model: "gpt-5",
            messages: [{ role: "user", content: text }],
            ...more
          })
        const known = yield* ask("a question")
        yield* behave({ fault: "no-healthy-upstream" })
        const again = yield* ask("a question")
        assert.strictEqual(again.text, known.text)
        assert.deepStrictEqual([again.status, again.headers.get("x-causeway-degraded")], [200, "cached"])
        assert.isNull(again.headers.get("x-causeway-upstream"))
        for (let call = 0; call < 6; call++) {
          const other = yield* ask("another one")
          assert.deepStrictEqual([other.status, other.headers.get("x-causeway-degraded")], [200, "text"])
          assert.strictEqual(JSON.parse(other.text).choices[0].message.content, "Please come back later.")
        }
        const streamed = yield* ask("another one", { stream: true })
        assert.include(streamed.text, "Please come back later.")
        assert.isTrue(streamed.text.endsWith("data: [DONE]\n\n"))
        const refused = yield* ask("a third one", { response_format: { type: "json_object" } })
        assert.deepStrictEqual([refused.status, refused.headers.get("retry-after")], [503, "30"])
        assert.strictEqual(refused.headers.get("x-causeway-degraded"), "refused")
        // Five in a row; then only one call at a time finds out whether it is back.
        assert.isBelow(yield* requestCount, 10)
      }).pipe(Effect.provide(Simulator.layer())),
    timeout
  )
})

describe("CAUSEWAY_WORKERS=0", () => {
  it.live(
    "serves the same in process",
    () =>
      Effect.gen(function* () {
        const server = yield* ready({ env: { CAUSEWAY_WORKERS: "0" } })
        assert.include(server.stdout(), "in process")
        assert.deepStrictEqual(JSON.parse((yield* post(`${server.url}/predict`, { x: 3 })).text), { y: 9 })
        for (const [path, body] of [
          ["/v1/chat/completions", chat("fault:no-healthy-upstream")],
          ["/predict/answer", { prompt: "Hello", model: "fault:no-healthy-upstream" }]
        ] as const) {
          const answer = yield* post(server.url + path, body)
          assert.strictEqual(answer.status, 503)
          assert.strictEqual(codeOf(answer), "gateway")
        }
        const streamed = yield* post(`${server.url}/v1/chat/completions`, chat("simulator", true))
        assert.isTrue(streamed.text.endsWith("data: [DONE]\n\n"))
        yield* server.signal("SIGTERM")
        assert.strictEqual((yield* server.ended).code, 0)
      }),
    timeout
  )
})

describe("an old Node", () => {
  const old = (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((directory) => join(directory, "node"))
    .find((path) => existsSync(path) && /^v(?:1\d|20|21)\./.test(spawnSync(path, ["--version"]).stdout.toString()))

  it.live.skipIf(old === undefined)(
    "gets one plain message",
    () =>
      Effect.gen(function* () {
        const source = readFileSync(new URL("../../packages/cli/src/bin.ts", import.meta.url), "utf8")
        const published = join(directory({ "bin.mjs": stripTypeScriptTypes(source) }), "bin.mjs")
        const { code, stderr, stdout } = yield* Effect.flatMap(program(published, {}, old), ({ ended }) => ended)
        assert.strictEqual(code, 1)
        assert.strictEqual(stdout, "")
        assert.match(stderr, /^causeway: needs Node 22\.19 or newer, this is Node \S+\n$/)
      }),
    timeout
  )
})
