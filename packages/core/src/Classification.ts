/**
 * From an upstream's answer to the reason of its failure.
 *
 * One table of rules decides, the first that holds: what the body states before
 * what the status says, and the status before any guess. Every answer with a status
 * of 400 or more gets a reason; one that claims success gets one only where its
 * body states an error all the same.
 *
 * **Example** (An answer of Envoy, and one of a provider)
 *
 * ```ts
 * import * as Classification from "@causeway/core/Classification"
 *
 * const gateway = Classification.classify({
 *   status: 503,
 *   headers: [["server", "envoy"]],
 *   body: "no healthy upstream",
 *   seenIn: "status"
 * })
 * gateway?.reason._tag // => "Gateway"
 *
 * const limited = Classification.classify({
 *   status: 429,
 *   headers: [["retry-after", "2"]],
 *   body: '{"error":{"message":"slow down","type":"requests","code":"rate_limit_exceeded"}}',
 *   seenIn: "status"
 * })
 * limited?.reason._tag // => "RateLimited"
 * limited?.provider // => { message: "slow down", type: "requests", code: "rate_limit_exceeded" }
 * ```
 */
import type * as Duration from "effect/Duration"
import type { Evidence, ProviderEvidence } from "./Evidence.ts"
import * as Hints from "./internal/classification/hints.ts"
import { type Answer, clean, headersOf, look, type Seen } from "./internal/classification/seen.ts"
import { flawOf } from "./internal/classification/json.ts"
import * as Reasons from "./internal/classification/reasons.ts"
import { ruled } from "./internal/classification/ruled.ts"
import { ruleFor } from "./internal/classification/table.ts"
import { chainOf } from "./internal/systemError.ts"
import type { Rule } from "./Rule.ts"
import { MalformedResponse, type UpstreamReason } from "./UpstreamReason.ts"

export type { Answer } from "./internal/classification/seen.ts"

/** Why an answer is a failure, and what the provider itself said of it. */
export interface Classified {
  readonly reason: UpstreamReason
  /** The provider's own words, redacted. */
  readonly provider?: typeof ProviderEvidence.Type
}

/**
 * The reason of a failed answer, or `undefined` for a success in which no error is
 * stated. A redirect is a `Configuration`: nobody follows it. Never throws. `rules`: of
 * one's own, which come first and may find a failure in any answer. Default: none.
 */
export const classify = (answer: Answer, rules: ReadonlyArray<Rule> = []): Classified | undefined => {
  const seen = look(answer)
  const own = rules.length === 0 ? undefined : ruled({ ...seen, json: jsonOf(answer.body) }, rules)
  if (own !== undefined) return said(own, seen)
  if (seen.success && answer.status >= 300) return { reason: Reasons.redirected(answer.status, seen) }
  if (seen.success && !seen.stated) return undefined
  return said(ruleFor(seen)?.reason(seen) ?? unknown(seen, answer.body), seen)
}

const said = (reason: UpstreamReason, seen: Seen): Classified => {
  const provider = providerOf(seen)
  return provider === undefined ? { reason } : { reason, provider }
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** An error inside a success that no rule knows. */
const unknown = (seen: Seen, body: string): UpstreamReason =>
  seen.seenIn === "stream" ? Reasons.providerFault(seen) : malformed("error-in-success", body, seen.message)

const providerOf = ({ code, message, param, stated, type }: Seen): Classified["provider"] =>
  !stated
    ? undefined
    : {
        ...(message !== undefined && { message: clean(message, 2_000) }),
        ...(type !== undefined && { type: clean(type, 200) }),
        ...(code !== undefined && { code: clean(code, 200) }),
        ...(param !== undefined && { param: clean(param, 200) })
      }

/** A success whose body is not the answer that it should be. `detail`: what is wrong with it, in a few words. */
export const malformed = (issue: MalformedResponse["issue"], body: string, detail?: string): MalformedResponse =>
  new MalformedResponse({
    message: clean(detail === undefined ? issues[issue] : `${issues[issue]}: ${detail}`),
    seenIn: "body",
    issue,
    excerpt: clean(body, 300)
  })

/** A body that should be JSON and is none: empty, cut off before its end, followed by something else, or no JSON at all. */
export const unreadable = (body: string): MalformedResponse => {
  if (body.trim() === "") return malformed("empty", body)
  const flaw = flawOf(body)
  return malformed(flaw.issue, body, flaw.issue === "trailing" ? ofRest(flaw.rest) : undefined)
}

/** What stands behind an answer. Of a second answer no more is said: it is the upstream's output. */
const ofRest = (rest: string): string => (/^[{["]/.test(rest) ? "another value follows" : clean(rest.trim(), 100))

/**
 * What is wrong with a text by what the JSON parser threw at it, where only that is at
 * hand; `undefined` for anything that is not the parser's. The text itself tells more
 * surely: {@link unreadable}. Never throws.
 */
export const jsonIssue = (error: unknown): "truncated" | "not-json" | undefined => {
  const found = chainOf(error).find(({ message, name }) => name === "SyntaxError" && /\bJSON\b/.test(message))
  if (found === undefined) return undefined
  return /Unexpected end|Unterminated|Expected .+ after/.test(found.message) ? "truncated" : "not-json"
}

/** A body that its decompressor refused, by what was thrown; `undefined` for anything else. Never throws. */
export const wrongEncoding = (error: unknown): MalformedResponse | undefined => {
  // Of zlib, of Brotli, of Zstandard.
  const found = chainOf(error).find(({ code = "" }) => /^(?:Z_|ERR__ERROR_FORMAT_|ZSTD_)/.test(code))
  return found === undefined ? undefined : malformed("encoding", "", found.message)
}

const issues: Readonly<Record<MalformedResponse["issue"], string>> = {
  empty: "the answer is empty",
  "not-json": "the answer is not JSON",
  truncated: "the answer is cut off",
  trailing: "the answer goes on behind its end",
  "wrong-shape": "the answer is not of the expected shape",
  "error-in-success": "the answer claims success but states an error",
  "too-large": "the answer is too large",
  encoding: "the answer's bytes are not what its content-encoding or its charset says"
}

/** What an answer's headers tell beside the error; spreadable into `Evidence`. */
export const hints = (
  pairs: Iterable<readonly [string, string]>
): Pick<Evidence, "requestId" | "shouldRetry" | "rateLimit"> => {
  const headers = headersOf(pairs)
  const requestId = Hints.requestId(headers)
  const shouldRetry = Hints.shouldRetry(headers)
  const rateLimit = Hints.rateLimit(headers)
  return {
    ...(requestId !== undefined && { requestId }),
    ...(shouldRetry !== undefined && { shouldRetry }),
    ...(rateLimit !== undefined && { rateLimit })
  }
}

/** An upstream's id of a request, whatever header it came in: the most useful one to its support. */
export const requestId = (pairs: Iterable<readonly [string, string]>): string | undefined =>
  Hints.requestId(headersOf(pairs))

/**
 * How long the upstream asks to wait, whatever form it says it in: `retry-after-ms`,
 * `retry-after` in seconds or as a date, `x-ratelimit-reset-*`. At most a day.
 * `now`: milliseconds on the epoch, for dates in an answer without a `date` of its own.
 */
export const retryAfter = (pairs: Iterable<readonly [string, string]>, now?: number): Duration.Duration | undefined =>
  Hints.retryAfter(headersOf(pairs), now)
