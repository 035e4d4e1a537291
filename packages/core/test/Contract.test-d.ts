import type { BoundaryError } from "@causeway/core/BoundaryError"
import * as Contract from "@causeway/core/Contract"
import * as Local from "@causeway/core/Local"
import { UpstreamError } from "@causeway/core/UpstreamError"
import type { RateLimited } from "@causeway/core/UpstreamReason"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { describe, expectTypeOf, it } from "vitest"

class Db extends Context.Service<Db, { readonly get: Effect.Effect<string> }>()(
  "@causeway/core/test/Contract.test-d/Db"
) {}

class Summaries extends Contract.Service<Summaries>()(
  "test/Summaries",
  Rpc.make("summarize", { payload: { text: Schema.String }, success: Schema.String, error: UpstreamError }),
  Rpc.make("tokens", { payload: { text: Schema.String }, success: Schema.String, error: UpstreamError, stream: true })
) {}

describe("Contract", () => {
  it("gives calls their own error and the boundary's", () => {
    const summarize = Effect.flatMap(Summaries, (s) => s.summarize({ text: "" }))
    expectTypeOf(summarize).toEqualTypeOf<Effect.Effect<string, UpstreamError | BoundaryError, Summaries>>()
    const tokens = Stream.unwrap(Effect.map(Summaries, (s) => s.tokens({ text: "" })))
    expectTypeOf(tokens).toEqualTypeOf<Stream.Stream<string, UpstreamError | BoundaryError, Summaries>>()
  })

  it("narrows reasons with their fields", () => {
    const handled = Effect.flatMap(Summaries, (s) => s.summarize({ text: "" })).pipe(
      Effect.catchReason("UpstreamError", "RateLimited", (reason) => {
        expectTypeOf(reason).toEqualTypeOf<RateLimited>()
        return Effect.succeed("")
      }),
      Effect.catchReason("BoundaryError", "Crashed", (reason) => {
        expectTypeOf(reason.exitCode).toEqualTypeOf<number | undefined>()
        return Effect.succeed("")
      })
    )
    expectTypeOf(handled).toEqualTypeOf<Effect.Effect<string, UpstreamError | BoundaryError, Summaries>>()
  })

  it("asks for what handlers need, and for nothing else", () => {
    const handlers = Summaries.toLayer({
      summarize: () => Effect.flatMap(Db, (db) => db.get),
      tokens: () => Stream.empty
    })
    expectTypeOf(handlers).toEqualTypeOf<Layer.Layer<Contract.Handlers<Summaries>, never, Db>>()
    expectTypeOf(Local.layer(Summaries, handlers)).toEqualTypeOf<Layer.Layer<Summaries, never, Db>>()
  })

  it("refuses handlers that are missing or answer wrongly", () => {
    // @ts-expect-error tokens is missing
    // @effect-diagnostics-next-line anyUnknownInErrorContext:off
    Summaries.toLayer({ summarize: () => Effect.succeed("") })
    // @ts-expect-error a number is no string
    // @effect-diagnostics-next-line anyUnknownInErrorContext:off
    Summaries.toLayer({ summarize: () => Effect.succeed(1), tokens: () => Stream.empty })
  })
})
