/** What other providers say in their own words, where these differ from OpenAI's. */
import { type Fault, table } from "./fault.ts"
import { anthropicError, of } from "./vendor.ts"

const azure = of("azure", "Azure OpenAI")
const openrouter = of("openrouter", "OpenRouter")
const together = of("together", "Together")
const groq = of("groq", "Groq")
const mistral = of("mistral", "Mistral")
const scaleway = of("scaleway", "Scaleway")
const anthropic = of("anthropic", "Anthropic's compatible endpoint")
const gemini = of("gemini", "Gemini's compatible endpoint")

const azureIds = { "apim-request-id": "00000000-0000-4000-8000-000000000001", "x-ms-region": "Sweden Central" }

export const vendors: ReadonlyArray<Fault> = table("vendor", [
  azure(
    "content-filter",
    400,
    "with the categories in innererror",
    {
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
    azureIds
  ),
  azure(
    "rate-limited",
    429,
    "whose wait stands in its sentence and in Retry-After",
    {
      error: {
        code: "429",
        message:
          "Requests to the ChatCompletions_Create Operation have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 26 seconds."
      }
    },
    { ...azureIds, "retry-after": "26" }
  ),
  azure("unauthorized", 401, "because of the key or the endpoint", {
    error: { code: "401", message: "Access denied due to invalid subscription key or wrong API endpoint." }
  }),
  azure("no-deployment", 404, "because there is no such deployment", {
    error: { code: "DeploymentNotFound", message: "The API deployment for this resource does not exist." }
  }),
  azure("context-length", 400, "because the input is too long", {
    error: {
      message: "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 509178 tokens.",
      type: "invalid_request_error",
      code: "context_length_exceeded"
    }
  }),
  openrouter("error-in-200", 200, "that holds an error in the place of an answer", {
    error: { message: "Provider returned error", code: 502, metadata: { provider_name: "Simulated" } },
    user_id: "user_simulated"
  }),
  openrouter("raw", 400, "with the provider's own words in metadata.raw", {
    error: {
      message: "Provider returned error",
      code: 400,
      metadata: {
        raw: JSON.stringify({
          error: {
            message:
              "This endpoint's maximum context length is 131072 tokens. However, you requested about 140000 tokens.",
            type: "invalid_request_error",
            code: null
          }
        }),
        provider_name: "Simulated"
      }
    }
  }),
  openrouter("rate-limited", 429, "for a provider behind it", {
    error: {
      message: "Provider returned error",
      code: 429,
      metadata: { raw: "simulated/model is temporarily rate-limited upstream. Please retry shortly." }
    }
  }),
  openrouter("no-credits", 402, "because the credits are used up", {
    error: { message: "Insufficient credits. Add more using https://openrouter.ai/settings/credits", code: 402 }
  }),
  openrouter("key-limit", 403, "because the key's limit is reached", {
    error: { message: "Key limit exceeded (total limit).", code: 403 }
  }),
  openrouter("moderation", 403, "because the input was flagged", {
    error: {
      code: 403,
      message: 'simulated/model requires moderation. Your input was flagged for "harassment".',
      metadata: { reasons: ["harassment"], flagged_input: "…", provider_name: "Simulated" }
    }
  }),
  openrouter("model-not-found", 400, "because the model does not exist", {
    error: { message: "simulated/none is not a valid model ID", code: 400 }
  }),
  openrouter("timeout", 408, "because the provider behind it took too long", {
    error: { message: "Request timed out", code: 408 }
  }),
  together("context-length", 403, "because the input is too long", {
    error: {
      message:
        "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097. Given: 5013 `inputs` tokens and 128 `max_new_tokens`",
      type: "invalid_request_error",
      param: null,
      code: null
    }
  }),
  together("overloaded", 503, "because of high traffic", {
    error: { message: "The server is busy due to high traffic, please retry", type: "service_unavailable", code: null }
  }),
  together("model-not-found", 404, "because the model is not available", {
    error: {
      message: "Unable to access model simulated/none. Please visit the docs to view the list of supported models.",
      type: "invalid_request_error",
      param: "model",
      code: "model_not_available"
    }
  }),
  groq("rate-limited", 429, "whose wait stands in its sentence", {
    error: {
      message:
        "Rate limit reached for model `simulated` on tokens per minute (TPM): Limit 6000, Used 5900, Requested 800. Please try again in 7.66s.",
      type: "tokens",
      code: "rate_limit_exceeded"
    }
  }),
  groq("larger-than-limit", 413, "because one request is larger than the limit of a minute", {
    error: {
      message:
        "Request too large for model `simulated` on tokens per minute (TPM): Limit 6000, Requested 36114, please reduce your message size and try again.",
      type: "tokens",
      code: "rate_limit_exceeded"
    }
  }),
  groq("flex-capacity", 498, "because the flex tier has no capacity", {
    error: { message: "Flex tier capacity exceeded", type: "capacity", code: "capacity_exceeded" }
  }),
  groq("cancelled", 499, "because the request was cancelled", {
    error: { message: "Request cancelled by the client", type: "invalid_request_error" }
  }),
  groq("decommissioned", 400, "because the model is no longer served", {
    error: {
      message: "The model `simulated` has been decommissioned and is no longer supported.",
      type: "invalid_request_error",
      code: "model_decommissioned"
    }
  }),
  mistral("rate-limited", 429, "with a code of its own", {
    object: "error",
    message: "Rate limit exceeded",
    type: "rate_limited",
    param: null,
    code: "1300",
    raw_status_code: 429
  }),
  mistral("capacity", 429, "that means the model's capacity and not the caller's limit", {
    object: "error",
    message: "Service tier capacity exceeded for this model.",
    type: "invalid_request_error",
    param: null,
    code: null
  }),
  mistral("context-length", 400, "with a code of its own", {
    object: "error",
    message: "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
    type: "invalid_request_error",
    param: null,
    code: "3051"
  }),
  scaleway("rate-limited", 429, "in the words of a quota", {
    error: {
      message: "You exceeded your current quota of tokens per minute.",
      type: "too_many_tokens",
      param: null,
      code: 429
    }
  }),
  scaleway("model-not-found", 422, "whose error is a code in capitals", {
    status: 422,
    error: "MODEL_NOT_FOUND",
    message: "the requested model was not found"
  }),
  anthropic("overloaded", 529, "because it is overloaded", anthropicError("overloaded_error", "Overloaded"), {
    "request-id": "req_simulated",
    "x-should-retry": "true"
  }),
  anthropic(
    "context-length",
    400,
    "because the prompt is too long",
    anthropicError("invalid_request_error", "prompt is too long: 201130 tokens > 200000 maximum")
  ),
  anthropic(
    "no-credit",
    400,
    "because the credit is used up",
    anthropicError("invalid_request_error", "Your credit balance is too low to access the Anthropic API.")
  ),
  anthropic(
    "permission",
    403,
    "because the key may not",
    anthropicError("permission_error", "Your API key does not have permission to use the specified resource.")
  ),
  gemini("unauthorized", 400, "for a wrong key, its error in a list", [
    {
      error: {
        code: 400,
        message: "API key not valid. Please pass a valid API key.",
        status: "INVALID_ARGUMENT",
        details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID" }]
      }
    }
  ]),
  gemini("rate-limited", 429, "in the words of a quota, with a delay in its details", {
    error: {
      code: 429,
      message: "You exceeded your current quota, please check your plan and billing details.",
      status: "RESOURCE_EXHAUSTED",
      details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "36s" }]
    }
  }),
  gemini("overloaded", 503, "because the model is overloaded", {
    error: { code: 503, message: "The model is overloaded. Please try again later.", status: "UNAVAILABLE" }
  })
])
