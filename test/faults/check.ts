/** Whether a call came to what the table says. */
import * as Disposition from "@causeway/core/Disposition"
import * as Redaction from "@causeway/core/Redaction"
import * as Report from "@causeway/core/Report"
import { UpstreamError } from "@causeway/core/UpstreamError"
import type * as Recorder from "@causeway/openai/Recorder"
import { assert } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Exit from "effect/Exit"
import type { Failure, Outcome } from "./expected.ts"

/** The upstream falls silent: these alone have a short limit, and only for the silence that they mean. */
export const limitsOf = (name: string): Recorder.Options => {
  if (/^stall-(?:body|after-head|comments)$/.test(name)) return { idleTimeout: silence, eventTimeout: silence }
  if (name === "stall-error-body") return { errorBodyTimeout: silence }
  if (name.startsWith("stall")) return { headersTimeout: silence, firstElementTimeout: silence }
  if (name === "tls-stall") return { connectTimeout: silence }
  return /^(?:gzip-bomb|oversized)/.test(name) ? { maxBody: 1_048_576 } : {}
}

const silence = "150 millis"

/** No call may take longer: the limits that are not short are a minute and more. */
export const bound = "15 seconds"

const fieldOf = (value: unknown): unknown => (Duration.isDuration(value) ? Duration.toMillis(value) : value)

/** The failure of a call, or `undefined` where it was answered. */
export const failureOf = <E>(exit: Exit.Exit<void, E>, what: string): UpstreamError | undefined => {
  if (Exit.isSuccess(exit)) return undefined
  const error = Cause.squash(exit.cause)
  return error instanceof UpstreamError ? error : assert.fail(`${what}: ${Cause.pretty(exit.cause)}`)
}

/** Compares; `attempts` is how many requests the upstream saw. */
export const check = (
  what: string,
  error: UpstreamError | undefined,
  expected: Outcome,
  attempts: { readonly seen: number; readonly allowed: 1 | 3 }
): void => {
  if (expected === "answered" || error === undefined) {
    return assert.strictEqual(error === undefined ? "answered" : tagOf(error), reasonOf(expected), what)
  }
  assert.deepStrictEqual(
    {
      reason: tagOf(error),
      consequence: consequenceOf(error),
      fields: Object.fromEntries(
        Object.keys(expected.fields).map((key) => [key, fieldOf(Reflect.get(error.reason, key))])
      )
    },
    { reason: expected.reason, consequence: expected.consequence, fields: { ...expected.fields } },
    what
  )
  const made = attempts.allowed === 1 ? 1 : expected.attempts
  assert.strictEqual(error.evidence.attempt, made, `${what}: attempt`)
  assert.strictEqual(attempts.seen, made, `${what}: requests`)
  checkEvidence(what, error, expected)
}

/** What is expected, in short. */
export const reasonOf = (expected: Outcome): string => (expected === "answered" ? expected : expected.reason)

/** The reason, and where it was seen. */
export const tagOf = ({ reason }: UpstreamError): string => `${reason._tag}@${reason.seenIn}`

const consequenceOf = (error: UpstreamError): string => {
  const { blame, delivery, fallback, health, retry } = error[Disposition.symbol]
  return [blame, retry, fallback, health, delivery].join(" ")
}

/** What must be there, by where the failure was seen, to look into it without the upstream. */
const checkEvidence = (what: string, { evidence, operation, reason, upstream }: UpstreamError, expected: Failure) => {
  assert.strictEqual(upstream, "simulated", what)
  assert.match(operation, /^(?:chat\.completions|audio\.speech)\.(?:create|stream)$/, what)
  assert.strictEqual(evidence.request?.method, "POST", what)
  assert.match(evidence.request?.url ?? "", /\/v1\/(?:chat\/completions|audio\/speech)$/, what)
  assert.isAbove(evidence.request?.bytes ?? 0, 50, what)
  assert.isAtLeast(evidence.timing.totalMs, 0, what)
  const isRaw = evidence.header("server") !== "causeway-simulator" && evidence.header("x-request-id") === undefined
  switch (reason.seenIn) {
    case "status":
      assert.isAtLeast(evidence.response?.status ?? 0, 300, what)
      assert.isDefined(evidence.response?.bodyBytes, what)
      assert.match(
        evidence.requestId ?? "",
        /^(?:sim-req-\d+|00000000-0000-4000-8000-000000000001|req_simulated)$/,
        what
      )
      break
    case "body":
    case "stream":
      assert.isAtLeast(evidence.response?.status ?? 0, 200, what)
      assert.isBelow(evidence.response?.status ?? 0, 300, what)
      if (!isRaw) assert.match(evidence.requestId ?? "", /^sim-req-\d+$/, what)
      break
    case "socket":
      // A silence has no system error, but the limit that it broke.
      if (reason._tag === "Timeout") assert.isDefined(reason.limit, what)
      else assert.isAbove(evidence.system?.length ?? 0, 0, what)
      break
    case "request":
      assert.fail(`${what}: ${expected.reason} has no evidence of an upstream`)
  }
  if (reason._tag === "ConnectionLost" && reason.phase !== "headers") assert.isAbove(reason.bytesReceived ?? 0, 0, what)
  if (reason._tag === "StreamTruncated") assert.isDefined(evidence.response, what)
}

const secrets = /sk-proj-Simulated|SimulatedKeyThatMustNeverBeShown/

// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g

/** The report, with what differs from run to run made the same. */
export const reportOf = (error: UpstreamError): string => {
  const report = Report.render(error)
  assert.isAtMost(report.split("\n").length, 12, report)
  assert.notMatch(report, secrets)
  assert.strictEqual(Redaction.text(report), report)
  return (
    report
      .replaceAll(control, "")
      .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:<port>")
      .replaceAll(/sim-req-\d+/g, "sim-req-<n>")
      .replaceAll(/chatcmpl-sim-\d+/g, "chatcmpl-sim-<n>")
      .replaceAll(/\b\d+(?:\.\d+)? ?ms\b/g, "<n> ms")
      .replaceAll(/\b\d+ (?:of \d+ )?bytes\b/g, "<n> bytes")
      .replaceAll(/\b(position|column) \d+/g, "$1 <n>")
      .replaceAll(/\b[0-9A-F]{16}:error/g, "<n>:error")
      // Where an excerpt is cut depends on the length of what was just replaced.
      .replaceAll(/^( {2}body {6}.{60}).*$/gm, "$1…")
  )
}
