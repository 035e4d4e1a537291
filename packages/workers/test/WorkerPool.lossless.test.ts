/**
 * What fails in a worker arrives as it left.
 */
import { UpstreamError } from "@causeway/core/UpstreamError"
import { RateLimited } from "@causeway/core/UpstreamReason"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { Bad, Good } from "./fixtures/contracts.ts"
import { entry, layer } from "./fixtures/pool.ts"
import { Unregistered } from "./fixtures/Unregistered.ts"

/** What a defect was. */
const defectOf = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(Effect.sandbox(self)), (cause) => Cause.squash(cause))

describe("WorkerPool, for failures", { timeout: 60_000 }, () => {
  it.layer(layer(), { excludeTestServices: true })("of a worker", (it) => {
    it.effect("keeps a typed failure's class, reason, evidence, cause, own properties and stack", () =>
      Effect.gen(function* () {
        const good = yield* Good
        const error = yield* Effect.flip(good.upstream())
        if (!(error instanceof UpstreamError)) return assert.fail(String(error))
        assert.instanceOf(error.reason, RateLimited)
        assert.deepInclude(error.evidence, { attempt: 1, timing: { startedAt: 0, totalMs: 3 } })
        assert.include(error.stack, "handlers.ts")
        assert.strictEqual("note" in error && error.note, "kept")
        const { cause } = error
        if (!(cause instanceof TypeError)) return assert.fail(String(cause))
        assert.strictEqual(cause.message, "fetch failed")
        assert.strictEqual("syscall" in cause && cause.syscall, "read")
        assert.include(cause.stack, "handlers.ts")
        assert.strictEqual(cause.cause instanceof Error && cause.cause.message, "socket closed")
      })
    )

    it.effect("lets it be caught by its reason", () =>
      Effect.gen(function* () {
        const good = yield* Good
        const caught = yield* good
          .upstream()
          .pipe(Effect.catchReason("UpstreamError", "RateLimited", (reason) => Effect.succeed(reason.message)))
        assert.strictEqual(caught, "slow down")
      })
    )

    it.effect("keeps the name, the kind and the own properties of a defect whose class is not known here", () =>
      Effect.gen(function* () {
        const good = yield* Good
        const defect = yield* defectOf(good.die({ how: "error" }))
        assert.instanceOf(defect, TypeError)
        assert.notInstanceOf(defect, Unregistered)
        assert.strictEqual(defect.name, "Unregistered")
        assert.strictEqual(defect.message, "not registered")
        assert.deepStrictEqual("detail" in defect && defect.detail, { at: [1, 2, 3] })
        assert.include(defect.stack, "handlers.ts")
      })
    )

    it.effect("keeps a defect of which some parts cannot cross, with placeholders for them", () =>
      Effect.gen(function* () {
        const good = yield* Good
        const defect = yield* defectOf(good.die({ how: "uncloneable" }))
        if (!(defect instanceof RangeError)) return assert.fail(String(defect))
        assert.strictEqual(defect.message, "whole but for some parts")
        const parts: Record<string, unknown> = { ...defect }
        assert.deepStrictEqual(parts, { callback: "[function callback]", weak: "[WeakMap]", note: "kept" })
      })
    )

    it.effect("keeps a defect that is no error", () =>
      Effect.gen(function* () {
        const good = yield* Good
        assert.strictEqual(yield* defectOf(good.die({ how: "string" })), "a string")
      })
    )
  })

  it.layer(layer({ entry: entry("registered"), lossless: { classes: [Unregistered] } }), { excludeTestServices: true })(
    "of a class that both sides know",
    (it) => {
      it.effect("makes a defect an instance again", () =>
        Effect.gen(function* () {
          const good = yield* Good
          assert.instanceOf(yield* defectOf(good.die({ how: "error" })), Unregistered)
        })
      )

      it.effect("and what was thrown outside of any call", () =>
        Effect.gen(function* () {
          const bad = yield* Bad
          const { reason } = yield* Effect.flip(bad.throwInTimer())
          assert.instanceOf(reason._tag === "Crashed" && reason.cause, Unregistered)
        })
      )
    }
  )

  it.live("shows the value that did not fit, without its secrets", () =>
    Effect.gen(function* () {
      const bad = yield* Bad
      const { reason } = yield* Effect.flip(bad.wrongSuccess())
      assert.strictEqual(reason._tag === "Undecodable" && reason.raw, "not a number, but <redacted>")
    }).pipe(Effect.provide(layer()))
  )
})
