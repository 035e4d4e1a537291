/**
 * The whole entry of a worker: the handlers of one or several contracts, as a
 * layer, served to the pool that started the thread or the process.
 *
 * **Example** (The file that a pool is given as its entry)
 *
 * ```ts no-run
 * import * as Contract from "@causeway/core/Contract"
 * import * as WorkerEntry from "@causeway/workers/WorkerEntry"
 * import * as Effect from "effect/Effect"
 * import * as Rpc from "effect/rpc/Rpc"
 * import * as Schema from "effect/Schema"
 *
 * class Squares extends Contract.Service<Squares>()(
 *   "app/Squares",
 *   Rpc.make("square", { payload: { x: Schema.Finite }, success: Schema.Finite })
 * ) {}
 *
 * WorkerEntry.run(Squares.toLayer({ square: ({ x }) => Effect.succeed(x * x) }))
 * ```
 */
import type * as Lossless from "@causeway/core/Lossless"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { serve } from "./internal/boot.ts"
import * as Host from "./internal/host.ts"

/** Options of {@link run}. */
export interface Options {
  /**
   * How errors and defects cross to the pool. The classes that the contract's schemas
   * hold are known without being listed. Default: the codec's own.
   */
  readonly lossless?: Omit<Lossless.Options, "form"> | undefined
}

/** The handlers of any contract. */
interface AnyHandlers {
  readonly _Self: (_: never) => unknown
}

/** Two servers would both answer each call. */
let isRunning = false

/** Refuses a layer that holds no handlers. */
type Serves<ROut> = [Extract<ROut, AnyHandlers>] extends [never]
  ? "this layer holds the handlers of no contract"
  : unknown

/**
 * Serves handlers to the pool that started this thread or process.
 *
 * The worker is ready when the layer is built: what takes long, such as loading a
 * model, belongs into it. Merge the layers of several contracts to serve them all,
 * and the middlewares of their calls. A layer that fails makes the pool not ready,
 * with the layer's error as the reason. When the pool closes, the layer's finalizers
 * run and the worker exits.
 *
 * Throws where no pool started this code, and where it is called again.
 */
export const run = <ROut, E>(handlers: Layer.Layer<ROut, E> & Serves<ROut>, options?: Options): void => {
  const host = Host.current()
  if (host === undefined) {
    throw new Error("WorkerEntry.run belongs into the entry of a worker that a WorkerPool starts")
  }
  if (isRunning) throw new Error("WorkerEntry.run was called before: merge the layers of several contracts into one")
  isRunning = true
  serve({ handlers, lossless: options?.lossless, boot: host.boot, port: host.open() })
}

/** Whether a pool started the thread or the process that this code runs in: for a file that is a program and its own entry. */
export const isWorker: boolean = Host.current() !== undefined

/** What the pool's option `data` holds, as a structured clone of it; `undefined` outside of a pool's worker. */
export const data: Effect.Effect<unknown> = Effect.sync(() => Host.current()?.data)
