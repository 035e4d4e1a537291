/** Statuses with the bodies that OpenAI gives them, and every form of a hint when to come again. */
import * as Reply from "../../Reply.ts"
import { always, type Fault, type Row, serverError, table } from "./fault.ts"

const invalid = { type: "invalid_request_error" } as const

const limited: Reply.Problem = {
  type: "requests",
  code: "rate_limit_exceeded",
  message: "Rate limit reached on requests per min (RPM): Limit 60, Used 60, Requested 1."
}

/** A 429 whose one hint is in its headers, in one form. */
const hinted = (form: string, description: string, headers: Readonly<Record<string, string>>): Row =>
  always(`rate-limited-${form}`, `429 ${description}`, Reply.problem(429, limited, headers))

/** A date of HTTP. */
const date = (millis: number): string => new Date(millis).toUTCString()

/** A 429 whose Retry-After is a date, so many seconds from now by the upstream's own clock. */
const dated = (form: string, description: string, seconds: number): Row => ({
  name: `rate-limited-${form}`,
  description: `429 ${description}`,
  reply: (_, { now }) => Reply.problem(429, limited, { date: date(now), "retry-after": date(now + seconds * 1_000) })
})

const problem = (
  name: string,
  status: number,
  description: string,
  body: Reply.Problem,
  headers?: Readonly<Record<string, string>>
): Row => always(name, `${status} ${description}`, Reply.problem(status, body, headers))

const plain = (name: string, status: number, description: string, headers: Readonly<Record<string, string>> = {}) =>
  always(name, `${status} ${description}`, {
    head: { status, headers: { "content-length": "0", ...headers } },
    body: [""],
    ending: "end"
  })

export const statuses: ReadonlyArray<Fault> = table("status", [
  problem(
    "rate-limited",
    429,
    "with Retry-After and the rate limit headers",
    { ...limited, message: `${limited.message} Please try again in 2s.` },
    {
      "retry-after": "2",
      "retry-after-ms": "2000",
      "x-ratelimit-limit-requests": "60",
      "x-ratelimit-limit-tokens": "150000",
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-remaining-tokens": "149984",
      "x-ratelimit-reset-requests": "2s",
      "x-ratelimit-reset-tokens": "6ms"
    }
  ),
  hinted("seconds", "with Retry-After in seconds alone", { "retry-after": "2" }),
  hinted("fraction", "with Retry-After in a fraction of seconds", { "retry-after": "1.5" }),
  hinted("ms", "with retry-after-ms alone", { "retry-after-ms": "250" }),
  dated("date", "with Retry-After as a date, 3 seconds ahead of the upstream's clock", 3),
  dated("past-date", "with Retry-After as a date that has passed", -60),
  hinted("zero", "with a Retry-After of 0 seconds", { "retry-after": "0" }),
  hinted("long", "with a Retry-After of an hour", { "retry-after": "3600" }),
  hinted("negative", "with a negative Retry-After, which says nothing", { "retry-after": "-5" }),
  hinted("nonsense", "with a Retry-After that is neither a number nor a date", { "retry-after": "soon" }),
  hinted("reset", "whose only hint is the reset of the limit, in minutes and seconds", {
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-remaining-requests": "0",
    "x-ratelimit-reset-requests": "6m0s"
  }),
  hinted("reset-ms", "whose only hint is the reset of the limit, in milliseconds", {
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-remaining-requests": "0",
    "x-ratelimit-reset-requests": "20ms"
  }),
  problem("rate-limited-sentence", 429, "whose only hint is its sentence", {
    ...limited,
    message: `${limited.message} Please try again in 7.66s.`
  }),
  hinted("bare", "without any hint", {}),
  hinted("never", "with x-should-retry: false", { "x-should-retry": "false", "retry-after": "1" }),
  problem("rate-limited-tokens", 429, "because of the tokens per minute", {
    type: "tokens",
    code: "rate_limit_exceeded",
    message:
      "Rate limit reached on tokens per min (TPM): Limit 6000, Used 5900, Requested 800. Please try again in 7.66s."
  }),
  problem("rate-limited-day", 429, "because of the requests per day", {
    type: "requests",
    code: "rate_limit_exceeded",
    message:
      "Rate limit reached on requests per day (RPD): Limit 200, Used 200, Requested 1. Please try again in 7m12s."
  }),
  problem("larger-than-limit", 429, "because one request is larger than the limit of a minute", {
    type: "tokens",
    code: "rate_limit_exceeded",
    message:
      "Request too large for simulator in organization org-simulated on tokens per min (TPM): Limit 30000, Requested 30601. The input or output tokens must be reduced in order to run successfully."
  }),
  problem("quota", 429, "because the account's credit is used up", {
    type: "insufficient_quota",
    code: "insufficient_quota",
    message: "The current quota is used up; see the plan and billing details of the account."
  }),
  problem("billing-limit", 429, "because the account's spending limit is reached", {
    type: "invalid_request_error",
    code: "billing_hard_limit_reached",
    message: "Billing hard limit has been reached."
  }),
  problem("payment-required", 402, "because the account has no credit", {
    ...invalid,
    code: null,
    message: "The account's balance does not cover the request."
  }),
  problem("unauthorized", 401, "that shows a masked key", {
    ...invalid,
    code: "invalid_api_key",
    message: `Incorrect API key provided: sk-simul${"*".repeat(24)}0000.`
  }),
  problem("leaked-key", 401, "that repeats a whole key in its message", {
    ...invalid,
    code: "invalid_api_key",
    message: "Incorrect API key provided: sk-proj-SimulatedKeyThatMustNeverBeShown0123456789."
  }),
  problem("missing-scope", 401, "because the key lacks a scope", {
    ...invalid,
    message: "You have insufficient permissions for this operation. Missing scopes: model.request."
  }),
  problem("forbidden", 403, "because the project may not use the model", {
    ...invalid,
    code: "model_not_found",
    message: "Project `proj_simulated` does not have access to model `fault:forbidden`."
  }),
  problem("region", 403, "because the country is not served", {
    type: "request_forbidden",
    code: "unsupported_country_region_territory",
    message: "Country, region, or territory not supported"
  }),
  problem("context-length", 400, "because the input is longer than the model's context", {
    ...invalid,
    param: "messages",
    code: "context_length_exceeded",
    message: "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens."
  }),
  problem("content-filter", 400, "because the input was filtered", {
    ...invalid,
    param: "prompt",
    code: "content_filter",
    message: "The prompt was stopped by the content management policy."
  }),
  problem("content-policy", 400, "because the input is against the policy", {
    ...invalid,
    code: "content_policy_violation",
    message: "Your request was rejected as a result of our safety system."
  }),
  problem("invalid-request", 400, "because of a parameter", {
    ...invalid,
    param: "temperature",
    code: "decimal_above_max_value",
    message: "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead."
  }),
  problem("unprocessable", 422, "because the request makes no sense", {
    ...invalid,
    param: "messages",
    message: "The messages do not alternate."
  }),
  problem("model-not-found", 404, "because the model does not exist", {
    ...invalid,
    param: "model",
    code: "model_not_found",
    message: "The model `fault:model-not-found` does not exist or you do not have access to it."
  }),
  problem("route-not-found", 404, "because the address is not one of the API's", {
    ...invalid,
    code: "unknown_url",
    message: "Unknown request URL. Please check the URL for typos."
  }),
  problem("object-not-found", 404, "because an object of the request is not there", {
    ...invalid,
    param: "id",
    message: "No such File object: file-simulated"
  }),
  problem("method-not-allowed", 405, "because the address knows no such method", {
    ...invalid,
    code: "method_not_supported",
    message: "Not allowed to POST on this address."
  }),
  problem("request-timeout", 408, "because the provider took too long, by its own account", {
    ...invalid,
    code: "request_timeout",
    message: "The request timed out."
  }),
  problem("conflict", 409, "because somebody else is changing it", {
    ...invalid,
    message: "The thread is locked by an active run."
  }),
  problem("too-large", 413, "because the body is too large", {
    ...invalid,
    code: "request_too_large",
    message: "The body is larger than 26214400 bytes."
  }),
  problem("server-error", 500, "of the provider itself", serverError),
  problem("server-error-final", 500, "with x-should-retry: false", serverError, { "x-should-retry": "false" }),
  problem("server-error-hinted", 500, "with x-should-retry: true and Retry-After", serverError, {
    "x-should-retry": "true",
    "retry-after": "1"
  }),
  problem(
    "overloaded",
    503,
    "because the model is overloaded, with Retry-After",
    {
      type: "service_unavailable_error",
      code: "overloaded",
      message: "The model is overloaded with other requests at the moment. Please try again later."
    },
    { "retry-after": "1" }
  ),
  problem("slow-down", 503, "because the traffic grew too fast", {
    type: "server_error",
    code: "slow_down",
    message: "Slow down."
  }),
  plain("bare-401", 401, "without a body"),
  plain("bare-404", 404, "without a body"),
  plain("bare-418", 418, "without a body, a status that nobody expects"),
  plain("bare-429", 429, "without a body"),
  plain("bare-500", 500, "without a body"),
  plain("bare-503", 503, "without a body and in nobody's name"),
  plain("bare-599", 599, "without a body, a status that nobody expects"),
  {
    name: "flaky",
    description: "500 of the provider itself, 2 times unless told otherwise, and then the right answer",
    times: 2,
    reply: () => Reply.problem(500, serverError)
  }
])
