import { BoundaryError, Crashed } from "@causeway/core/BoundaryError"
import { Evidence } from "@causeway/core/Evidence"
import * as Report from "@causeway/core/Report"
import { UpstreamError } from "@causeway/core/UpstreamError"
import { Gateway } from "@causeway/core/UpstreamReason"
import { assert, describe, it } from "@effect/vitest"

const key = `sk-${"a1B2".repeat(8)}`

describe("Report", () => {
  it("tells what failed, what was seen, what it means and what to do", () => {
    const error = new UpstreamError({
      upstream: "primary",
      operation: "chat.completions.create",
      reason: new Gateway({
        message: "no healthy upstream",
        seenIn: "status",
        gateway: "envoy",
        flag: "no-healthy-upstream",
        status: 503
      }),
      evidence: new Evidence({
        attempt: 2,
        timing: { startedAt: 0, totalMs: 12.3 },
        requestId: "req-7",
        request: { method: "POST", url: "https://api.example.com/v1/chat/completions" },
        response: { status: 503, headers: [["server", "envoy"]], body: "no healthy upstream", bodyBytes: 19 }
      })
    })
    assert.strictEqual(
      Report.render(error),
      [
        "primary failed at chat.completions.create: Gateway, no healthy upstream",
        "  request   POST https://api.example.com/v1/chat/completions",
        "  seen      HTTP 503, attempt 2, 12 ms from envoy",
        "  body      no healthy upstream",
        "  id        req-7 (the upstream's)",
        "  meaning   the upstream's fault; it had no effect; a retry may help; fallback: any",
        "  to do     The proxy answered in the upstream's place: look at what is behind it."
      ].join("\n")
    )
  })

  it("renders a boundary's failure", () => {
    const error = new BoundaryError({
      boundary: "app/Squares worker 1",
      reason: new Crashed({
        message: "the worker exited with code 7",
        exitCode: 7,
        delivery: "may-have-run",
        uptimeMs: 1,
        callsDone: 0
      })
    })
    assert.include(Report.render(error), "it may have had an effect")
  })

  it("renders what is not of this model, and never a key", () => {
    assert.strictEqual(Report.render("plain"), "thrown: plain")
    assert.notInclude(Report.render(new Error(`bad key ${key}`)), key)
  })
})
