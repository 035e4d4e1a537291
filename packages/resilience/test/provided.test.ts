import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { providing } from "../src/internal/provided.ts"

const Name = Context.Reference<string>("resilience/test/Name", { defaultValue: () => "nobody" })
const Other = Context.Reference<number>("resilience/test/Other", { defaultValue: () => 0 })

describe("provided", () => {
  it.effect("puts the context together once for effects of one fiber, and anew for another context", () =>
    Effect.gen(function* () {
      let made = 0
      const provide = providing((context) => {
        made++
        return Context.add(context, Name, "somebody")
      })
      const seen = provide(Effect.all([Name, Other]))
      assert.deepStrictEqual(
        [yield* seen, yield* seen],
        [
          ["somebody", 0],
          ["somebody", 0]
        ]
      )
      assert.strictEqual(made, 1)
      assert.deepStrictEqual(yield* Effect.provideService(seen, Other, 1), ["somebody", 1])
      assert.deepStrictEqual(yield* seen, ["somebody", 0])
      assert.strictEqual(yield* Name, "nobody")
      assert.strictEqual(made, 3)
    })
  )
})
