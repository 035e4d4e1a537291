// A contract, its handlers in a worker thread, and a caller: npx tsx examples/quickstart.ts
// An app has a file for each; here the main thread and its worker share one.
import { isMainThread } from "node:worker_threads"
import * as Contract from "@causeway/core/Contract"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as OpenAiClient from "@causeway/openai/OpenAiClient"
import type { Upstreams } from "@causeway/openai/UpstreamConfig"
import * as Policy from "@causeway/resilience/Policy"
import { Simulator } from "@causeway/simulator/Simulator"
import * as WorkerEntry from "@causeway/workers/WorkerEntry"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"

// contract.ts: what can be called, and how it can fail
class Titles extends Contract.Service<Titles>()(
  "app/Titles",
  Rpc.make("suggest", { payload: { text: Schema.String }, success: Schema.String, error: UpstreamError })
) {}

// worker.ts: the handlers, one attempt each
const handlers = Effect.gen(function* () {
  const openai = yield* OpenAiClient.OpenAiClient
  const suggest = ({ text }: { readonly text: string }) =>
    openai.chat.completions
      .create({ model: "gpt-5", messages: [{ role: "user", content: `A title for: ${text}` }] })
      .pipe(Effect.map(({ choices }) => choices[0]?.message.content ?? ""))
  return { suggest }
})
const upstreams = Effect.map(WorkerEntry.data, (data) => OpenAiClient.layerUpstreams(data as Upstreams))
if (!isMainThread) WorkerEntry.run(Titles.toLayer(handlers).pipe(Layer.provide(Layer.unwrap(upstreams))))

// main.ts: a caller, who says what is done about failures
const program = Effect.gen(function* () {
  const titles = yield* Titles
  const policy = Policy.make({ deadline: "30 seconds", fallback: ["backup"] })
  yield* Console.log(yield* titles.suggest({ text: "a bridge that holds" }).pipe(Policy.apply(policy)))
}).pipe(
  Effect.catchReason("UpstreamError", "ContentFiltered", (reason) => Console.log(`refused: ${reason.message}`)),
  Effect.catchReason("BoundaryError", "Crashed", (reason) => Console.log(`the worker is gone: ${reason.message}`))
)

// Two upstreams, both simulated; the first one is overloaded.
const pool = Effect.map(Simulator, ({ url }) => {
  const data: Upstreams = {
    primary: { baseUrl: url, models: { "gpt-5": "fault:overloaded" } },
    backup: { baseUrl: url }
  }
  return WorkerPool.layer(Titles, { entry: new URL(import.meta.url), size: 1, spare: 0, data })
})
const live = Layer.provide(Layer.unwrap(pool), Simulator.layer())
if (isMainThread) await Effect.runPromise(Effect.provide(program, live))
