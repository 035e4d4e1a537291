/** Our pool, by the contract's schemas on both sides. */
// @effect-diagnostics anyUnknownInErrorContext:off what fails here ends the benchmark
import * as WorkerPool from "@causeway/workers/WorkerPool"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Tracer from "effect/Tracer"
import type { Caller, Options } from "./caller.ts"
import { Calls } from "./contract.ts"
import { effectLoop, type Run } from "./effectLoop.ts"
import { oneByOne } from "./oneByOne.ts"

/**
 * `traced`: below a sampled span of the tracer that is the default, so that the call has a span on both sides.
 * `recorded`: as well, and the caller's tracer is told of the worker's spans.
 */
export type Tracing = "off" | "traced" | "recorded"

export interface PoolOptions extends Options {
  /** Whether messages of one turn are posted together. */
  readonly coalescing: boolean
  readonly tracing: Tracing
}

export const openPool = async (options: PoolOptions): Promise<Caller> => {
  const { coalescing, tracing, workers } = options
  if (!coalescing) oneByOne()
  const runtime = ManagedRuntime.make(
    WorkerPool.client(Calls).pipe(
      Layer.provide(
        WorkerPool.layerPool({
          entry: new URL("./poolEntry.ts", import.meta.url),
          size: workers,
          spare: 0,
          concurrency: 64,
          ...(coalescing ? {} : { env: { ONE_BY_ONE: "yes" } })
        })
      )
    )
  )
  const client = await runtime.runPromise(Calls)
  const run: Run = (effect) => {
    if (tracing === "off") return runtime.runPromise(effect)
    const spanned = Effect.withSpan(effect, "bench")
    return runtime.runPromise(tracing === "traced" ? spanned : Effect.withTracer(spanned, recorder))
  }
  return effectLoop(client, options, run)
}

/** Another tracer than the default one, and as quick. */
const recorder = Tracer.make({ span: (options) => new Tracer.NativeSpan(options) })
