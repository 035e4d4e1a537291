import * as Health from "@causeway/server/Health"
import * as Server from "@causeway/server/Server"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { call } from "./fixtures/client.ts"

const well: Health.Check = { name: "pool", status: Effect.succeed({ ok: true, details: { workers: 2 } }) }

const cycle = (): Readonly<Record<string, unknown>> => {
  const details: Record<string, unknown> = {}
  details["self"] = details
  return details
}

const checks: ReadonlyArray<Health.Check> = [
  well,
  { name: "upstream", status: Effect.succeed({ ok: false, reason: "no answer to sk-proj-abcdefghijklmnopqrstuvwx" }) },
  { name: "disk", status: Effect.die(new Error("secret")) },
  {
    name: "database",
    status: Effect.succeed({
      ok: true,
      details: { at: "postgres://me:secret@db/app", login: { apiKey: "secret", password: 7, cut: [1] } }
    })
  },
  { name: "cycle", status: Effect.sync(() => ({ ok: true, details: cycle() })) }
]

describe("Health", () => {
  layer(Server.serve(Health.layer({ checks: [well] }), { port: 0 }))("where all is well", (it) => {
    it.effect("is live and ready", () =>
      Effect.gen(function* () {
        const live = yield* call("/health/live")
        assert.deepStrictEqual([live.status, live.text], [200, '{"status":"live"}'])
        assert.strictEqual(live.headers["cache-control"], "no-store")
        const ready = yield* call("/health/ready")
        assert.deepStrictEqual([ready.status, ready.text], [200, '{"status":"ready","reasons":[]}'])
        const all = yield* call("/health")
        assert.strictEqual(all.status, 200)
        assert.deepStrictEqual(JSON.parse(all.text).checks, [{ name: "pool", ok: true, details: { workers: 2 } }])
      })
    )

    it.effect("answers HEAD without a body, and refuses other methods", () =>
      Effect.gen(function* () {
        const head = yield* call("/health/ready", { method: "HEAD" })
        assert.deepStrictEqual([head.status, head.text], [200, ""])
        const answer = yield* call("/health", { method: "POST" })
        assert.deepStrictEqual([answer.status, answer.headers["allow"]], [405, "GET, HEAD, OPTIONS"])
      })
    )
  })

  layer(Server.serve(Health.layer({ checks }), { port: 0 }))("where something is not well", (it) => {
    it.effect("is not ready and says why, without secrets", () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* call("/health/live")).status, 200)
        const ready = yield* call("/health/ready")
        assert.strictEqual(ready.status, 503)
        const { reasons, status } = JSON.parse(ready.text)
        assert.strictEqual(status, "not-ready")
        assert.deepStrictEqual(reasons, [
          "upstream: no answer to <redacted>",
          "disk: the check itself failed",
          "cycle: the check itself failed"
        ])
        const { text } = yield* call("/health")
        assert.notMatch(text, /secret|sk-proj/)
        assert.deepStrictEqual(JSON.parse(text).checks[3].details, {
          at: "postgres://<redacted>@db/app",
          login: { apiKey: "<redacted>", password: "<redacted>", cut: [1] }
        })
      })
    )
  })

  it.effect("counts a check that does not answer as not well", () =>
    Effect.gen(function* () {
      const report = yield* Effect.forkChild(Health.examine([{ name: "stuck", status: Effect.never }, well]))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual((yield* Fiber.join(report)).reasons, ["stuck: no answer within 1s"])
    })
  )

  it.effect("does not wait for a check that cannot be interrupted", () =>
    Effect.gen(function* () {
      const connect = Effect.acquireUseRelease(
        Effect.never,
        () => Effect.succeed({ ok: true }),
        () => Effect.void
      )
      const report = yield* Effect.forkChild(Health.examine([{ name: "database", status: connect }]))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual((yield* Fiber.join(report)).reasons, ["database: no answer within 1s"])
    })
  )
})
