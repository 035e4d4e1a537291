import { Evidence } from "@causeway/core/Evidence"
import * as Lossless from "@causeway/core/Lossless"
import { UpstreamError } from "@causeway/core/UpstreamError"
import { Overloaded } from "@causeway/core/UpstreamReason"
import * as Policy from "@causeway/resilience/Policy"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

const overloaded = new UpstreamError({
  upstream: "primary",
  operation: "chat.completions.create",
  reason: new Overloaded({ message: "busy", seenIn: "status" }),
  evidence: new Evidence({ attempt: 1, timing: { startedAt: 0, totalMs: 1 } })
})

const policy = Policy.make({ retry: { times: 1, base: "1 millis", max: "1 millis" }, fallback: ["backup"] })

describe("a policy's attempts", () => {
  for (const form of ["json", "clone"] as const) {
    it.live(`cross with their error, as ${form}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Effect.fail(overloaded).pipe(Policy.apply(policy)))
        const attempts = Policy.attempts(error)
        assert.isAbove(attempts.length, 1)
        const wire = Lossless.toWire(error, { form, classes: [UpstreamError] })
        const sent = form === "json" ? JSON.parse(JSON.stringify(wire)) : structuredClone(wire)
        const arrived = Lossless.fromWire(sent, { form, classes: [UpstreamError] })
        assert.instanceOf(arrived, UpstreamError)
        assert.deepStrictEqual(Policy.attempts(arrived), attempts)
      })
    )
  }
})
