import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { serve } from "./fixtures/Calls.ts"
import { call, post } from "./fixtures/client.ts"

describe("RequestId", () => {
  layer(serve())((it) => {
    it.effect("takes over the client's id, as far as the handler", () =>
      Effect.gen(function* () {
        const answer = yield* post("/predict/seen", {}, { "x-request-id": "client-1" })
        assert.strictEqual(answer.headers["x-request-id"], "client-1")
        assert.strictEqual(JSON.parse(answer.text).requestId, "client-1")
      })
    )

    it.effect("makes one where there is none, another one each time", () =>
      Effect.gen(function* () {
        const first = yield* post("/predict/seen", {})
        const second = yield* post("/predict/seen", {})
        assert.match(String(first.headers["x-request-id"]), /^req_[\da-f-]{36}$/)
        assert.strictEqual(JSON.parse(first.text).requestId, first.headers["x-request-id"])
        assert.notStrictEqual(first.headers["x-request-id"], second.headers["x-request-id"])
      })
    )

    it.effect.each(["two words", "a;b", "<script>", "x".repeat(129), "caf\u00e9", "", `sk-${"x1".repeat(16)}`])(
      "makes one in place of %j",
      (id) =>
        Effect.gen(function* () {
          const answer = yield* post("/predict/seen", {}, { "x-request-id": id })
          assert.match(String(answer.headers["x-request-id"]), /^req_/)
        })
    )

    it.effect("stands on refusals and streams as well", () =>
      Effect.gen(function* () {
        const headers = { "x-request-id": "client-2" }
        for (const answer of [yield* call("/nope", { headers }), yield* post("/predict/count", { to: 1 }, headers)]) {
          assert.strictEqual(answer.headers["x-request-id"], "client-2")
        }
      })
    )
  })
})
