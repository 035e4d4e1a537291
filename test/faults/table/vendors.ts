/** Other providers' words. */
import { again, every, is, type Table } from "../expected.ts"

export const vendors: Table = {
  "azure-content-filter": every(
    is("ContentFiltered@status", "caller never other-provider ignored not-sent", 1, {
      side: "input",
      categories: ["jailbreak", "violence"]
    })
  ),
  "azure-rate-limited": every(is("RateLimited@status", "us after any pauses not-sent", 3, { retryAfter: 26_000 })),
  "azure-unauthorized": every(is("Authentication@status", "us never other-credential ignored not-sent", 1, {})),
  "azure-no-deployment": every(is("NotFound@status", "caller never any ignored not-sent", 1, { what: "model" })),
  "azure-context-length": every(
    is("InputTooLarge@status", "caller never larger-context ignored not-sent", 1, {
      unit: "tokens",
      limit: 272_000,
      actual: 509_178
    })
  ),
  "openrouter-error-in-200": every(is("ProviderFault@body", again, 3, { status: 502 })),
  "openrouter-raw": every(
    is("InputTooLarge@status", "caller never larger-context ignored not-sent", 1, {
      unit: "tokens",
      limit: 131_072,
      actual: 140_000
    })
  ),
  "openrouter-rate-limited": every(is("RateLimited@status", "us backoff any pauses not-sent", 3, {})),
  "openrouter-no-credits": every(is("QuotaExhausted@status", "us never other-credential ignored not-sent", 1, {})),
  "openrouter-key-limit": every(is("QuotaExhausted@status", "us never other-credential ignored not-sent", 1, {})),
  "openrouter-moderation": every(
    is("ContentFiltered@status", "caller never other-provider ignored not-sent", 1, {
      side: "input",
      categories: ["harassment"]
    })
  ),
  "openrouter-model-not-found": every(is("NotFound@status", "caller never any ignored not-sent", 1, { what: "model" })),
  "openrouter-timeout": every(is("Timeout@status", again, 3, { phase: "headers" })),
  "together-context-length": every(
    is("InputTooLarge@status", "caller never larger-context ignored not-sent", 1, {
      unit: "tokens",
      limit: 4097,
      actual: 5013
    })
  ),
  "together-overloaded": every(is("Overloaded@status", "upstream backoff any counts not-sent", 3, {})),
  "together-model-not-found": every(is("NotFound@status", "caller never any ignored not-sent", 1, { what: "model" })),
  "groq-rate-limited": every(
    is("RateLimited@status", "us after any pauses not-sent", 3, { retryAfter: 7660, scope: "tokens", limit: 6000 })
  ),
  "groq-larger-than-limit": every(
    is("InputTooLarge@status", "caller never larger-context ignored not-sent", 1, {
      unit: "tokens",
      limit: 6000,
      actual: 36_114
    })
  ),
  "groq-flex-capacity": every(is("Overloaded@status", "upstream backoff any counts not-sent", 3, {})),
  "groq-cancelled": every(is("Aborted@status", "caller never never ignored may-have-run", 1, { by: "caller" })),
  "groq-decommissioned": every(is("NotFound@status", "caller never any ignored not-sent", 1, { what: "model" })),
  "vllm-context-length": every(
    is("InputTooLarge@status", "caller never larger-context ignored not-sent", 1, {
      unit: "tokens",
      limit: 8192,
      actual: 8203
    })
  ),
  "vllm-model-not-found": every(is("NotFound@status", "caller never any ignored not-sent", 1, { what: "model" })),
  "vllm-unauthorized": every(is("Authentication@status", "us never other-credential ignored not-sent", 1, {})),
  "vllm-dead-engine": every(is("ProviderFault@status", again, 3, { status: 500 })),
  "vllm-unprocessable": every(
    is("InvalidRequest@status", "caller never never ignored not-sent", 1, { param: "messages" })
  ),
  "vllm-route-not-found": every(is("NotFound@status", "caller never never ignored not-sent", 1, { what: "route" })),
  "llamacpp-context-length": every(
    is("InputTooLarge@status", "caller never larger-context ignored not-sent", 1, {
      unit: "tokens",
      limit: 8192,
      actual: 14_429
    })
  ),
  "llamacpp-loading": every(is("Overloaded@status", "upstream backoff any counts not-sent", 3, {})),
  "llamacpp-unauthorized": every(is("Authentication@status", "us never other-credential ignored not-sent", 1, {})),
  "ollama-model-not-found": every(is("NotFound@status", "caller never any ignored not-sent", 1, { what: "model" })),
  "ollama-busy": every(is("Overloaded@status", "upstream backoff any counts not-sent", 3, {})),
  "litellm-context-length": every(
    is("InputTooLarge@status", "caller never larger-context ignored not-sent", 1, {
      unit: "tokens",
      limit: 200_000,
      actual: 209_303
    })
  ),
  "litellm-budget": every(is("QuotaExhausted@status", "us never other-credential ignored not-sent", 1, {})),
  "litellm-timeout": every(is("Timeout@status", again, 3, { phase: "headers" })),
  "mistral-rate-limited": every(is("RateLimited@status", "us backoff any pauses not-sent", 3, {})),
  "mistral-capacity": every(is("Overloaded@status", "upstream backoff any counts not-sent", 3, {})),
  "mistral-context-length": every(
    is("InputTooLarge@status", "caller never larger-context ignored not-sent", 1, {
      unit: "tokens",
      limit: 32_768,
      actual: 40_000
    })
  ),
  "scaleway-rate-limited": every(is("RateLimited@status", "us backoff any pauses not-sent", 3, { scope: "tokens" })),
  "scaleway-model-not-found": every(is("NotFound@status", "caller never any ignored not-sent", 1, { what: "model" })),
  "anthropic-overloaded": every(is("Overloaded@status", "upstream backoff any counts not-sent", 3, {})),
  "anthropic-context-length": every(
    is("InputTooLarge@status", "caller never larger-context ignored not-sent", 1, {
      unit: "tokens",
      limit: 200_000,
      actual: 201_130
    })
  ),
  "anthropic-no-credit": every(is("QuotaExhausted@status", "us never other-credential ignored not-sent", 1, {})),
  "anthropic-permission": every(is("Permission@status", "us never other-credential ignored not-sent", 1, {})),
  "gemini-unauthorized": every(is("Authentication@status", "us never other-credential ignored not-sent", 1, {})),
  "gemini-rate-limited": every(is("RateLimited@status", "us after any pauses not-sent", 3, { retryAfter: 36_000 })),
  "gemini-overloaded": every(is("Overloaded@status", "upstream backoff any counts not-sent", 3, {}))
}
