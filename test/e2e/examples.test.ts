/**
 * The examples, as their readers run them.
 */
import { createRequire } from "node:module"
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { program, until } from "./command.ts"

const timeout = 60_000

const tsx = createRequire(import.meta.url).resolve("tsx/cli")

/** `npx tsx examples/<name>.ts`, to its end: it must not keep its process alive. */
const example = (name: string) =>
  Effect.scoped(Effect.flatMap(program(tsx, { args: [`examples/${name}.ts`] }), ({ ended }) => ended))

const textOf = async (url: string, init?: RequestInit) => await (await fetch(url, init)).text()

describe("examples", () => {
  it.live(
    "quickstart: a second upstream answers",
    () =>
      Effect.map(example("quickstart"), ({ code, stderr, stdout }) => {
        assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
        assert.include(stdout, "a bridge that holds")
      }),
    timeout
  )

  it("quickstart: is short", () => {
    const lines = readFileSync(new URL("../../examples/quickstart.ts", import.meta.url), "utf8")
      .trimEnd()
      .split("\n")
    assert.isBelow(lines.length, 60)
  })

  it.live(
    "openai-client: answers, pieces, bytes, and what a failure allows",
    () =>
      Effect.map(example("openai-client"), ({ code, stderr, stdout }) => {
        assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
        assert.match(stdout, /a response in pieces: .*Say hello/)
        assert.include(stdout, "a file of 8 bytes")
        assert.match(stdout, /responses\.create: ProviderFault, .*; retry: never, it may have run/)
      }),
    timeout
  )

  it.live(
    "model-server: serves a chat and embeddings until it is ended",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const server = yield* program(tsx, { args: ["examples/model-server.ts"], env: { PORT: "0" } })
          const stdout = yield* until(Effect.sync(server.stdout), (text) => text.includes("/v1"))
          const [, url = ""] = /models at (\S+)/.exec(stdout) ?? []
          const ask = (path: string, body: object) =>
            Effect.map(
              Effect.promise(() => textOf(`${url}${path}`, { method: "POST", body: JSON.stringify(body) })),
              (text): unknown => JSON.parse(text)
            )
          const messages = [{ role: "user", content: "good day" }]
          const chat: unknown = yield* ask("/chat/completions", { model: "echo-1", messages })
          assert.nestedPropertyVal(chat, "choices[0].message.content", "good day")
          const vectors: unknown = yield* ask("/embeddings", { model: "letters-1", input: ["a", "bb"] })
          assert.nestedPropertyVal(vectors, "data[1].embedding[0]", 2)
          const health = yield* Effect.promise(() => textOf(new URL("/health/ready", url).href))
          assert.strictEqual(health, '{"status":"ready","reasons":[]}')
          yield* server.signal("SIGTERM")
          yield* server.ended
        })
      ),
    timeout
  )

  it.live(
    "predict-server: serves a call, a stream and their description until it is ended",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const server = yield* program(tsx, { args: ["examples/predict-server.ts"], env: { PORT: "0" } })
          const stdout = yield* until(Effect.sync(server.stdout), (text) => text.includes("/predict"))
          const [, url = ""] = /calls at (\S+)/.exec(stdout) ?? []
          const ask = (call: string, headers: Record<string, string> = {}) =>
            Effect.promise(() => textOf(`${url}/${call}`, { method: "POST", headers, body: '{"text":"oh my!"}' }))
          assert.strictEqual(yield* ask("mood"), '{"score":1}')
          assert.strictEqual(yield* ask("words", { accept: "application/x-ndjson" }), '"oh"\n"my!"\n')
          const described = yield* Effect.promise(() => textOf(new URL("/openapi.json", url).href))
          assert.include(described, '"/predict/words"')
          yield* server.signal("SIGTERM")
          yield* server.ended
        })
      ),
    timeout
  )

  it.live(
    "batching: many calls at once, of which a bad one fails alone",
    () =>
      Effect.map(example("batching"), ({ code, stderr, stdout }) => {
        assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
        assert.include(stdout, '"causeway": a score of 8; "": refused')
        assert.include(stdout, "64 calls, batches of up to 32")
      }),
    timeout
  )

  it.live(
    "cpu-pool: computes elsewhere, and ends what never would",
    () =>
      Effect.map(example("cpu-pool"), ({ code, stderr, stdout }) => {
        assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
        assert.include(stdout, "168, 303, 430, 550, 669, 783, 900, 1007")
        assert.include(stdout, "counted on this thread: 0")
        assert.include(stdout, "no answer within 200ms")
        assert.include(stdout, "meanwhile: 25 primes below 100")
      }),
    // What is left of the 200 ms when the pool gets the call is 199 where a millisecond ends in between.
    { timeout, retry: 4 }
  )

  it.live(
    "native-crash: one call fails, and nothing else",
    () =>
      Effect.map(example("native-crash"), ({ code, stderr, stdout }) => {
        assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
        assert.include(stdout, "served by this process: false")
        assert.include(stdout, "broken.png: its worker ended by SIGSEGV; may-have-run")
        for (const file of ["a", "b", "c"]) assert.include(stdout, `${file}.png, resized`)
        assert.include(stdout, "afterwards: d.png, resized")
      }),
    timeout
  )

  it.live(
    "layers: two layers of the server in a router that exists already",
    () =>
      Effect.map(example("layers"), ({ code, stderr, stdout }) => {
        assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
        for (const line of [
          /^the first: 200, "default";r=1;t=30$/m,
          /^the third: 429, "default";r=0;t=\d+$/m,
          /^\{"time":.*"path":"\/hello","status":429,.*"reason":"TooManyRequests"\}$/m
        ]) {
          assert.match(stdout, line)
        }
      }),
    timeout
  )

  it.live(
    "no-healthy-upstream: shows the failure, what is lost otherwise, and the second upstream",
    () =>
      Effect.map(example("no-healthy-upstream"), ({ code, stderr, stdout }) => {
        assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
        assert.match(stdout, /primary failed at chat\.completions\.create: Gateway, no healthy upstream/)
        assert.match(stdout, /HTTP 503, attempt 1, \d+ ms from envoy/)
        const [, text = ""] = /Causeway +structuredClone +JSON\n([^]*?)\n\n/.exec(stdout) ?? []
        const rows = text.split("\n").map((line) => line.trim().split(/ {2,}/))
        const row = (question: string) => rows.find(([name]) => name === question)?.slice(1)
        assert.deepStrictEqual(row("its class"), ["UpstreamError", "-", "-"])
        assert.deepStrictEqual(row("the reason"), ["Gateway", "-", "Gateway"])
        assert.deepStrictEqual(row("may it be retried"), ["backoff", "-", "-"])
        assert.deepStrictEqual(row("a header of the answer"), ["envoy", "-", "-"])
        // Over Causeway nothing is missing.
        assert.deepStrictEqual(
          rows.filter(([, arrived]) => arrived === "-"),
          []
        )
        assert.include(stdout, "Is anybody there?")
      }),
    timeout
  )

  it.live(
    "rest-api: each failure by its reason, and what may be repeated is",
    () =>
      Effect.map(example("rest-api"), ({ code, stderr, stdout }) => {
        assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
        assert.deepStrictEqual(
          stdout.split("\n").filter((line) => /^\w+: /.test(line)),
          [
            "item: a bridge",
            "limited: RateLimited, slow down; retry: after",
            "counting: Overloaded, the upstream is overloaded; retry: backoff",
            "portal: MalformedResponse, the answer is not JSON: it is text/html; retry: backoff",
            "other: MalformedResponse, the answer is not of the expected shape: Expected number; retry: backoff",
            "silent: Timeout, timed out: no answer within 1s; retry: backoff",
            "order: ProviderFault, disk full; retry: never",
            "flaky: a third attempt"
          ]
        )
      }),
    timeout
  )

  it.live(
    "database: a driver's codes by rows, and a locked table that a policy waits for",
    () =>
      Effect.map(example("database"), ({ code, stderr, stdout }) => {
        assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
        assert.match(stdout, /^twice: .*: InvalidRequest, UNIQUE constraint failed: orders\.item; retry: never$/m)
        assert.match(stdout, /^nothing: .*: InvalidRequest, NOT NULL .*; retry: never$/m)
        assert.match(stdout, /^elsewhere: .*: NotFound, no such table: nowhere; retry: never$/m)
        assert.match(stdout, /^nonsense: .*: InvalidRequest, near "WHERE": syntax error; retry: never$/m)
        assert.match(stdout, /^nofile: .*: Configuration, the file cannot be opened; retry: never$/m)
        assert.match(stdout, /^after a while: order 2$/m)
        assert.match(stdout, /^2 orders$/m)
      }),
    timeout
  )

  it.live(
    "outage-fallback: five calls find out, the others are not sent to the dead upstream",
    () =>
      Effect.map(example("outage-fallback"), ({ code, stderr, stdout }) => {
        assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
        const [, requests = "99"] = /^20 calls, 20 answers, (\d+) requests to primary$/m.exec(stdout) ?? []
        // Five, and one for each second that the twenty calls take on a busy machine.
        assert.isAtLeast(Number(requests), 5)
        assert.isBelow(Number(requests), 15)
        assert.match(stdout, /^primary is down: its breaker is open/m)
        assert.match(stdout, /^backup is healthy/m)
      }),
    timeout
  )

  it.live(
    "hedging: no caller waits for a slow answer",
    () =>
      Effect.map(example("hedging"), ({ code, stderr, stdout }) => {
        assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
        const [, by = "0"] = /^primary answered \d+ calls, backup (\d+)$/m.exec(stdout) ?? []
        assert.isAtLeast(Number(by), 3)
        const [, interrupted = "0"] = /^(\d+) slow calls were interrupted$/m.exec(stdout) ?? []
        assert.isAtLeast(Number(interrupted), 3)
      }),
    timeout
  )

  it.live(
    "shared-pause: one refusal is enough for all callers",
    () =>
      Effect.map(example("shared-pause"), ({ code, stderr, stdout }) => {
        assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
        assert.include(stdout, "9 calls were served, 1 refused\nthe rest was kept")
      }),
    timeout
  )

  it.live(
    "degraded-plan: the last known answer, a fixed one, and the way back",
    () =>
      Effect.map(example("degraded-plan"), ({ code, stderr, stdout }) => {
        assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
        assert.deepStrictEqual(
          stdout.split("\n").filter((line) => /^(?:France|Italy|upstreams)/.test(line)),
          [
            "France: Paris",
            "France: Paris (cached)",
            "Italy: Please ask again later. (sorry)",
            "upstreams asked meanwhile: 0",
            "Italy: Rome"
          ]
        )
      }),
    timeout
  )
})
