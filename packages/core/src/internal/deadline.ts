/**
 * Calls that end within their deadline.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcClient from "effect/rpc/RpcClient"
import * as Stream from "effect/Stream"
import { BoundaryError, DeadlineExceeded } from "../BoundaryError.ts"
import * as CallMetadata from "../CallMetadata.ts"

interface Options {
  readonly boundary: string
  /** For a call that is no stream and whose caller sets no deadline. */
  readonly deadline: Duration.Duration
}

/** Gives every call its deadline; the calls stay as they are otherwise. */
export const bounded = <R extends Rpc.Any, E>(
  flat: RpcClient.RpcClient.Flat<R, E>,
  options: Options
): RpcClient.RpcClient.Flat<R, E | BoundaryError> => {
  const erased: unknown = flat
  const call = erased as (...args: ReadonlyArray<unknown>) => object
  const boundedCall: unknown = (...args: ReadonlyArray<unknown>) => {
    const result = call(...args)
    // The types of a single call are unknown here by design; the group's are kept by the signature.
    // @effect-diagnostics-next-line anyUnknownInErrorContext:off
    if (Effect.isEffect(result)) return boundEffect(result, options)
    return Stream.isStream(result) ? boundStream(result, options) : result
  }
  return boundedCall as RpcClient.RpcClient.Flat<R, E | BoundaryError>
}

const exceeded = (boundary: string, limit: Duration.Duration): BoundaryError =>
  new BoundaryError({
    boundary,
    reason: new DeadlineExceeded({
      message: `no answer within ${Duration.format(limit)}`,
      delivery: "may-have-run",
      limit
    })
  })

const boundEffect = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  { boundary, deadline }: Options
): Effect.Effect<A, E | BoundaryError, R> =>
  Effect.flatMap(CallMetadata.remaining, (remaining = deadline) =>
    Effect.timeoutOrElse(self, {
      duration: remaining,
      orElse: () => Effect.fail(exceeded(boundary, remaining))
    })
  )

const boundStream = <A, E, R>(
  self: Stream.Stream<A, E, R>,
  { boundary }: Options
): Stream.Stream<A, E | BoundaryError, R> =>
  Stream.unwrap(
    Effect.map(CallMetadata.remaining, (remaining) =>
      remaining === undefined
        ? self
        : Stream.interruptWhen(
            self,
            Effect.andThen(Effect.sleep(remaining), Effect.fail(exceeded(boundary, remaining)))
          )
    )
  )
