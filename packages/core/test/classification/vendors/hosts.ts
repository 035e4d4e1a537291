/** Answers of hosted providers: Together, Groq, Mistral, Scaleway. */
import * as Duration from "effect/Duration"
import { again, group, pause, rest } from "../fixture.ts"

export const together = group("Together", "https://docs.together.ai/docs/error-codes", [
  {
    name: "the spending limit",
    status: 402,
    body: { error: { message: "Monthly spending limit reached", type: "payment_required", param: null, code: null } },
    reason: { _tag: "QuotaExhausted" },
    disposition: { ...rest, fallback: "other-credential" }
  },
  {
    name: "the rate limit of a model",
    status: 429,
    headers: { "x-ratelimit-reset": "2", "x-ratelimit-remaining": "0", "x-ratelimit-limit": "10" },
    body: {
      error: {
        message: "You have reached the rate limit specific to this model.",
        type: "model_rate_limit",
        param: null,
        code: null
      }
    },
    reason: { _tag: "RateLimited", limit: 10, remaining: 0, retryAfter: Duration.seconds(2) },
    disposition: pause
  },
  {
    name: "overflow by 403",
    status: 403,
    body: {
      error: {
        message:
          "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097. Given: 5013 `inputs` tokens and 128 `max_new_tokens`",
        type: "invalid_request_error",
        param: null,
        code: null
      }
    },
    reason: { _tag: "InputTooLarge", limit: 4097, actual: 5013 },
    disposition: { fallback: "larger-context" }
  },
  {
    name: "an unavailable model",
    status: 404,
    body: {
      error: {
        message: "Unable to access model acme/none. Please visit the docs to view the list of supported models.",
        type: "invalid_request_error",
        param: "model",
        code: "model_not_available"
      }
    },
    reason: { _tag: "NotFound", what: "model" },
    disposition: { fallback: "any" }
  },
  {
    name: "overloaded",
    status: 503,
    body: {
      error: {
        message: "The server is busy due to high traffic, please retry",
        type: "service_unavailable",
        code: null
      }
    },
    reason: { _tag: "Overloaded" },
    disposition: again
  }
])

export const groq = group("Groq", "https://console.groq.com/docs/errors, https://console.groq.com/docs/rate-limits", [
  {
    name: "a wrong key",
    status: 401,
    body: { error: { message: "Invalid API Key", type: "invalid_request_error", code: "invalid_api_key" } },
    reason: { _tag: "Authentication" },
    disposition: { ...rest, fallback: "other-credential" }
  },
  {
    name: "tokens per minute",
    status: 429,
    body: {
      error: {
        message:
          "Rate limit reached for model `llama-3.3-70b-versatile` in organization `org_x` service tier `on_demand` on tokens per minute (TPM): Limit 6000, Used 5900, Requested 800. Please try again in 7.66s.",
        type: "tokens",
        code: "rate_limit_exceeded"
      }
    },
    reason: { _tag: "RateLimited", scope: "tokens", limit: 6000, retryAfter: Duration.millis(7660) },
    disposition: pause
  },
  {
    name: "tokens per day, minutes and seconds",
    status: 429,
    body: {
      error: {
        message:
          "Rate limit reached for model `x` on tokens per day (TPD): Limit 100000, Used 99999, Requested 800. Please try again in 11m29.5s.",
        type: "tokens",
        code: "rate_limit_exceeded"
      }
    },
    reason: { _tag: "RateLimited", scope: "day", retryAfter: Duration.millis(689_500) },
    disposition: pause
  },
  {
    name: "one request larger than the limit per minute",
    status: 413,
    body: {
      error: {
        message:
          "Request too large for model `llama-3.1-8b-instant` in organization `org_x` service tier `on_demand` on tokens per minute (TPM): Limit 6000, Requested 36114, please reduce your message size and try again.",
        type: "tokens",
        code: "rate_limit_exceeded"
      }
    },
    reason: { _tag: "InputTooLarge", unit: "tokens", limit: 6000, actual: 36_114 },
    disposition: { retry: "never" }
  },
  {
    name: "flex capacity",
    status: 498,
    body: { error: { message: "Flex tier capacity exceeded", type: "capacity", code: "capacity_exceeded" } },
    reason: { _tag: "Overloaded" },
    disposition: again
  },
  {
    name: "flex capacity without a body",
    status: 498,
    body: "",
    reason: { _tag: "Overloaded" },
    disposition: again
  },
  {
    name: "a decommissioned model",
    status: 400,
    body: {
      error: {
        message: "The model `mixtral-8x7b-32768` has been decommissioned and is no longer supported.",
        type: "invalid_request_error",
        code: "model_decommissioned"
      }
    },
    reason: { _tag: "NotFound", what: "model" },
    disposition: { fallback: "any" }
  },
  {
    name: "cancelled",
    status: 499,
    body: { error: { message: "Request cancelled by the client", type: "invalid_request_error" } },
    reason: { _tag: "Aborted", by: "caller" },
    disposition: { retry: "never" }
  }
])

export const mistral = group("Mistral", "https://docs.mistral.ai/resources/error-glossary", [
  {
    name: "an unknown model, as documented",
    status: 404,
    body: {
      object: "error",
      message: "The model is not one of ours.",
      type: "invalid_request_error",
      param: "model",
      code: "unknown_model"
    },
    reason: { _tag: "NotFound", what: "model" },
    disposition: { ...rest, fallback: "any" }
  },
  {
    name: "context",
    status: 400,
    body: {
      object: "error",
      message: "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
      type: "invalid_request_error",
      param: null,
      code: "3051"
    },
    reason: { _tag: "InputTooLarge", limit: 32_768, actual: 40_000 },
    disposition: { fallback: "larger-context" }
  },
  {
    name: "tier capacity",
    status: 429,
    body: {
      object: "error",
      message: "Service tier capacity exceeded for this model.",
      type: "invalid_request_error",
      param: null,
      code: null
    },
    reason: { _tag: "Overloaded" },
    disposition: again
  },
  {
    name: "rate limit",
    status: 429,
    body: {
      object: "error",
      message: "Rate limit exceeded",
      type: "rate_limited",
      param: null,
      code: "1300",
      raw_status_code: 429
    },
    reason: { _tag: "RateLimited" },
    disposition: { health: "pauses" }
  },
  {
    name: "an unknown model",
    status: 400,
    body: { object: "error", message: "Invalid model: none", type: "invalid_model", param: null, code: "1500" },
    reason: { _tag: "NotFound", what: "model" },
    disposition: { fallback: "any" }
  },
  {
    name: "a wrong key",
    status: 401,
    body: { detail: "Unauthorized" },
    reason: { _tag: "Authentication" },
    disposition: rest
  },
  {
    name: "an error with the status of a success",
    status: 200,
    body: { object: "error", message: "Rate limit exceeded", type: "rate_limited", code: "1300", raw_status_code: 429 },
    reason: { _tag: "RateLimited", seenIn: "body" },
    disposition: { health: "pauses" }
  }
])

export const scaleway = group(
  "Scaleway",
  "https://www.scaleway.com/en/docs/generative-apis/api-cli/understanding-errors/",
  [
    {
      name: "tokens per minute, in the words of a quota",
      status: 429,
      body: {
        error: {
          message: "You exceeded your current quota of tokens per minute.",
          type: "too_many_tokens",
          param: null,
          code: 429
        }
      },
      reason: { _tag: "RateLimited", scope: "tokens" },
      disposition: { health: "pauses" }
    },
    {
      name: "a wrong key, by 403",
      status: 403,
      body: { status: 403, error: "FORBIDDEN", message: "API key doesn't exist" },
      reason: { _tag: "Authentication" },
      disposition: { ...rest, fallback: "other-credential" }
    },
    {
      name: "an unknown model",
      status: 422,
      body: { status: 422, error: "MODEL_NOT_FOUND", message: "the requested model was not found" },
      reason: { _tag: "NotFound", what: "model" },
      disposition: { fallback: "any" }
    }
  ]
)
