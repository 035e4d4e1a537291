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
import * as Attempt from "./Attempt.ts"
import { type BoundaryReason, isBoundaryError } from "./BoundaryError.ts"
import * as Catalogue from "./Catalogue.ts"
import * as Disposition from "./Disposition.ts"
import type { Evidence } from "./Evidence.ts"
import { isHtml, textOfHtml } from "./internal/classification/html.ts"
import { excerpt } from "./internal/excerpt.ts"
import { isPolicyError } from "./PolicyError.ts"
import * as Reason from "./Reason.ts"
import * as Redaction from "./Redaction.ts"
import { isUpstreamError } from "./UpstreamError.ts"

/** What to do about a failure, in one sentence; `undefined` for one that is not of this model. */
export const advice = (error: unknown): string | undefined => {
  const isOurs = isUpstreamError(error) || isBoundaryError(error) || isPolicyError(error)
  if (!isOurs) return undefined
  const { reason } = error
  const ofOwn = isUpstreamError(error) && isWithoutRequest(error.evidence) ? withoutRequest[reason._tag] : undefined
  return ofOwn ?? Reason.adviceOf(reason) ?? Catalogue.find(error._tag, error.reason._tag)?.toDo
}

/** Whether there is no request to look at: what failed is a function, such as a model of one's own. */
const isWithoutRequest = ({ request, requestId, response }: Evidence): boolean =>
  request === undefined && response === undefined && requestId === undefined

/** Where others are told to look at an address, or to ask who runs it. */
const withoutRequest: Readonly<Partial<Record<string, string>>> = {
  ProviderFault: "Try again; if it stays, look at the cause: it says why what was called failed.",
  NotFound: "Check the name of the model or object.",
  MalformedResponse: "Correct what was called: what it gave is not what it was asked for."
}

/**
 * A failure as lines of text: a headline, what was seen, each attempt of a policy,
 * what it means, what to do. At most twelve lines, none of them long, without secrets
 * and without characters that a terminal obeys. Never throws. Of a `Cause` each
 * failure and each defect is told, up to ten.
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

const mostLines = 12

const linesOf = (error: unknown): ReadonlyArray<string> => {
  const disposition = Disposition.of(error)
  const todo = advice(error)
  const seen = [headline(error), ...detailLines(error)]
  const next = [
    ...(disposition === undefined ? [] : [line("meaning", meaning(disposition))]),
    ...(todo === undefined ? [] : [line("to do", todo)])
  ]
  return [...seen, ...attemptLines(Attempt.of(error), mostLines - seen.length - next.length), ...next]
}

/** What was seen, of whichever error it is. */
const detailLines = (error: unknown): ReadonlyArray<string> => {
  if (isUpstreamError(error)) return evidenceLines(error.evidence)
  if (isBoundaryError(error)) return reasonLines(error.reason)
  return error instanceof Error && !isPolicyError(error) ? fieldLines(error) : []
}

/** What the advice on a boundary's failure points at. */
const reasonLines = (reason: BoundaryReason): ReadonlyArray<string> => {
  switch (reason._tag) {
    case "Undecodable":
      return reason.issue === "" ? [] : [line("issue", brief(reason.issue, headlineLimit))]
    case "Unresponsive":
      return several("doing", (reason.sample ?? []).slice(0, mostDetails))
    case "Crashed":
      return several("stderr", (reason.stderr ?? "").slice(-longest).trimEnd().split("\n").slice(-mostDetails))
    default:
      return []
  }
}

/** Lines of a stack or of a worker's standard error. */
const mostDetails = 5

const several = (label: string, texts: ReadonlyArray<string>): ReadonlyArray<string> =>
  texts
    .map((text) => brief(text, excerptLimit))
    .filter((text) => text !== "")
    .map((text, at) => line(at === 0 ? label : "", text))

/** What every error has says nothing that the headline does not. */
const usual: ReadonlySet<string> = new Set(["_tag", "name", "message", "stack", "cause"])

/** The fields of an error of one's own, on a line. A getter is not run. */
const fieldLines = (error: Error): ReadonlyArray<string> => {
  const fields = Object.fromEntries(
    Object.entries(Object.getOwnPropertyDescriptors(error)).flatMap(([name, { enumerable, value }]) =>
      enumerable === true && value !== undefined && !usual.has(name) && !name.startsWith("~") ? [[name, value]] : []
    )
  )
  if (Object.keys(fields).length === 0) return []
  return [line("fields", brief(Formatter.format(excerpt(fields)), headlineLimit))]
}

const headlineLimit = 400
const excerptLimit = 120
const attemptLimit = 100

/** More of a text is not looked at. */
const longest = 65_536

const obeyed = /[\p{Cc}\p{Bidi_Control}]/gu

/**
 * Text of others for a terminal or a log, which show it and obey none of it: control
 * characters and those that turn the direction of writing are escaped, save tabs and
 * line ends.
 *
 * **Example** (A body that would clear the screen)
 *
 * ```ts
 * import * as Report from "@causeway/core/Report"
 *
 * Report.visible("busy\u001b[2J") // => "busy\\u001b[2J"
 * ```
 */
export const visible = (text: string): string =>
  text
    .replaceAll("\r\n", "\n")
    .replaceAll(obeyed, (character) =>
      character === "\n" || character === "\t"
        ? character
        : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
    )

/** What comes from outside: on one line, short, without secrets. Cut at the end, for half a key is not known as one. */
const brief = (text: string, limit: number): string => {
  const flat = visible(Redaction.text(text.slice(0, longest)))
    .replaceAll(/\s+/g, " ")
    .trim()
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
    ...(request === undefined ? [] : [line("request", brief(`${request.method ?? ""} ${request.url}`, headlineLimit))]),
    line("seen", via === undefined ? seen : `${seen} from ${brief(via, 40)}`),
    ...(excerpt === "" ? [] : [line("body", excerpt)]),
    ...(stream === undefined ? [] : [line("stream", `${stream.events} events, ${stream.bytes} bytes`)]),
    ...(cause === undefined ? [] : [line("cause", brief(cause.message || (cause.code ?? cause.name), excerptLimit))]),
    ...(requestId === undefined ? [] : [line("id", `${brief(requestId, 100)} (the upstream's)`)])
  ]
}

/**
 * The attempts, on a line each. Where there are more of them than lines, several share
 * one: then each is named only, and those that were alike in a row are named once.
 */
const attemptLines = (attempts: ReadonlyArray<Attempt.Attempt>, lines: number): ReadonlyArray<string> => {
  const told = attempts.length > lines ? named(attempts) : attempts.map(outcome)
  const each = Math.max(1, Math.ceil(told.length / lines))
  return Array.from({ length: Math.ceil(told.length / each) }, (_, at) =>
    line(at === 0 ? "attempts" : "", brief(told.slice(at * each, (at + 1) * each).join(", "), headlineLimit))
  )
}

const nameOf = ({ reason, upstream = "the first upstream" }: Attempt.Attempt): string =>
  brief(`${upstream}: ${reason}`, attemptLimit)

const outcome = (attempt: Attempt.Attempt): string =>
  `${attempt.number} ${nameOf(attempt)} in ${Math.round(attempt.elapsedMs)} ms; ${brief(attempt.next, attemptLimit)}`

const named = (attempts: ReadonlyArray<Attempt.Attempt>): ReadonlyArray<string> => {
  const runs: Array<{ readonly first: number; last: number; readonly name: string }> = []
  for (const attempt of attempts) {
    const name = nameOf(attempt)
    const run = runs.at(-1)
    if (run?.name === name) run.last = attempt.number
    else runs.push({ first: attempt.number, last: attempt.number, name })
  }
  return runs.map(({ first, last, name }) => `${first === last ? first : `${first}-${last}`} ${name}`)
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

/** What a disposition says, in words. */
export const meaning = (disposition: Disposition.Disposition): string => {
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
