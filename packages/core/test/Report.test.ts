import * as Attempt from "@causeway/core/Attempt"
import {
  BoundaryError,
  BoundaryReason,
  Crashed,
  Draining,
  isBoundaryError,
  Undecodable,
  Unreachable,
  Unresponsive
} from "@causeway/core/BoundaryError"
import * as Disposition from "@causeway/core/Disposition"
import { Evidence } from "@causeway/core/Evidence"
import { DeadlineExceeded, PolicyError, PolicyReason } from "@causeway/core/PolicyError"
import * as Report from "@causeway/core/Report"
import { UpstreamError } from "@causeway/core/UpstreamError"
import { ConnectionLost, Gateway, MalformedResponse, NotFound, ProviderFault } from "@causeway/core/UpstreamReason"
import { assert, describe, it, vi } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
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

const advice = (reason: ProviderFault | NotFound | MalformedResponse, request?: Evidence["request"]): string => {
  const evidence = new Evidence({ attempt: 1, timing: { startedAt: 0, totalMs: 1 }, request })
  return Report.advice(new UpstreamError({ upstream: "echo-1", operation: "x", reason, evidence })) ?? ""
}

const key = `sk-${"a1B2".repeat(8)}`

const attempt = (number: number, upstream = "primary", reason = "Overloaded"): Attempt.Attempt => ({
  number,
  upstream,
  reason,
  message: "busy",
  elapsedMs: 12.4,
  delivery: "not-sent",
  next: number === 1 ? "retry after 1s" : "fallback to backup"
})

/** The lines that tell the attempts of an error. */
const told = (error: UpstreamError | PolicyError, attempts: ReadonlyArray<Attempt.Attempt>) => {
  Attempt.attach(error, attempts)
  const lines = Report.render(error).split("\n")
  assert.isAtMost(lines.length, 12)
  const first = lines.findIndex((line) => line.startsWith("  attempts "))
  return first === -1
    ? []
    : lines.slice(
        first,
        lines.findIndex((line) => line.startsWith("  meaning"))
      )
}

const boundaryLines = (reason: BoundaryReason) => {
  const lines = Report.render(new BoundaryError({ boundary: "b", reason })).split("\n")
  assert.isAtMost(lines.length, 12)
  return lines
}

const adviceOnUnreachable = (status?: number) =>
  Report.advice(
    new BoundaryError({
      boundary: "b",
      reason: new Unreachable({ message: "x", ...(status !== undefined && { status }) })
    })
  )

const adviceOnMalformed = (issue: MalformedResponse["issue"]) =>
  advice(new MalformedResponse({ message: "x", seenIn: "body", issue, excerpt: "" }), { url: "http://127.0.0.1:1" })

const adviceOnGateway = (gateway: Gateway["gateway"]) =>
  Report.advice(errorOf(new Gateway({ message: "x", seenIn: "status", gateway, flag: "other", status: 503 })))

describe("Report", () => {
  it("does not walk through holes", () => {
    const holes: Array<never> = []
    holes.length = 4e9
    const error = Object.assign(new Error("x"), { errors: holes, deep: new Map([["a", [holes]]]) })
    assert.include(Report.render(error), "fields")
  })

  it("sends nobody to an address or a log of others where no request was made", () => {
    const fault = new ProviderFault({ message: "no memory", seenIn: "body" })
    const absent = new NotFound({ message: "no such model", seenIn: "request", what: "model" })
    const request = { url: "http://127.0.0.1:1" }
    assert.match(advice(fault), /look at the cause/)
    assert.match(advice(fault, request), /request id/)
    assert.notMatch(advice(absent), /base URL/)
    assert.match(advice(absent, request), /base URL/)
    const wrong = new MalformedResponse({ message: "no vector", seenIn: "body", issue: "wrong-shape", excerpt: "" })
    assert.match(advice(wrong), /what was called/)
    assert.match(advice(wrong, request), /the path is another's/)
  })

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

  it("shows what the advice on a boundary's failure points at, and no more lines than there may be", () => {
    const lost = { message: "x", delivery: "may-have-run" } as const
    const misfit = new Undecodable({
      ...lost,
      direction: "request",
      issue: `Expected string, got ${key}\n  at ["item"]`
    })
    assert.include(boundaryLines(misfit), '  issue     Expected string, got <redacted> at ["item"]')
    const sample = Array.from({ length: 30 }, (_, at) => `inner${at} (app.js:1:1)`)
    const silent = boundaryLines(new Unresponsive({ ...lost, silentFor: Duration.seconds(5), sample }))
    assert.strictEqual(silent[1], "  doing     inner0 (app.js:1:1)")
    const stderr = Array.from({ length: 30 }, (_, at) => `line ${at}`).join("\n")
    const crashed = boundaryLines(new Crashed({ ...lost, stderr: `${stderr}\n`, uptimeMs: 1, callsDone: 0 }))
    assert.deepStrictEqual([crashed[1], crashed[5]], ["  stderr    line 25", "            line 29"])
  })

  it("shows the fields of an error of one's own, without running a getter or showing a secret", () => {
    class OutOfStock extends Schema.TaggedError<OutOfStock>()("OutOfStock", {
      sku: Schema.String,
      api_key: Schema.String
    }) {}
    const lines = Report.render(new OutOfStock({ sku: "A-1", api_key: "swordfish" })).split("\n")
    assert.strictEqual(lines[1], '  fields    {"sku":"A-1","api_key":"<redacted>"}')
    const watched = Object.defineProperty(new Error("x"), "sku", { enumerable: true, get: () => assert.fail("read") })
    assert.strictEqual(Report.render(watched), "x")
  })

  it("fits its advice to the status, the issue and what is known of a gateway", () => {
    assert.match(adviceOnUnreachable() ?? "", /does not start/)
    assert.match(adviceOnUnreachable(401) ?? "", /token/)
    assert.match(adviceOnUnreachable(404) ?? "", /URL/)
    assert.match(adviceOnMalformed("not-json"), /base URL/)
    assert.match(adviceOnMalformed("wrong-shape"), /^Compare/)
    assert.match(adviceOnGateway("nginx") ?? "", /^The proxy answered/)
    assert.match(adviceOnGateway("unknown") ?? "", /does not show/)
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

  const worst = () =>
    new UpstreamError({ upstream: "primary", operation: "x", reason: upstreamReasons[0] ?? assert.fail(), evidence })

  it("tells each attempt of a policy, and what followed it", () => {
    const limit = new DeadlineExceeded({ message: "too long", phase: "total", limit: Duration.seconds(1) })
    assert.deepStrictEqual(told(new PolicyError({ reason: limit }), [attempt(1), attempt(2), attempt(3, "backup")]), [
      "  attempts  1 primary: Overloaded in 12 ms; retry after 1s",
      "            2 primary: Overloaded in 12 ms; fallback to backup",
      "            3 backup: Overloaded in 12 ms; fallback to backup"
    ])
    assert.deepStrictEqual(told(worst(), []), [])
  })

  it("tells all of them where there are more than lines, those alike in a row as one", () => {
    const many = [
      ...Array.from({ length: 40 }, (_, at) => attempt(at + 1)),
      attempt(41, "backup", "Timeout"),
      attempt(42, "backup"),
      attempt(43)
    ]
    assert.deepStrictEqual(told(worst(), many), [
      "  attempts  1-40 primary: Overloaded, 41 backup: Timeout",
      "            42 backup: Overloaded, 43 primary: Overloaded"
    ])
  })

  it("lets nothing through that a terminal obeys, wherever it comes from", () => {
    const attack = "\u001b[2J\u001b]0;owned\u0007\u009b31m\rover\u0000\u007f\u202Egpj.exe\u2066\u200f end"
    const shown = "\\u001b[2J\\u001b]0;owned\\u0007\\u009b31m\\u000dover\\u0000\\u007f\\u202egpj.exe\\u2066\\u200f end"
    const reason = new Gateway({ message: attack, seenIn: "status", gateway: "envoy", flag: "other", status: 502 })
    const error = new UpstreamError({
      upstream: attack,
      operation: attack,
      reason,
      evidence: new Evidence({
        attempt: 1,
        timing: { startedAt: 0, totalMs: 1 },
        requestId: attack,
        request: { method: "POST", url: attack },
        response: { status: 502, headers: [["server", attack]], body: `a\r\n\tb ${attack}`, bodyBytes: 1 },
        system: [{ name: "Error", message: attack }]
      })
    })
    Attempt.attach(error, [attempt(1, attack, attack)])
    const text = Report.render(error)
    assert.notMatch(text.replaceAll("\n", ""), /[\p{Cc}\p{Bidi_Control}]/u)
    assert.include(text, `  body      a b ${shown}`)
    assert.include(text, `  id        ${shown}`)
    assert.include(text, "; retry after 1s")
    for (const value of [attack, new Error(attack), { [attack]: attack }, Cause.die(attack)]) {
      assert.notMatch(Report.render(value), /[\p{Cc}\p{Bidi_Control}]/u)
    }
    assert.strictEqual(Report.visible("kept\n\tas it is, and 日本 👩‍🚀"), "kept\n\tas it is, and 日本 👩‍🚀")
  })

  it("knows the errors of another copy of the model", async () => {
    vi.resetModules()
    const other = await import("@causeway/core/BoundaryError")
    assert.notStrictEqual(other.BoundaryError, BoundaryError)
    const error = new other.BoundaryError({ boundary: "b", reason: new other.Draining({ message: "bye" }) })
    assert.notInstanceOf(error, BoundaryError)
    assert.isTrue(isBoundaryError(error))
    assert.include(Report.render(error), "  to do     Send the call to another instance.")

    const upstream = await import("@causeway/core/UpstreamError")
    const reasons = await import("@causeway/core/UpstreamReason")
    const seen = await import("@causeway/core/Evidence")
    const failed = new upstream.UpstreamError({
      upstream: "primary",
      operation: "x",
      reason: new reasons.Authentication({ message: "no", seenIn: "status" }),
      evidence: new seen.Evidence({ attempt: 4, timing: { startedAt: 0, totalMs: 1 } })
    })
    assert.notInstanceOf(failed, UpstreamError)
    assert.include(Report.render(failed), "attempt 4")
    assert.isFalse(isBoundaryError(failed))
  })

  it("takes what only looks like an error of the model, or has a reason that is not known, for a stranger", () => {
    const draining = new Draining({ message: "x" })
    const looks = { _tag: "BoundaryError", boundary: "b", reason: draining }
    const later = Object.assign(Object.create(BoundaryError.prototype), { reason: { _tag: "InventedLater" } })
    for (const value of [looks, later, draining, null, "BoundaryError"]) {
      assert.isFalse(isBoundaryError(value))
      assert.isUndefined(Report.advice(value))
    }
  })

  it("is at most twelve lines, each of them short, and holds no secret, for the worst of evidence", () => {
    for (const reason of upstreamReasons) {
      const worst = Object.assign(Object.create(Object.getPrototypeOf(reason)), reason, { message })
      const error = new UpstreamError({ upstream: "primary", operation: "x", reason: worst, evidence })
      const long = "y".repeat(1000)
      Attempt.attach(
        error,
        Array.from({ length: 50 }, (_, at) => attempt(at, `${key} ${at} ${long}`, long))
      )
      const text = Report.render(error)
      const lines = text.split("\n")
      assert.isAtMost(lines.length, 12)
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
