/**
 * An Rpc as a client calls it: everything that is known before there is a payload.
 */
import type { BoundaryError } from "@causeway/core/BoundaryError"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcMessage from "effect/rpc/RpcMessage"
import * as Sticky from "../Sticky.ts"
import * as Codecs from "./codecs.ts"
import type { Crossing } from "./lossless.ts"
import type { Opaque } from "./opaque.ts"
import type { Lane } from "./unit.ts"
import { tagOf } from "./wire.ts"

/** What a call needs to be prepared. */
export interface Options {
  readonly crossing: Crossing
  readonly laneOf: (wireTag: string, rpc: Rpc.Any) => Lane
  /** The middlewares of the client, where a contract has any. */
  readonly services: Context.Context<never>
}

/** An Rpc, ready to be called. */
export interface Callable {
  readonly contract: string
  readonly wireTag: string
  readonly rpc: Rpc.AnyWithProps
  readonly codecs: Codecs.RpcCodecs
  readonly lane: Lane
  /** The key that calls have in common which want the same worker. */
  readonly keyOf: ((payload: unknown) => string | undefined) | undefined
  readonly middlewares: ReadonlyArray<Middleware>
}

/** A middleware of the client, seen without its types. */
export type Middleware = (options: {
  readonly rpc: Rpc.AnyWithProps
  readonly request: RpcMessage.Request<Rpc.Any>
  readonly next: (request: RpcMessage.Request<Rpc.Any>) => Effect.Effect<unknown, Failure>
}) => Effect.Effect<unknown, Failure>

/** How a call fails: by its own error, or at the boundary. */
export type Failure = Opaque | BoundaryError

/** Prepares a call of a contract. */
export const callableOf = (contract: string, tag: string, rpc: Rpc.AnyWithProps, options: Options): Callable => {
  const wireTag = tagOf(contract, tag)
  const middlewares: Array<Middleware> = []
  for (const { key } of rpc.middlewares) {
    // The key by which a client's middleware is provided: RpcMiddleware.layerClient.
    const middleware = options.services.mapUnsafe.get(`${key}/Client`)
    if (typeof middleware === "function") middlewares.push(middleware as Middleware)
  }
  return {
    contract,
    wireTag,
    rpc,
    codecs: Codecs.make(rpc, options.crossing.codecFor),
    lane: options.laneOf(wireTag, rpc),
    // Its type follows from the payload's, which is not known here.
    keyOf: Context.get(rpc.annotations, Sticky.Key) as Callable["keyOf"],
    middlewares
  }
}
