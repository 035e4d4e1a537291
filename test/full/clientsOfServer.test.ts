/**
 * Clients that are none of ours, before this server: each does what it can, and meets
 * failures that have to come out as its own errors. The table in `docs/openai-api.md` is
 * what this run saw; `UPDATE_DOCS=1` writes it.
 */
import { execFile } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { isDeepStrictEqual, promisify } from "node:util"
import { Evidence } from "@causeway/core/Evidence"
import * as Local from "@causeway/core/Local"
import * as Remote from "@causeway/core/Remote"
import { UpstreamError } from "@causeway/core/UpstreamError"
import { Relay, type RelayRequest } from "@causeway/openai/Relay"
import * as OpenAiApi from "@causeway/server/OpenAiApi"
import * as RpcApi from "@causeway/server/RpcApi"
import * as Server from "@causeway/server/Server"
import { Simulator } from "@causeway/simulator/Simulator"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { client } from "./fixtures/clients.ts"

const gateway = Layer.unwrap(
  Effect.map(Simulator, ({ url }) =>
    Server.serve(
      OpenAiApi.layer().pipe(Layer.provide(Local.layer(Relay, Relay.layer({ primary: { baseUrl: url } })))),
      { port: 0 }
    )
  )
).pipe(Layer.provide(Simulator.layer()))

const isUpdated = process.env["UPDATE_DOCS"] === "1"

const said = 'You said: "good day" (the Causeway simulator answers; no model is running)'

const Told = Schema.Union([
  Schema.Struct({ answer: Schema.Union([Schema.String, Schema.Finite]) }),
  Schema.Struct({
    error: Schema.String,
    status: Schema.optional(Schema.Finite),
    code: Schema.optional(Schema.String),
    retryable: Schema.optional(Schema.Boolean)
  })
])

const Report = Schema.fromJsonString(Schema.Record(Schema.String, Told))

type Report = typeof Report.Type

const answered = {
  chat: { answer: said },
  stream: { answer: said },
  tool: { answer: "weather" },
  embeddings: { answer: 256 }
}

/** The failures with the class, and what goes with it, that a client has for each. */
const failed = (
  classes: readonly [limit: string, overflow: string, fault: string, stream: string],
  more: { readonly isRetryableKnown?: boolean; readonly overflow?: object; readonly stream?: object } = {}
): Record<string, unknown> => {
  const retryable = (retryable: boolean) => (more.isRetryableKnown === true ? { retryable } : {})
  const [limit, overflow, fault, stream] = classes
  return {
    "429 of the upstream": { error: limit, status: 429, code: "rate_limit_exceeded", ...retryable(true) },
    "context overflow, 400": {
      error: overflow,
      code: "context_length_exceeded",
      ...(more.overflow ?? { status: 400 }),
      ...retryable(false)
    },
    "401 of the upstream": { error: fault, status: 502, code: "authentication", ...retryable(true) },
    "no healthy upstream, 503": { error: fault, status: 503, code: "gateway", ...retryable(true) },
    "cut stream": { error: stream, code: "stream_truncated", ...more.stream }
  }
}

const ofSdk = failed(["RateLimitError", "BadRequestError", "InternalServerError", "APIError"])

const ofAiSdk = (stream: object = {}) =>
  failed(["APICallError", "APICallError", "APICallError", "Object"], { isRetryableKnown: true, stream })

const clients: Readonly<Record<string, { readonly args: ReadonlyArray<string>; readonly expected: object }>> = {
  openai: { args: ["openai.mjs"], expected: { ...answered, responses: { answer: said }, ...ofSdk } },
  "ai, @ai-sdk/openai, chat": { args: ["aiSdkAll.mjs", "chat"], expected: { ...answered, ...ofAiSdk() } },
  "ai, @ai-sdk/openai, responses": {
    args: ["aiSdkAll.mjs", "responses"],
    expected: { ...answered, ...ofAiSdk({ status: 500, retryable: true }) }
  },
  "ai, @ai-sdk/openai-compatible": { args: ["aiSdkAll.mjs", "compatible"], expected: { ...answered, ...ofAiSdk() } },
  "@langchain/openai": {
    args: ["langchain.mjs"],
    expected: {
      ...answered,
      ...failed(["RateLimitError", "ContextOverflowError", "InternalServerError", "APIError"], { overflow: {} })
    }
  },
  "@llamaindex/openai": { args: ["llamaindex.mjs"], expected: { ...answered, ...ofSdk } }
}

const seen = new Map<string, Report>()

const run = promisify(execFile)

/** What curl does with an answer: its body, or how it ended. */
const curl = async (
  url: string,
  body: object
): Promise<{ readonly text: string; readonly status: number; readonly exit: number }> => {
  const args = ["-sS", "--fail-with-body", "--max-time", "20", "-w", "\n%{http_code}", "-d", JSON.stringify(body), url]
  const { exit, stdout } = await run("curl", args).then(
    ({ stdout }) => ({ stdout, exit: 0 }),
    (error: { readonly stdout: string; readonly code: number }) => ({ stdout: error.stdout, exit: error.code })
  )
  const end = stdout.lastIndexOf("\n")
  return { text: stdout.slice(0, end), status: Number(stdout.slice(end + 1)), exit }
}

/** What failed in a worker, in the order in which its server was told. */
const failures: Array<unknown> = []

const note = (error: unknown) => Effect.sync(() => failures.push(error))

const ask = (path: string, body: object) => ({ path, method: "POST", body: JSON.stringify(body) })

/** The relay of a pool of workers, whose failures are noted as they come from there. */
const noted = Layer.effect(
  Relay,
  Effect.map(Relay, (relay) => {
    const events = (request: typeof RelayRequest.Type) => Stream.tapError(relay.events(request), note)
    return Relay.of({
      ...relay,
      complete: (request) => Effect.tapError(relay.complete(request), note),
      // Nobody here wants a queue.
      events: events as typeof relay.events
    })
  })
)

/** The contract of the relay over `/rpc`, from workers. */
const remote = Layer.unwrap(
  Effect.map(Simulator, ({ url }) =>
    Server.serve(RpcApi.layer(Relay), { port: 0 }).pipe(
      Layer.provide(noted),
      Layer.provide(
        WorkerPool.layer(Relay, {
          entry: new URL("./fixtures/relayWorker.ts", import.meta.url),
          size: 1,
          spare: 0,
          data: url
        })
      )
    )
  )
).pipe(Layer.provide(Simulator.layer()))

const effectClient = Layer.unwrap(
  Effect.map(Server.Server, ({ url }) => Remote.layer(Relay, { url: `${url}/rpc` }))
).pipe(Layer.provide(remote))

layer(gateway, { excludeTestServices: true })("a client that is none of ours", (it) => {
  it.effect.each(Object.entries(clients))("%s answers, and fails as itself", ([name, { args, expected }]) =>
    Effect.gen(function* () {
      const { url } = yield* Server.Server
      const [program = "", ...rest] = args
      const printed = yield* Effect.promise(() => client(program, `${url}/v1`, ...rest))
      const report = yield* Schema.decodeUnknownEffect(Report)(printed)
      seen.set(name, report)
      assert.deepStrictEqual(report, expected)
    })
  )

  it.effect("curl answers, and fails as itself", () =>
    Effect.gen(function* () {
      const { url } = yield* Server.Server
      const messages = [{ role: "user", content: "good day" }]
      const ask = (model: string, more: object = {}) =>
        Effect.promise(() => curl(`${url}/v1/chat/completions`, { model, messages, ...more }))
      const plain = yield* ask("gpt-5")
      assert.nestedPropertyVal(JSON.parse(plain.text), "choices[0].message.content", said)
      assert.match((yield* ask("gpt-5", { stream: true })).text, /data: \[DONE\]\s*$/)
      const tools = [{ type: "function", function: { name: "weather", parameters: { type: "object" } } }]
      const called = JSON.parse((yield* ask("gpt-5", { tools, tool_choice: "required" })).text)
      assert.nestedPropertyVal(called, "choices[0].message.tool_calls[0].function.name", "weather")
      const vectors = yield* Effect.promise(() => curl(`${url}/v1/embeddings`, { model: "gpt-5", input: "good day" }))
      assert.strictEqual(JSON.parse(vectors.text).data[0].embedding.length, 256)
      const report: Record<string, Report[string]> = { ...answered }
      for (const [name, fault, status, code] of [
        ["429 of the upstream", "rate-limited", 429, "rate_limit_exceeded"],
        ["context overflow, 400", "context-length", 400, "context_length_exceeded"],
        ["401 of the upstream", "unauthorized", 502, "authentication"],
        ["no healthy upstream, 503", "no-healthy-upstream", 503, "gateway"]
      ] as const) {
        const answer = yield* ask(`fault:${fault}`)
        assert.deepStrictEqual([answer.exit, answer.status], [22, status])
        assert.strictEqual(JSON.parse(answer.text).error.code, code)
        report[name] = { error: "exit 22", status, code }
      }
      const cut = yield* ask("fault:cut-stream", { stream: true })
      assert.match(cut.text, /event: error\ndata: .*"stream_truncated"/)
      assert.notInclude(cut.text, "[DONE]")
      report["cut stream"] = { error: "an `error` event, no `[DONE]`", code: "stream_truncated" }
      seen.set("curl", report)
    })
  )

  it.effect("an Effect client over /rpc answers, and fails with the very error of the worker", () =>
    Effect.gen(function* () {
      const relay = yield* Relay
      const messages = [{ role: "user", content: "good day" }]
      const chat = (model: string, more: object = {}) => ask("/chat/completions", { model, messages, ...more })
      const plain = yield* relay.complete(chat("gpt-5"))
      assert.nestedPropertyVal(JSON.parse(plain.body), "choices[0].message.content", said)
      const events = yield* Stream.runCollect(relay.events(chat("gpt-5", { stream: true })))
      assert.isAbove(events.length, 1)
      const tools = [{ type: "function", function: { name: "weather", parameters: { type: "object" } } }]
      const called = yield* relay.complete(chat("gpt-5", { tools, tool_choice: "required" }))
      assert.nestedPropertyVal(JSON.parse(called.body), "choices[0].message.tool_calls[0].function.name", "weather")
      const vectors = yield* relay.complete(ask("/embeddings", { model: "gpt-5", input: "good day" }))
      assert.strictEqual(JSON.parse(vectors.body).data[0].embedding.length, 256)
      const report: Record<string, Report[string]> = { ...answered }
      for (const [name, fault, reason] of [
        ["429 of the upstream", "rate-limited", "RateLimited"],
        ["context overflow, 400", "context-length", "InputTooLarge"],
        ["401 of the upstream", "unauthorized", "Authentication"],
        ["no healthy upstream, 503", "no-healthy-upstream", "Gateway"],
        ["cut stream", "cut-stream", "StreamTruncated"]
      ] as const) {
        const failed =
          name === "cut stream"
            ? Stream.runDrain(relay.events(chat(`fault:${fault}`, { stream: true })))
            : relay.complete(chat(`fault:${fault}`))
        const error = yield* Effect.flip(failed)
        assert.instanceOf(error, UpstreamError)
        assert.strictEqual(error.reason._tag, reason)
        const there = failures.pop()
        assert.notStrictEqual(there, error)
        assert.isTrue(isDeepStrictEqual(error, there), "it is not what the worker failed with")
        const { evidence, operation, upstream } = error
        const other = new UpstreamError({
          upstream,
          operation,
          reason: error.reason,
          evidence: new Evidence({ ...evidence, attempt: 9 })
        })
        assert.isFalse(isDeepStrictEqual(error, other))
        report[name] = { error: reason }
      }
      seen.set("Effect, over `/rpc`", report)
    }).pipe(Effect.provide(effectClient))
  )

  it.effect("is told of in the documentation as it was seen", () =>
    Effect.sync(() => {
      const path = "docs/openai-api.md"
      const text = readFileSync(path, "utf8")
      const [all = "", before = "", , after = ""] =
        /(<!-- table: clients -->\n)([^]*?)(<!-- end of the table -->)/.exec(text) ?? []
      assert.notStrictEqual(all, "", `${path} has no place for the table`)
      const updated = text.replace(all, () => `${before}\n${tableOf(seen)}\n${after}`)
      if (isUpdated) writeFileSync(path, updated)
      else assert.strictEqual(plain(text), plain(updated))
    })
  )
})

/** Without what a formatter does to a table. */
const plain = (text: string): string => text.replaceAll(/ {2,}/g, " ").replaceAll(/-{3,}/g, "---")

const shown = (told: Report[string] | undefined): string => {
  if (told === undefined) return ""
  if ("answer" in told) return "answered"
  const { code, error, status } = told
  const name = error === "Object" ? "an object" : error
  return [name.includes(" ") ? name : `\`${name}\``, status, code && `\`${code}\``]
    .filter((part) => part !== undefined)
    .join(" ")
}

const tableOf = (reports: ReadonlyMap<string, Report>): string => {
  const rows = Array.from(reports, ([name, report]) => {
    const { chat, embeddings, stream, tool, ...failures } = report
    const isWhole = [chat, embeddings, stream, tool].every((told) => told !== undefined && "answer" in told)
    const cells = [
      "429 of the upstream",
      "context overflow, 400",
      "401 of the upstream",
      "no healthy upstream, 503",
      "cut stream"
    ].map((failure) => shown(failures[failure]))
    return [name, isWhole ? "answered" : "not all", ...cells]
  })
  const head = [
    "client",
    "chat, stream, tool call, embeddings",
    "the upstream's 429",
    "context overflow",
    "the upstream's 401",
    "no healthy upstream",
    "a stream that is cut"
  ]
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |\n`).join("")
}
