import * as Service from "@causeway/cli/Service"
import * as Contract from "@causeway/core/Contract"
import { OpenAiClient } from "@causeway/openai/OpenAiClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { describe, expectTypeOf, it } from "vitest"

class Plain extends Contract.Service<Plain>()("test/Plain", Rpc.make("plain", { success: Schema.Finite })) {}
class Other extends Contract.Service<Other>()("test/Other", Rpc.make("other")) {}
class Store extends Context.Service<Store, { readonly size: number }>()("@causeway/cli/test/Service.test-d/Store") {}

describe("Service.make", () => {
  it("takes handlers that need nothing, or the client of the upstreams", () => {
    expectTypeOf(
      Service.make(Plain, Plain.toLayer({ plain: () => Effect.succeed(1) }))
    ).toEqualTypeOf<Service.Service>()
    Service.make(Plain, Plain.toLayer(Effect.as(OpenAiClient, { plain: () => Effect.succeed(1) })))
  })

  it("refuses handlers that need something else", () => {
    // @ts-expect-error nobody provides the store
    // @effect-diagnostics-next-line missingLayerContext:off
    Service.make(Plain, Plain.toLayer(Effect.map(Store, ({ size }) => ({ plain: () => Effect.succeed(size) }))))
  })

  it("refuses the handlers of another contract", () => {
    // @ts-expect-error these are the handlers of another contract
    Service.make(Plain, Other.toLayer({ other: () => Effect.void }))
  })
})
