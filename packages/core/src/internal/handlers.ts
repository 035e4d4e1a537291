/**
 * Handlers that see the metadata of their call.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Headers from "effect/http/Headers"
import * as Rpc from "effect/rpc/Rpc"
import * as Stream from "effect/Stream"
import { contextOf } from "../CallMetadata.ts"

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
        return Effect.withFiber((fiber) => Effect.provideContext(result, contextOf(options.headers, fiber)))
      }
      return Stream.isStream(result)
        ? Stream.unwrap(
            Effect.withFiber((fiber) =>
              Effect.succeed(Stream.provideContext(result, contextOf(options.headers, fiber)))
            )
          )
        : result
    })
