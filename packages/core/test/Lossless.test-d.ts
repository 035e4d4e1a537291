import * as Lossless from "@causeway/core/Lossless"
import { UpstreamError } from "@causeway/core/UpstreamError"
import type * as Cause from "effect/Cause"
import type * as Exit from "effect/Exit"
import type * as RpcSerialization from "effect/rpc/RpcSerialization"
import * as Schema from "effect/Schema"
import { describe, expectTypeOf, it } from "vitest"

describe("Lossless", () => {
  it("keeps the types of schemas", () => {
    const cause = Lossless.Cause(UpstreamError)
    const exit = Lossless.Exit(Schema.Date, UpstreamError)
    expectTypeOf<typeof cause.Type>().toEqualTypeOf<Cause.Cause<UpstreamError>>()
    expectTypeOf<typeof exit.Type>().toEqualTypeOf<Exit.Exit<Date, UpstreamError>>()
    expectTypeOf<typeof exit.DecodingServices>().toEqualTypeOf<never>()
    expectTypeOf(Lossless.Defect().Type).toEqualTypeOf<unknown>()
  })

  it("gives what a protocol takes", () => {
    expectTypeOf(Lossless.codecFor({ form: "clone" })).toEqualTypeOf<RpcSerialization.CodecFor>()
  })

  it("takes classes of every sort, and entries whose parts fit each other", () => {
    class Plain {
      readonly x: number = 1
    }
    const options: Lossless.Options = {
      classes: [
        Plain,
        UpstreamError,
        {
          id: "app/Plain",
          class: Plain,
          encode: (plain: Plain) => plain.x,
          decode: (x) => Object.assign(new Plain(), { x: Number(x) })
        }
      ]
    }
    expectTypeOf(options).toExtend<Lossless.Options>()
    expectTypeOf<Lossless.ClassEntry<Plain>>().toExtend<Lossless.AnyClass>()
  })

  it("narrows an unknown failure", () => {
    const u: unknown = undefined
    if (Lossless.isUnknownFailure(u)) {
      expectTypeOf(u._tag).toEqualTypeOf<string>()
      expectTypeOf(u.fields).toEqualTypeOf<Readonly<Record<string, unknown>>>()
    }
  })

  it("marks schemas of bytes, which stay what they are, and no others", () => {
    const marked = Lossless.transfer(Schema.Uint8Array)
    expectTypeOf(marked).toEqualTypeOf<typeof Schema.Uint8Array>()
    Lossless.transfer(Schema.instanceOf(Float32Array))
    // @ts-expect-error no bytes
    Lossless.transfer(Schema.String)
    expectTypeOf(Lossless.transferables({})).toEqualTypeOf<ReadonlyArray<ArrayBuffer>>()
  })
})
