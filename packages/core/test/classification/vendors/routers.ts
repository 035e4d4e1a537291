/** Answers of what stands between providers and their callers: OpenRouter, LiteLLM. */
import * as Duration from "effect/Duration"
import { again, group, pause, rest } from "../fixture.ts"

export const openrouter = group("OpenRouter", "https://openrouter.ai/docs/api-reference/errors", [
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

export const litellm = group("LiteLLM", "https://docs.litellm.ai/docs/exception_mapping", [
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
