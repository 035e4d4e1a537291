import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { serve } from "./fixtures/Calls.ts"
import { call, post } from "./fixtures/client.ts"

const keys = [Redacted.make("key")] as const
const page = { origin: "https://chat.example" }
const preflight = {
  "access-control-request-method": "POST",
  "access-control-request-headers": "authorization, content-type"
}

describe("Cors", () => {
  layer(serve({ keys, cors: { origins: ["https://chat.example"], exposed: ["x-mine"], maxAge: "1 hour" } }))((it) => {
    it.effect("tells a page without a key what it may send", () =>
      Effect.gen(function* () {
        const { headers, status } = yield* call("/v1/chat/completions", {
          method: "OPTIONS",
          headers: { ...page, ...preflight }
        })
        assert.strictEqual(status, 204)
        assert.strictEqual(headers["access-control-allow-origin"], "https://chat.example")
        // Those that a REST API behind `HttpApi` may have, too.
        assert.strictEqual(headers["access-control-allow-methods"], "GET, HEAD, POST, PUT, PATCH, DELETE")
        assert.strictEqual(headers["access-control-allow-headers"], "authorization, content-type")
        assert.strictEqual(headers["access-control-max-age"], "3600")
        assert.isUndefined(headers["access-control-allow-credentials"])
      })
    )

    it.effect("lets it see answers, refusals and streams, with the headers that clients go by", () =>
      Effect.gen(function* () {
        const key = { ...page, "x-api-key": "key" }
        const answers = [
          yield* post("/predict/square", { x: 1 }, key),
          yield* post("/predict/square", { x: 1 }, page),
          yield* post("/predict/count", { to: 2 }, key),
          yield* call("/nope", { headers: key })
        ]
        assert.deepStrictEqual(
          answers.map(({ status }) => status),
          [200, 401, 200, 404]
        )
        for (const { headers } of answers) {
          assert.strictEqual(headers["access-control-allow-origin"], "https://chat.example")
          assert.include(String(headers.vary), "Origin")
          for (const name of ["x-request-id", "retry-after", "ratelimit", "x-mine"]) {
            assert.include(String(headers["access-control-expose-headers"]), name)
          }
        }
      })
    )

    it.effect("says nothing to other pages, with or without a preflight", () =>
      Effect.gen(function* () {
        const other = { origin: "https://evil.example", "x-api-key": "key" }
        const answers = [
          yield* post("/predict/square", { x: 1 }, other),
          yield* call("/predict/square", { method: "OPTIONS", headers: { ...other, ...preflight } }),
          yield* call("/predict/square", { headers: { "x-api-key": "key" } })
        ]
        for (const { headers } of answers) assert.isUndefined(headers["access-control-allow-origin"])
      })
    )
  })

  layer(serve({ cors: { origins: "*" } }))("for every page", (it) => {
    it.effect("names no origin", () =>
      Effect.gen(function* () {
        const { headers } = yield* post("/predict/square", { x: 1 }, page)
        assert.strictEqual(headers["access-control-allow-origin"], "*")
      })
    )
  })

  layer(serve())("without it", (it) => {
    it.effect("answers OPTIONS by the route, and no page", () =>
      Effect.gen(function* () {
        const { headers } = yield* call("/predict/square", { method: "OPTIONS", headers: { ...page, ...preflight } })
        assert.include(String(headers["allow"]), "POST")
        assert.isUndefined(headers["access-control-allow-origin"])
      })
    )
  })
})
