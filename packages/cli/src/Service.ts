/**
 * A service of one's own for `causeway serve`: a contract together with its
 * handlers. A module under `services` of the configuration has one as its default
 * export, or a list of them. The main thread takes the contract from it, and each
 * worker the handlers.
 *
 * Each call of the contract is served at `/predict/<tag>`, the first one also at
 * `/predict` where no other service shares the path. A handler makes one attempt; what is done about a failure is the
 * business of the configuration's `policy`.
 *
 * **Example** (A module with a service)
 *
 * ```ts
 * import * as Service from "@causeway/cli/Service"
 * import * as Contract from "@causeway/core/Contract"
 * import { UpstreamError } from "@causeway/core/UpstreamError"
 * import { OpenAiClient } from "@causeway/openai/OpenAiClient"
 * import * as Effect from "effect/Effect"
 * import * as Rpc from "effect/rpc/Rpc"
 * import * as Schema from "effect/Schema"
 *
 * export class Models extends Contract.Service<Models>()(
 *   "app/Models",
 *   Rpc.make("count", { success: Schema.Finite, error: UpstreamError })
 * ) {}
 *
 * const handlers = Models.toLayer(
 *   Effect.gen(function* () {
 *     const openai = yield* OpenAiClient
 *     return { count: () => Effect.map(openai.models.list(), (models) => models.length) }
 *   })
 * )
 *
 * export default Service.make(Models, handlers)
 * ```
 *
 * **Example** (Handlers that only the workers load)
 *
 * ```ts
 * import * as Service from "@causeway/cli/Service"
 * import * as Contract from "@causeway/core/Contract"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as Rpc from "effect/rpc/Rpc"
 * import * as Schema from "effect/Schema"
 *
 * class Words extends Contract.Service<Words>()(
 *   "app/Words",
 *   Rpc.make("count", { payload: { text: Schema.String }, success: Schema.Finite })
 * ) {}
 *
 * const loaded = Effect.promise(async () => {
 *   // const { count } = await import("./words.ts")
 *   const count = (text: string) => text.split(" ").length
 *   return Words.toLayer({ count: ({ text }) => Effect.succeed(count(text)) })
 * })
 *
 * export default Service.make(Words, Layer.unwrap(loaded), { path: "/words" })
 * ```
 */
import type * as Contract from "@causeway/core/Contract"
import type { OpenAiClient } from "@causeway/openai/OpenAiClient"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { hasProperty } from "effect/Predicate"
import type * as Rpc from "effect/rpc/Rpc"
import { ServiceError } from "./ServiceError.ts"

const TypeId = "~@causeway/cli/Service"

/** The layer of a contract's handlers, as the command can build it. */
export type Handlers<Self> = Layer.Layer<Contract.Handlers<Self>, ServiceError, OpenAiClient>

/** A contract and its handlers, whatever the contract is. */
export interface Service {
  readonly [TypeId]: typeof TypeId
  readonly contract: Contract.Any
  /** Where its calls are mounted. */
  readonly path: `/${string}`
  /** Gives the parts to a function that does not care which contract it is. */
  readonly use: <A>(
    f: <Self, Id extends string, R extends Rpc.Any>(
      contract: Contract.Contract<Self, Id, R>,
      handlers: Handlers<Self>
    ) => A
  ) => A
}

/** Options of {@link make}. */
export interface Options {
  /** Where the calls are mounted; services may share a path whose calls differ by name. Default: `/predict`. */
  readonly path?: `/${string}` | undefined
}

/** Refuses contracts whose schemas or middlewares need services: nobody provides them here. */
type SelfContained<R extends Rpc.Any> = [Rpc.ServicesServer<R> | Rpc.Middleware<R> | Rpc.MiddlewareClient<R>] extends [
  never
]
  ? unknown
  : "the calls of this contract need services or middlewares"

/** Whether a value is a service. */
export const isService = (u: unknown): u is Service => hasProperty(u, TypeId)

/**
 * A contract and its handlers, which may use `OpenAiClient`. What their layer fails
 * with, or throws, is the cause of a `ServiceError`.
 */
export const make = <Self, Id extends string, R extends Rpc.Any, E>(
  contract: Contract.Contract<Self, Id, R> & SelfContained<R>,
  handlers: Layer.Layer<Contract.Handlers<Self>, E, OpenAiClient>,
  options?: Options
): Service => {
  const built: Handlers<Self> = Layer.catchCause(handlers, (cause) => {
    const error = new ServiceError({ contract: contract.key, cause: Cause.squash(cause) })
    return Layer.effect(contract.handlers, Cause.hasInterruptsOnly(cause) ? Effect.interrupt : Effect.fail(error))
  })
  return {
    [TypeId]: TypeId,
    contract,
    path: options?.path ?? "/predict",
    use: (f) => f(contract, built)
  }
}
