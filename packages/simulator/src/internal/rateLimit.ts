/** Token buckets, with OpenAI's headers: https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers */
import * as Duration from "effect/Duration"
import type { Limit, RateLimit } from "../Behaviour.ts"
import * as Reply from "../Reply.ts"

type Unit = "requests" | "tokens"

interface Bucket {
  readonly unit: Unit
  readonly limit: number
  readonly capacity: number
  /** For each millisecond. */
  readonly rate: number
  level: number
  at: number
}

const bucket = (unit: Unit, { burst, limit, per }: Limit, now: number): Bucket => ({
  unit,
  limit,
  capacity: burst ?? limit,
  rate: limit / Duration.toMillis(per),
  level: burst ?? limit,
  at: now
})

/** A duration as OpenAI writes it: `20ms`, `1.5s`, `6m0s`, `1h2m3s`. */
const written = (millis: number): string => {
  if (millis < 1_000) return `${Math.ceil(millis)}ms`
  const seconds = Math.ceil(millis) / 1_000
  if (seconds < 60) return `${seconds}s`
  const whole = Math.ceil(seconds)
  const minutes = Math.floor(whole / 60)
  const rest = `${whole % 60}s`
  return minutes < 60 ? `${minutes}m${rest}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${rest}`
}

const headersOf = (buckets: ReadonlyArray<Bucket>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    buckets.flatMap(({ capacity, level, limit, rate, unit }) => [
      [`x-ratelimit-limit-${unit}`, String(limit)],
      [`x-ratelimit-remaining-${unit}`, String(Math.max(0, Math.floor(level)))],
      [`x-ratelimit-reset-${unit}`, written((capacity - level) / rate)]
    ])
  )

const names = { requests: "requests (RPM)", tokens: "tokens (TPM)" }

const refusal = (buckets: ReadonlyArray<Bucket>, { capacity, level, limit, rate, unit }: Bucket, cost: number) => {
  const headers = headersOf(buckets)
  const about = `on ${names[unit]}: Limit ${limit}, Used ${Math.ceil(capacity - level)}, Requested ${cost}.`
  if (cost > capacity) {
    const message = `Request too large ${about} The input must be reduced.`
    return Reply.problem(429, { type: unit, code: "rate_limit_exceeded", message }, headers)
  }
  const millis = Math.max(1, Math.ceil((cost - level) / rate))
  return Reply.problem(
    429,
    {
      type: unit,
      code: "rate_limit_exceeded",
      message: `Rate limit reached ${about} Please try again in ${written(millis)}.`
    },
    { ...headers, "retry-after": String(Math.ceil(millis / 1_000)), "retry-after-ms": String(millis) }
  )
}

/** What a request is told: its place is taken, and the headers say what is left; or it is refused. */
export type Verdict =
  | { readonly _tag: "Passed"; readonly headers: Readonly<Record<string, string>> }
  | { readonly _tag: "Refused"; readonly reply: Reply.Reply }

export interface Limiter {
  /** `bytes` is the size of the request. */
  readonly take: (now: number, bytes: number) => Verdict
}

export const make = ({ requests, tokens }: RateLimit, start: number): Limiter => {
  const buckets = [
    ...(requests === undefined ? [] : [bucket("requests", requests, start)]),
    ...(tokens === undefined ? [] : [bucket("tokens", tokens, start)])
  ]
  return {
    take(now, bytes) {
      const costOf = ({ unit }: Bucket) => (unit === "requests" ? 1 : Math.max(1, Math.ceil(bytes / 4)))
      for (const each of buckets) {
        each.level = Math.min(each.capacity, each.level + Math.max(0, now - each.at) * each.rate)
        each.at = now
      }
      // Tolerates the rounding of a refill that was waited for exactly.
      const full = buckets.find((each) => each.level + 1e-6 < costOf(each))
      if (full !== undefined) return { _tag: "Refused", reply: refusal(buckets, full, costOf(full)) }
      for (const each of buckets) each.level = Math.max(0, each.level - costOf(each))
      return { _tag: "Passed", headers: headersOf(buckets) }
    }
  }
}
