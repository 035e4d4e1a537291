import * as Contract from "@causeway/core/Contract"
import type * as Local from "@causeway/core/Local"
import type * as Arbitraries from "@causeway/testing/Arbitraries"
import * as Laws from "@causeway/testing/Laws"
import { describe, expectTypeOf, it } from "@effect/vitest"
import type * as Arbitrary from "effect/Arbitrary"
import type * as Cause from "effect/Cause"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"

class Calls extends Contract.Service<Calls>()("test/Calls", Rpc.make("call")) {}
class Others extends Contract.Service<Others>()("test/Others", Rpc.make("call")) {}

class StartError {
  readonly _tag = "StartError"
}

declare const place: Layer.Layer<Calls>
declare const failing: Layer.Layer<Calls, StartError>
declare const foreign: Layer.Layer<Others>
declare const needy: ReturnType<typeof Local.layer<Calls, "test/Calls", Rpc.Rpc<"call">, never, Others>>

describe("Laws", () => {
  it("fail with LawBroken, and with what a place fails to start with", () => {
    expectTypeOf(Laws.sameResult(Calls, { place })).toEqualTypeOf<Effect.Effect<void, Laws.LawBroken>>()
    expectTypeOf(Laws.sameResult(Calls, { place, failing })).toEqualTypeOf<
      Effect.Effect<void, Laws.LawBroken | StartError>
    >()
    expectTypeOf(Laws.sameValue(1, 2)).toEqualTypeOf<Effect.Effect<void, Laws.LawBroken>>()
  })

  it("take only places of their contract that need nothing more", () => {
    // @ts-expect-error the place serves another contract
    expectTypeOf(Laws.sameResult(Calls, { foreign })).toBeObject()
    // @ts-expect-error the place still needs a service
    // @effect-diagnostics-next-line missingLayerContext:off
    expectTypeOf(Laws.sameResult(Calls, { needy })).toBeObject()
  })
})

describe("Arbitraries", () => {
  it("keep the types of success and failure", () => {
    type Made<A, E> = ReturnType<typeof Arbitraries.exit<A, E>>
    expectTypeOf<Made<number, StartError>>().toEqualTypeOf<Arbitrary.Arbitrary<Exit.Exit<number, StartError>>>()
    type Failed<E> = ReturnType<typeof Arbitraries.cause<E>>
    expectTypeOf<Failed<StartError>>().toEqualTypeOf<Arbitrary.Arbitrary<Cause.Cause<StartError>>>()
  })
})
