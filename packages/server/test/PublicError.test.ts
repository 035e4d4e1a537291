import { BoundaryError, Crashed, Undecodable } from "@causeway/core/BoundaryError"
import { Evidence } from "@causeway/core/Evidence"
import { PolicyError } from "@causeway/core/PolicyError"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as Attempt from "@causeway/core/Attempt"
import * as Reason from "@causeway/core/UpstreamReason"
import * as PublicError from "@causeway/server/PublicError"
import { RequestError, RequestReason } from "@causeway/server/RequestError"
import { assert, describe, it, vi } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Sse from "effect/encoding/Sse"
import * as ErrorReporter from "effect/ErrorReporter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpServerRespondable from "effect/http/HttpServerRespondable"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import { boundaryReasons, policyReasons, upstreamReasons } from "../../core/test/catalogue.ts"

const seen = { message: "in its own words", seenIn: "status" } as const

type EvidenceFields = ConstructorParameters<typeof Evidence>[0]

const failed = (reason: Reason.UpstreamReason, evidence: Partial<EvidenceFields> = {}) =>
  new UpstreamError({
    upstream: "primary",
    operation: "chat.completions.create",
    reason,
    evidence: new Evidence({ attempt: 1, timing: { startedAt: 0, totalMs: 1 }, ...evidence })
  })

const came = (status: number) => ({ response: { status, headers: [], body: "", bodyBytes: 0 } })

const statusOf = (reason: Reason.UpstreamReason, status?: number) =>
  PublicError.fromError(failed(reason, status === undefined ? {} : came(status))).status

/** By reason: status and type. */
const upstream: Readonly<Record<Reason.UpstreamReason["_tag"], readonly [number, string]>> = {
  Configuration: [500, "server_error"],
  RequestEncoding: [400, "invalid_request_error"],
  Credential: [500, "server_error"],
  Connect: [502, "upstream_error"],
  Protocol: [502, "upstream_error"],
  Timeout: [504, "upstream_error"],
  ConnectionLost: [502, "upstream_error"],
  Aborted: [499, "invalid_request_error"],
  InvalidRequest: [400, "invalid_request_error"],
  InputTooLarge: [400, "invalid_request_error"],
  ContentFiltered: [400, "invalid_request_error"],
  Authentication: [502, "upstream_error"],
  Permission: [502, "upstream_error"],
  NotFound: [404, "invalid_request_error"],
  Conflict: [409, "invalid_request_error"],
  RateLimited: [429, "rate_limit_error"],
  QuotaExhausted: [429, "insufficient_quota"],
  Overloaded: [503, "upstream_error"],
  ProviderFault: [502, "upstream_error"],
  Gateway: [503, "upstream_error"],
  MalformedResponse: [502, "upstream_error"],
  StreamProtocol: [502, "upstream_error"],
  StreamTruncated: [502, "upstream_error"],
  OutputUnusable: [502, "upstream_error"],
  Session: [502, "upstream_error"]
}

const own: Readonly<Record<string, readonly [number, string]>> = {
  Crashed: [500, "server_error"],
  Unresponsive: [504, "timeout_error"],
  Overloaded: [503, "service_unavailable_error"],
  DeadlineExceeded: [504, "timeout_error"],
  Draining: [503, "service_unavailable_error"],
  Undecodable: [500, "server_error"],
  Unreachable: [503, "service_unavailable_error"],
  CircuitOpen: [503, "service_unavailable_error"],
  Shed: [503, "service_unavailable_error"]
}

const snake = (tag: string) => tag.replaceAll(/\B[A-Z]/g, (letter) => `_${letter}`).toLowerCase()

/** What is logged and reported while an effect is answered. */
const watched = <E>(self: Effect.Effect<HttpServerResponse.HttpServerResponse, E>) =>
  Effect.gen(function* () {
    const logged: Array<string> = []
    const annotations: Array<Readonly<Record<string, unknown>>> = []
    const reported: Array<string> = []
    const logger = Logger.make(({ fiber, logLevel, message }) => {
      logged.push(`${logLevel} ${String(message)}`)
      annotations.push(fiber.getRef(References.CurrentLogAnnotations))
    })
    const response = yield* PublicError.handle(self).pipe(
      Effect.provide(
        Layer.mergeAll(
          Logger.layer([logger]),
          ErrorReporter.layer([ErrorReporter.make(({ severity }) => void reported.push(severity))])
        )
      )
    )
    return { status: response.status, annotations, logged, reported }
  })

describe("PublicError", () => {
  it.each(upstreamReasons)("tells $_tag of an upstream by the table", (reason) => {
    const { body, headers, status } = PublicError.fromError(failed(reason))
    assert.deepStrictEqual([status, body.error.type], upstream[reason._tag])
    assert.strictEqual(body.error.code, snake(reason._tag))
    assert.match(headers["x-should-retry"] ?? "", /^(true|false)$/)
    assert.notStrictEqual(body.error.message, "")
  })

  it.each([
    ...boundaryReasons.map((reason) => [reason._tag, new BoundaryError({ boundary: "b", reason })] as const),
    ...policyReasons.map((reason) => [reason._tag, new PolicyError({ reason })] as const)
  ])("tells %s of ours by the table", (tag, error) => {
    const { body, status } = PublicError.fromError(error)
    assert.deepStrictEqual([status, body.error.type], own[tag])
    assert.strictEqual(body.error.code, snake(tag))
    assert.notInclude(body.error.message, "an example")
  })

  it("knows the errors of other copies of their modules", async () => {
    vi.resetModules()
    const boundary = await import("@causeway/core/BoundaryError")
    const request = await import("@causeway/server/RequestError")
    const reason = new boundary.Draining({ message: "bye" })
    assert.strictEqual(PublicError.fromError(new boundary.BoundaryError({ boundary: "b", reason })).status, 503)
    const denied = new request.RequestError({ reason: new request.Unauthenticated({ issue: "missing" }) })
    const { headers, status } = PublicError.fromError(denied)
    assert.strictEqual(status, 401)
    assert.property(headers, "www-authenticate")
    const upstream = await import("@causeway/core/UpstreamError")
    const reasons = await import("@causeway/core/UpstreamReason")
    const evidence = await import("@causeway/core/Evidence")
    const limited = new upstream.UpstreamError({
      upstream: "primary",
      operation: "x",
      reason: new reasons.RateLimited(seen),
      evidence: new evidence.Evidence({ attempt: 1, timing: { startedAt: 0, totalMs: 1 }, requestId: "up-1" })
    })
    assert.notInstanceOf(limited, UpstreamError)
    const told = PublicError.fromError(limited)
    assert.strictEqual(told.status, 429)
    assert.strictEqual(told.headers["x-upstream-request-id"], "up-1")
  })

  it("tells a deadline by one code, whoever kept it", () => {
    const { body, status } = PublicError.fromError(failed(new Reason.Aborted({ ...seen, by: "deadline" })))
    assert.deepStrictEqual([status, body.error.type, body.error.code], [504, "timeout_error", "deadline_exceeded"])
  })

  it("tells a lack of its own connections as its own", () => {
    const { body, status } = PublicError.fromError(
      failed(new Reason.Connect({ ...seen, kind: "exhausted", addresses: [] }))
    )
    assert.deepStrictEqual([status, body.error.type], [503, "service_unavailable_error"])
  })

  it("keeps the status that the upstream gave where that is the client's to know", () => {
    assert.strictEqual(statusOf(new Reason.InvalidRequest(seen), 422), 422)
    assert.strictEqual(statusOf(new Reason.ContentFiltered({ ...seen, side: "input", categories: [] }), 451), 451)
    assert.strictEqual(statusOf(new Reason.InputTooLarge({ ...seen, unit: "bytes" }), 413), 413)
    assert.strictEqual(statusOf(new Reason.InputTooLarge({ ...seen, unit: "tokens" }), 403), 400)
    assert.strictEqual(statusOf(new Reason.ProviderFault({ ...seen, status: 503 })), 503)
    assert.strictEqual(statusOf(new Reason.ProviderFault({ ...seen, status: 500 }), 500), 502)
    for (const [status, expected] of [
      [502, 502],
      [503, 503],
      [504, 504],
      [520, 502],
      [500, 502]
    ] as const) {
      assert.strictEqual(statusOf(new Reason.Gateway({ ...seen, gateway: "unknown", flag: "other", status })), expected)
    }
  })

  it("never lets an upstream's 401, 403 or 407 pass as the client's own", () => {
    for (const status of [401, 403, 407]) {
      for (const reason of upstreamReasons) assert.notInclude([401, 403, 407], statusOf(reason, status), reason._tag)
    }
    const { body } = PublicError.fromError(
      failed(new Reason.Authentication({ ...seen, message: "Incorrect key sk-x" }))
    )
    assert.include(body.error.message, '"primary"')
    assert.notInclude(body.error.message, "sk-x")
  })

  it("keeps what the upstream says to the client itself", () => {
    const provider = {
      message: "maximum context length is 8192 tokens",
      type: "invalid_request_error",
      code: "context_length_exceeded",
      param: "messages"
    }
    const { body } = PublicError.fromError(failed(new Reason.InputTooLarge({ ...seen, unit: "tokens" }), { provider }))
    assert.deepStrictEqual(body.error, provider)
  })

  it("tells when to come again and what the upstream calls the request", () => {
    const { headers } = PublicError.fromError(
      failed(upstreamReasons.find(({ _tag }) => _tag === "RateLimited") ?? new Reason.Conflict(seen), {
        requestId: "r1"
      })
    )
    assert.deepStrictEqual(headers, {
      "x-should-retry": "true",
      "retry-after": "2",
      "retry-after-ms": "2000",
      "x-upstream-request-id": "r1"
    })
  })

  it("wants no retries on top of a policy's that are used up, but for a time that is stated", () => {
    const attempt = {
      number: 3,
      reason: "Overloaded",
      message: "busy",
      elapsedMs: 1,
      delivery: "not-sent",
      next: "nothing: no retry is left"
    } as const
    const retryAfter = Duration.seconds(2)
    for (const [reason, attempts, expected] of [
      [new Reason.Overloaded(seen), [], "true"],
      [new Reason.Overloaded(seen), [{ ...attempt, isGivenUp: true }, attempt], "true"],
      [new Reason.Overloaded(seen), [attempt, { ...attempt, isGivenUp: true }], "false"],
      [new Reason.Overloaded({ ...seen, retryAfter }), [{ ...attempt, isGivenUp: true }], "true"],
      [new Reason.InvalidRequest(seen), [], "false"]
    ] as const) {
      const error = failed(reason)
      Attempt.attach(error, attempts)
      assert.strictEqual(PublicError.fromError(error).headers["x-should-retry"], expected)
    }
  })

  it("obeys an upstream that says whether to retry", () => {
    const error = failed(new Reason.Overloaded(seen), { shouldRetry: false })
    assert.strictEqual(PublicError.fromError(error).headers["x-should-retry"], "false")
  })

  it.each(["a\r\nset-cookie: b", "caf\u00e9", "", "x".repeat(300)])(
    "leaves the upstream's id %j out of the headers",
    (requestId) => {
      const { headers } = PublicError.fromError(failed(new Reason.Conflict(seen), { requestId }))
      assert.notProperty(headers, "x-upstream-request-id")
    }
  )

  it("masks a secret, wherever it stands", () => {
    const secret = "sk-proj-abcdefghijklmnopqrstuvwx"
    const provider = { message: `your key ${secret}`, type: secret, code: secret, param: secret }
    const error = failed(new Reason.InvalidRequest({ ...seen, message: secret }), { provider })
    assert.notInclude(JSON.stringify(PublicError.fromError(error)), secret)
  })

  it("says nothing of what is ours but what kind of failure it is", () => {
    const lost = { message: "heap of /srv/app at 10.0.0.7", delivery: "may-have-run" } as const
    for (const reason of [
      new Crashed({
        ...lost,
        uptimeMs: 1,
        callsDone: 1,
        stderr: "at main (/srv/app.ts)",
        cause: new Error("10.0.0.7")
      }),
      new Undecodable({ ...lost, direction: "response", issue: "got /srv/app", raw: "10.0.0.7" })
    ]) {
      const text = JSON.stringify(PublicError.fromError(new BoundaryError({ boundary: "/srv/app", reason })))
      assert.notMatch(text, /srv|10\.0/)
    }
    for (const thrown of [new Error("secret"), "secret", undefined, null, 3, { secret: true }]) {
      assert.notInclude(JSON.stringify(PublicError.fromError(thrown)), "secret")
      assert.strictEqual(PublicError.fromCause(Cause.die(thrown)).status, 500)
    }
  })

  it("takes the failure of a cause before its defects, and these before its interruption", () => {
    const failure = Cause.fail(failed(new Reason.Conflict(seen)))
    const mixed = Cause.combine(Cause.combine(Cause.interrupt(1), Cause.die(new Error("secret"))), failure)
    assert.strictEqual(PublicError.fromCause(mixed).status, 409)
    assert.strictEqual(
      PublicError.fromCause(Cause.combine(Cause.interrupt(1), Cause.die(1))).body.error.code,
      "internal_error"
    )
    assert.strictEqual(PublicError.fromCause(Cause.interrupt(1)).body.error.code, "interrupted")
    assert.strictEqual(PublicError.fromCause(Cause.empty).status, 503)
  })

  it.prop(
    "tells every failure of an upstream with a status and headers that HTTP has",
    [Arbitrary.schema(UpstreamError)],
    ([error]) => {
      const answer = PublicError.fromError(error)
      assert.isTrue(answer.status >= 400 && answer.status <= 599 && answer.status !== 401 && answer.status !== 403)
      for (const [name, value] of Object.entries(answer.headers)) assert.match(`${name}: ${value}`, /^[\x20-\x7e]+$/)
      assert.doesNotThrow(() => PublicError.toResponse(answer))
    }
  )

  it.prop("blames the client for whatever is wrong with its request", [Arbitrary.schema(RequestReason)], ([reason]) => {
    const { headers, status } = PublicError.fromError(new RequestError({ reason }))
    assert.isTrue(status >= 400 && status < 500)
    assert.strictEqual(headers["x-should-retry"], String(reason._tag.startsWith("TooMany")))
  })

  it.prop("ends a stream with one event, whatever the failure says", [Arbitrary.schema(UpstreamError)], ([error]) => {
    const events: Array<Sse.AnyEvent> = []
    Sse.makeParser((event) => events.push(event)).feed(PublicError.toEvent(PublicError.fromError(error)))
    assert.lengthOf(events, 1)
    const [event] = events
    assert.isTrue(event?._tag === "Event" && event.event === "error")
    if (event?._tag === "Event") assert.hasAllKeys(JSON.parse(event.data).error, ["message", "type", "param", "code"])
  })

  describe("handle", () => {
    it.effect("logs what is an upstream's fault or ours, and only reports what is the caller's", () =>
      Effect.gen(function* () {
        const fault = yield* watched(Effect.fail(failed(new Reason.Protocol(seen))))
        assert.match(fault.logged.join("\n"), /^Warn primary failed at chat\.completions\.create: Protocol/)
        const mistake = yield* watched(Effect.fail(failed(new Reason.InvalidRequest(seen))))
        assert.deepStrictEqual([mistake.logged, mistake.reported], [[], ["Info"]])
        const defect = yield* watched(Effect.die(new Error("it is broken; key sk-proj-abcdefghijklmnopqrstuvwx")))
        assert.match(defect.logged.join("\n"), /^Error Error: it is broken; key <redacted>/)
        assert.strictEqual(defect.status, 500)
      })
    )

    it.effect("logs no secret that an error states of itself", () =>
      Effect.gen(function* () {
        class Leaky extends Data.TaggedError("Leaky") {
          override readonly [ErrorReporter.attributes] = {
            note: "with sk-proj-abcdefghijklmnopqrstuvwx",
            apiKey: "swordfish",
            size: 3
          }
        }
        const { annotations } = yield* watched(Effect.fail(new Leaky()))
        assert.deepStrictEqual(annotations, [
          { note: "with <redacted>", apiKey: "<redacted>", size: 3, "causeway.status": 500 }
        ])
      })
    )

    it.effect("lets an error that answers for itself do so", () =>
      Effect.gen(function* () {
        const teapot = {
          [HttpServerRespondable.symbol]: () => Effect.succeed(HttpServerResponse.empty({ status: 418 }))
        }
        assert.strictEqual((yield* watched(Effect.fail(teapot))).status, 418)
      })
    )

    it.effect("leaves an interruption alone", () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(PublicError.handle(Effect.interrupt))
        assert.isTrue(exit._tag === "Failure" && Cause.hasInterruptsOnly(exit.cause))
      })
    )
  })
})
