/**
 * A contract: a group of calls with schemas for payload, success and error, bound
 * to a service key. The same key is served in process, by a pool of workers or
 * over HTTP, and its client has the same type in each place: the call's own error,
 * or a `BoundaryError`.
 *
 * **Example** (A contract, its handlers and a caller)
 *
 * ```ts
 * import * as Contract from "@causeway/core/Contract"
 * import * as Local from "@causeway/core/Local"
 * import * as Effect from "effect/Effect"
 * import * as Rpc from "effect/rpc/Rpc"
 * import * as Schema from "effect/Schema"
 *
 * class Squares extends Contract.Service<Squares>()(
 *   "app/Squares",
 *   Rpc.make("square", { payload: { x: Schema.Finite }, success: Schema.Finite })
 * ) {}
 *
 * const handlers = Squares.toLayer({ square: ({ x }) => Effect.succeed(x * x) })
 *
 * const program = Effect.gen(function* () {
 *   const squares = yield* Squares
 *   return yield* squares.square({ x: 3 })
 * }).pipe(Effect.provide(Local.layer(Squares, handlers)))
 *
 * await Effect.runPromise(program) // => 9
 * ```
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcClient from "effect/rpc/RpcClient"
import * as RpcGroup from "effect/rpc/RpcGroup"
import type * as Scope from "effect/Scope"
import type { BoundaryError } from "./BoundaryError.ts"
import { clientOf } from "./internal/contractClient.ts"
import { withMetadata } from "./internal/handlers.ts"

/** The client of a contract, the same in every place. */
export type Client<Rpcs extends Rpc.Any> = RpcClient.RpcClient<Rpcs, BoundaryError>

/**
 * How many calls of an Rpc one worker serves at a time, where that differs from
 * the pool's own limit: a whole number of at least 1. A pool's client throws a
 * `RangeError` for any other. An annotation of the Rpc.
 *
 * **Example** (A call that mostly waits)
 *
 * ```ts
 * import * as Contract from "@causeway/core/Contract"
 * import * as Rpc from "effect/rpc/Rpc"
 *
 * export const relay = Rpc.make("relay").annotate(Contract.Concurrency, 1024)
 * ```
 */
export const Concurrency = Context.Reference<number | undefined>("@causeway/core/Contract/Concurrency", {
  defaultValue: () => undefined
})

/**
 * Whether a call of an Rpc may be made again though it may have run: `safe` for what
 * only reads or computes, `never` for what has an effect that must not come twice. An
 * annotation of the Rpc, kept by those who make calls again, such as the routes of
 * `@causeway/server/PredictApi` under a policy. Default: `never`, so that only what is
 * known not to have run is made again.
 *
 * **Example** (A call that only computes)
 *
 * ```ts
 * import * as Contract from "@causeway/core/Contract"
 * import * as Rpc from "effect/rpc/Rpc"
 *
 * export const score = Rpc.make("score").annotate(Contract.Replay, "safe")
 * ```
 */
export const Replay = Context.Reference<"safe" | "never">("@causeway/core/Contract/Replay", {
  defaultValue: () => "never"
})

/** The handlers of a contract, as the key under which its layer provides them. */
export interface Handlers<in out Self> {
  readonly _: unique symbol
  readonly _Self: (_: Self) => Self
}

/** A contract together with its handlers, ready to be served. */
export interface Served<in I = never> {
  readonly contract: Any
  /** The handlers by the key of their Rpc, as an `RpcServer` of the contract's group looks them up. */
  readonly handlers: Context.Context<I>
}

/** A contract: the key of its client, and what belongs to it. */
export interface Contract<
  in out Self,
  in out Id extends string,
  in out Rpcs extends Rpc.Any
> extends Context.ServiceClass<Self, Id, Client<Rpcs>> {
  /** The calls, as a plain group: any server or client for an `RpcGroup` takes it. */
  readonly group: RpcGroup.RpcGroup<Rpcs>
  /** The key of the contract's handlers. */
  readonly handlers: Context.Key<Handlers<Self>, Served<Rpc.ToHandler<Rpcs>>>
  /** Makes the layer of the contract's handlers: one attempt each, no policy. */
  toLayer<Build extends RpcGroup.HandlersFrom<Rpcs>, EX = never, RX = never>(
    build: Build | Effect.Effect<Build, EX, RX>
  ): Layer.Layer<Handlers<Self>, EX, Exclude<RX, Scope.Scope> | RpcGroup.HandlersServices<Rpcs, Build>>
}

/** Any contract, by what can be read of it without knowing its calls. */
export interface Any {
  readonly key: string
  readonly group: { readonly requests: ReadonlyMap<string, Rpc.Any> }
}

/** The calls of a contract. */
export type Rpcs<C> = C extends Contract<infer _Self, infer _Id, infer R> ? R : never

/** The service type of a contract, as it stands in a layer's output. */
export type Identifier<C> = C extends Contract<infer Self, infer _Id, infer _R> ? Self : never

/**
 * Defines a contract as a class.
 *
 * @see {@link fromGroup} for a group that exists already
 */
export const Service =
  <Self>() =>
  <const Id extends string, const R extends ReadonlyArray<Rpc.Any>>(
    key: Id,
    ...rpcs: R
  ): Contract<Self, Id, R[number]> =>
    fromGroup<Self>()(key, RpcGroup.make(...rpcs))

/** Binds an existing group to a key. */
export const fromGroup =
  <Self>() =>
  <const Id extends string, R extends Rpc.Any>(key: Id, group: RpcGroup.RpcGroup<R>): Contract<Self, Id, R> => {
    const handlers = Context.Service<Handlers<Self>, Served<Rpc.ToHandler<R>>>(`${key}/handlers`)
    const service = Context.Service<Self, Client<R>>()(key)
    const contract: Contract<Self, Id, R> = Object.assign(service, {
      group,
      handlers,
      toLayer: <Build extends RpcGroup.HandlersFrom<R>, EX, RX>(build: Build | Effect.Effect<Build, EX, RX>) =>
        Layer.effect(
          handlers,
          Effect.map(group.toHandlers(build), (context): Served<Rpc.ToHandler<R>> => ({
            contract,
            handlers: withMetadata(context)
          }))
        )
    })
    return contract
  }

/** Every contract whose handlers a context holds, by the order in which they were added. */
export const served = (context: Context.Context<never>): ReadonlyArray<Served> =>
  Array.from(context.mapUnsafe.values()).filter(isServed)

const isServed = (u: unknown): u is Served =>
  typeof u === "object" && u !== null && "contract" in u && "handlers" in u && Context.isContext(u.handlers)

/**
 * Builds a contract's client over a place's own way of making a call. Each call
 * carries the metadata of the fiber that makes it in its headers.
 */
export const makeClient = <Self, Id extends string, R extends Rpc.Any>(
  contract: Contract<Self, Id, R>,
  invoke: RpcClient.RpcClient.Flat<R, BoundaryError>
): Client<R> => clientOf(contract.group, invoke)
