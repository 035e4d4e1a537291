import type { UpstreamError } from "@causeway/core/UpstreamError"
import type { Relay } from "@causeway/openai/Relay"
import type { Drain } from "@causeway/server/Drain"
import * as Health from "@causeway/server/Health"
import * as OpenAiApi from "@causeway/server/OpenAiApi"
import * as PredictApi from "@causeway/server/PredictApi"
import type { ServeError } from "@causeway/server/ServeError"
import * as Server from "@causeway/server/Server"
import type { HttpRouter } from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import { describe, expectTypeOf, it } from "vitest"
import { Calls } from "./fixtures/Calls.ts"

describe("Server", () => {
  it("needs what its routes need, and no more", () => {
    expectTypeOf(PredictApi.layer(Calls)).toEqualTypeOf<Layer.Layer<never, never, HttpRouter | Calls>>()
    expectTypeOf(OpenAiApi.layer()).toEqualTypeOf<Layer.Layer<never, never, HttpRouter | Relay>>()
    const routes = Layer.mergeAll(PredictApi.layer(Calls), OpenAiApi.layer(), Health.layer())
    expectTypeOf(Server.serve(routes)).toEqualTypeOf<Layer.Layer<Server.Server | Drain, ServeError, Calls | Relay>>()
  })

  it("fails as its routes fail while they are built, or because it cannot listen", () => {
    const routes: Layer.Layer<never, UpstreamError> = Layer.empty
    expectTypeOf(Server.serve(routes)).toEqualTypeOf<Layer.Layer<Server.Server | Drain, ServeError | UpstreamError>>()
  })
})
