import type { BoundaryError } from "@causeway/core/BoundaryError"
import * as Contract from "@causeway/core/Contract"
import * as Remote from "@causeway/core/Remote"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { describe, expectTypeOf, it } from "vitest"

class Refused extends Schema.TaggedError<Refused>("test/Refused")("Refused", {}) {}

class Squares extends Contract.Service<Squares>()(
  "test/Squares",
  Rpc.make("square", { payload: { x: Schema.Finite }, success: Schema.Finite, error: Refused })
) {}

describe("Remote", () => {
  it("is a place of the contract, which may lack its token", () => {
    const remote = Remote.layer(Squares, { url: "http://127.0.0.1/rpc", token: Config.Redacted("TOKEN") })
    expectTypeOf(remote).toEqualTypeOf<Layer.Layer<Squares, Config.ConfigError>>()
    const call = Effect.flatMap(Squares, (squares) => squares.square({ x: 1 })).pipe(Effect.provide(remote))
    expectTypeOf(call).toEqualTypeOf<Effect.Effect<number, Refused | BoundaryError | Config.ConfigError>>()
  })

  it("takes a token only where it is Redacted", () => {
    Remote.layer(Squares, { url: "http://127.0.0.1/rpc", token: Redacted.make("x") })
    // @ts-expect-error a token in clear
    Remote.layer(Squares, { url: "http://127.0.0.1/rpc", token: "x" })
  })
})
