/** Reasons, made of what was seen. */
import type * as Duration from "effect/Duration"
import * as Redaction from "../../Redaction.ts"
import * as Reason from "../../UpstreamReason.ts"
import { innerError, isFields } from "./body.ts"
import { durationMs, explicitWait, resetMs, retryAfter, wait } from "./hints.ts"
import { clean, type Seen } from "./seen.ts"
import { actualIn, count, limitIn } from "./tokenCounts.ts"

/** What every reason says; `otherwise` where the answer itself says nothing. */
const common = (seen: Seen, otherwise: string) => ({
  message: clean(seen.message ?? "") || otherwise,
  seenIn: seen.seenIn
})

const http = (seen: Seen, what: string): string => (seen.status === undefined ? what : `${what} (HTTP ${seen.status})`)

const hinted = (hint: Duration.Duration | undefined): { readonly retryAfter?: Duration.Duration } =>
  hint === undefined ? {} : { retryAfter: hint }

export const invalidRequest = (seen: Seen): Reason.InvalidRequest =>
  new Reason.InvalidRequest({
    ...common(seen, http(seen, "the request was refused")),
    ...(seen.param !== undefined && { param: clean(seen.param, 200) }),
    ...(seen.code !== undefined && { code: clean(seen.code, 200) })
  })

/** A size that an error states as a field of its own, as llama.cpp does. */
const size = (seen: Seen, name: string): number | undefined => {
  const value = seen.error[name]
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

export const inputTooLarge =
  (unit: "tokens" | "bytes") =>
  (seen: Seen): Reason.InputTooLarge => {
    const text = unit === "tokens" ? seen.text.slice(0, 2_000) : ""
    const limit = size(seen, "n_ctx") ?? limitIn(text)
    const actual = size(seen, "n_prompt_tokens") ?? actualIn(text)
    return new Reason.InputTooLarge({
      ...common(seen, http(seen, "the input is too large")),
      unit,
      ...(limit !== undefined && { limit }),
      ...(actual !== undefined && { actual })
    })
  }

/** The names of filters that found something: Azure's results, OpenRouter's and OpenAI's lists. */
const categoriesOf = (seen: Seen): ReadonlyArray<string> => {
  const inner = innerError(seen.error)
  const metadata = seen.error["metadata"]
  const results =
    inner["content_filter_result"] ?? inner["content_filter_results"] ?? seen.error["content_filter_result"]
  if (isFields(results)) {
    return Object.entries(results).flatMap(([name, result]) =>
      isFields(result) && (result["filtered"] === true || result["detected"] === true) ? [clean(name, 100)] : []
    )
  }
  const listed = (isFields(metadata) ? metadata["reasons"] : undefined) ?? seen.error["categories"]
  return Array.isArray(listed)
    ? listed.slice(0, 20).flatMap((each) => (typeof each === "string" ? [clean(each, 100)] : []))
    : []
}

export const contentFiltered =
  (side: "input" | "output") =>
  (seen: Seen): Reason.ContentFiltered =>
    new Reason.ContentFiltered({
      ...common(seen, "a content filter refused"),
      side,
      categories: categoriesOf(seen)
    })

export const authentication = (seen: Seen): Reason.Authentication =>
  new Reason.Authentication(common(seen, http(seen, "the credential was not accepted")))

export const permission = (seen: Seen): Reason.Permission =>
  new Reason.Permission(common(seen, http(seen, "the credential may not do this")))

export const notFound =
  (what: "model" | "route" | "object") =>
  (seen: Seen): Reason.NotFound =>
    new Reason.NotFound({ ...common(seen, http(seen, `there is no such ${what}`)), what })

export const conflict = (seen: Seen): Reason.Conflict =>
  new Reason.Conflict(common(seen, http(seen, "it is being changed by somebody else")))

/** A wait that only the sentence tells: `Please try again in 7.66s`, `retry after 26 seconds`, `retryDelay: "36s"`. */
const statedWait = (seen: Seen): Duration.Duration | undefined => {
  const text = seen.text.slice(0, 2_000)
  const delay = retryDelay(seen.error["details"])
  if (delay !== undefined) return wait(durationMs(delay))
  // Cloudflare's errors as JSON; Hugging Face's models that are loading. Both in seconds.
  const seconds = seen.error["retry_after"] ?? seen.error["estimated_time"]
  if (typeof seconds === "number") return wait(seconds * 1_000)
  const exact = /(?:try again|retry|wait)[a-z ]{0,20} ((?:\d{1,9}(?:\.\d{1,9})?(?:ms|[smhd]))+)(?![a-z])/.exec(text)
  if (exact !== null) return wait(durationMs(exact[1]!))
  const words = /(?:try again|retry|wait)[a-z ]{0,20} (\d{1,9}) (second|minute|hour|millisecond)/.exec(text)
  return words === null ? undefined : wait(Number(words[1]) * millis[words[2]!]!)
}

const millis: Readonly<Record<string, number>> = { millisecond: 1, second: 1_000, minute: 60_000, hour: 3_600_000 }

/** Google's `google.rpc.RetryInfo` among an error's details. */
const retryDelay = (details: unknown): string | undefined => {
  if (!Array.isArray(details)) return undefined
  const info = details.find((each) => isFields(each) && typeof each["retryDelay"] === "string")
  return isFields(info) ? String(info["retryDelay"]) : undefined
}

/** A wait that was meant for this failure. The resets of rate limits, which stand in every answer, are not. */
const hint = (seen: Seen): { readonly retryAfter?: Duration.Duration } =>
  hinted(explicitWait(seen.headers, seen.now) ?? statedWait(seen))

const scopeOf = (seen: Seen): Reason.RateLimited["scope"] => {
  if (/per day|\brpd\b|\btpd\b|daily|free-models-per-day/.test(seen.text)) return "day"
  if (/tokens? per|\btpm\b/.test(seen.text) || seen.type === "tokens") return "tokens"
  if (/requests? per|\brpm\b|\/ ?min/.test(seen.text) || seen.type === "requests") return "requests"
  const zero = (name: string): boolean => Number(seen.headers.get(`x-ratelimit-remaining-${name}`) ?? 1) === 0
  return zero("tokens") ? "tokens" : zero("requests") ? "requests" : undefined
}

const numeric = (seen: Seen, names: ReadonlyArray<string>): number | undefined => {
  for (const name of names) {
    const value = count(seen.headers.get(name)?.trim())
    if (value !== undefined) return value
  }
  return undefined
}

export const rateLimited = (seen: Seen): Reason.RateLimited => {
  const scope = scopeOf(seen)
  const of = scope === "tokens" ? "tokens" : "requests"
  const named = (what: string) => [
    `x-ratelimit-${what}-${of}`,
    `anthropic-ratelimit-${of}-${what}`,
    `x-ratelimit-${what}`,
    `ratelimit-${what}`
  ]
  const limit = numeric(seen, named("limit")) ?? count(/\blimit:? ([\d,]{1,12})/.exec(seen.text)?.[1])
  const remaining = numeric(seen, named("remaining"))
  const resetText = named("reset").flatMap((name) => seen.headers.get(name) ?? [])[0]
  const reset = resetText === undefined ? undefined : wait(resetMs(resetText, seen.headers, seen.now))
  return new Reason.RateLimited({
    ...common(seen, http(seen, "too many requests")),
    ...hinted(retryAfter(seen.headers, seen.now, statedWait(seen))),
    ...(scope !== undefined && { scope }),
    ...(limit !== undefined && { limit }),
    ...(remaining !== undefined && { remaining }),
    ...(reset !== undefined && { reset })
  })
}

export const quotaExhausted = (seen: Seen): Reason.QuotaExhausted =>
  new Reason.QuotaExhausted(common(seen, http(seen, "the account's quota is used up")))

export const overloaded = (seen: Seen): Reason.Overloaded =>
  new Reason.Overloaded({ ...common(seen, http(seen, "the upstream is overloaded")), ...hint(seen) })

export const providerFault = (seen: Seen): Reason.ProviderFault =>
  new Reason.ProviderFault({
    ...common(seen, http(seen, "the upstream failed")),
    ...hint(seen),
    ...(seen.status !== undefined && { status: seen.status })
  })

export const gateway =
  (
    name: Reason.Gateway["gateway"],
    flag: Reason.Gateway["flag"],
    what = name === "unknown"
      ? "the upstream, or a proxy before it, gave no answer of an API"
      : "a gateway answered in the upstream's place"
  ) =>
  (seen: Seen): Reason.Gateway =>
    new Reason.Gateway({
      ...common(seen, http(seen, what)),
      ...hint(seen),
      gateway: name,
      flag,
      status: seen.status ?? 502
    })

/** The upstream gave up its own work; which limit that was it does not say. */
export const timedOut = (seen: Seen): Reason.Timeout =>
  new Reason.Timeout({ ...common(seen, http(seen, "the upstream's own time limit passed")), phase: "headers" })

export const aborted = (seen: Seen): Reason.Aborted =>
  new Reason.Aborted({ ...common(seen, http(seen, "the call was given up")), by: "caller" })

export const misconfigured =
  (option: string, what: string) =>
  (seen: Seen): Reason.Configuration =>
    new Reason.Configuration({ message: what, seenIn: seen.seenIn, option })

/** A redirect that nobody follows: the address is another one. */
export const redirected = (status: number, seen: Seen): Reason.Configuration => {
  const target = seen.headers.get("location")
  return new Reason.Configuration({
    message: `the upstream redirects (HTTP ${status})${target === undefined ? "" : ` to ${Redaction.url(target).slice(0, 300)}`}`,
    seenIn: seen.seenIn,
    option: "baseUrl"
  })
}
