/**
 * Serves contracts by worker threads or processes. A worker that exits, throws outside of any
 * call, runs out of memory or hangs fails the calls it has, with a typed
 * `BoundaryError`, and nothing else; another one takes its place at once.
 *
 * **Example** (A contract, a pool and a caller)
 *
 * ```ts no-run
 * import * as Contract from "@causeway/core/Contract"
 * import * as WorkerPool from "@causeway/workers/WorkerPool"
 * import * as Effect from "effect/Effect"
 * import * as Rpc from "effect/rpc/Rpc"
 * import * as Schema from "effect/Schema"
 *
 * class Squares extends Contract.Service<Squares>()(
 *   "app/Squares",
 *   Rpc.make("square", { payload: { x: Schema.Finite }, success: Schema.Finite })
 * ) {}
 *
 * const program = Effect.gen(function* () {
 *   const squares = yield* Squares
 *   return yield* squares.square({ x: 3 })
 * }).pipe(
 *   Effect.catchReason("BoundaryError", "Crashed", (crash) => Effect.succeed(crash.exitCode ?? -1)),
 *   Effect.provide(WorkerPool.layer(Squares, { entry: new URL("./worker.ts", import.meta.url), size: 2 }))
 * )
 *
 * Effect.runPromise(program)
 * ```
 */
import type { ResourceLimits } from "node:worker_threads"
import type { BoundaryError } from "@causeway/core/BoundaryError"
import type * as Contract from "@causeway/core/Contract"
import type * as Lossless from "@causeway/core/Lossless"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Rpc from "effect/rpc/Rpc"
import type * as Stream from "effect/Stream"
import * as Pool from "./internal/pool.ts"

export { blocking } from "./Blocking.ts"
export { sticky } from "./Sticky.ts"

/** Options of a pool. */
export interface Options {
  /**
   * The module that calls `WorkerEntry.run`: a URL, an absolute path, or a path that
   * begins with `./` and is relative to the working directory. TypeScript is run as it
   * is, where it keeps to erasable syntax.
   */
  readonly entry: URL | string
  /** Names the pool in its metrics. Default: the name of the entry's file, without its ending. */
  readonly name?: string | undefined
  /** How many workers serve. Default: one less than there are cores, between 1 and 4. */
  readonly size?: number | undefined
  /** How many more wait, ready, to take the place of one that is lost. Default: 1. */
  readonly spare?: number | undefined
  /** How many calls may wait for a worker; one more fails with `Overloaded`. Default: 256. */
  readonly queue?: number | undefined
  /**
   * How many calls a worker serves at a time. `Contract.Concurrency` gives an Rpc a
   * limit of its own. Default: 16.
   */
  readonly concurrency?: number | undefined
  /**
   * How long a worker may go without turning its event loop, before its calls fail with
   * `Unresponsive` and it is ended, also where it has none. `Duration.infinity` turns this
   * off. Default: 5 seconds.
   */
  readonly unresponsiveAfter?: Duration.Input | undefined
  /**
   * How long a handler may go on after its call was interrupted or its deadline passed,
   * before its worker is replaced. Also how long a worker may take to finalize its layers
   * when the pool closes. Default: 5 seconds.
   */
  readonly grace?: Duration.Input | undefined
  /** How long a worker may take to get ready. Default: 30 seconds. */
  readonly startWithin?: Duration.Input | undefined
  /**
   * When a worker is replaced although nothing is wrong with it: a new one takes its place first, then it ends
   * the calls it has. Default: never.
   */
  readonly recycle?: Recycle | undefined
  /**
   * How long a call may take where its caller sets no deadline; a stream: to its first
   * element, the wait for a worker included. Default: 10 minutes.
   */
  readonly deadline?: Duration.Input | undefined
  /**
   * What a worker is. A `thread` starts sooner and takes less memory. A `process` is
   * contained even where native code crashes, or where somebody kills it; it can be ended
   * whatever it does. Calls and failures are the same. Default: `thread`.
   */
  readonly isolation?: "thread" | "process" | undefined
  /**
   * Limits of each worker's memory. A process takes no `codeRangeSizeMb`. Default: those
   * of Node, but 24 MB for young objects (`maxYoungGenerationSizeMb`).
   */
  readonly resourceLimits?: ResourceLimits | undefined
  /**
   * Variables of the workers' environment, in addition to those of this process. A
   * function is given the worker's slot: a number below `size` and `spare` together that
   * no other worker in service has, and that the worker which replaces it gets again.
   */
  readonly env?:
    | Readonly<Record<string, string>>
    | ((slot: number) => Readonly<Record<string, string>> | undefined)
    | undefined
  /** Given to each worker as a structured clone; read by `WorkerEntry.data`. */
  readonly data?: unknown
  /**
   * How errors and defects cross from the workers, such as classes of defects that shall
   * arrive as instances; the entry's `WorkerEntry.run` takes the same for its side. The
   * classes that a contract's schemas hold are known without being listed. Default: the
   * codec's own.
   */
  readonly lossless?: Omit<Lossless.Options, "form"> | undefined
}

/**
 * What a worker may use up before it is replaced. Each keeps to limits of its own, which are up to a fifth lower, so
 * that those that were started together are not replaced together.
 */
export interface Recycle {
  /** How many calls it may serve. */
  readonly calls?: number | undefined
  /** How long it may serve. */
  readonly age?: Duration.Input | undefined
  /**
   * How much its heap may hold, in megabytes as in `resourceLimits`: objects, those included that V8 has yet to
   * collect, and buffers. Is looked at once a second.
   */
  readonly heap?: number | undefined
}

/**
 * Why a worker was replaced. `crashed`: it exited, or threw outside of any call; `unresponsive`: its event loop stood
 * still, or a handler went on after it was interrupted; `start-failed`: it did not get ready; `calls`, `age` and
 * `heap`: by `recycle`; `restart`: by `restart`.
 */
export type RestartReason = "crashed" | "unresponsive" | "start-failed" | "calls" | "age" | "heap" | "restart"

/** A worker, as {@link Status} shows it. */
export interface WorkerStatus {
  /** Counts up over all workers that the pool ever started. */
  readonly id: number
  /** A `spare` is ready to serve; one that is `ending` serves the calls it has and no new ones. */
  readonly state: "starting" | "ready" | "spare" | "ending"
  readonly inFlight: number
  readonly callsDone: number
  readonly uptimeMs: number
  /** What its heap held a moment ago: objects, those included that V8 has yet to collect, and buffers. */
  readonly heapBytes?: number
  /** How late its event loop was at most in the last second or so. */
  readonly eventLoopLagMs?: number
}

/** The state of a pool. */
export interface Status {
  /**
   * `ready` where at least one worker serves; `not-ready` where none does and the entry
   * fails; `draining` once no new calls are taken.
   */
  readonly state: "starting" | "ready" | "not-ready" | "draining"
  /** Why a worker could not be started, where that was the last thing that happened. */
  readonly reason?: string
  readonly workers: ReadonlyArray<WorkerStatus>
  /** Calls that wait for a worker. */
  readonly queued: number
  /** How many workers were replaced, or did not get ready, since the pool was made. */
  readonly restarts: Readonly<Record<RestartReason, number>>
  /** Calls that workers have, among them those whose caller is gone and whose handler is not. */
  readonly inFlight: number
}

/** A pool of workers that serve the contracts of their entry. */
export class WorkerPool extends Context.Service<
  WorkerPool,
  {
    readonly status: Effect.Effect<Status>
    /** The status now, and whenever a worker's state changes; not at each call. Ends when the pool is closed. */
    readonly changes: Stream.Stream<Status>
    /** Takes no new calls, which fail with `Draining`, and ends when all others have ended. */
    readonly drain: Effect.Effect<void>
    /**
     * Replaces every worker, one after the other and without a failed call: each goes when a new one is ready, and
     * ends the calls it has. Ends when all former workers are gone, which a stream may delay for as long as it lasts.
     * Fails with `Unreachable` where a new worker does not get ready; those that were not replaced go on. Fails with
     * `Draining` where the pool does. An interruption ends the waiting, not the restart.
     */
    readonly restart: Effect.Effect<void, BoundaryError>
    /** The client of a contract that the workers serve. */
    readonly client: <Self, Id extends string, R extends Rpc.Any>(
      contract: Contract.Contract<Self, Id, R>
    ) => Effect.Effect<Contract.Client<R>, never, Rpc.MiddlewareClient<R>>
  }
>()("@causeway/workers/WorkerPool") {}

/**
 * A pool for one contract: its client, and nothing else.
 *
 * Is built at once: calls wait until the first worker is ready. Throws a `RangeError`
 * where an option makes no sense.
 *
 * @see {@link layerPool} for several contracts, the status, or draining
 */
export const layer = <Self, Id extends string, R extends Rpc.Any>(
  contract: Contract.Contract<Self, Id, R>,
  options: Options
): Layer.Layer<Self, never, Rpc.MiddlewareClient<R>> => Layer.provide(client(contract), layerPool(options))

/**
 * A pool whose workers may serve any number of contracts.
 *
 * **Example** (Two contracts over one pool)
 *
 * ```ts no-run
 * import * as Contract from "@causeway/core/Contract"
 * import * as WorkerPool from "@causeway/workers/WorkerPool"
 * import * as Layer from "effect/Layer"
 * import * as Rpc from "effect/rpc/Rpc"
 *
 * class Hashes extends Contract.Service<Hashes>()("app/Hashes", Rpc.make("hash")) {}
 * class Images extends Contract.Service<Images>()("app/Images", Rpc.make("resize")) {}
 *
 * export const live = Layer.mergeAll(WorkerPool.client(Hashes), WorkerPool.client(Images)).pipe(
 *   Layer.provideMerge(WorkerPool.layerPool({ entry: new URL("./worker.ts", import.meta.url) }))
 * )
 * ```
 */
export const layerPool = (options: Options): Layer.Layer<WorkerPool> => {
  const make = Pool.make(options)
  return Layer.effect(WorkerPool, make)
}

/** The client of a contract, over a pool that serves it. */
export const client = <Self, Id extends string, R extends Rpc.Any>(
  contract: Contract.Contract<Self, Id, R>
): Layer.Layer<Self, never, WorkerPool | Rpc.MiddlewareClient<R>> =>
  Layer.effect(
    contract,
    Effect.flatMap(WorkerPool, (pool) => pool.client(contract))
  )
