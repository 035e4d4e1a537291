/** Statuses, in OpenAI's words. */
import { again, every, is, type Table } from "../expected.ts"

export const statuses: Table = {
  "rate-limited": every(
    is("RateLimited@status", "us after any pauses not-sent", 3, {
      retryAfter: 2000,
      scope: "requests",
      limit: 60,
      remaining: 0,
      reset: 2000
    })
  ),
  quota: every(is("QuotaExhausted@status", "us never other-credential ignored not-sent", 1, {})),
  overloaded: every(is("Overloaded@status", "upstream after any counts not-sent", 3, { retryAfter: 1000 })),
  unauthorized: every(is("Authentication@status", "us never other-credential ignored not-sent", 1, {})),
  "rate-limited-seconds": every(
    is("RateLimited@status", "us after any pauses not-sent", 3, { retryAfter: 2000, scope: "requests", limit: 60 })
  ),
  "rate-limited-fraction": every(
    is("RateLimited@status", "us after any pauses not-sent", 3, { retryAfter: 1500, scope: "requests", limit: 60 })
  ),
  "rate-limited-ms": every(
    is("RateLimited@status", "us after any pauses not-sent", 3, { retryAfter: 250, scope: "requests", limit: 60 })
  ),
  "rate-limited-date": every(
    is("RateLimited@status", "us after any pauses not-sent", 3, { retryAfter: 3000, scope: "requests", limit: 60 })
  ),
  "rate-limited-past-date": every(
    is("RateLimited@status", "us after any pauses not-sent", 3, { retryAfter: 0, scope: "requests", limit: 60 })
  ),
  "rate-limited-zero": every(
    is("RateLimited@status", "us after any pauses not-sent", 3, { retryAfter: 0, scope: "requests", limit: 60 })
  ),
  "rate-limited-long": every(
    is("RateLimited@status", "us after any pauses not-sent", 1, { retryAfter: 3_600_000, scope: "requests", limit: 60 })
  ),
  "rate-limited-negative": every(
    is("RateLimited@status", "us backoff any pauses not-sent", 3, { scope: "requests", limit: 60 })
  ),
  "rate-limited-nonsense": every(
    is("RateLimited@status", "us backoff any pauses not-sent", 3, { scope: "requests", limit: 60 })
  ),
  "rate-limited-reset": every(
    is("RateLimited@status", "us after any pauses not-sent", 1, {
      retryAfter: 360_000,
      scope: "requests",
      limit: 60,
      remaining: 0,
      reset: 360_000
    })
  ),
  "rate-limited-reset-ms": every(
    is("RateLimited@status", "us after any pauses not-sent", 3, {
      retryAfter: 20,
      scope: "requests",
      limit: 60,
      remaining: 0,
      reset: 20
    })
  ),
  "rate-limited-sentence": every(
    is("RateLimited@status", "us after any pauses not-sent", 3, { retryAfter: 7660, scope: "requests", limit: 60 })
  ),
  "rate-limited-bare": every(
    is("RateLimited@status", "us backoff any pauses not-sent", 3, { scope: "requests", limit: 60 })
  ),
  "rate-limited-never": every(
    is("RateLimited@status", "us never any pauses not-sent", 1, { retryAfter: 1000, scope: "requests", limit: 60 })
  ),
  "rate-limited-tokens": every(
    is("RateLimited@status", "us after any pauses not-sent", 3, { retryAfter: 7660, scope: "tokens", limit: 6000 })
  ),
  "rate-limited-day": every(
    is("RateLimited@status", "us after any pauses not-sent", 1, { retryAfter: 432_000, scope: "day", limit: 200 })
  ),
  "larger-than-limit": every(
    is("InputTooLarge@status", "caller never larger-context ignored not-sent", 1, {
      unit: "tokens",
      limit: 30_000,
      actual: 30_601
    })
  ),
  "billing-limit": every(is("QuotaExhausted@status", "us never other-credential ignored not-sent", 1, {})),
  "payment-required": every(is("QuotaExhausted@status", "us never other-credential ignored not-sent", 1, {})),
  "leaked-key": every(is("Authentication@status", "us never other-credential ignored not-sent", 1, {})),
  "missing-scope": every(is("Permission@status", "us never other-credential ignored not-sent", 1, {})),
  forbidden: every(is("Permission@status", "us never other-credential ignored not-sent", 1, {})),
  region: every(is("Permission@status", "us never other-credential ignored not-sent", 1, {})),
  "context-length": every(
    is("InputTooLarge@status", "caller never larger-context ignored not-sent", 1, {
      unit: "tokens",
      limit: 8192,
      actual: 9001
    })
  ),
  "content-filter": every(
    is("ContentFiltered@status", "caller never other-provider ignored not-sent", 1, { side: "input", categories: [] })
  ),
  "content-policy": every(
    is("ContentFiltered@status", "caller never other-provider ignored not-sent", 1, { side: "input", categories: [] })
  ),
  "invalid-request": every(
    is("InvalidRequest@status", "caller never never ignored not-sent", 1, {
      param: "temperature",
      code: "decimal_above_max_value"
    })
  ),
  unprocessable: every(is("InvalidRequest@status", "caller never never ignored not-sent", 1, { param: "messages" })),
  "model-not-found": every(is("NotFound@status", "caller never any ignored not-sent", 1, { what: "model" })),
  "route-not-found": every(is("NotFound@status", "caller never never ignored not-sent", 1, { what: "route" })),
  "object-not-found": every(is("NotFound@status", "caller never never ignored not-sent", 1, { what: "object" })),
  "method-not-allowed": every(is("NotFound@status", "caller never never ignored not-sent", 1, { what: "route" })),
  "request-timeout": every(is("Timeout@status", again, 3, { phase: "headers" })),
  conflict: every(is("Conflict@status", "caller backoff never ignored not-sent", 3, {})),
  "too-large": every(is("InputTooLarge@status", "caller never larger-context ignored not-sent", 1, { unit: "bytes" })),
  "server-error": every(is("ProviderFault@status", again, 3, { status: 500 })),
  "server-error-final": every(is("ProviderFault@status", "upstream never any counts may-have-run", 1, { status: 500 })),
  "server-error-hinted": every(
    is("ProviderFault@status", "upstream after any counts may-have-run", 3, { retryAfter: 1000, status: 500 })
  ),
  "slow-down": every(is("Overloaded@status", "upstream backoff any counts not-sent", 3, {})),
  "bare-401": every(is("Authentication@status", "us never other-credential ignored not-sent", 1, {})),
  "bare-404": every(is("NotFound@status", "caller never never ignored not-sent", 1, { what: "route" })),
  "bare-418": every(is("InvalidRequest@status", "caller never never ignored not-sent", 1, {})),
  "bare-429": every(is("RateLimited@status", "us backoff any pauses not-sent", 3, {})),
  "bare-500": every(is("ProviderFault@status", again, 3, { status: 500 })),
  "bare-503": every(
    is("Gateway@status", again, 3, {
      gateway: "unknown",
      flag: "other",
      status: 503
    })
  ),
  "bare-599": every(is("ProviderFault@status", again, 3, { status: 599 })),
  flaky: { json: "answered", stream: "answered", binary: "answered" }
}
