/**
 * What the headers of a rate limit say, by the names that `Evidence.rateLimit` keeps:
 * `remaining-requests` and `reset-requests` (OpenAI, `x-ratelimit-*`),
 * `requests-remaining` and `requests-reset` (Anthropic), `remaining` and `reset`
 * (draft-ietf-httpapi-ratelimit-headers), and the same of tokens.
 */
type Headers = Readonly<Record<string, string>>

const forms = [
  ["remaining-requests", "reset-requests"],
  ["remaining-tokens", "reset-tokens"],
  ["requests-remaining", "requests-reset"],
  ["tokens-remaining", "tokens-reset"],
  ["remaining", "reset"]
] as const

/** How long to rest, in milliseconds, where nothing is left; `undefined` where that is not said. */
export const restOf = (headers: Headers | undefined, now?: number): number | undefined => {
  if (headers === undefined) return undefined
  const rests = forms.flatMap(([remaining, reset]) => {
    if (Number(headers[remaining] ?? Number.NaN) !== 0) return []
    const ms = millisOf(headers[reset], now)
    return ms === undefined ? [] : [ms]
  })
  return rests.length === 0 ? undefined : Math.max(...rests)
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** `6m0s`, `20ms`, seconds as a number, or a date, which needs to know what time it is. */
const millisOf = (text: string | undefined, now: number | undefined): number | undefined => {
  if (text === undefined || text === "") return undefined
  if (/^\d+(\.\d+)?$/.test(text)) {
    const seconds = Number(text)
    // A number that large is a moment and no wait.
    if (seconds < 1e9) return seconds * 1000
    return now === undefined ? undefined : Math.max(0, seconds * 1000 - now)
  }
  if (/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) {
    return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce(
      (sum, [, amount, unit = ""]) => sum + Number(amount) * (units[unit] ?? 0),
      0
    )
  }
  const date = Date.parse(text)
  return Number.isNaN(date) || now === undefined ? undefined : Math.max(0, date - now)
}
