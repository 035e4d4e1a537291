/** Answers of any other vendor, and what only a status tells. */
import * as Duration from "effect/Duration"
import { again, group, html, rest } from "../fixture.ts"

export const others = group("others", "the vendor's own answer, as seen; RFC 9110", [
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
