/**
 * Handlers that see the metadata of their call.
 */
import * as Channel from "effect/Channel"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Headers from "effect/http/Headers"
import * as Rpc from "effect/rpc/Rpc"
import * as Stream from "effect/Stream"
import { receiving } from "../CallMetadata.ts"

type Handle = (payload: unknown, options: { readonly headers: Headers.Headers }) => object

interface Handler {
  readonly handler: Handle
}

const isHandler = (u: unknown): u is Handler =>
  typeof u === "object" && u !== null && "handler" in u && typeof u.handler === "function"

/** Wraps every handler of a context so that the headers of a call become references in its fiber. */
export const withMetadata = <I>(context: Context.Context<I>): Context.Context<I> =>
  Context.makeUnsafe(
    new Map(
      Array.from(context.mapUnsafe, ([key, entry]) => [
        key,
        isHandler(entry) ? { ...entry, handler: carrying(entry.handler) } : entry
      ])
    )
  )

const carrying =
  (handle: Handle): Handle =>
  (payload, options) =>
    Rpc.wrapMap(handle(payload, options), (result: object) => {
      // What has ended looks at nothing any more, and needs no fiber.
      if (Exit.isExit(result)) return result
      if (Effect.isEffect(result)) {
        // The types of a single handler are unknown here by design.
        // @effect-diagnostics-next-line anyUnknownInErrorContext:off
        return Effect.withFiber((fiber) => Effect.updateContext(result, receiving(options.headers, fiber)))
      }
      return Stream.isStream(result) ? Stream.fromChannel(carried(Stream.toChannel(result), options.headers)) : result
    })

/** A stream whose pulls see the metadata. Their context is put together once, and anew where they come from another fiber. */
const carried = <A, E, R>(
  channel: Channel.Channel<A, E, void, unknown, unknown, unknown, R>,
  headers: Headers.Headers
): Channel.Channel<A, E, void, unknown, unknown, unknown, R> =>
  Channel.fromTransform((upstream, scope) =>
    Effect.withFiber((fiber) => {
      const received = receiving(headers, fiber)
      let last: { readonly from: Context.Context<R>; readonly to: Context.Context<R> } | undefined
      const change = (context: Context.Context<R>): Context.Context<R> => {
        if (last?.from !== context) last = { from: context, to: received(context) }
        return last.to
      }
      return Effect.map(
        Effect.updateContext(Channel.toTransform(channel)(upstream, scope), change),
        Effect.updateContext(change)
      )
    })
  )
