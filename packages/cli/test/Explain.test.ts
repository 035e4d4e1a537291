import * as Explain from "@causeway/cli/Explain"
import { BoundaryError, Draining, Overloaded as Full } from "@causeway/core/BoundaryError"
import { Evidence } from "@causeway/core/Evidence"
import * as Lossless from "@causeway/core/Lossless"
import * as RemoteProtocol from "@causeway/core/RemoteProtocol"
import { UpstreamError } from "@causeway/core/UpstreamError"
import { Overloaded, QuotaExhausted } from "@causeway/core/UpstreamReason"
import * as Policy from "@causeway/resilience/Policy"
import * as Problem from "@causeway/server/Problem"
import * as PublicError from "@causeway/server/PublicError"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as ErrorReporter from "effect/ErrorReporter"
import * as Exit from "effect/Exit"
import * as Logger from "effect/Logger"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Log from "../src/internal/log.ts"

const error = new UpstreamError({
  upstream: "primary",
  operation: "chat.completions.create",
  reason: new Overloaded({ message: "busy", seenIn: "status" }),
  evidence: new Evidence({
    attempt: 1,
    timing: { startedAt: 0, totalMs: 1 },
    requestId: "up-1",
    response: { status: 503, headers: [], body: "", bodyBytes: 0 }
  })
})

const written = (value: unknown): string => JSON.stringify(Lossless.toWire(value))
const explained = (text: string): string => Result.getOrThrow(Explain.explain(text))
const problemOf = (text: string): string => Result.getOrThrow(Result.flip(Explain.explain(text))).message

const entries = (log: Logger.Logger<unknown, string>) =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const logger = Logger.map(log, (line) => void lines.push(line))
    const unwell = new BoundaryError({ boundary: "app/Squares worker 1", reason: new Draining({ message: "bye" }) })
    yield* Effect.gen(function* () {
      yield* Effect.log("listening")
      yield* PublicError.reported(Cause.fail(error), { requestId: "req-1" })
      yield* PublicError.reported(Cause.die(new Error("a bug")), { requestId: "req-2" })
      yield* Effect.logWarning(unwell.message).pipe(Effect.annotateLogs(ErrorReporter.getAttributes(unwell)))
    }).pipe(Effect.provide(Logger.layer([logger])))
    return lines
  })

const exit = (exit: unknown) => RemoteProtocol.line({ _tag: "Exit", requestId: "1", exit })

const withHead = (failure: unknown) => {
  const { body, headers, status } = PublicError.fromError(failure)
  const head = Object.entries({ ...headers, "x-request-id": "req-1" }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} Whatever\r\n${head.join("")}\r\n${JSON.stringify(body)}`
}

describe("Explain", () => {
  it("shows an error with its class, its fields and its reason, without having the class", () => {
    const report = explained(written(error))
    for (const part of ["UpstreamError", "primary", "Overloaded", "busy", "attempt: 1"]) assert.include(report, part)
  })

  it("says what to do about each reason, by its class or by its tags", () => {
    const toDo = "  to do     Try again later, or use another upstream."
    assert.strictEqual(explained(written(error)).split("\n").at(-1), toDo)
    assert.strictEqual(
      explained(written(Exit.fail(error)))
        .split("\n")
        .at(-1),
      toDo
    )
    const plain = JSON.stringify({ _tag: "UpstreamError", reason: { _tag: "Overloaded" } })
    assert.include(explained(plain), toDo)
    const draining = new BoundaryError({ boundary: "b", reason: new Draining({ message: "bye" }) })
    const both = explained(written([error, draining, error]))
    assert.deepStrictEqual(both.split("\n").slice(-2), [
      "  to do     Overloaded: Try again later, or use another upstream.",
      "  to do     Draining: Send the call to another instance."
    ])
  })

  it("says plainly that a wire is of a later version", () => {
    assert.include(
      explained(`{"$v": 99, "value": {"a": 1}}`),
      "unread    what is shown may not be all: written by version 99"
    )
  })

  it("shows each message of a queue", () => {
    assert.strictEqual(explained(`${written("one")}\n\n${written("two")}\n`), "one\n\ntwo")
  })

  it("reads JSON that is no wire", () => {
    assert.strictEqual(explained(`{"a": 1}`), "{ a: 1 }")
  })

  it("says why there is nothing to explain", () => {
    assert.match(problemOf(" \n"), /^that is none of what is explained, .* a log of causeway serve .*: it is empty$/)
    assert.match(problemOf("x\ny"), /^that is none of what is explained, .*: SyntaxError/)
  })

  it("lets neither a secret nor a terminal's command through", () => {
    const report = explained(JSON.stringify({ $v: 1, value: "\u001b[2J key sk-proj-abcdefghijklmnopqrstuvwxyz123456" }))
    assert.strictEqual(report, "\\u001b[2J key <redacted>")
  })

  describe("reads the server's log", () => {
    it.effect("as the command prints it, in one concise line for a failure", () =>
      Effect.gen(function* () {
        const lines = yield* entries(Log.line)
        assert.strictEqual(
          lines[1]?.replace(/^timestamp=\S+ /, ""),
          "level=WARN upstream=primary reason=Overloaded blame=upstream retry=backoff delivery=not-sent attempt=1" +
            " upstream_status=503 upstream_request_id=up-1 status=503 request_id=req-1" +
            ' message="primary failed at chat.completions.create: Overloaded, busy"'
        )
        const [first, second, third, last] = explained(lines.join("\n")).split("\n\n")
        assert.strictEqual(
          first?.replace(/ \S+, WARN/, " then, WARN"),
          [
            "primary failed at chat.completions.create: Overloaded, busy",
            "  logged    then, WARN",
            "  answers   HTTP 503 to the caller, HTTP 503 of the upstream, attempt 1",
            "  ids       req-1 (the server's), up-1 (the upstream's)",
            "  meaning   the upstream's fault; it had no effect; a retry may help",
            "  reason    UpstreamError Overloaded: The upstream has more to do than it can.",
            "  to do     Try again later, or use another upstream."
          ].join("\n")
        )
        assert.match(second ?? "", /^Error: a bug\n +at /)
        assert.include(second, "  ids       req-2 (the server's)")
        assert.include(second, "  reason    none of Causeway's")
        assert.include(third, "  to do     Send the call to another instance.")
        assert.strictEqual(last, "1 line tells of no failure")
      })
    )

    it.effect("with the number of attempts that there were", () =>
      Effect.gen(function* () {
        const lines: Array<string> = []
        const failed = Effect.fail(error).pipe(Policy.apply(Policy.make({ retry: { times: 0 }, fallback: ["backup"] })))
        yield* PublicError.reported(Cause.fail(yield* Effect.flip(failed)), { requestId: "req-1" }).pipe(
          Effect.provide(Logger.layer([Logger.map(Log.line, (line) => void lines.push(line))]))
        )
        assert.include(lines.at(-1), " attempts=2 status=503 ")
        assert.include(explained(lines.at(-1) ?? ""), "HTTP 503 of the upstream, 2 attempts\n")
      })
    )

    it.effect("as JSON, with the whole report in it", () =>
      Effect.gen(function* () {
        const report = explained((yield* entries(Logger.formatJson)).join("\n"))
        assert.strictEqual(report.split("to do     Try again later, or use another upstream.").length, 2)
        assert.include(report, "  ids       req-1 (the server's), up-1 (the upstream's)")
        assert.include(report, "  reason    UpstreamError Overloaded: The upstream has more to do than it can.")
      })
    )

    it("and names the lines in it that it cannot read", () => {
      const failed = "timestamp=2026-01-01T00:00:00Z level=WARN reason=Invented upstream=primary message=x"
      const text = [...Array.from({ length: 12 }, (_, at) => `at line ${at}`), failed].join("\n")
      const report = explained(text)
      assert.include(report, `line 1 was not read: it is neither JSON nor an entry of a log, it begins "at line 0"`)
      assert.include(report, "2 more lines were not read")
      assert.include(report, "  unread    a reason Invented of a UpstreamError is not known to this version")
    })
  })

  describe("reads an error answer", () => {
    it("with its head, which has the ids", () => {
      assert.strictEqual(
        explained(`HTTP/1.1 100 Continue\r\n\r\n${withHead(error)}`),
        [
          'the upstream "primary" is overloaded: busy',
          "  answer    HTTP 503, type upstream_error, code overloaded",
          "  ids       req-1 (the server's), up-1 (the upstream's)",
          "  retry     may help, it says",
          "  reason    UpstreamError Overloaded: The upstream has more to do than it can.",
          "  to do     Try again later, or use another upstream."
        ].join("\n")
      )
    })

    it("without it, and tells codes apart that two errors have", () => {
      const full = new Full({ message: "full", retryAfter: Duration.seconds(1), queued: 9 })
      const report = explained(
        JSON.stringify(PublicError.fromError(new BoundaryError({ boundary: "b", reason: full })).body)
      )
      assert.include(report, "  reason    BoundaryError Overloaded: ")
      assert.notInclude(report, "  ids ")
    })

    it("as a problem, which has the ids itself", () => {
      const problem = Problem.fromError(PublicError.fromError(error), { requestId: "req 1" })
      assert.strictEqual(
        explained(JSON.stringify(problem)),
        [
          'the upstream "primary" is overloaded: busy',
          "  answer    type upstream_error, code overloaded",
          "  ids       req 1 (the server's), up-1 (the upstream's)",
          "  reason    UpstreamError Overloaded: The upstream has more to do than it can.",
          "  to do     Try again later, or use another upstream."
        ].join("\n")
      )
    })

    it("as a problem, whose kind says more than a code of the upstream's", () => {
      const empty = new UpstreamError({
        upstream: "primary",
        operation: "chat.completions.create",
        reason: new QuotaExhausted({ message: "nothing left", seenIn: "body" }),
        evidence: new Evidence({
          attempt: 1,
          timing: { startedAt: 0, totalMs: 1 },
          provider: { message: "nothing left", code: "insufficient_quota" }
        })
      })
      assert.include(
        explained(JSON.stringify(Problem.fromError(PublicError.fromError(empty)))),
        "  reason    UpstreamError QuotaExhausted: "
      )
    })

    it("as a problem of anybody, by its status", () => {
      const body = `{"title":"Slow down","detail":"too many","status":429}`
      assert.include(
        explained(`HTTP/1.1 429 Too Many\ncontent-type: application/problem+json\n\n${body}`),
        "  reason    UpstreamError RateLimited: "
      )
    })

    it("of anybody, by its status and body", () => {
      const page = "HTTP/2 502 \nserver: nginx\n\n<html><h1>502 Bad Gateway</h1></html>"
      assert.include(explained(page), "  reason    UpstreamError Gateway: ")
      const body = `{"error":{"message":"slow down","code":"rate_limit_exceeded"}}`
      assert.include(
        explained(`HTTP/1.1 429 Too Many\nretry-after: 2\n\n${body}`),
        "  reason    UpstreamError RateLimited: "
      )
      assert.include(explained(body), "  unread    the code is no reason of the catalogue, and without its status")
    })

    it("of a defect, which only the log tells", () => {
      const body = JSON.stringify(PublicError.fromError(new Error("secret")).body)
      assert.include(explained(body), "  to do     Look for the request's id in the server's log")
    })

    it("of a contract", () => {
      const failed = exit({ _tag: "Failure", cause: Lossless.toWire(Cause.fail(error)) })
      const chunk = RemoteProtocol.line({ _tag: "Chunk", requestId: "1", values: [1, 2] })
      const report = explained(`HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\n\r\n${chunk}\n\n${failed}`)
      assert.match(report, /^elements of a stream: 2\n\[1, 2\]\n\nthe call failed\nCause\n/)
      assert.include(report, "  to do     Try again later, or use another upstream.")
      assert.strictEqual(explained(exit({ _tag: "Success", value: 9 })), "the call succeeded\n9")
    })
  })

  it.prop(
    "never throws, and lets nothing through that a terminal obeys",
    { text: Schema.String, value: Schema.Json },
    ({ text, value }) => {
      const inputs = [
        text,
        JSON.stringify(value),
        `HTTP/1.1 500 \n${text}\n\n${text}`,
        JSON.stringify({ error: { message: text } })
      ]
      for (const input of inputs) {
        const report = Result.getOrElse(Explain.explain(input), ({ message }) => message)
        assert.notMatch(report.replaceAll(/[\n\t]/g, ""), /[\p{Cc}\p{Bidi_Control}]/u)
      }
    }
  )

  it.effect("says which file cannot be read", () =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(Explain.run("/no/such/file"))
      assert.include(message, "/no/such/file")
    })
  )
})
