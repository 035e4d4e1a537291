import type { UpstreamError } from "@causeway/core/UpstreamError"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"

/** The error of a call that must fail. */
export const failing = <R>(call: Effect.Effect<unknown, UpstreamError, R>): Effect.Effect<UpstreamError, never, R> =>
  Effect.match(call, {
    onFailure: (error) => error,
    onSuccess: () => assert.fail("the call succeeded")
  })
