import { BoundaryError, BoundaryReason, Crashed } from "@causeway/core/BoundaryError"
import * as Disposition from "@causeway/core/Disposition"
import { Evidence } from "@causeway/core/Evidence"
import { PolicyError, PolicyReason } from "@causeway/core/PolicyError"
import * as Report from "@causeway/core/Report"
import { UpstreamError } from "@causeway/core/UpstreamError"
import { ConnectionLost, Gateway, MalformedResponse } from "@causeway/core/UpstreamReason"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Schema from "effect/Schema"
import { boundaryReasons, policyReasons, upstreamReasons } from "./catalogue.ts"

const errorOf = (
  reason: (typeof upstreamReasons)[number] | (typeof boundaryReasons)[number] | (typeof policyReasons)[number]
) => {
  if (Schema.is(BoundaryReason)(reason)) return new BoundaryError({ boundary: "app/Squares worker 1", reason })
  if (Schema.is(PolicyReason)(reason)) return new PolicyError({ reason })
  const evidence = new Evidence({ attempt: 1, timing: { startedAt: 0, totalMs: 1 } })
  return new UpstreamError({ upstream: "primary", operation: "x", reason, evidence })
}

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

  it("tells each failure and defect of a cause", () => {
    const cause = Cause.combine(
      Cause.combine(Cause.fail(new Error("no answer")), Cause.die(new TypeError("no such field"))),
      Cause.interrupt(1)
    )
    assert.strictEqual(Report.render(cause), "no answer\ndefect: no such field\ninterrupted")
    assert.strictEqual(Report.render(Cause.empty), "no failure")
    const many = Array.from({ length: 12 }, (_, at) => Cause.fail(`x${at}`)).reduce(Cause.combine)
    assert.strictEqual(Report.render(many).split("\n").at(-1), "and 2 more")
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

  it("tells what broke in the transport, and how far a stream had come", () => {
    const error = new UpstreamError({
      upstream: "primary",
      operation: "chat.completions.stream",
      reason: new ConnectionLost({
        message: "the connection ended",
        seenIn: "stream",
        phase: "stream",
        bytesReceived: 9
      }),
      evidence: new Evidence({
        attempt: 1,
        timing: { startedAt: 0, totalMs: 1 },
        stream: { events: 3, bytes: 300 },
        system: [
          { name: "TypeError", message: "terminated" },
          { name: "SocketError", message: "other side closed", code: "UND_ERR_SOCKET" }
        ]
      })
    })
    assert.strictEqual(
      Report.render(error),
      [
        "primary failed at chat.completions.stream: ConnectionLost, the connection ended",
        "  seen      attempt 1, 1 ms",
        "  stream    3 events, 300 bytes",
        "  cause     other side closed",
        "  meaning   the upstream's fault; it may have had an effect; a retry may help; fallback: any",
        "  to do     Try again; if it stays, look at what stands between here and the upstream."
      ].join("\n")
    )
  })

  const evidence = new Evidence({
    attempt: 3,
    timing: { startedAt: 0, headersMs: 1, totalMs: 12.3 },
    requestId: `req-${key}`,
    request: { method: "POST", url: `https://me:pw@api.example.com/v1?api_key=${key}&page=${"x".repeat(2000)}` },
    response: {
      status: 500,
      headers: [["server", `x ${key} ${"y".repeat(500)}`]],
      body: `<!doctype html>\n<html><head>\n<title>Oops ${key}</title></head>\n<body>${"<p>".repeat(999)}`,
      bodyBytes: 99
    },
    stream: { events: 1, bytes: 2, partial: key },
    system: [{ name: "Error", message: `several\nlines with ${key}` }]
  })
  const message = `several\r\n\nlines, ${"many ".repeat(500)} and {"api_key":"${key}"}`

  for (const reason of [...upstreamReasons, ...boundaryReasons, ...policyReasons]) {
    it(`says what to do about ${reason._tag}`, () => assert.notStrictEqual(Report.advice(errorOf(reason)), undefined))
  }

  it("is at most ten lines, each of them short, and holds no secret, for the worst of evidence", () => {
    for (const reason of upstreamReasons) {
      const worst = Object.assign(Object.create(Object.getPrototypeOf(reason)), reason, { message })
      const text = Report.render(new UpstreamError({ upstream: "primary", operation: "x", reason: worst, evidence }))
      const lines = text.split("\n")
      assert.isAtMost(lines.length, 10)
      for (const line of lines) assert.isAtMost(line.length, 420)
      assert.notInclude(text, key)
      assert.notInclude(text, "me:pw")
    }
  })

  it("shows a page's title, not its markup, and JSON on one line", () => {
    const bodies = {
      "<!DOCTYPE html>\n<html>\n<head><title>Sign in</title></head></html>": "  body      Sign in",
      '{\n  "error": {\n    "message": "no"\n  }\n}': '  body      { "error": { "message": "no" } }'
    }
    for (const [body, expected] of Object.entries(bodies)) {
      const error = new UpstreamError({
        upstream: "primary",
        operation: "x",
        reason: new MalformedResponse({ message: "x", seenIn: "body", issue: "not-json", excerpt: "" }),
        evidence: new Evidence({
          attempt: 1,
          timing: { startedAt: 0, totalMs: 1 },
          response: { status: 200, headers: [], body, bodyBytes: 1 }
        })
      })
      assert.include(Report.render(error).split("\n"), expected)
    }
  })

  it("renders what is not of this model, and never a key", () => {
    assert.strictEqual(Report.render("plain"), "thrown: plain")
    assert.strictEqual(Report.render({ a: 1 }), 'thrown: {"a":1}')
    assert.strictEqual(Report.render(undefined), "thrown: undefined")
    assert.strictEqual(Report.render(new TypeError("")), "TypeError")
    assert.notInclude(Report.render(new Error(`bad key ${key}`)), key)
    assert.notInclude(Report.render({ api_key: "swordfish" }), "swordfish")
  })

  it("never throws over what cannot be read", () => {
    const hostile = new Proxy({}, { get: () => assert.fail("read"), ownKeys: () => assert.fail("listed") })
    const mute = Object.defineProperty(new Error("x"), "message", { get: () => assert.fail("read") })
    const revoked = Proxy.revocable({}, {})
    revoked.revoke()
    const undisposed = [
      { [Disposition.symbol]: null },
      { [Disposition.symbol]: 3 },
      Object.defineProperty(new Error("x"), Disposition.symbol, { get: () => assert.fail("read") })
    ]
    for (const value of undisposed) assert.isUndefined(Disposition.of(value))
    const hollow = Object.create(UpstreamError.prototype)
    const values = [mute, Object.create(null), Symbol("s"), () => 1, hostile, revoked.proxy, hollow, ...undisposed]
    for (const value of values) assert.isString(Report.render(value))
  })

  it.prop("never throws, whatever was thrown", { thrown: Schema.Json }, ({ thrown }) => {
    assert.isString(Report.render(thrown))
  })
})
