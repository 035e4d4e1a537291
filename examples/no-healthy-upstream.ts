// The failure that this project exists for: npx tsx examples/no-healthy-upstream.ts
//
// The proxy in front of an upstream answers 503 "no healthy upstream" to a call of the OpenAI SDK inside a worker
// thread. The main thread catches it by its reason, with all that was seen of it; then a second upstream answers.
import { isMainThread } from "node:worker_threads"
import * as Contract from "@causeway/core/Contract"
import * as Disposition from "@causeway/core/Disposition"
import * as Report from "@causeway/core/Report"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as OpenAiClient from "@causeway/openai/OpenAiClient"
import type { Upstreams } from "@causeway/openai/UpstreamConfig"
import * as Policy from "@causeway/resilience/Policy"
import { Simulator } from "@causeway/simulator/Simulator"
import * as WorkerEntry from "@causeway/workers/WorkerEntry"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"

class Assistant extends Contract.Service<Assistant>()(
  "app/Assistant",
  Rpc.make("ask", { payload: { question: Schema.String }, success: Schema.String, error: UpstreamError })
) {}

// -- In the worker ----------------------------------------------------------------------------------------------------

const handlers = Assistant.toLayer(
  Effect.gen(function* () {
    const openai = yield* OpenAiClient.OpenAiClient
    return {
      ask: ({ question }) =>
        openai.chat.completions
          .create({ model: "gpt-5", messages: [{ role: "user", content: question }] }, { retries: 0 })
          .pipe(Effect.map(({ choices }) => choices[0]?.message.content ?? ""))
    }
  })
)

if (!isMainThread) {
  const client = Effect.map(WorkerEntry.data, (upstreams) => OpenAiClient.layerUpstreams(upstreams as Upstreams))
  WorkerEntry.run(handlers.pipe(Layer.provide(Layer.unwrap(client))))
}

// -- In the main thread -----------------------------------------------------------------------------------------------

/** What a receiver wants to know of an error. */
const questions: ReadonlyArray<readonly [question: string, answer: (error: UpstreamError) => unknown]> = [
  ["caught by its reason", isCaught],
  ["its class", (error) => error instanceof UpstreamError && "UpstreamError"],
  ["its message", (error) => error.message],
  ["which upstream", (error) => error.upstream],
  ["the reason", (error) => error.reason._tag],
  ["may it be retried", (error) => Disposition.of(error)?.retry],
  ["where may it go instead", (error) => Disposition.of(error)?.fallback],
  ["the status", (error) => error.evidence.response?.status],
  ["what the answer said", (error) => error.evidence.response?.body],
  ["a header of the answer", (error) => error.evidence.header("server")],
  ["the upstream's request id", (error) => error.evidence.requestId],
  ["the worker's stack", (error) => /\/openai\/src\//.test(error.stack ?? "")]
]

/** Whether the handler that catches the real error also catches this one. */
function isCaught(error: UpstreamError): boolean {
  return Effect.runSync(
    Effect.fail(error).pipe(
      Effect.as(false),
      Effect.catchReason("UpstreamError", "Gateway", () => Effect.succeed(true)),
      Effect.catchCause(() => Effect.succeed(false))
    )
  )
}

/** An answer that is not there, for whatever reason, is a dash. */
const show = (answer: () => unknown): string => {
  try {
    const value = answer()
    return value === undefined || value === false || value === "" ? "-" : value === true ? "yes" : String(value)
  } catch {
    return "-"
  }
}

const compare = (error: UpstreamError): string => {
  // TypeScript believes that all three are an UpstreamError.
  const ways: ReadonlyArray<readonly [name: string, received: UpstreamError]> = [
    ["Causeway", error],
    ["structuredClone", structuredClone(error)],
    ["JSON", JSON.parse(JSON.stringify(error))]
  ]
  const rows = questions.map(([question, answer]) => [
    question,
    ...ways.map(([, received]) => show(() => answer(received)))
  ])
  return table([["", ...ways.map(([name]) => name)], ...rows])
}

const table = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widest = 30
  const cut = (text: string): string => (text.length <= widest ? text : `${text.slice(0, widest - 3)}...`)
  const width = (column: number): number => Math.max(...rows.map((row) => cut(row[column] ?? "").length))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cut(cell).padEnd(width(column) + 2))
        .join("")
        .trimEnd()
    )
    .join("\n")
}

const print = (title: string, text: string): void => console.log(`${title}\n\n${text.replaceAll(/^(?=.)/gm, "  ")}\n`)

const main = Effect.gen(function* () {
  const assistant = yield* Assistant
  const ask = assistant.ask({ question: "Is anybody there?" })

  yield* ask.pipe(
    Effect.catchReason("UpstreamError", "Gateway", (_reason, error) =>
      Effect.sync(() => {
        print("Caught in the main thread by Effect.catchReason:", Report.render(error))
        print("The same error, had it crossed otherwise:", compare(error))
      })
    )
  )

  const answer = yield* ask.pipe(Policy.apply(Policy.make({ fallback: ["backup"] })))
  print('With Policy.make({ fallback: ["backup"] }), the second upstream answers:', answer)
})

if (isMainThread) {
  const pool = Effect.map(Simulator, ({ url }) => {
    const upstreams: Upstreams = {
      primary: { baseUrl: url, models: { "gpt-5": "fault:no-healthy-upstream" } },
      backup: { baseUrl: url }
    }
    return WorkerPool.layer(Assistant, { entry: new URL(import.meta.url), size: 1, spare: 0, data: upstreams })
  })
  await Effect.runPromise(Effect.provide(main, Layer.provide(Layer.unwrap(pool), Simulator.layer())))
}
