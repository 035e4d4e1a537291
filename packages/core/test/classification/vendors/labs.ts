/** Answers of Anthropic and Google, by their endpoints for OpenAI's clients too. */
import * as Duration from "effect/Duration"
import { again, group, pause, rest } from "../fixture.ts"

export const anthropic = group("Anthropic", "https://docs.anthropic.com/en/api/errors", [
  {
    name: "a wrong key, by the compatible endpoint",
    source: "https://platform.claude.com/docs/en/api/openai-sdk",
    status: 401,
    body: {
      error: { code: "authentication_error", message: "invalid x-api-key", type: "authentication_error", param: null }
    },
    reason: { _tag: "Authentication" },
    disposition: { ...rest, fallback: "other-credential" }
  },
  {
    name: "overloaded, by the compatible endpoint",
    source: "https://platform.claude.com/docs/en/api/openai-sdk",
    status: 529,
    body: { error: { code: "overloaded_error", message: "Overloaded", type: "overloaded_error", param: null } },
    reason: { _tag: "Overloaded" },
    disposition: again
  },
  {
    name: "overloaded",
    status: 529,
    headers: { "request-id": "req_1", "x-should-retry": "true" },
    body: { type: "error", error: { type: "overloaded_error", message: "Overloaded" }, request_id: "req_1" },
    reason: { _tag: "Overloaded" },
    disposition: again
  },
  {
    name: "overloaded, in a stream",
    status: 200,
    seenIn: "stream",
    body: { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
    reason: { _tag: "Overloaded", seenIn: "stream" },
    disposition: again
  },
  {
    name: "context",
    status: 400,
    body: {
      type: "error",
      error: { type: "invalid_request_error", message: "prompt is too long: 201130 tokens > 200000 maximum" },
      request_id: "r"
    },
    reason: { _tag: "InputTooLarge", limit: 200_000, actual: 201_130 },
    disposition: { fallback: "larger-context" }
  },
  {
    name: "context, with the answer's share",
    status: 400,
    body: {
      type: "error",
      error: {
        type: "invalid_request_error",
        message:
          "input length and `max_tokens` exceed context limit: 179413 + 32768 > 200000, decrease input length or `max_tokens` and try again"
      }
    },
    reason: { _tag: "InputTooLarge", limit: 200_000 },
    disposition: { fallback: "larger-context" }
  },
  {
    name: "body",
    status: 413,
    body: { type: "error", error: { type: "request_too_large", message: "Request exceeds the maximum size" } },
    reason: { _tag: "InputTooLarge", unit: "bytes" },
    disposition: { retry: "never" }
  },
  {
    name: "credit",
    status: 400,
    body: {
      type: "error",
      error: { type: "invalid_request_error", message: "Your credit balance is too low to access the Anthropic API." }
    },
    reason: { _tag: "QuotaExhausted" },
    disposition: rest
  },
  {
    name: "an unknown model",
    status: 404,
    body: { type: "error", error: { type: "not_found_error", message: "model: claude-none" } },
    reason: { _tag: "NotFound", what: "model" },
    disposition: { fallback: "any" }
  },
  {
    name: "permission",
    status: 403,
    body: {
      type: "error",
      error: {
        type: "permission_error",
        message: "Your API key does not have permission to use the specified resource."
      }
    },
    reason: { _tag: "Permission" },
    disposition: rest
  },
  {
    name: "a blocked output",
    status: 400,
    body: {
      type: "error",
      error: { type: "invalid_request_error", message: "Output blocked by content filtering policy" }
    },
    reason: { _tag: "ContentFiltered", side: "output" },
    disposition: { delivery: "ran" }
  },
  {
    name: "rate limit, reset as a date",
    status: 429,
    headers: {
      date: "Thu, 01 Jan 2026 00:00:00 GMT",
      "anthropic-ratelimit-requests-limit": "50",
      "anthropic-ratelimit-requests-remaining": "0",
      "anthropic-ratelimit-requests-reset": "2026-01-01T00:00:30Z"
    },
    body: {
      type: "error",
      error: { type: "rate_limit_error", message: "Number of requests has exceeded your per-minute limit" }
    },
    reason: { _tag: "RateLimited", limit: 50, remaining: 0, retryAfter: Duration.seconds(30) },
    disposition: pause
  }
])

export const google = group("Gemini", "https://ai.google.dev/gemini-api/docs/troubleshooting", [
  {
    name: "a wrong key, by 400 and in a list",
    status: 400,
    body: [
      {
        error: {
          code: 400,
          message: "API key not valid. Please pass a valid API key.",
          status: "INVALID_ARGUMENT",
          details: [
            { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID", domain: "googleapis.com" }
          ]
        }
      }
    ],
    reason: { _tag: "Authentication" },
    disposition: rest
  },
  {
    name: "a limit in the words of a quota, with a delay",
    status: 429,
    body: {
      error: {
        code: 429,
        message: "You exceeded your current quota, please check your plan and billing details.",
        status: "RESOURCE_EXHAUSTED",
        details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "36s" }]
      }
    },
    reason: { _tag: "RateLimited", retryAfter: Duration.seconds(36) },
    disposition: pause
  },
  {
    name: "context",
    status: 400,
    body: {
      error: {
        code: 400,
        message: "The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).",
        status: "INVALID_ARGUMENT"
      }
    },
    reason: { _tag: "InputTooLarge", limit: 1_048_576, actual: 1_200_293 },
    disposition: { fallback: "larger-context" }
  },
  {
    name: "overloaded",
    status: 503,
    body: { error: { code: 503, message: "The model is overloaded. Please try again later.", status: "UNAVAILABLE" } },
    reason: { _tag: "Overloaded" },
    disposition: again
  },
  {
    name: "permission",
    status: 403,
    body: {
      error: {
        code: 403,
        message: "Generative Language API has not been used in project 1 before",
        status: "PERMISSION_DENIED"
      }
    },
    reason: { _tag: "Permission" },
    disposition: rest
  }
])
