/**
 * The handlers that a worker serves, by the tag of their call on the wire.
 */
import * as Contract from "@causeway/core/Contract"
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Headers from "effect/http/Headers"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcMessage from "effect/rpc/RpcMessage"
import type { CodecFor } from "effect/rpc/RpcSerialization"
import * as Codecs from "./codecs.ts"
import type { Opaque } from "./opaque.ts"
import { tagOf } from "./wire.ts"

/** What a handler and its middlewares are told of a call. */
export interface Metadata {
  readonly rpc: Rpc.AnyWithProps
  readonly client: Rpc.ServerClient
  readonly requestId: RpcMessage.RequestId
  readonly headers: Headers.Headers
  readonly payload: unknown
}

/** A middleware, seen without its types. */
export type Middleware = (handler: Effect.Effect<unknown, Opaque>, metadata: Metadata) => Effect.Effect<unknown, Opaque>

/** The handler of one call, and what running it takes. */
export interface Entry {
  readonly wireTag: string
  readonly rpc: Rpc.AnyWithProps
  readonly codecs: Codecs.RpcCodecs
  /** Gives an effect or a stream, perhaps in a wrapper; throws where the user's function does. */
  readonly handler: (payload: unknown, metadata: Metadata) => object
  /** The services that the handlers were built with. */
  readonly context: Context.Context<never>
  readonly middlewares: ReadonlyArray<Middleware>
  /** How long its last call kept the event loop at its start, in milliseconds. */
  busyMs: number
}

/**
 * Everything that the contracts of a context serve. Throws where a handler or a
 * middleware is missing, so that the entry fails when it is started and not at a
 * call.
 */
export const entriesOf = (context: Context.Context<never>, codecFor: CodecFor): ReadonlyMap<string, Entry> => {
  const entries = new Map<string, Entry>()
  for (const { contract, handlers } of Contract.served(context)) {
    for (const [tag, rpc] of contract.group.requests) {
      const wireTag = tagOf(contract.key, tag)
      entries.set(wireTag, entryOf(wireTag, rpc as Rpc.Any & Rpc.AnyWithProps, handlers, context, codecFor))
    }
  }
  if (entries.size === 0) throw new Error("the worker's layer holds the handlers of no contract")
  return entries
}

const entryOf = (
  wireTag: string,
  rpc: Rpc.AnyWithProps,
  handlers: Context.Context<never>,
  context: Context.Context<never>,
  codecFor: CodecFor
): Entry => {
  const served = handlers.mapUnsafe.get(rpc.key)
  if (!isHandler(served)) throw new Error(`there is no handler for ${wireTag}`)
  return {
    wireTag,
    rpc,
    codecs: Codecs.make(rpc, codecFor),
    handler: served.handler,
    context: served.context,
    middlewares: Array.from(rpc.middlewares, ({ key }) => {
      const middleware = context.mapUnsafe.get(key)
      if (typeof middleware !== "function")
        throw new Error(`the worker's layer lacks the middleware ${key} of ${wireTag}`)
      return middleware as Middleware
    }),
    // Unknown yet: as if it were slow, so that its first call holds nothing back.
    busyMs: Number.POSITIVE_INFINITY
  }
}

/** What a group's `toHandlers` holds for each of its calls. */
const isHandler = (u: unknown): u is Pick<Entry, "handler" | "context"> =>
  typeof u === "object" && u !== null && "handler" in u && typeof u.handler === "function" && "context" in u
