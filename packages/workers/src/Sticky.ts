/**
 * An annotation for calls that want to go where others of their kind went, such as
 * those of one session, whose state or cache is in a worker's memory.
 *
 * **Example** (The turns of a conversation)
 *
 * ```ts
 * import * as Sticky from "@causeway/workers/Sticky"
 * import * as Rpc from "effect/rpc/Rpc"
 * import * as Schema from "effect/Schema"
 *
 * export const turn = Rpc.make("turn", {
 *   payload: { conversation: Schema.String, text: Schema.String },
 *   success: Schema.String
 * }).pipe(Sticky.sticky(({ conversation }) => conversation))
 * ```
 */
import * as Context from "effect/Context"
import { dual } from "effect/Function"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcMiddleware from "effect/rpc/RpcMiddleware"
import type * as Schema from "effect/Schema"

/** The key of a call by its payload, as {@link sticky} sets it; a call without one goes to any worker. */
export const Key = Context.Reference<((payload: never) => string | undefined) | undefined>(
  "@causeway/workers/Sticky/Key",
  { defaultValue: () => undefined }
)

/**
 * Sends the calls of one key to the same worker, as long as that lives and has room:
 * where it serves as many calls as it may, a call goes to the next worker in its key's
 * own order, and later ones come back. Where the worker is lost, the one that takes its
 * place takes its keys, and those of the others stay where they are; until it is ready,
 * the others serve them. So what is kept in a worker's memory by such a key is a cache,
 * and never the only copy.
 *
 * A key is a text, or `undefined` for a call that may go anywhere. Also as
 * `WorkerPool.sticky`; a contract that is used where there are no workers imports it
 * from this module, which needs none, and without workers it means nothing.
 */
export const sticky: {
  <Payload extends Schema.Top>(
    key: (payload: Payload["Type"]) => string | undefined
  ): <
    Tag extends string,
    Success extends Schema.Top,
    Error extends Schema.Top,
    Middleware extends RpcMiddleware.AnyService,
    Requires
  >(
    self: Rpc.Rpc<Tag, Payload, Success, Error, Middleware, Requires>
  ) => Rpc.Rpc<Tag, Payload, Success, Error, Middleware, Requires>
  <
    Tag extends string,
    Payload extends Schema.Top,
    Success extends Schema.Top,
    Error extends Schema.Top,
    Middleware extends RpcMiddleware.AnyService,
    Requires
  >(
    self: Rpc.Rpc<Tag, Payload, Success, Error, Middleware, Requires>,
    key: (payload: Payload["Type"]) => string | undefined
  ): Rpc.Rpc<Tag, Payload, Success, Error, Middleware, Requires>
} = dual(
  2,
  <
    Tag extends string,
    Payload extends Schema.Top,
    Success extends Schema.Top,
    Error extends Schema.Top,
    Middleware extends RpcMiddleware.AnyService,
    Requires
  >(
    self: Rpc.Rpc<Tag, Payload, Success, Error, Middleware, Requires>,
    key: (payload: Payload["Type"]) => string | undefined
  ) => self.annotate(Key, key)
)
