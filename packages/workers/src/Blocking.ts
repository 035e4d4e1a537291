/**
 * An annotation for calls that work without yielding.
 *
 * **Example** (A call that computes)
 *
 * ```ts
 * import * as Blocking from "@causeway/workers/Blocking"
 * import * as Rpc from "effect/rpc/Rpc"
 * import * as Schema from "effect/Schema"
 *
 * export const hash = Rpc.make("hash", { payload: { text: Schema.String }, success: Schema.String }).annotate(
 *   Blocking.blocking,
 *   true
 * )
 * ```
 */
import * as Context from "effect/Context"

/**
 * Whether a call keeps its worker's event loop busy until it ends. Such a call has
 * its worker for itself (with `Contract.Concurrency`, up to that many calls of the
 * same Rpc share it, as those of a batch do), and that worker's silence is no sign of a fault: only the
 * call's deadline or an interruption ends it, by ending the worker after the pool's
 * `grace`. Also as `WorkerPool.blocking`; a contract that is used where there are no
 * threads imports it from this module, which needs none. Default: false.
 */
export const blocking = Context.Reference<boolean>("@causeway/workers/Blocking", { defaultValue: () => false })
