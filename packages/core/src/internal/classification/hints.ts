/** What headers tell beside the error itself. */
import * as Duration from "effect/Duration"
import { clean } from "./seen.ts"

/** By usefulness to the provider's support: the first that is there is the one. */
const requestIds = [
  "x-request-id",
  "request-id",
  "apim-request-id",
  "x-ms-request-id",
  "x-amzn-requestid",
  "x-amz-request-id",
  "x-goog-request-id",
  "x-correlation-id",
  "x-generation-id",
  "cf-ray",
  "x-amz-cf-id",
  "x-vercel-id",
  "x-azure-ref"
]

export const requestId = (headers: ReadonlyMap<string, string>): string | undefined => {
  for (const name of requestIds) {
    const value = headers.get(name)
    if (value !== undefined && value !== "") return clean(value, 200)
  }
  return undefined
}

export const shouldRetry = (headers: ReadonlyMap<string, string>): boolean | undefined => {
  const value = headers.get("x-should-retry")?.trim().toLowerCase()
  return value === "true" ? true : value === "false" ? false : undefined
}

const rateLimitPrefix = /^(?:x-|anthropic-)?ratelimit-/

export const rateLimit = (headers: ReadonlyMap<string, string>): Readonly<Record<string, string>> | undefined => {
  const found = Array.from(headers).filter(([name]) => rateLimitPrefix.test(name))
  return found.length === 0
    ? undefined
    : Object.fromEntries(
        found.slice(0, 32).map(([name, value]) => [name.replace(rateLimitPrefix, ""), clean(value, 100)])
      )
}

/** No hint asks for a longer wait than this: beyond a day it is a mistake or no wait at all. */
const longest = Duration.days(1)

/** A wait in milliseconds, bounded; `undefined` for what is none. */
export const wait = (ms: number): Duration.Duration | undefined =>
  Number.isFinite(ms) && ms >= 0 ? Duration.min(Duration.millis(Math.ceil(ms)), longest) : undefined

const number = (text: string | undefined): number =>
  text !== undefined && /^\s*\d{1,15}(?:\.\d{1,15})?\s*$/.test(text) ? Number(text) : Number.NaN

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Durations as in `6m0s`, `20ms`, `1h2m3.5s`, in milliseconds. */
export const durationMs = (text: string): number => {
  const trimmed = text.trim()
  if (!/^(?:\d{1,15}(?:\.\d{1,15})?(?:ms|[smhd]))+$/.test(trimmed)) return Number.NaN
  let sum = 0
  for (const [, count, unit] of trimmed.matchAll(/([\d.]+)(ms|[smhd])/g)) sum += Number(count) * units[unit!]!
  return sum
}

/** The upstream's clock counts, not ours: they may differ. */
const clock = (headers: ReadonlyMap<string, string>, now: number | undefined): number => {
  const date = Date.parse(headers.get("date") ?? "")
  return Number.isNaN(date) ? (now ?? Date.now()) : date
}

const until = (moment: number, headers: ReadonlyMap<string, string>, now: number | undefined): number =>
  Math.max(0, moment - clock(headers, now))

/** A date as RFC 9110 writes it in headers; anything else that `Date.parse` takes is no date here. */
const httpDate = (text: string): number =>
  /^\s*[A-Z][a-z]{2,8},? .{10,40}GMT\s*$/.test(text) ? Date.parse(text) : Number.NaN

/** `retry-after` and its relatives, by how exact they are. */
export const explicitWait = (
  headers: ReadonlyMap<string, string>,
  now: number | undefined
): Duration.Duration | undefined => {
  const value = headers.get("retry-after")
  return (
    wait(number(headers.get("retry-after-ms"))) ??
    wait(number(headers.get("x-ms-retry-after-ms"))) ??
    (value === undefined
      ? undefined
      : (wait(number(value) * 1_000) ?? wait(until(httpDate(value), headers, now)) ?? wait(durationMs(value))))
  )
}

/** One `…-reset` header in any of its forms: a duration, seconds to come, a moment on the epoch, a date. */
export const resetMs = (value: string, headers: ReadonlyMap<string, string>, now?: number): number => {
  const count = number(value)
  if (Number.isNaN(count)) {
    const duration = durationMs(value)
    if (!Number.isNaN(duration)) return duration
    return /^\s*\d{4}-\d\d-\d\dT/.test(value) ? until(Date.parse(value), headers, now) : Number.NaN
  }
  if (count > 1e11) return until(count, headers, now)
  return count > 1e9 ? until(count * 1_000, headers, now) : count * 1_000
}

const resetNames = /^(?:x-|anthropic-)?ratelimit-(?:reset(?:-(.+))?|(.+)-reset)$/

/** The longest wait among the limits that are used up, or else the shortest of all: some capacity is then back. */
const byReset = (headers: ReadonlyMap<string, string>, now: number | undefined): Duration.Duration | undefined => {
  const exhausted: Array<number> = []
  const others: Array<number> = []
  for (const [name, value] of headers) {
    if (!resetNames.test(name)) continue
    const ms = resetMs(value, headers, now)
    if (Number.isNaN(ms)) continue
    const remaining = headers.get(name.replace("reset", "remaining"))
    if (remaining !== undefined && number(remaining) === 0) exhausted.push(ms)
    else others.push(ms)
  }
  if (exhausted.length > 0) return wait(Math.max(...exhausted))
  return others.length > 0 ? wait(Math.min(...others)) : undefined
}

/** `told`: a wait that the body tells; more exact than a limit's reset, less than a header made for it. */
export const retryAfter = (
  headers: ReadonlyMap<string, string>,
  now: number | undefined,
  told?: Duration.Duration
): Duration.Duration | undefined => explicitWait(headers, now) ?? told ?? byReset(headers, now)
