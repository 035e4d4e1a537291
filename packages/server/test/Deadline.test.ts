import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { happened, serve } from "./fixtures/Calls.ts"
import { post } from "./fixtures/client.ts"

const remaining = (timeout: string) =>
  Effect.map(post("/predict/seen", {}, { "x-causeway-timeout": timeout }), ({ text }) => JSON.parse(text).remaining)

describe("Deadline", () => {
  layer(serve({ timeout: "1 minute" }))((it) => {
    it.effect("gives the calls of a request the time that the client allows", () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* remaining("1500"), 1500)
        assert.strictEqual(yield* remaining("1"), 1)
      })
    )

    it.effect("never gives them more than they have anyhow", () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* remaining("60000"), null)
        assert.strictEqual(yield* remaining("999999999999999"), null)
      })
    )

    it.effect("answers a call that takes longer with 504, and interrupts it", () =>
      Effect.gen(function* () {
        const answer = yield* Effect.forkChild(post("/predict/hang", {}, { "x-causeway-timeout": "2000" }))
        assert.strictEqual(yield* happened, "hang began")
        yield* TestClock.adjust("2 seconds")
        const { error, headers, status } = yield* Fiber.join(answer)
        assert.strictEqual(status, 504)
        assert.include(error, { type: "timeout_error", code: "deadline_exceeded" })
        assert.strictEqual(headers["x-should-retry"], "false")
        assert.strictEqual(yield* happened, "hang ended")
      })
    )

    it.effect.each(["0", "-1", "1.5", "1e3", "soon", "", " ", "0x10", "9".repeat(16), "1000, 2000"])(
      "refuses %j with 400",
      (timeout) =>
        Effect.gen(function* () {
          const answer = yield* post("/predict/seen", {}, { "x-causeway-timeout": timeout })
          assert.strictEqual(answer.status, 400)
          assert.include(answer.error, { code: "invalid_header", param: "x-causeway-timeout" })
        })
    )
  })
})
