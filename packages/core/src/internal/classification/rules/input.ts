/** What is wrong with what was sent: too long, filtered. */
import * as Reasons from "../reasons.ts"
import { all, any, coded, type Rule, says, status, type When } from "../../../Rule.ts"

/** Together says overflow by 403, early llama.cpp by 500. */
const refusal = any(status(400, 403, 413, 422, 500), status(undefined))

const overflow: ReadonlyArray<Rule> = [
  {
    name: "context, by its code",
    source:
      "OpenAI, Groq: context_length_exceeded; llama.cpp: exceed_context_size_error (https://github.com/ggml-org/llama.cpp/pull/15780); Mistral: 3051",
    when: coded(
      "context_length_exceeded",
      "exceed_context_size_error",
      "context_window_exceeded",
      "contextwindowexceedederror",
      "3051"
    ),
    reason: Reasons.inputTooLarge("tokens")
  },
  {
    name: "context, by its sentence",
    source:
      "vLLM, OpenRouter, LiteLLM: maximum context length; Anthropic: prompt is too long; TGI, Together: inputs tokens + max_new_tokens; Gemini: input token count; xAI: maximum prompt length; Azure: configured limit; SGLang, Ollama, Bedrock",
    when: all(
      refusal,
      says(
        /maximum (?:context|prompt|model|input) length|context[- ]?(?:length|window|size|limit)[a-z ]{0,30}exceed|exceeds?[a-z' ]{0,40}(?:context (?:length|window|size|limit)|n_ctx)|prompt is too long|input is too long|(?:inputs?|`…`) tokens \+ (?:max_new_tokens|`…`) must be|input token count|input tokens exceed|too large for model with|longer than the (?:maximum )?model|longer than the model's context|too many (?:input )?tokens|please reduce the length of the (?:messages|prompt|input)/
      )
    ),
    reason: Reasons.inputTooLarge("tokens")
  },
  {
    name: "Anthropic: request over the body limit",
    source: "https://docs.anthropic.com/en/api/errors",
    when: coded("request_too_large"),
    reason: Reasons.inputTooLarge("bytes")
  }
]

const filterCode = coded(
  "content_filter",
  "content_policy_violation",
  "responsibleaipolicyviolation",
  "moderation_blocked",
  "invalid_prompt",
  "image_content_policy_violation",
  "data_inspection_failed",
  "datainspectionfailed",
  "contentpolicyviolationerror",
  "safety_violation"
)

const ofOutput: When = ({ codes, success, text }) =>
  /output (?:was )?(?:blocked|filtered)|(?:generated|completion|response)[a-z ]{0,30} (?:blocked|withheld|contains)/.test(
    text
  ) ||
  (success && !/prompt|input/.test(text) && !codes.includes("invalid_prompt"))

const filtered = any(
  filterCode,
  all(
    any(status(400, 403, 422, 451), status(undefined)),
    says(
      /content management policy|blocked by content filtering|(?:usage|content) policy|safety system|content exists risk|input was flagged|requires moderation|flagged (?:as|for|by)|inappropriate content/
    )
  ),
  // OpenRouter: what its moderation found.
  ({ error }) => {
    const metadata = error["metadata"]
    return typeof metadata === "object" && metadata !== null && "flagged_input" in metadata
  }
)

const filters: ReadonlyArray<Rule> = [
  {
    name: "content filter: the output",
    source: "Anthropic: output blocked (400); Azure: stream error content_filter",
    when: all(filtered, ofOutput),
    reason: Reasons.contentFiltered("output")
  },
  {
    name: "content filter: the input",
    source:
      "Azure: https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter; OpenAI: content_policy_violation, invalid_prompt; OpenRouter: moderation (403); DashScope, DeepSeek",
    when: filtered,
    reason: Reasons.contentFiltered("input")
  }
]

/**
 * What providers call a value that they do not take. Comes before all that reads
 * sentences: such errors repeat the value, which may say anything.
 */
export const values: ReadonlyArray<Rule> = [
  {
    name: "a value, by its code",
    source:
      "OpenAI, as seen in its answers; pydantic, for vLLM and other FastAPI servers: https://docs.pydantic.dev/latest/errors/validation_errors/",
    when: all(
      any(status(400, 422), status(undefined)),
      coded(
        "invalid_value",
        "invalid_type",
        "unknown_parameter",
        "unsupported_parameter",
        "unsupported_value",
        "missing_required_parameter",
        "invalid_function_parameters",
        "invalid_json_schema",
        "extra_forbidden",
        "literal_error",
        "missing",
        "string_type",
        "dict_type",
        "list_type",
        "json_invalid"
      )
    ),
    reason: Reasons.invalidRequest
  },
  {
    name: "a value, by the sentence's beginning",
    source: "OpenAI, Azure: 400 without a code; pydantic's text, by vLLM and LiteLLM",
    when: all(
      any(status(400, 422), status(undefined)),
      says(
        /^(?:unrecognized request argument|unknown parameter|unsupported (?:value|parameter)|invalid (?:value|type|schema)\b|missing required parameter|additional properties are not allowed|\d+ validation errors? for )/m
      )
    ),
    reason: Reasons.invalidRequest
  }
]

export const input: ReadonlyArray<Rule> = [...overflow, ...filters]
