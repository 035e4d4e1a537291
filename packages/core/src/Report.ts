/**
 * Failures as a person wants to read them: what failed, why, whether it may have
 * had an effect, and what to do. Built from redacted evidence; holds no stack.
 *
 * **Example** (Printing a failure)
 *
 * ```ts
 * import { BoundaryError, Draining } from "@causeway/core/BoundaryError"
 * import * as Report from "@causeway/core/Report"
 *
 * const error = new BoundaryError({
 *   boundary: "app/Squares worker 1",
 *   reason: new Draining({ message: "the pool is shutting down" })
 * })
 *
 * Report.render(error).split("\n")[0] // => "app/Squares worker 1: Draining, the pool is shutting down"
 * ```
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Formatter from "effect/Formatter"
import { BoundaryError, type BoundaryReason } from "./BoundaryError.ts"
import * as Disposition from "./Disposition.ts"
import type { Evidence } from "./Evidence.ts"
import { isHtml, textOfHtml } from "./internal/classification/html.ts"
import { PolicyError, type PolicyReason } from "./PolicyError.ts"
import * as Redaction from "./Redaction.ts"
import { UpstreamError } from "./UpstreamError.ts"
import type { UpstreamReason } from "./UpstreamReason.ts"

type Advice<Reason extends { readonly _tag: string }> = { readonly [Tag in Reason["_tag"]]: string }

const upstreamAdvice: Advice<UpstreamReason> = {
  Configuration: "Correct the option that is named.",
  RequestEncoding: "Correct the value that is named: it cannot be sent as JSON.",
  Credential: "Set the credential that is named.",
  Connect: "Check the address, the network and whether the upstream is up.",
  Protocol: "Check that the address is that of an HTTP API, and its scheme (http or https).",
  Timeout: "Try again, or allow more time if the upstream is known to be slow.",
  ConnectionLost: "Try again; if it stays, look at what stands between here and the upstream.",
  Aborted: "Nothing to do: it was given up on purpose.",
  InvalidRequest: "Correct the request.",
  InputTooLarge: "Send less, or use a model with a larger context.",
  ContentFiltered: "Change the content, or use another provider.",
  Authentication: "Check the credential of this upstream.",
  Permission: "Give this upstream's credential the right, or use another one.",
  NotFound: "Check the name of the model or object, and the base URL.",
  Conflict: "Try again in a moment.",
  RateLimited: "Wait, send less, or ask for a higher limit.",
  QuotaExhausted: "Top up the account, or use another credential: waiting does not help.",
  Overloaded: "Try again later, or use another upstream.",
  ProviderFault: "Try again; if it stays, tell the provider the request id.",
  Gateway: "The proxy answered in the upstream's place: look at what is behind it.",
  MalformedResponse: "Check that the base URL is that of the API; see the excerpt.",
  StreamProtocol: "Check that the upstream speaks the protocol; see the event.",
  StreamTruncated: "Try again: the answer is incomplete.",
  OutputUnusable: "Change the prompt or the limits; see the output.",
  Session: "Open a new session."
}

const boundaryAdvice: Advice<BoundaryReason> = {
  Crashed: "Look at the cause and at the worker's last lines; the pool replaces the worker by itself.",
  Unresponsive: "Look at what the handler was doing; annotate it as blocking if it works without yielding.",
  Overloaded: "Try again later, or give the pool more workers or concurrency.",
  DeadlineExceeded: "Allow more time, or find out what took so long.",
  Draining: "Send the call to another instance.",
  Undecodable: "Make both sides use the same schema; see the issue.",
  Unreachable: "Look at why the other side does not start."
}

const policyAdvice: Advice<PolicyReason> = {
  CircuitOpen: "Wait: every upstream has failed too often.",
  DeadlineExceeded: "Allow more time, or find out what took so long.",
  Shed: "Try again later."
}

/** What to do about a failure, in one sentence; `undefined` for one that is not of this model. */
export const advice = (error: unknown): string | undefined => {
  if (error instanceof UpstreamError) return upstreamAdvice[error.reason._tag]
  if (error instanceof BoundaryError) return boundaryAdvice[error.reason._tag]
  return error instanceof PolicyError ? policyAdvice[error.reason._tag] : undefined
}

/**
 * A failure as lines of text: a headline, what was seen, what it means, what to do.
 * At most ten lines, none of them long, without secrets. Never throws. Of a `Cause`
 * each failure and each defect is told, up to ten.
 */
export const render = (error: unknown): string => {
  try {
    if (Cause.isCause(error)) return causeOf(error)
    return linesOf(error).join("\n")
  } catch {
    // It is not what it claims to be; its headline is found out with more care.
    return headline(error)
  }
}

const mostReasons = 10

const causeOf = ({ reasons }: Cause.Cause<unknown>): string => {
  const told = reasons.slice(0, mostReasons).map((reason) => {
    if (Cause.isFailReason(reason)) return render(reason.error)
    return Cause.isDieReason(reason) ? `defect: ${render(reason.defect)}` : "interrupted"
  })
  const more = reasons.length - told.length
  return told.length === 0 ? "no failure" : [...told, ...(more > 0 ? [`and ${more} more`] : [])].join("\n")
}

const linesOf = (error: unknown): ReadonlyArray<string> => {
  const disposition = Disposition.of(error)
  const todo = advice(error)
  return [
    headline(error),
    ...(error instanceof UpstreamError ? evidenceLines(error.evidence) : []),
    ...(disposition === undefined ? [] : [line("meaning", meaning(disposition))]),
    ...(todo === undefined ? [] : [line("to do", todo)])
  ]
}

const headlineLimit = 400
const excerptLimit = 120

/** More of a text is not looked at. */
const longest = 65_536

/** What comes from outside: on one line, short, without secrets. Cut at the end, for half a key is not known as one. */
const brief = (text: string, limit: number): string => {
  const flat = Redaction.text(text.slice(0, longest)).replaceAll(/\s+/g, " ").trim()
  return flat.length > limit ? `${flat.slice(0, limit - 1)}…` : flat
}

const line = (label: string, text: string): string => `  ${label.padEnd(9)} ${text}`

const headline = (error: unknown): string => {
  try {
    const text = error instanceof Error ? error.message || error.name : `thrown: ${thrown(error)}`
    return brief(String(text), headlineLimit)
  } catch {
    return "thrown: something that cannot be read"
  }
}

const thrown = (value: unknown): string => (typeof value === "string" ? value : Formatter.format(value))

const evidenceLines = (evidence: Evidence): ReadonlyArray<string> => {
  const { attempt, request, requestId, response, stream, system, timing } = evidence
  const via = evidence.header("server")
  const seen = [
    ...(response === undefined ? [] : [`HTTP ${response.status}`]),
    `attempt ${attempt}`,
    `${Math.round(timing.totalMs)} ms`
  ].join(", ")
  const excerpt = excerptOf(response?.body ?? "")
  const cause = system?.at(-1)
  return [
    ...(request === undefined ? [] : [line("request", brief(`${request.method} ${request.url}`, headlineLimit))]),
    line("seen", via === undefined ? seen : `${seen} from ${brief(via, 40)}`),
    ...(excerpt === "" ? [] : [line("body", excerpt)]),
    ...(stream === undefined ? [] : [line("stream", `${stream.events} events, ${stream.bytes} bytes`)]),
    ...(cause === undefined ? [] : [line("cause", brief(cause.message || (cause.code ?? cause.name), excerptLimit))]),
    ...(requestId === undefined ? [] : [line("id", `${brief(requestId, 100)} (the upstream's)`)])
  ]
}

/** The beginning of a body as a person reads it: of a page its title, not its markup. */
const excerptOf = (body: string): string => brief(isHtml(body) ? textOfHtml(body) : body, excerptLimit)

const blame: Record<Disposition.Blame, string> = {
  caller: "the caller's to change",
  upstream: "the upstream's fault",
  us: "ours to mend"
}

const delivery: Record<Disposition.Delivery, string> = {
  "not-sent": "it had no effect",
  "may-have-run": "it may have had an effect",
  ran: "it ran"
}

const meaning = (disposition: Disposition.Disposition): string => {
  const { fallback, retry, retryAfter } = disposition
  const retries =
    retry === "never"
      ? "a retry does not help"
      : retryAfter === undefined
        ? "a retry may help"
        : `a retry may help after ${Duration.format(retryAfter)}`
  const other = fallback === "never" ? [] : [`fallback: ${fallback}`]
  return [blame[disposition.blame], delivery[disposition.delivery], retries, ...other].join("; ")
}
