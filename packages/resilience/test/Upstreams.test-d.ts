import type { PolicyError } from "@causeway/core/PolicyError"
import * as Degraded from "@causeway/resilience/Degraded"
import * as Policy from "@causeway/resilience/Policy"
import * as Upstreams from "@causeway/resilience/Upstreams"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { describe, expectTypeOf, it } from "vitest"

class Llm extends Context.Service<Llm, { readonly name: string }>()("@causeway/resilience/test/Upstreams.test-d/Llm") {}
class Db extends Context.Service<Db, { readonly name: string }>()("@causeway/resilience/test/Upstreams.test-d/Db") {}

declare const wide: Layer.Layer<Llm | Db, "no key", "config">
declare const call: Effect.Effect<string, "broken", Llm>

describe("Upstreams.layer", () => {
  it("provides what all clients have, with the errors and needs of each", () => {
    const layer = Upstreams.layer({ a: { client: Layer.succeed(Llm, { name: "a" }) }, b: { client: wide } })
    expectTypeOf(layer).toEqualTypeOf<Layer.Layer<Llm, "no key", "config">>()
    expectTypeOf(Upstreams.layerNamed({ a: {} })).toEqualTypeOf<Layer.Layer<never>>()
  })

  it("knows its options", () => {
    // @ts-expect-error no client
    Upstreams.layer({ a: { priority: 1 } })
    // @ts-expect-error no such option
    Upstreams.layerNamed({ a: { wieght: 1 } })
  })
})

describe("Policy.make", () => {
  it("knows the upstreams that are stated", () => {
    Policy.make({ upstreams: ["primary", "backup"], fallback: ["backup"] })
    // @ts-expect-error no such upstream
    Policy.make({ upstreams: ["primary", "backup"], fallback: ["bakcup"] })
    // @ts-expect-error no such upstream
    Policy.make({ upstreams: { primary: {}, backup: {} }, fallback: { "larger-context": ["large"] } })
  })
})

describe("Degraded", () => {
  it("adds its answers to the successes, and the errors of a refusal", () => {
    const plan = Degraded.make({ answers: [Degraded.fixed("none", 0)] })
    expectTypeOf(call.pipe(Degraded.apply(plan))).toEqualTypeOf<
      Effect.Effect<string | number, "broken" | PolicyError, Llm>
    >()
    const refusal = Degraded.make({ answers: [Degraded.refuse("1 second")] })
    expectTypeOf(call.pipe(Degraded.apply(refusal))).toEqualTypeOf<Effect.Effect<string, "broken" | PolicyError, Llm>>()
    expectTypeOf(call.pipe(Degraded.apply(plan), Degraded.marked)).toEqualTypeOf<
      Effect.Effect<Degraded.Marked<string | number>, "broken" | PolicyError, Llm>
    >()
  })
})
