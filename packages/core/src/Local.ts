/**
 * Serves a contract in the process of its caller: no thread, no codec, the same
 * client. For development, for tests, and where a worker is not worth its memory.
 *
 * **Example** (A contract in process)
 *
 * ```ts
 * import * as Contract from "@causeway/core/Contract"
 * import * as Local from "@causeway/core/Local"
 * import * as Effect from "effect/Effect"
 * import * as Rpc from "effect/rpc/Rpc"
 * import * as Schema from "effect/Schema"
 *
 * class Greeter extends Contract.Service<Greeter>()(
 *   "app/Greeter",
 *   Rpc.make("greet", { payload: { name: Schema.String }, success: Schema.String })
 * ) {}
 *
 * const live = Local.layer(Greeter, Greeter.toLayer({ greet: ({ name }) => Effect.succeed(`Hello, ${name}`) }))
 *
 * const greeting = Effect.flatMap(Greeter, (greeter) => greeter.greet({ name: "Ada" })).pipe(Effect.provide(live))
 *
 * await Effect.runPromise(greeting) // => "Hello, Ada"
 * ```
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Rpc from "effect/rpc/Rpc"
import * as RpcTest from "effect/rpc/RpcTest"
import * as Contract from "./Contract.ts"
import { guarded } from "./internal/inProcess.ts"

/** Options of {@link layer}. */
export interface Options {
  /** How long a call may take where its caller sets no deadline; a stream: to its first element. Default: 10 minutes. */
  readonly deadline?: Duration.Input | undefined
}

/**
 * The contract's client over handlers in this process.
 *
 * A call whose deadline passes fails with `BoundaryError` → `DeadlineExceeded`, and
 * its handler is interrupted; one whose payload does not fit its schema fails with
 * `Undecodable`. What a handler gives back is not checked: there is nothing to encode.
 * A defect of a handler is a defect of its call only.
 */
export const layer = <Self, Id extends string, R extends Rpc.Any, E, RIn>(
  contract: Contract.Contract<Self, Id, R>,
  handlers: Layer.Layer<Contract.Handlers<Self>, E, RIn>,
  options?: Options
): Layer.Layer<Self, E, RIn | Rpc.Middleware<R> | Rpc.MiddlewareClient<R>> =>
  Layer.effect(
    contract,
    Effect.gen(function* () {
      const { handlers } = yield* contract.handlers
      // Despite its module's name this is the whole of an in-process pair: client and server, back to back.
      const flat = yield* RpcTest.makeClient(contract.group, { flatten: true, disableFatalDefects: true }).pipe(
        Effect.provideContext(handlers)
      )
      return Contract.makeClient(
        contract,
        guarded(contract.group, flat, {
          boundary: `${contract.key} in process`,
          deadline: Duration.fromInputUnsafe(options?.deadline ?? "10 minutes")
        })
      )
    })
  ).pipe(Layer.provide(handlers))
