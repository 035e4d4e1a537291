import * as Batch from "@causeway/core/Batch"
import * as Contract from "@causeway/core/Contract"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { describe, expectTypeOf, it } from "vitest"

class Model extends Context.Service<Model, { readonly size: number }>()("@causeway/core/test/Batch.test-d/Model") {}

class Refused extends Schema.TaggedError<Refused>("types/Batch/Refused")("Refused", {}) {}

const Embed = Rpc.make("embed", {
  payload: { text: Schema.String },
  success: Schema.Finite,
  error: Schema.Union([Refused, Batch.BatchError])
})

class Embeddings extends Contract.Service<Embeddings>()("types/Embeddings", Embed) {}

class Forgetful extends Contract.Service<Forgetful>()(
  "types/Forgetful",
  Rpc.make("embed", { payload: { text: Schema.String }, success: Schema.Finite, error: Refused })
) {}

const embed = Batch.make(
  (payloads: Batch.Payloads<typeof Embed>) =>
    Effect.map(Model, ({ size }) =>
      payloads.map(({ text }) => (text === "" ? Exit.fail(new Refused()) : Exit.succeed(size)))
    ),
  { maxSize: 8, maxWait: 0 }
)

describe("Batch", () => {
  it("makes a handler of one call, with its own errors, the batch's, and the services of the function", () => {
    expectTypeOf(embed).toEqualTypeOf<
      Effect.Effect<
        (payload: { readonly text: string }) => Effect.Effect<number, Refused | Batch.BatchError>,
        never,
        Model | Scope.Scope
      >
    >()
    expectTypeOf(Embeddings.toLayer(Effect.map(embed, (embed) => ({ embed })))).toExtend<object>()
  })

  it("has the failure of the function itself as well", () => {
    const failing = Batch.make(
      (payloads: ReadonlyArray<string>) =>
        Effect.filterOrFail(
          Effect.succeed(payloads.map((text) => Exit.succeed(text))),
          () => payloads.length < 3,
          () => "no model" as const
        ),
      { maxSize: 8, maxWait: 0 }
    )
    expectTypeOf<Effect.Error<ReturnType<Effect.Success<typeof failing>>>>().toEqualTypeOf<
      "no model" | Batch.BatchError
    >()
  })

  it("is refused by a contract that does not name its error", () => {
    // @ts-expect-error BatchError is no error of this call
    // @effect-diagnostics-next-line anyUnknownInErrorContext:off missingEffectError:off
    Forgetful.toLayer(Effect.map(embed, (embed) => ({ embed })))
  })
})
