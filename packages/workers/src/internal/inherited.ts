import * as Context from "effect/Context"
import * as Headers from "effect/http/Headers"

/**
 * `RpcClient.CurrentHeaders`, which is known by its key. The module that has it would load
 * HTTP, sockets and a binary format for protocols that nobody speaks here.
 */
export const CurrentHeaders = Context.Reference<Headers.Headers>("effect/rpc/RpcClient/CurrentHeaders", {
  defaultValue: () => Headers.empty
})
