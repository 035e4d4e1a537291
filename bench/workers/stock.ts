/** Effect's own RPC over workers. */
// @effect-diagnostics anyUnknownInErrorContext:off what fails here ends the benchmark
import { Worker } from "node:worker_threads"
import * as NodeWorker from "@effect/platform-node/NodeWorker"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as RpcClient from "effect/rpc/RpcClient"
import type { RpcClientError } from "effect/rpc/RpcClientError"
import type { Caller, Options } from "./caller.ts"
import { Calls } from "./contract.ts"
import { type Client, effectLoop, type Run } from "./effectLoop.ts"

export interface StockOptions extends Options {
  readonly tracing: boolean
}

class StockClient extends Context.Service<StockClient, Client<RpcClientError>>()(
  "causeway/bench/workers/stock/StockClient"
) {}

export const openStock = async (options: StockOptions): Promise<Caller> => {
  const { tracing, workers } = options
  const entry = new URL("./stockEntry.ts", import.meta.url)
  const env = tracing ? { ...process.env, TRACED: "yes" } : { ...process.env }
  const runtime = ManagedRuntime.make(
    Layer.effect(StockClient, RpcClient.make(Calls.group, { disableTracing: !tracing })).pipe(
      Layer.provide(RpcClient.layerProtocolWorker({ size: workers, concurrency: 64 })),
      Layer.provide(NodeWorker.layer(() => new Worker(entry, { env })))
    )
  )
  const client = await runtime.runPromise(StockClient)
  const run: Run = (effect) => runtime.runPromise(tracing ? Effect.withSpan(effect, "bench") : effect)
  return effectLoop(client, options, run)
}
