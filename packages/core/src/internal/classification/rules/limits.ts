/** Too much, too often, too busy. A rest mends a rate limit; it does not mend an empty account or a request too large for the limit. */
import * as Reasons from "../reasons.ts"
import { all, any, coded, not, type Rule, says, status } from "../../../Rule.ts"

const anyRefusal = status(400, 401, 402, 403, 412, 429)
const inSuccess = status(undefined)
const perTime = any(coded("resource_exhausted"), says(/per[ _-]?(?:second|minute|hour|day)/))

/** It says itself that it is a rate limit: what its sentence names beside that, credits or load, is advice. */
const ofRate = any(
  coded("rate_limit_exceeded", "rate_limit_error", "rate_limited"),
  says(/^rate limit (?:reached|exceeded)/m)
)

/** More than a limit per minute allows at all: no rest mends it. Comes first, for its code says "rate limit". */
const tooLargeForLimit: ReadonlyArray<Rule> = [
  {
    name: "OpenAI, Groq: one request larger than the limit per minute",
    source: "https://console.groq.com/docs/rate-limits, https://platform.openai.com/docs/guides/rate-limits",
    when: all(status(413, 429), says(/^request too large for /m)),
    reason: Reasons.inputTooLarge("tokens")
  }
]

const quota: ReadonlyArray<Rule> = [
  {
    name: "OpenRouter: credits that are bound in requests in flight",
    source: "https://openrouter.ai/docs/api-reference/errors",
    when: all(status(402), ({ headers }) => headers.has("retry-after")),
    reason: Reasons.rateLimited
  },
  {
    name: "payment required",
    source: "RFC 9110, section 15.5.3; OpenRouter, Together, DeepSeek",
    when: status(402),
    reason: Reasons.quotaExhausted
  },
  {
    name: "quota, by its code",
    source:
      "OpenAI: https://platform.openai.com/docs/guides/error-codes; LiteLLM: budget_exceeded; Moonshot: exceeded_current_quota_error; DashScope: Arrearage",
    when: coded(
      "insufficient_quota",
      "billing_hard_limit_reached",
      "billing_not_active",
      "billing_error",
      "budget_exceeded",
      "insufficient_user_quota",
      "insufficient_credits",
      "insufficient_balance",
      "exceeded_current_quota_error",
      "payment_required",
      "arrearage",
      "accountoverdueerror"
    ),
    reason: Reasons.quotaExhausted
  },
  {
    name: "quota, by its sentence",
    source:
      "Anthropic: credit balance (400); OpenRouter: key limit (403); xAI: monthly spending limit; Gemini: depleted prepayment; LiteLLM: budget",
    when: all(
      any(anyRefusal, inSuccess),
      not(ofRate),
      says(
        /credit balance is too low|insufficient (?:account )?(?:credits?|balance|funds|quota)|(?:add|purchase|requires|used all)[a-z ]{0,30} credits|out of credits|credits (?:are|is) depleted|billing hard limit|budget has been exceeded|over budget|exceeded budget|spending limit|(?:monthly|total|key) limit exceeded/
      )
    ),
    reason: Reasons.quotaExhausted
  },
  {
    name: "OpenAI: quota, where a proxy dropped the code",
    source: "https://platform.openai.com/docs/guides/error-codes",
    // Gemini and Scaleway use the same words for a limit per minute.
    when: all(status(429), says(/check your plan and billing/), not(perTime)),
    reason: Reasons.quotaExhausted
  }
]

const busy: ReadonlyArray<Rule> = [
  {
    name: "overloaded, by its code",
    source:
      "Anthropic: overloaded_error; Groq: capacity_exceeded; OpenAI: slow_down, server_is_overloaded; llama.cpp: unavailable_error; Moonshot: engine_overloaded_error; Mistral: 3505",
    when: coded(
      "overloaded_error",
      "overloaded",
      "capacity_exceeded",
      "slow_down",
      "server_is_overloaded",
      "server_overloaded",
      "engine_overloaded",
      "engine_overloaded_error",
      "unavailable_error",
      "service_tier_capacity_exceeded",
      "3505"
    ),
    reason: Reasons.overloaded
  },
  {
    name: "overloaded, by its sentence",
    source:
      "Mistral: service tier capacity (429); Ollama: pending requests; Hugging Face and llama.cpp: loading; DeepSeek, Together: busy; Google: UNAVAILABLE",
    when: all(
      any(status(429, 500, 503, 529), inSuccess),
      not(ofRate),
      says(
        /overloaded|server (?:is )?(?:currently )?busy|tier capacity exceeded|maximum pending requests|no slots? available|loading model|model [^\n]{0,100}is (?:currently )?loading|(?:high|heavy) (?:demand|traffic|load)/
      )
    ),
    reason: Reasons.overloaded
  },
  {
    name: "Groq: flex tier capacity (498); Anthropic: overloaded (529)",
    source: "https://console.groq.com/docs/errors, https://docs.anthropic.com/en/api/errors",
    when: status(498, 529),
    reason: Reasons.overloaded
  }
]

const rate: ReadonlyArray<Rule> = [
  {
    name: "rate limit, by its code",
    source:
      "OpenAI, Groq: rate_limit_exceeded; Anthropic: rate_limit_error; Mistral: rate_limited; LiteLLM: throttling_error",
    when: all(
      any(status(403, 413, 429, 503), inSuccess),
      coded(
        "rate_limit_exceeded",
        "rate_limit_error",
        "rate_limited",
        "rate_limit",
        "ratelimiterror",
        "too_many_requests",
        "throttling_error",
        "throttling",
        "throttling.ratequota",
        "resource_exhausted"
      )
    ),
    reason: Reasons.rateLimited
  },
  {
    name: "too many requests",
    source: "RFC 6585, section 4; Azure and OpenRouter state 429 as their code",
    when: status(429),
    reason: Reasons.rateLimited
  },
  {
    name: "rate limit, stated inside a success",
    source: "https://openrouter.ai/docs/api-reference/errors",
    when: all(inSuccess, says(/rate[- ]limit|too many requests/)),
    reason: Reasons.rateLimited
  }
]

export const limits: ReadonlyArray<Rule> = [...tooLargeForLimit, ...quota, ...busy, ...rate]
