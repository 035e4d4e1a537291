/** The forms that the methods of resources have. */
import type { UpstreamError } from "@causeway/core/UpstreamError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import { openedStream, streamOf } from "./caller.ts"
import type { Made, WithResponse } from "./made.ts"
import type { Opened } from "./stream.ts"

/** A call: its value, or its value with the answer's ids and rate limits. */
export interface Call<Args extends ReadonlyArray<unknown>, A> {
  (...args: Args): Effect.Effect<A, UpstreamError>
  readonly withResponse: (...args: Args) => Effect.Effect<WithResponse<A>, UpstreamError>
}

/** A call whose answer is a stream. `withResponse` opens it, up to its first element, for as long as the scope is open. */
export interface StreamCall<Args extends ReadonlyArray<unknown>, A> {
  (...args: Args): Stream.Stream<A, UpstreamError>
  readonly withResponse: (
    ...args: Args
  ) => Effect.Effect<WithResponse<Stream.Stream<A, UpstreamError>>, UpstreamError, Scope.Scope>
}

export const call = <Args extends ReadonlyArray<unknown>, A>(
  make: (...args: Args) => Effect.Effect<Made<A>, UpstreamError>
): Call<Args, A> =>
  Object.assign((...args: Args) => Effect.map(make(...args), ({ data }) => data), {
    withResponse: (...args: Args) => Effect.map(make(...args), ({ data, info }) => ({ data, response: info() }))
  })

export const streamCall = <Args extends ReadonlyArray<unknown>, A>(
  make: (scope: Scope.Scope, ...args: Args) => Effect.Effect<Opened<A>, UpstreamError>
): StreamCall<Args, A> =>
  Object.assign((...args: Args) => streamOf((scope) => make(scope, ...args)), {
    withResponse: (...args: Args) => openedStream((scope) => make(scope, ...args))
  })
