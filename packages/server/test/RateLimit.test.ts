import * as RateLimit from "@causeway/server/RateLimit"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { serve } from "./fixtures/Calls.ts"
import { call, post } from "./fixtures/client.ts"

const keys = ["a", "b", "c"].map((name) => ({ name, key: Redacted.make(`key-${name}`) }))

const square = (key: string) => post("/predict/square", { x: 1 }, { "x-api-key": `key-${key}` })

describe("RateLimit", () => {
  layer(serve({ keys, rateLimit: { limit: 2, window: "1 hour", keys: { b: { limit: 1, window: "90 seconds" } } } }))(
    (it) => {
      it.effect("answers 429 to a key that has had its requests, and to no other one", () =>
        Effect.gen(function* () {
          const [first, second, third] = [yield* square("a"), yield* square("a"), yield* square("a")]
          assert.deepStrictEqual(
            [first, second, third].map(({ status }) => status),
            [200, 200, 429]
          )
          assert.strictEqual(first.headers["ratelimit-policy"], '"default";q=2;w=3600')
          assert.match(String(first.headers["ratelimit"]), /^"default";r=1;t=1800$/)
          assert.match(String(second.headers["ratelimit"]), /^"default";r=0;t=\d+$/)
          assert.include(third.error, { type: "rate_limit_error", code: "too_many_requests" })
          assert.include(third.error?.message ?? "", "more than 2 requests within 1h")
          assert.match(String(third.headers["retry-after"]), /^1[78]\d\d$/)
          assert.strictEqual(third.headers["x-should-retry"], "true")
          assert.match(String(third.headers["ratelimit"]), /^"default";r=0;t=1[78]\d\d$/)
          assert.strictEqual((yield* square("c")).status, 200)
        })
      )

      it.effect("has a quota of its own for a key that is named", () =>
        Effect.gen(function* () {
          const [first, second] = [yield* square("b"), yield* square("b")]
          assert.strictEqual(first.headers["ratelimit-policy"], '"b";q=1;w=90')
          assert.strictEqual(second.status, 429)
        })
      )

      it.effect("does not count the health, nor who has no key at all", () =>
        Effect.gen(function* () {
          for (let n = 0; n < 4; n++) {
            const answer = yield* call("/health/live")
            assert.strictEqual(answer.status, 200)
            assert.isUndefined(answer.headers["ratelimit"])
            assert.strictEqual((yield* call("/predict/square")).status, 401)
          }
        })
      )
    }
  )

  const hello = HttpRouter.add("GET", "/hello", Effect.succeed(HttpServerResponse.text("hello")))

  it.effect("lets a request in again once it has come back", () =>
    Effect.gen(function* () {
      const limiter = yield* RateLimiter.RateLimiter
      const { handler } = HttpRouter.toWebHandler(
        Layer.provideMerge(hello, RateLimit.layerMiddleware({ limit: 1, window: "1 minute" })).pipe(
          Layer.provide(Layer.succeed(RateLimiter.RateLimiter, limiter))
        ),
        { disableLogger: true }
      )
      const context = yield* Effect.context<never>()
      // The bucket holds one, which comes back within the minute.
      const ask = Effect.promise(() => handler(new Request("http://localhost/hello"), context))
      assert.strictEqual((yield* ask).status, 200)
      assert.strictEqual((yield* ask).status, 429)
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual((yield* ask).headers.get("retry-after"), "1")
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* ask).status, 200)
    }).pipe(Effect.provide(Layer.provide(RateLimiter.layer, RateLimiter.layerStoreMemory)))
  )

  it.effect("lets requests in where the limiter cannot be asked", () =>
    Effect.gen(function* () {
      const reason = new RateLimiter.RateLimitStoreError({ message: "the store is gone" })
      const limiter = yield* RateLimiter.make.pipe(
        Effect.provideService(RateLimiter.RateLimiterStore, {
          ...(yield* RateLimiter.RateLimiterStore),
          fixedWindow: () => Effect.fail(new RateLimiter.RateLimiterError({ reason }))
        })
      )
      const { handler } = HttpRouter.toWebHandler(
        Layer.provideMerge(hello, RateLimit.layerMiddleware({ limit: 1, window: "1 minute" })).pipe(
          Layer.provide(Layer.succeed(RateLimiter.RateLimiter, limiter))
        ),
        { disableLogger: true }
      )
      const answer = yield* Effect.promise(() => handler(new Request("http://localhost/hello")))
      assert.strictEqual(answer.status, 200)
    }).pipe(Effect.provide(RateLimiter.layerStoreMemory))
  )

  it.each([
    { limit: 0, window: "1 minute" },
    { limit: 1.5, window: "1 minute" },
    { limit: 1, window: 0 }
  ] as const)("refuses %o", (quota) => {
    assert.throws(() => RateLimit.layer(quota), TypeError)
  })
})
