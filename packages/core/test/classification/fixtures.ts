/**
 * Answers as vendors and gateways give them, each with what it must become. Every
 * rule of the table has at least one; a new rule brings its own.
 */
import * as Duration from "effect/Duration"
import { again, type Fixture, gateway, group, html, notSent, pause, perhaps, rest } from "./fixture.ts"
import { lookAlikes } from "./lookAlikes.ts"

const openai = group("OpenAI", "https://platform.openai.com/docs/guides/error-codes", [
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

const azure = group(
  "Azure",
  "https://learn.microsoft.com/azure/ai-foundry/openai/how-to/quota, https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter",
  [
    {
      name: "a principal without the role",
      status: 401,
      body: { error: { code: "PermissionDenied", message: "Principal does not have access to API/Operation." } },
      reason: { _tag: "Permission" },
      disposition: { ...rest, fallback: "other-credential" }
    },
    {
      name: "no capacity",
      status: 429,
      body: {
        error: { code: "NoCapacity", message: "The system is currently experiencing high demand. Please retry later." }
      },
      reason: { _tag: "Overloaded" },
      disposition: { ...again, delivery: "not-sent" }
    },
    {
      name: "content filter",
      status: 400,
      headers: { "apim-request-id": "a-1", "x-ms-region": "Sweden Central" },
      body: {
        error: {
          message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
          type: null,
          param: "prompt",
          code: "content_filter",
          status: 400,
          innererror: {
            code: "ResponsibleAIPolicyViolation",
            content_filter_result: {
              hate: { filtered: false, severity: "safe" },
              jailbreak: { filtered: true, detected: true },
              violence: { filtered: true, severity: "medium" }
            }
          }
        }
      },
      reason: { _tag: "ContentFiltered", side: "input", categories: ["jailbreak", "violence"] },
      disposition: { ...rest, fallback: "other-provider" }
    },
    {
      name: "tokens per minute, the wait in the sentence alone",
      status: 429,
      body: {
        error: {
          code: "429",
          message:
            "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-08-01-preview have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 26 seconds."
        }
      },
      reason: { _tag: "RateLimited", retryAfter: Duration.seconds(26) },
      disposition: pause
    },
    {
      name: "a wrong key",
      status: 401,
      body: {
        error: {
          code: "401",
          message: "Access denied due to invalid subscription key or wrong API endpoint."
        }
      },
      reason: { _tag: "Authentication" },
      disposition: rest
    },
    {
      name: "an unknown deployment",
      status: 404,
      body: { error: { code: "DeploymentNotFound", message: "The API deployment for this resource does not exist." } },
      reason: { _tag: "NotFound", what: "model" },
      disposition: { fallback: "any" }
    },
    {
      name: "a wrong path",
      status: 404,
      body: { error: { code: "404", message: "Resource not found" } },
      reason: { _tag: "NotFound", what: "route" },
      disposition: { fallback: "never" }
    }
  ]
)

const openrouter = group("OpenRouter", "https://openrouter.ai/docs/api-reference/errors", [
  {
    name: "a provider that is down",
    status: 502,
    body: { error: { code: 502, message: "Provider returned error", metadata: { provider_name: "X", raw: "" } } },
    reason: { _tag: "ProviderFault", status: 502 },
    disposition: { ...again, delivery: "may-have-run" }
  },
  {
    name: "no provider that meets the routing",
    status: 503,
    body: {
      error: { code: 503, message: "There is no available model provider that meets your routing requirements" }
    },
    reason: { _tag: "Overloaded" },
    disposition: { ...again, delivery: "not-sent" }
  },
  {
    name: "an error inside a success",
    status: 200,
    body: { error: { message: "Provider returned error", code: 502, metadata: { provider_name: "X" } }, user_id: "u" },
    reason: { _tag: "ProviderFault", status: 502, seenIn: "body" },
    disposition: again
  },
  {
    name: "the provider's own words",
    status: 400,
    body: {
      error: {
        message: "Provider returned error",
        code: 400,
        metadata: {
          raw: '{"error":{"message":"This endpoint\'s maximum context length is 131072 tokens. However, you requested about 140000 tokens.","type":"invalid_request_error","code":null}}',
          provider_name: "OpenAI"
        }
      }
    },
    reason: {
      _tag: "InputTooLarge",
      limit: 131_072,
      actual: 140_000,
      message: "This endpoint's maximum context length is 131072 tokens. However, you requested about 140000 tokens."
    },
    disposition: { fallback: "larger-context" }
  },
  {
    name: "a limit of the provider behind it",
    status: 429,
    body: {
      error: {
        message: "Provider returned error",
        code: 429,
        metadata: { raw: "z-ai/glm is temporarily rate-limited upstream. Please retry shortly.", provider_name: "B" }
      }
    },
    reason: { _tag: "RateLimited", message: "z-ai/glm is temporarily rate-limited upstream. Please retry shortly." },
    disposition: { health: "pauses" }
  },
  {
    name: "a daily limit, in milliseconds on the epoch",
    status: 429,
    headers: { date: "Thu, 01 Jan 2026 00:00:00 GMT" },
    body: { error: { message: "Rate limit exceeded: free-models-per-day. ", code: 429 } },
    reason: { _tag: "RateLimited", scope: "day" },
    disposition: { retry: "backoff" }
  },
  {
    name: "credits",
    status: 402,
    body: {
      error: { message: "Insufficient credits. Add more using https://openrouter.ai/settings/credits", code: 402 }
    },
    reason: { _tag: "QuotaExhausted" },
    disposition: rest
  },
  {
    name: "credits bound in requests in flight",
    status: 402,
    headers: { "retry-after": "4" },
    body: {
      error: {
        message: "In-flight budget reached",
        code: 402,
        metadata: { limit_source: "openrouter_in_flight_budget" }
      }
    },
    reason: { _tag: "RateLimited", retryAfter: Duration.seconds(4) },
    disposition: pause
  },
  {
    name: "the limit of a key",
    status: 403,
    body: { error: { message: "Key limit exceeded (total limit).", code: 403 } },
    reason: { _tag: "QuotaExhausted" },
    disposition: { fallback: "other-credential" }
  },
  {
    name: "moderation",
    status: 403,
    body: {
      error: {
        code: 403,
        message: 'openai/gpt-4o requires moderation on OpenAI. Your input was flagged for "harassment".',
        metadata: { reasons: ["harassment"], flagged_input: "…", provider_name: "OpenAI", model_slug: "openai/gpt-4o" }
      }
    },
    reason: { _tag: "ContentFiltered", side: "input", categories: ["harassment"] },
    disposition: { fallback: "other-provider" }
  },
  {
    name: "an unknown model",
    status: 400,
    body: { error: { message: "acme/none is not a valid model ID", code: 400 } },
    reason: { _tag: "NotFound", what: "model" },
    disposition: { fallback: "any" }
  },
  {
    name: "its own time limit",
    status: 408,
    body: { error: { message: "Request timed out", code: 408 } },
    reason: { _tag: "Timeout", phase: "headers" },
    disposition: { ...again, delivery: "may-have-run" }
  },
  {
    name: "an error in the middle of a stream",
    status: 200,
    seenIn: "stream",
    body: {
      id: "gen-1",
      object: "chat.completion.chunk",
      error: { code: "server_error", message: "Provider disconnected" },
      choices: [{ index: 0, delta: { content: "" }, finish_reason: "error" }]
    },
    reason: { _tag: "ProviderFault", message: "Provider disconnected" },
    disposition: again
  },
  {
    name: "an error inside a choice",
    status: 200,
    body: { id: "gen-1", choices: [{ error: { code: 429, message: "slow" }, finish_reason: "error" }] },
    reason: { _tag: "RateLimited", seenIn: "body" },
    disposition: { health: "pauses" }
  },
  {
    name: "a limit that only a sentence tells, inside a success",
    status: 200,
    body: { error: { message: "Too many requests, slow down" } },
    reason: { _tag: "RateLimited" },
    disposition: { health: "pauses" }
  }
])

const together = group("Together", "https://docs.together.ai/docs/error-codes", [
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

const groq = group("Groq", "https://console.groq.com/docs/errors, https://console.groq.com/docs/rate-limits", [
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

const vllm = group(
  "vLLM",
  "https://github.com/vllm-project/vllm/tree/main/vllm/entrypoints/openai, https://fastapi.tiangolo.com/tutorial/handling-errors/",
  [
    {
      name: "context",
      status: 400,
      body: {
        object: "error",
        message:
          "This model's maximum context length is 8192 tokens. However, you requested 8203 tokens (7691 in the messages, 512 in the completion). Please reduce the length of the messages or completion.",
        type: "BadRequestError",
        param: null,
        code: 400
      },
      reason: { _tag: "InputTooLarge", limit: 8192, actual: 8203 },
      disposition: { fallback: "larger-context" }
    },
    {
      name: "context, newer",
      status: 400,
      body: {
        error: {
          message:
            "This model's maximum context length is 2048 tokens. However, your request has 3000 input tokens. Please reduce the length of the input messages. (parameter=input_tokens, value=3000)",
          type: "BadRequestError",
          param: "input_tokens",
          code: 400
        }
      },
      reason: { _tag: "InputTooLarge", limit: 2048, actual: 3000 },
      disposition: { fallback: "larger-context" }
    },
    {
      name: "an unknown model",
      status: 404,
      body: {
        error: { message: "The model `none` does not exist.", type: "NotFoundError", param: "model", code: 404 }
      },
      reason: { _tag: "NotFound", what: "model" },
      disposition: { fallback: "any" }
    },
    {
      name: "a wrong key",
      status: 401,
      body: { error: "Unauthorized" },
      reason: { _tag: "Authentication", message: "Unauthorized" },
      disposition: rest
    },
    {
      name: "a dead engine, in plain text",
      status: 500,
      body: "Internal Server Error",
      reason: { _tag: "ProviderFault", message: "Internal Server Error" },
      disposition: again
    },
    {
      name: "FastAPI's list of problems",
      status: 422,
      body: {
        detail: [{ type: "missing", loc: ["body", "messages"], msg: "Field required", input: { model: "x" } }]
      },
      reason: { _tag: "InvalidRequest", message: "Field required", param: "messages" },
      disposition: { blame: "caller" }
    },
    {
      name: "FastAPI's route",
      status: 404,
      body: { detail: "Not Found" },
      reason: { _tag: "NotFound", what: "route", message: "Not Found" },
      disposition: rest
    },
    {
      name: "FastAPI's method",
      status: 405,
      body: { detail: "Method Not Allowed" },
      reason: { _tag: "NotFound", what: "route" },
      disposition: rest
    }
  ]
)

const llamaCpp = group("llama.cpp", "https://github.com/ggml-org/llama.cpp/tree/master/tools/server", [
  {
    name: "context",
    status: 400,
    body: {
      error: {
        code: 400,
        message:
          "the request exceeds the available context size. try increasing the context size or enable context shift",
        type: "exceed_context_size_error",
        n_prompt_tokens: 14_429,
        n_ctx: 8192
      }
    },
    reason: { _tag: "InputTooLarge", limit: 8192, actual: 14_429 },
    disposition: { fallback: "larger-context" }
  },
  {
    name: "context, early",
    status: 500,
    body: { error: { code: 500, message: "the request exceeds the available context size", type: "server_error" } },
    reason: { _tag: "InputTooLarge" },
    disposition: { retry: "never" }
  },
  {
    name: "loading",
    status: 503,
    body: { error: { code: 503, message: "Loading model", type: "unavailable_error" } },
    reason: { _tag: "Overloaded" },
    disposition: { ...again, delivery: "not-sent" }
  },
  {
    name: "a wrong key",
    status: 401,
    body: { error: { code: 401, message: "Invalid API Key", type: "authentication_error" } },
    reason: { _tag: "Authentication" },
    disposition: rest
  },
  {
    name: "an unknown route",
    status: 404,
    body: { error: { code: 404, message: "File Not Found", type: "not_found_error" } },
    reason: { _tag: "NotFound", what: "route" },
    disposition: rest
  }
])

const ollama = group("Ollama", "https://github.com/ollama/ollama/tree/main/server", [
  {
    name: "a runner that died",
    status: 500,
    body: { error: { message: "model runner has unexpectedly stopped", type: "api_error", param: null, code: null } },
    reason: { _tag: "ProviderFault", status: 500 },
    disposition: { ...again, delivery: "may-have-run" }
  },
  {
    name: "an unknown model",
    status: 404,
    body: {
      error: { message: 'model "none" not found, try pulling it first', type: "api_error", param: null, code: null }
    },
    reason: { _tag: "NotFound", what: "model" },
    disposition: { fallback: "any" }
  },
  {
    name: "too many pending requests",
    status: 503,
    body: { error: "server busy, please try again.  maximum pending requests exceeded" },
    reason: { _tag: "Overloaded", message: "server busy, please try again.  maximum pending requests exceeded" },
    disposition: again
  },
  {
    name: "an unknown route",
    status: 404,
    body: "404 page not found",
    reason: { _tag: "NotFound", what: "route" },
    disposition: rest
  }
])

const litellm = group("LiteLLM", "https://docs.litellm.ai/docs/exception_mapping", [
  {
    name: "an account that is not active, as Python prints it",
    status: 429,
    body: {
      error: {
        message:
          "litellm.RateLimitError: RateLimitError: OpenAIException - Error code: 429 - {'error': {'message': 'Your account is not active, please check your billing details on our website.', 'type': 'billing_not_active', 'param': None, 'code': 'billing_not_active'}}. Received Model Group=x",
        type: "throttling_error",
        param: null,
        code: "429"
      }
    },
    reason: { _tag: "QuotaExhausted" },
    disposition: { ...rest, fallback: "other-credential" }
  },
  {
    name: "a filter of the provider behind it, told by its code alone",
    status: 400,
    body: {
      error: {
        message:
          'litellm.BadRequestError: AzureException BadRequestError - {"error":{"message":"The request was refused.","code":"content_filter"}}',
        type: "None",
        param: "None",
        code: "400"
      }
    },
    reason: { _tag: "ContentFiltered", side: "input" },
    disposition: { ...rest, fallback: "other-provider" }
  },
  {
    name: "every deployment of a model is resting",
    status: 429,
    body: {
      error: {
        message: "No deployments available for selected model, Try again in 60 seconds. Passed model=x.",
        type: "None",
        param: "None",
        code: "429"
      }
    },
    reason: { _tag: "RateLimited", retryAfter: Duration.minutes(1) },
    disposition: pause
  },
  {
    name: "context, through two providers",
    status: 400,
    body: {
      error: {
        message:
          'litellm.BadRequestError: litellm.ContextWindowExceededError: AnthropicError - {"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 209303 tokens > 200000 maximum"}}\nReceived Model Group=x',
        type: "None",
        param: "None",
        code: "400"
      }
    },
    reason: { _tag: "InputTooLarge", limit: 200_000, actual: 209_303 },
    disposition: { fallback: "larger-context" }
  },
  {
    name: "budget",
    status: 400,
    body: {
      error: {
        message: "Budget has been exceeded! Current cost: 26.075, Max budget: 0.25",
        type: "budget_exceeded",
        param: null,
        code: "400"
      }
    },
    reason: { _tag: "QuotaExhausted" },
    disposition: rest
  },
  {
    name: "an unknown token",
    status: 401,
    body: {
      error: {
        message:
          "Authentication Error, Invalid proxy server token passed. Received API Key = sk-...abcd, Key Hash (Token) =88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b.",
        type: "token_not_found_in_db",
        param: "key",
        code: "401"
      }
    },
    reason: { _tag: "Authentication" },
    disposition: rest
  },
  {
    name: "an unknown model",
    status: 400,
    body: {
      error: {
        message:
          "/chat/completions: Invalid model name passed in model=none. Call `/v1/models` to view available models for your key.",
        type: "invalid_request_error",
        param: "model",
        code: "400"
      }
    },
    reason: { _tag: "NotFound", what: "model" },
    disposition: { fallback: "any" }
  },
  {
    name: "content policy, Azure's result kept",
    status: 400,
    body: {
      error: {
        message:
          "litellm.BadRequestError: litellm.ContentPolicyViolationError: AzureException - The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        type: null,
        param: null,
        code: "400",
        provider_specific_fields: {
          innererror: {
            code: "ResponsibleAIPolicyViolation",
            content_filter_result: { hate: { filtered: true, severity: "high" } }
          }
        }
      }
    },
    reason: { _tag: "ContentFiltered", categories: ["hate"] },
    disposition: { fallback: "other-provider" }
  },
  {
    name: "a time limit",
    status: 500,
    body: {
      error: { message: "litellm.Timeout: APITimeoutError - Request timed out.", type: null, param: null, code: "500" }
    },
    reason: { _tag: "Timeout" },
    disposition: again
  }
])

const mistral = group("Mistral", "https://docs.mistral.ai/resources/error-glossary", [
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

const scaleway = group("Scaleway", "https://www.scaleway.com/en/docs/generative-apis/api-cli/understanding-errors/", [
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
])

const anthropic = group("Anthropic", "https://docs.anthropic.com/en/api/errors", [
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

const google = group("Gemini", "https://ai.google.dev/gemini-api/docs/troubleshooting", [
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

const others = group("others", "the vendor's own answer, as seen; RFC 9110", [
  {
    name: "a list of errors",
    status: 400,
    body: { error: [{ message: "temperature is out of range" }, { message: "top_p is out of range" }] },
    reason: { _tag: "InvalidRequest", message: "temperature is out of range; top_p is out of range" },
    disposition: { ...rest, blame: "caller" }
  },
  {
    name: "OAuth's form",
    source: "RFC 6749, section 5.2",
    status: 401,
    body: { error: "invalid_token", error_description: "The token is expired" },
    reason: { _tag: "Authentication", message: "The token is expired" },
    disposition: { ...rest, fallback: "other-credential" }
  },
  {
    name: "vLLM, early: the prompt's length",
    status: 400,
    body: {
      object: "error",
      message: "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
      type: "BadRequestError",
      code: 400
    },
    reason: { _tag: "InputTooLarge", actual: 5000, limit: 4096 },
    disposition: { fallback: "larger-context" }
  },
  {
    name: "SGLang, context",
    status: 400,
    body: {
      object: "error",
      message: "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
      type: "BadRequestError",
      code: 400
    },
    reason: { _tag: "InputTooLarge", actual: 5000, limit: 4096 },
    disposition: { fallback: "larger-context" }
  },
  {
    name: "Azure, context",
    status: 400,
    body: {
      error: {
        message:
          "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 509178 tokens. Please reduce the length of the messages.",
        type: "invalid_request_error",
        code: "context_length_exceeded"
      }
    },
    reason: { _tag: "InputTooLarge", actual: 509_178, limit: 272_000 },
    disposition: { fallback: "larger-context" }
  },
  {
    name: "Bedrock by a proxy, context without numbers",
    status: 400,
    body: { message: "Input is too long for requested model." },
    reason: { _tag: "InputTooLarge", actual: undefined, limit: undefined },
    disposition: { fallback: "larger-context" }
  },
  {
    name: "xAI, context",
    status: 400,
    body: {
      code: "Client specified an invalid argument",
      error: "This model's maximum prompt length is 131072 but the request contains 537812 tokens."
    },
    reason: { _tag: "InputTooLarge", limit: 131_072, actual: 537_812 },
    disposition: { fallback: "larger-context" }
  },
  {
    name: "xAI, a wrong key, by 400",
    status: 400,
    body: {
      code: "Client specified an invalid argument",
      error: "Incorrect API key provided: xa***ey. You can obtain an API key from https://console.x.ai."
    },
    reason: { _tag: "Authentication" },
    disposition: { ...rest, fallback: "other-credential" }
  },
  {
    name: "Hugging Face, a model that is loading",
    status: 503,
    body: { error: "Model acme/x is currently loading", estimated_time: 20.5 },
    reason: { _tag: "Overloaded", retryAfter: Duration.millis(20_500) },
    disposition: { retry: "after" }
  },
  {
    name: "DeepSeek, balance",
    status: 402,
    body: {
      error: { message: "Insufficient Balance", type: "unknown_error", param: null, code: "invalid_request_error" }
    },
    reason: { _tag: "QuotaExhausted" },
    disposition: rest
  },
  {
    name: "Cloudflare Workers AI, an error with success false",
    status: 200,
    body: {
      success: false,
      errors: [{ code: 5007, message: "No such model @cf/none or task" }],
      result: null,
      messages: []
    },
    reason: { _tag: "NotFound", what: "model", seenIn: "body" },
    disposition: { fallback: "any" }
  },
  {
    name: "an object that is not there, inside a success",
    status: 200,
    body: { error: { type: "not_found", message: "no such thread" } },
    reason: { _tag: "NotFound", what: "object" },
    disposition: rest
  },
  {
    name: "a wrong request inside a success",
    status: 200,
    body: { error: { type: "invalid_request_error", message: "temperature is out of range", param: "temperature" } },
    reason: { _tag: "InvalidRequest", param: "temperature", seenIn: "body" },
    disposition: rest
  },
  {
    name: "an error inside a success that says nothing",
    status: 200,
    body: { error: "boom" },
    reason: { _tag: "MalformedResponse", issue: "error-in-success", seenIn: "body" },
    disposition: again
  },
  {
    name: "an unknown 4xx without a body",
    status: 418,
    body: "",
    reason: { _tag: "InvalidRequest" },
    disposition: rest
  },
  {
    name: "an unknown 5xx without a body",
    status: 599,
    body: "",
    reason: { _tag: "ProviderFault", status: 599 },
    disposition: again
  },
  {
    name: "401 without a body",
    status: 401,
    body: "",
    reason: { _tag: "Authentication" },
    disposition: rest
  },
  {
    name: "403 in HTML",
    status: 403,
    body: html("403 Forbidden", "nginx"),
    reason: { _tag: "Permission", message: "403 Forbidden" },
    disposition: rest
  },
  {
    name: "legal reasons",
    status: 451,
    body: "",
    reason: { _tag: "Permission" },
    disposition: rest
  },
  {
    name: "413 of an API",
    status: 413,
    body: { message: "payload too large" },
    reason: { _tag: "InputTooLarge", unit: "bytes" },
    disposition: rest
  },
  {
    name: "503 that an API states without a word on load",
    status: 503,
    body: { error: { message: "maintenance until noon", type: "maintenance" } },
    reason: { _tag: "Overloaded", message: "maintenance until noon" },
    disposition: again
  },
  {
    name: "a redirect",
    status: 308,
    headers: { location: "https://api.example.com/v1/models" },
    body: "",
    reason: {
      _tag: "Configuration",
      option: "baseUrl",
      message: "the upstream redirects (HTTP 308) to https://api.example.com/v1/models"
    },
    disposition: { blame: "us", retry: "never" }
  }
])

const envoyServer = { server: "envoy", "content-type": "text/plain" }

const envoy = group(
  "Envoy",
  "https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#response-flags",
  [
    {
      name: "UPE",
      status: 502,
      headers: envoyServer,
      body: "upstream connect error or disconnect/reset before headers. reset reason: protocol error",
      reason: gateway("envoy", "reset"),
      disposition: perhaps
    },
    {
      name: "UH, in JSON, as it can be told to write",
      source: "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/local_reply",
      status: 503,
      headers: envoyServer,
      body: { status: 503, message: "no healthy upstream" },
      reason: gateway("envoy", "no-healthy-upstream"),
      disposition: notSent
    },
    {
      name: "UH",
      status: 503,
      headers: envoyServer,
      body: "no healthy upstream",
      reason: gateway("envoy", "no-healthy-upstream"),
      disposition: notSent
    },
    {
      name: "UH, without its header",
      status: 503,
      body: "no healthy upstream",
      reason: gateway("envoy", "no-healthy-upstream"),
      disposition: notSent
    },
    {
      name: "UF",
      status: 503,
      headers: { server: "istio-envoy" },
      body: "upstream connect error or disconnect/reset before headers. reset reason: connection failure, transport failure reason: delayed connect error: 111",
      reason: gateway("envoy", "connect-failure"),
      disposition: notSent
    },
    {
      name: "UF, newer, after retries",
      status: 503,
      body: "upstream connect error or disconnect/reset before headers. retried and the latest reset reason: remote connection failure, transport failure reason: delayed connect error: Connection refused",
      reason: gateway("envoy", "connect-failure"),
      disposition: notSent
    },
    {
      name: "UC",
      status: 503,
      body: "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
      reason: gateway("envoy", "reset"),
      disposition: perhaps
    },
    {
      name: "UO",
      status: 503,
      headers: { server: "envoy", "x-envoy-overloaded": "true" },
      body: "upstream connect error or disconnect/reset before headers. reset reason: overflow",
      reason: gateway("envoy", "overflow"),
      disposition: notSent
    },
    {
      name: "UT",
      status: 504,
      headers: envoyServer,
      body: "upstream request timeout",
      reason: gateway("envoy", "timeout"),
      disposition: perhaps
    },
    {
      name: "a time limit without a sentence",
      status: 504,
      headers: envoyServer,
      body: "",
      reason: gateway("envoy", "timeout"),
      disposition: perhaps
    },
    {
      name: "its own rate limit",
      status: 429,
      headers: { server: "envoy", "x-envoy-ratelimited": "true", "retry-after": "3" },
      body: "",
      reason: { _tag: "RateLimited", retryAfter: Duration.seconds(3) },
      disposition: pause
    },
    {
      name: "RBAC",
      status: 403,
      headers: envoyServer,
      body: "RBAC: access denied",
      reason: { _tag: "Permission" },
      disposition: rest
    },
    {
      name: "NR",
      status: 404,
      headers: envoyServer,
      body: "",
      reason: { _tag: "NotFound", what: "route" },
      disposition: rest
    },
    {
      name: "anything else",
      status: 503,
      headers: envoyServer,
      body: "",
      reason: gateway("envoy", "other"),
      disposition: perhaps
    },
    {
      name: "only on the way: the upstream's own answer",
      status: 503,
      headers: { server: "envoy", "x-envoy-upstream-service-time": "12" },
      body: { error: { message: "The server is currently overloaded", type: "server_error" } },
      reason: { _tag: "Overloaded" },
      disposition: again
    }
  ]
)

const nginx = group("nginx", "https://nginx.org/en/docs/http/ngx_http_core_module.html", [
  {
    name: "502",
    status: 502,
    body: html("502 Bad Gateway", "nginx/1.25.3"),
    reason: gateway("nginx", "other"),
    disposition: perhaps
  },
  {
    name: "503",
    status: 503,
    body: html("503 Service Temporarily Unavailable", "nginx"),
    reason: gateway("nginx", "overflow"),
    disposition: notSent
  },
  {
    name: "504",
    status: 504,
    body: html("504 Gateway Time-out", "openresty"),
    reason: gateway("nginx", "timeout"),
    disposition: perhaps
  },
  {
    name: "413",
    status: 413,
    body: html("413 Request Entity Too Large", "nginx"),
    reason: { _tag: "InputTooLarge", unit: "bytes", message: "413 Request Entity Too Large" },
    disposition: rest
  },
  {
    name: "HTTP to a TLS port",
    status: 400,
    body: html("400 The plain HTTP request was sent to HTTPS port", "nginx"),
    reason: { _tag: "Configuration", option: "baseUrl" },
    disposition: { blame: "us", retry: "never" }
  }
])

const cloudflareServer = { server: "cloudflare", "cf-ray": "8e695a03eed4f9fd-SJC" }

const cloudflare = group(
  "Cloudflare",
  "https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/",
  [
    {
      name: "523",
      status: 523,
      headers: cloudflareServer,
      body: "error code: 523",
      reason: gateway("cloudflare", "connect-failure"),
      disposition: notSent
    },
    {
      name: "525",
      status: 525,
      headers: cloudflareServer,
      body: "error code: 525",
      reason: gateway("cloudflare", "connect-failure"),
      disposition: notSent
    },
    {
      name: "526",
      status: 526,
      headers: cloudflareServer,
      body: "error code: 526",
      reason: gateway("cloudflare", "connect-failure"),
      disposition: notSent
    },
    {
      name: "527",
      status: 527,
      headers: cloudflareServer,
      body: "error code: 527",
      reason: gateway("cloudflare", "other"),
      disposition: perhaps
    },
    {
      name: "530",
      status: 530,
      headers: cloudflareServer,
      body: "error code: 530",
      reason: gateway("cloudflare", "connect-failure"),
      disposition: notSent
    },
    {
      name: "520",
      status: 520,
      headers: cloudflareServer,
      body: "error code: 520",
      reason: gateway("cloudflare", "other"),
      disposition: perhaps
    },
    {
      name: "521",
      status: 521,
      headers: cloudflareServer,
      body: "error code: 521",
      reason: gateway("cloudflare", "connect-failure"),
      disposition: notSent
    },
    {
      name: "522 as JSON",
      status: 522,
      headers: cloudflareServer,
      body: {
        title: "Error 522: Connection timed out",
        status: 522,
        error_code: 522,
        cloudflare_error: true,
        retryable: true,
        retry_after: 120
      },
      reason: { ...gateway("cloudflare", "connect-failure"), retryAfter: Duration.minutes(2) },
      disposition: { retry: "after", delivery: "not-sent" }
    },
    {
      name: "524",
      status: 524,
      headers: cloudflareServer,
      body: "error code: 524",
      reason: gateway("cloudflare", "timeout"),
      disposition: perhaps
    },
    {
      name: "1015",
      status: 429,
      headers: cloudflareServer,
      body: "error code: 1015",
      reason: { _tag: "RateLimited" },
      disposition: { health: "pauses" }
    },
    {
      name: "1020",
      status: 403,
      headers: cloudflareServer,
      body: "error code: 1020",
      reason: { _tag: "Permission" },
      disposition: rest
    },
    {
      name: "502 of its own",
      status: 502,
      headers: cloudflareServer,
      body: "error code: 502",
      reason: gateway("cloudflare", "other"),
      disposition: perhaps
    },
    {
      name: "504 of its own",
      status: 504,
      headers: cloudflareServer,
      body: "error code: 504",
      reason: gateway("cloudflare", "timeout"),
      disposition: perhaps
    },
    {
      name: "only on the way: the provider's own answer",
      status: 500,
      headers: cloudflareServer,
      body: { error: { message: "The server had an error", type: "server_error" } },
      reason: { _tag: "ProviderFault" },
      disposition: again
    }
  ]
)

const alb = group(
  "AWS",
  "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
  [
    {
      name: "ALB, 561",
      status: 561,
      headers: { server: "awselb/2.0" },
      body: "",
      reason: gateway("alb", "other"),
      disposition: perhaps
    },
    {
      name: "ALB, a rule of the firewall",
      status: 403,
      headers: { server: "awselb/2.0" },
      body: "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n</body>\r\n</html>\r\n",
      reason: { _tag: "Permission", message: "403 Forbidden" },
      disposition: rest
    },
    {
      name: "ALB without targets",
      status: 503,
      headers: { server: "awselb/2.0" },
      body: "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n</body>\r\n</html>\r\n",
      reason: gateway("alb", "no-healthy-upstream"),
      disposition: notSent
    },
    {
      name: "ALB, 502",
      status: 502,
      headers: { server: "awselb/2.0" },
      body: "",
      reason: gateway("alb", "reset"),
      disposition: perhaps
    },
    {
      name: "ALB, 504",
      status: 504,
      headers: { server: "awselb/2.0" },
      body: "",
      reason: gateway("alb", "timeout"),
      disposition: perhaps
    },
    {
      name: "ALB, 460",
      status: 460,
      headers: { server: "awselb/2.0" },
      body: "",
      reason: { _tag: "Aborted" },
      disposition: { retry: "never" }
    },
    {
      name: "ALB, 500",
      status: 500,
      headers: { server: "awselb/2.0" },
      body: "",
      reason: gateway("alb", "other"),
      disposition: perhaps
    },
    {
      name: "API Gateway, too slow",
      status: 504,
      body: { message: "Endpoint request timed out" },
      reason: gateway("unknown", "timeout"),
      disposition: perhaps
    },
    {
      name: "API Gateway, no route",
      status: 403,
      body: { message: "Missing Authentication Token" },
      reason: { _tag: "NotFound", what: "route" },
      disposition: rest
    }
  ]
)

const unnamed = group("a gateway", "RFC 9110, section 15", [
  { name: "502", status: 502, body: "Bad Gateway", reason: gateway("unknown", "other"), disposition: perhaps },
  { name: "503 without a body", status: 503, body: "", reason: gateway("unknown", "other"), disposition: perhaps },
  {
    name: "504",
    status: 504,
    body: "<!doctype html><title>Gateway Timeout</title>",
    reason: { ...gateway("unknown", "timeout"), message: "Gateway Timeout" },
    disposition: perhaps
  },
  {
    name: "407",
    status: 407,
    body: "Proxy Authentication Required",
    reason: { _tag: "Authentication" },
    disposition: rest
  },
  {
    name: "404 in HTML",
    status: 404,
    body: html("404 Not Found", "Apache"),
    reason: { _tag: "NotFound", what: "route" },
    disposition: rest
  }
])

export const fixtures: ReadonlyArray<Fixture> = [
  ...openai,
  ...azure,
  ...openrouter,
  ...together,
  ...groq,
  ...vllm,
  ...llamaCpp,
  ...ollama,
  ...litellm,
  ...mistral,
  ...scaleway,
  ...anthropic,
  ...google,
  ...others,
  ...envoy,
  ...nginx,
  ...cloudflare,
  ...alb,
  ...unnamed,
  ...lookAlikes
]
