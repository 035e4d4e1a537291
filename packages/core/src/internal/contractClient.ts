/**
 * The client object of a contract, over one function that makes any of its calls.
 */
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcClient from "effect/rpc/RpcClient"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import * as RpcSchema from "effect/rpc/RpcSchema"
import * as Stream from "effect/Stream"
import type { BoundaryError } from "../BoundaryError.ts"
import { headersOf } from "../CallMetadata.ts"

interface Options {
  readonly headers?: Headers.Input | undefined
  readonly asQueue?: boolean | undefined
}

/** A call of any contract, seen without its types. */
type Invoke = (
  tag: string,
  payload: unknown,
  options: Options
) => Effect.Effect<unknown, unknown, unknown> | Stream.Stream<unknown, unknown, unknown>

/**
 * The types of a call follow from its tag, which is known here only as a string:
 * so they are given up on the way in and taken from the group on the way out.
 */
const untyped = <R extends Rpc.Any>(flat: RpcClient.RpcClient.Flat<R, BoundaryError>): Invoke => {
  const invoke: unknown = flat
  return invoke as Invoke
}

export const clientOf = <R extends Rpc.Any>(
  group: RpcGroup.RpcGroup<R>,
  flat: RpcClient.RpcClient.Flat<R, BoundaryError>
): RpcClient.RpcClient<R, BoundaryError> => {
  const invoke = untyped(flat)
  const client: Record<string, (payload: unknown, options?: Options) => unknown> = {}
  for (const [tag, rpc] of group.requests) {
    const streams = RpcSchema.isStreamSchema((rpc as R & Rpc.AnyWithProps).successSchema)
    client[tag] = (payload, options = {}) => {
      const call = Effect.withFiber((fiber) => {
        const headers = Headers.merge(Headers.fromInput(headersOf(fiber)), Headers.fromInput(options.headers))
        return Effect.succeed(invoke(tag, payload, { ...options, headers }))
      })
      const isEffect = !streams || options.asQueue === true
      return isEffect
        ? Effect.flatMap(call, (result) => result as Effect.Effect<unknown>)
        : Stream.unwrap(Effect.map(call, (result) => result as Stream.Stream<unknown>))
    }
  }
  return client as RpcClient.RpcClient<R, BoundaryError>
}
