/** OpenAI's answers. */
import * as Duration from "effect/Duration"
import { again, group, pause, rest } from "../fixture.ts"

export const openai = group("OpenAI", "https://platform.openai.com/docs/guides/error-codes", [
  {
    name: "the hard limit of billing",
    status: 400,
    body: {
      error: {
        message: "Billing hard limit has been reached",
        type: "invalid_request_error",
        param: null,
        code: "billing_hard_limit_reached"
      }
    },
    reason: { _tag: "QuotaExhausted" },
    disposition: { ...rest, fallback: "other-credential" }
  },
  {
    name: "quota",
    status: 429,
    body: {
      error: {
        message: "You exceeded your current quota, please check your plan and billing details.",
        type: "insufficient_quota",
        param: null,
        code: "insufficient_quota"
      }
    },
    reason: { _tag: "QuotaExhausted" },
    disposition: { ...rest, fallback: "other-credential" }
  },
  {
    name: "quota, handed on by a proxy without its code",
    status: 429,
    body: { error: { message: "You exceeded your current quota, please check your plan and billing details." } },
    reason: { _tag: "QuotaExhausted" },
    disposition: rest
  },
  {
    name: "requests per minute",
    status: 429,
    headers: {
      "x-ratelimit-limit-requests": "3",
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-requests": "20s",
      "x-ratelimit-limit-tokens": "40000",
      "x-ratelimit-remaining-tokens": "39990",
      "x-ratelimit-reset-tokens": "15ms"
    },
    body: {
      error: {
        message:
          "Rate limit reached for gpt-4o in organization org-x on requests per min (RPM): Limit 3, Used 3, Requested 1.",
        type: "requests",
        param: null,
        code: "rate_limit_exceeded"
      }
    },
    reason: {
      _tag: "RateLimited",
      scope: "requests",
      limit: 3,
      remaining: 0,
      reset: Duration.seconds(20),
      retryAfter: Duration.seconds(20)
    },
    disposition: pause
  },
  {
    name: "one request larger than the limit per minute",
    status: 429,
    body: {
      error: {
        message:
          "Request too large for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, Requested 30601. The input or output tokens must be reduced in order to run successfully.",
        type: "tokens",
        param: null,
        code: "rate_limit_exceeded"
      }
    },
    reason: { _tag: "InputTooLarge", unit: "tokens", limit: 30_000, actual: 30_601 },
    disposition: { ...rest, fallback: "larger-context" }
  },
  {
    name: "context",
    status: 400,
    body: {
      error: {
        message:
          "This model's maximum context length is 4097 tokens. However, your messages resulted in 4294 tokens. Please reduce the length of the messages.",
        type: "invalid_request_error",
        param: "messages",
        code: "context_length_exceeded"
      }
    },
    reason: { _tag: "InputTooLarge", unit: "tokens", limit: 4097, actual: 4294 },
    disposition: { ...rest, fallback: "larger-context" }
  },
  {
    name: "an unknown parameter",
    status: 400,
    body: {
      error: {
        message: "Unrecognized request argument supplied: foo",
        type: "invalid_request_error",
        param: "foo",
        code: null
      }
    },
    reason: { _tag: "InvalidRequest", param: "foo" },
    disposition: { ...rest, blame: "caller", fallback: "never", delivery: "not-sent" }
  },
  {
    name: "a policy against the input",
    status: 400,
    body: {
      error: {
        message: "Your request was rejected as a result of our safety system.",
        type: "invalid_request_error",
        param: null,
        code: "content_policy_violation"
      }
    },
    reason: { _tag: "ContentFiltered", side: "input" },
    disposition: { ...rest, fallback: "other-provider", delivery: "not-sent" }
  },
  {
    name: "a wrong key",
    status: 401,
    body: {
      error: {
        message:
          "Incorrect API key provided: sk-abcd1234************wxyz. You can find your API key at https://platform.openai.com/account/api-keys.",
        type: "invalid_request_error",
        param: null,
        code: "invalid_api_key"
      }
    },
    reason: {
      _tag: "Authentication",
      message:
        "Incorrect API key provided: <redacted>. You can find your API key at https://platform.openai.com/account/api-keys."
    },
    disposition: { ...rest, blame: "us", fallback: "other-credential" }
  },
  {
    name: "a key without the scope",
    status: 401,
    body: {
      error: {
        message: "You have insufficient permissions for this operation. Missing scopes: model.request.",
        type: "invalid_request_error"
      }
    },
    reason: { _tag: "Permission" },
    disposition: { ...rest, blame: "us" }
  },
  {
    name: "a country",
    status: 403,
    body: {
      error: {
        code: "unsupported_country_region_territory",
        message: "Country, region, or territory not supported",
        param: null,
        type: "request_forbidden"
      }
    },
    reason: { _tag: "Permission" },
    disposition: rest
  },
  {
    name: "a project that may not use the model",
    status: 403,
    body: {
      error: {
        message: "Project `proj_x` does not have access to model `gpt-4o`",
        type: "invalid_request_error",
        param: null,
        code: "model_not_found"
      }
    },
    reason: { _tag: "Permission" },
    disposition: { ...rest, fallback: "other-credential" }
  },
  {
    name: "an unknown model",
    status: 404,
    body: {
      error: {
        message: "The model `gpt-9` does not exist or you do not have access to it.",
        type: "invalid_request_error",
        param: null,
        code: "model_not_found"
      }
    },
    reason: { _tag: "NotFound", what: "model" },
    disposition: { ...rest, fallback: "any" }
  },
  {
    name: "an unknown route",
    status: 404,
    body: {
      error: {
        message: "Invalid URL (POST /v1/chat/completion)",
        type: "invalid_request_error",
        param: null,
        code: null
      }
    },
    reason: { _tag: "NotFound", what: "route" },
    disposition: { ...rest, fallback: "never" }
  },
  {
    name: "an unknown object",
    status: 404,
    body: {
      error: { message: "No such File object: file-1", type: "invalid_request_error", param: "id", code: null }
    },
    reason: { _tag: "NotFound", what: "object" },
    disposition: { ...rest, fallback: "never" }
  },
  {
    name: "a conflict",
    status: 409,
    body: { error: { message: "Thread is locked by an active run.", type: "invalid_request_error", code: null } },
    reason: { _tag: "Conflict" },
    disposition: { retry: "backoff", delivery: "not-sent" }
  },
  {
    name: "its own fault",
    status: 500,
    // In every answer, and no hint here: nothing is used up.
    headers: { "x-ratelimit-remaining-requests": "99", "x-ratelimit-reset-requests": "6m0s" },
    body: {
      error: {
        message: "The server had an error while processing your request. Sorry about that!",
        type: "server_error",
        param: null,
        code: null
      }
    },
    reason: { _tag: "ProviderFault", status: 500, retryAfter: undefined },
    disposition: { ...again, delivery: "may-have-run" }
  },
  {
    name: "overloaded",
    status: 503,
    body: {
      error: { message: "The server is currently overloaded with other requests.", type: "server_error", code: null }
    },
    reason: { _tag: "Overloaded" },
    disposition: { ...again, delivery: "not-sent" }
  },
  {
    name: "slow down",
    status: 503,
    headers: { "retry-after": "5" },
    body: { error: { message: "Slow down", type: "server_error", code: "slow_down" } },
    reason: { _tag: "Overloaded", retryAfter: Duration.seconds(5) },
    disposition: { retry: "after" }
  },
  {
    name: "an error event of a chat stream",
    status: 200,
    seenIn: "stream",
    body: {
      error: {
        message: "The server had an error while processing your request",
        type: "server_error",
        param: null,
        code: null
      }
    },
    reason: { _tag: "ProviderFault", seenIn: "stream" },
    disposition: again
  },
  {
    name: "an error event of a responses stream",
    status: 200,
    seenIn: "stream",
    body: {
      type: "error",
      sequence_number: 3,
      code: "rate_limit_exceeded",
      message: "Rate limit reached",
      param: null
    },
    reason: { _tag: "RateLimited", seenIn: "stream" },
    disposition: { health: "pauses" }
  },
  {
    name: "a failed response",
    status: 200,
    seenIn: "stream",
    body: {
      type: "response.failed",
      response: { id: "resp_1", status: "failed", error: { code: "server_error", message: "It failed" } }
    },
    reason: { _tag: "ProviderFault", message: "It failed" },
    disposition: again
  },
  {
    name: "a prompt against the policy, as a failed response",
    status: 200,
    body: {
      id: "resp_1",
      object: "response",
      status: "failed",
      error: {
        code: "invalid_prompt",
        message: "Invalid prompt: your prompt was flagged as potentially violating our usage policy."
      }
    },
    reason: { _tag: "ContentFiltered", side: "input", seenIn: "body" },
    disposition: { delivery: "not-sent" }
  }
])
