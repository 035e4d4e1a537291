/**
 * What the headers of a rate limit say, by the names that `Evidence.rateLimit` keeps:
 * `limit-requests`, `remaining-requests` and `reset-requests` (OpenAI, `x-ratelimit-*`),
 * `requests-limit`, `-remaining` and `-reset` (Anthropic), `limit`, `remaining` and
 * `reset` (draft-ietf-httpapi-ratelimit-headers), and the same of tokens.
 */
type Headers = Readonly<Record<string, string>>

interface Form {
  readonly limit: string
  readonly remaining: string
  readonly reset: string
}

const requests: ReadonlyArray<Form> = [
  { limit: "limit-requests", remaining: "remaining-requests", reset: "reset-requests" },
  { limit: "requests-limit", remaining: "requests-remaining", reset: "requests-reset" },
  { limit: "limit", remaining: "remaining", reset: "reset" }
]
const tokens: ReadonlyArray<Form> = [
  { limit: "limit-tokens", remaining: "remaining-tokens", reset: "reset-tokens" },
  { limit: "tokens-limit", remaining: "tokens-remaining", reset: "tokens-reset" }
]

const numberOf = (text: string | undefined): number =>
  text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN

/** How long to rest, in milliseconds, where nothing is left; `undefined` where that is not said. */
export const restOf = (headers: Headers | undefined, now: number): number | undefined => {
  if (headers === undefined) return undefined
  const rests = [...requests, ...tokens].flatMap(({ remaining, reset }) => {
    if (numberOf(headers[remaining]) !== 0) return []
    const ms = millisOf(headers[reset], now)
    return ms === undefined ? [] : [ms]
  })
  return rests.length === 0 ? undefined : Math.max(...rests)
}

/** A pace that an upstream states: so many requests a millisecond, for so many of them. */
export interface Pace {
  readonly perMs: number
  readonly ms: number
}

/** Which part of a limit must be left for calls to come as they like. */
const plenty = 0.1

/**
 * How fast requests come free again, where few are left: the reset is when all of them
 * will have, so those that are used come free in that time.
 */
export const paceOf = (headers: Headers | undefined, now: number): Pace | undefined => {
  if (headers === undefined) return undefined
  for (const { limit, remaining, reset } of requests) {
    const all = numberOf(headers[limit])
    const left = numberOf(headers[remaining])
    const ms = millisOf(headers[reset], now)
    if (ms !== undefined && ms > 0 && left <= all * plenty && all > left) return { perMs: (all - left) / ms, ms }
  }
  return undefined
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** `6m0s`, `20ms`, seconds as a number, or a date, which needs to know what time it is. */
const millisOf = (text: string | undefined, now: number): number | undefined => {
  if (text === undefined || text === "") return undefined
  if (/^\d+(\.\d+)?$/.test(text)) {
    const seconds = Number(text)
    // A number that large is a moment and no wait.
    return seconds < 1e9 ? seconds * 1000 : Math.max(0, seconds * 1000 - now)
  }
  if (/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) {
    return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce(
      (sum, [, amount, unit = ""]) => sum + Number(amount) * (units[unit] ?? 0),
      0
    )
  }
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
