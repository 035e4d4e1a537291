/**
 * How long a worker takes to get ready.
 */
import { Worker } from "node:worker_threads"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

/** A start: its time in milliseconds, or why the worker did not get ready. */
export type Start = { readonly readyMs: number } | { readonly reason: string }

/** Longer than any layer should take. */
const startWithin = "30 seconds"

/** The command keeps compiled code, which a service does only where it says so. */
const env = { NODE_DISABLE_COMPILE_CACHE: "1" }

/** Starts an entry as a pool does, layers and all, and ends it again. */
export const once = (entry: URL): Effect.Effect<Start> =>
  Effect.scoped(
    Effect.gen(function* () {
      const startedAt = performance.now()
      const context = yield* Layer.build(WorkerPool.layerPool({ entry, env, size: 1, spare: 0, startWithin }))
      const { changes } = Context.get(context, WorkerPool.WorkerPool)
      const status = yield* Stream.runHead(Stream.filter(changes, ({ state }) => state !== "starting"))
      const readyMs = performance.now() - startedAt
      return Option.match(status, {
        onNone: (): Start => ({ reason: "the pool was closed" }),
        onSome: ({ reason, state }) => (state === "ready" ? { readyMs } : { reason: reason ?? state })
      })
    })
    // What a worker of a trial logs is no news.
  ).pipe(Effect.provide(Logger.layer([])))

/** An ES module that says that it is there: what Node itself takes. */
const nothing = new URL("data:text/javascript,import{parentPort as p}from'node:worker_threads';p.postMessage(0)")

/** Starts an empty thread, and gives its time in milliseconds. */
export const empty: Effect.Effect<number> = Effect.promise(
  () =>
    new Promise((resolve, reject) => {
      const startedAt = performance.now()
      const worker = new Worker(nothing)
      worker.once("message", () => resolve(performance.now() - startedAt))
      worker.once("error", reject)
    })
)

/** The middle one of several, which a busy moment does not move. */
export const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
