import type { BoundaryError } from "@causeway/core/BoundaryError"
import type { PolicyError, DeadlineExceeded } from "@causeway/core/PolicyError"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import type { RateLimited } from "@causeway/core/UpstreamReason"
import type { Attempt } from "@causeway/core/Attempt"
import * as Policy from "@causeway/resilience/Policy"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import { describe, expectTypeOf, it } from "vitest"

class Db extends Context.Service<Db, { readonly get: Effect.Effect<string> }>()(
  "@causeway/resilience/test/Policy.test-d/Db"
) {}

declare const call: Effect.Effect<string, UpstreamError | BoundaryError, Db | Scope.Scope>
declare const tokens: Stream.Stream<string, UpstreamError, Db | Scope.Scope>

const policy = Policy.make({ deadline: "1 minute", fallback: ["backup"] })

describe("Policy", () => {
  it("adds PolicyError and nothing else", () => {
    expectTypeOf(call.pipe(Policy.apply(policy))).toEqualTypeOf<
      Effect.Effect<string, UpstreamError | BoundaryError | PolicyError, Db | Scope.Scope>
    >()
    expectTypeOf(tokens.pipe(Policy.applyStream(policy))).toEqualTypeOf<
      Stream.Stream<string, UpstreamError | PolicyError, Db | Scope.Scope>
    >()
    expectTypeOf(Effect.succeed(1).pipe(Policy.apply(policy))).toEqualTypeOf<Effect.Effect<number, PolicyError>>()
  })

  it("keeps reasons narrow in a pipe", () => {
    const handled = call.pipe(
      Policy.apply(policy),
      Effect.catchReason("UpstreamError", "RateLimited", (reason) => {
        expectTypeOf(reason).toEqualTypeOf<RateLimited>()
        return Effect.succeed("")
      }),
      Effect.catchReason("PolicyError", "DeadlineExceeded", (reason) => {
        expectTypeOf(reason).toEqualTypeOf<DeadlineExceeded>()
        return Effect.succeed("")
      })
    )
    expectTypeOf(handled).toEqualTypeOf<
      Effect.Effect<string, UpstreamError | BoundaryError | PolicyError, Db | Scope.Scope>
    >()
  })

  it("knows its options", () => {
    Policy.make({ fallback: { any: ["a"], "larger-context": ["b"] } })
    // @ts-expect-error no such option
    Policy.make({ retries: 2 })
    // @ts-expect-error no such kind of failure
    Policy.make({ fallback: { never: ["a"] } })
    // @ts-expect-error no duration
    Policy.make({ deadline: "soon" })
    // @ts-expect-error only make makes a policy
    Policy.apply({})
  })

  it("gives attempts as data", () => {
    expectTypeOf(Policy.attempts(new Error("x"))).toEqualTypeOf<ReadonlyArray<Attempt>>()
    expectTypeOf<Attempt["delivery"]>().toEqualTypeOf<"not-sent" | "may-have-run" | "ran">()
  })
})
