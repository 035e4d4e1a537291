import * as Disposition from "@causeway/core/Disposition"
import { Evidence } from "@causeway/core/Evidence"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as Reason from "@causeway/core/UpstreamReason"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as ErrorReporter from "effect/ErrorReporter"
import * as Schema from "effect/Schema"

const evidence = new Evidence({ attempt: 1, timing: { startedAt: 0, totalMs: 1 } })
const failed = (reason: Reason.UpstreamReason, seen: Evidence = evidence) =>
  new UpstreamError({ upstream: "primary", operation: "chat.completions.create", reason, evidence: seen })

const gateway = (flag: Reason.Gateway["flag"]) =>
  failed(new Reason.Gateway({ message: "x", seenIn: "status", gateway: "envoy", flag, status: 503 }))
const hinted = (shouldRetry: boolean) => new Evidence({ ...evidence, shouldRetry })

describe("UpstreamError", () => {
  it("has an identifier of its own for every reason", () => {
    const identifiers = Reason.UpstreamReason.members.map((member) => member.identifier)
    assert.strictEqual(new Set(identifiers).size, 25)
    for (const id of identifiers) assert.match(id, /^@causeway\/core\/UpstreamError\/[A-Z]/)
  })

  it("says in its message which upstream, what was asked and why", () => {
    const error = failed(new Reason.Authentication({ message: "bad key", seenIn: "status" }))
    assert.strictEqual(error.message, "primary failed at chat.completions.create: Authentication, bad key")
  })

  it.effect("is handled by reason, with the reason's fields", () =>
    Effect.gen(function* () {
      const retryAfter = yield* Effect.fail(
        failed(new Reason.RateLimited({ message: "slow", seenIn: "status", retryAfter: Duration.seconds(2) }))
      ).pipe(Effect.catchReason("UpstreamError", "RateLimited", (reason) => Effect.succeed(reason.retryAfter)))
      assert.deepStrictEqual(retryAfter, Duration.seconds(2))
    })
  )

  it("never calls a rate limit a fault, and waits as long as it says", () => {
    const limited = failed(
      new Reason.RateLimited({ message: "slow", seenIn: "status", retryAfter: Duration.seconds(2) })
    )
    assert.deepInclude(Disposition.of(limited), { retry: "after", health: "pauses", delivery: "not-sent" })
  })

  it("tells what certainly did not run from what may have", () => {
    assert.strictEqual(Disposition.of(gateway("no-healthy-upstream"))?.delivery, "not-sent")
    assert.strictEqual(Disposition.of(gateway("reset"))?.delivery, "may-have-run")
  })

  it("lets the upstream overrule the reason on whether to retry", () => {
    const overloaded = new Reason.Overloaded({ message: "x", seenIn: "status", retryAfter: Duration.seconds(1) })
    const refused = Disposition.of(failed(overloaded, hinted(false)))
    assert.strictEqual(refused?.retry, "never")
    assert.isUndefined(refused?.retryAfter)
    const invalid = new Reason.InvalidRequest({ message: "x", seenIn: "status" })
    assert.strictEqual(Disposition.of(failed(invalid, hinted(true)))?.retry, "backoff")
  })

  it("never says that nothing ran once a stream had begun", () => {
    const rows = [
      ["status", "not-sent"],
      ["stream", "may-have-run"]
    ] as const
    for (const [seenIn, delivery] of rows) {
      assert.strictEqual(Disposition.of(failed(new Reason.Overloaded({ message: "x", seenIn })))?.delivery, delivery)
    }
  })

  it("reports a caller's mistake as no incident", () => {
    const invalid = failed(new Reason.InvalidRequest({ message: "x", seenIn: "status" }))
    assert.strictEqual(invalid[ErrorReporter.severity], "Info")
    assert.strictEqual(
      failed(new Reason.Permission({ message: "x", seenIn: "status" }))[ErrorReporter.severity],
      "Error"
    )
    assert.strictEqual(
      failed(new Reason.RateLimited({ message: "x", seenIn: "status" }))[ErrorReporter.severity],
      "Warn"
    )
  })

  for (const member of Reason.UpstreamReason.members) {
    it.prop(`round-trips as JSON: ${member.identifier}`, { reason: member }, ({ reason }) => {
      const codec = Schema.toCodecJson(UpstreamError)
      const error = failed(reason)
      const back = Schema.decodeUnknownSync(codec)(JSON.parse(JSON.stringify(Schema.encodeSync(codec)(error))))
      assert.deepStrictEqual(back, error)
      assert.deepStrictEqual(Disposition.of(back), Disposition.of(error))
    })
  }
})
