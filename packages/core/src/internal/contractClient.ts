/**
 * The client object of a contract, over one function that makes any of its calls.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Headers from "effect/http/Headers"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcClient from "effect/rpc/RpcClient"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import * as RpcSchema from "effect/rpc/RpcSchema"
import * as Stream from "effect/Stream"
import type { BoundaryError } from "../BoundaryError.ts"
import { headersOf } from "../CallMetadata.ts"

/** What a client takes beside the payload of a call. */
export interface CallOptions {
  readonly headers?: Headers.Input | undefined
  readonly asQueue?: boolean | undefined
  readonly streamBufferSize?: number | undefined
}

/** A call of any contract, seen without its types. */
type Invoke = (
  tag: string,
  payload: unknown,
  options: CallOptions
) => Effect.Effect<unknown, unknown, unknown> | Stream.Stream<unknown, unknown, unknown>

/**
 * The types of a call follow from its tag, which is known here only as a string:
 * so they are given up on the way in and taken from the group on the way out.
 */
export const untyped = <R extends Rpc.Any, E>(flat: RpcClient.RpcClient.Flat<R, E>): Invoke => {
  const invoke: unknown = flat
  return invoke as Invoke
}

/** Whether a call succeeds with many elements. */
export const isStreaming = (rpc: Rpc.AnyWithProps): boolean => RpcSchema.isStreamSchema(rpc.successSchema)

export const clientOf = <R extends Rpc.Any>(
  group: RpcGroup.RpcGroup<R>,
  flat: RpcClient.RpcClient.Flat<R, BoundaryError>
): RpcClient.RpcClient<R, BoundaryError> => {
  const invoke = untyped(flat)
  const client: Record<string, (payload: unknown, options?: CallOptions) => unknown> = {}
  for (const [tag, rpc] of group.requests) {
    const streams = isStreaming(rpc as R & Rpc.AnyWithProps)
    client[tag] = (payload, options) =>
      streams && options?.asQueue !== true
        ? Stream.unwrap(
            Effect.withFiber((fiber) =>
              Effect.succeed(invoke(tag, payload, withMetadata(fiber, options)) as Stream.Stream<unknown>)
            )
          )
        : Effect.withFiber((fiber) => invoke(tag, payload, withMetadata(fiber, options)) as Effect.Effect<unknown>)
  }
  return client as RpcClient.RpcClient<R, BoundaryError>
}

/** Those by which a fiber stands for nothing: most, and it takes half a dozen look-ups to know. */
const withoutMetadata = new WeakSet<Context.Context<never>>()

const metadataOf = (fiber: Fiber.Fiber<unknown, unknown>): Headers.Headers => {
  if (withoutMetadata.has(fiber.context)) return Headers.empty
  const headers = Headers.fromInput(headersOf(fiber))
  for (const _ in headers) return headers
  withoutMetadata.add(fiber.context)
  return Headers.empty
}

/** What a call is made with: its own headers, over those that its fiber stands for. */
const withMetadata = (fiber: Fiber.Fiber<unknown, unknown>, options: CallOptions | undefined): CallOptions => {
  const metadata = metadataOf(fiber)
  if (options === undefined) return { headers: metadata }
  return { ...options, headers: Headers.merge(metadata, Headers.fromInput(options.headers)) }
}
