/** What the status alone says, and what an error inside a success says by its kind. */
import * as Reasons from "../reasons.ts"
import { all, any, coded, type Rule, says, stated, status, type When } from "../../../Rule.ts"

const inSuccess = status(undefined)
const between =
  (least: number, most: number): When =>
  (seen) =>
    seen.status !== undefined && seen.status >= least && seen.status <= most

export const rest: ReadonlyArray<Rule> = [
  {
    name: "the upstream's own time limit",
    source: "RFC 9110, sections 15.5.9 and 15.6.5; OpenRouter: 408; LiteLLM: 408",
    when: any(
      all(stated, status(408, 504)),
      all(
        any(status(500, 503), inSuccess),
        any(coded("request_timeout", "timeout", "timeout_error", "deadline_exceeded"), says(/^request timed out/m))
      )
    ),
    reason: Reasons.timedOut
  },
  {
    name: "conflict, locked, too early",
    source: "RFC 9110, section 15.5.10; RFC 4918, section 11.3; RFC 8470, section 5.2",
    when: status(409, 423, 425),
    reason: Reasons.conflict
  },
  {
    name: "content too large",
    source: "RFC 9110, section 15.5.14",
    when: status(413),
    reason: Reasons.inputTooLarge("bytes")
  },
  {
    name: "unavailable for legal reasons",
    source: "RFC 7725",
    when: status(451),
    reason: Reasons.permission
  },
  {
    name: "client closed the request",
    source: "nginx; Groq: https://console.groq.com/docs/errors",
    when: status(499),
    reason: Reasons.aborted
  },
  {
    name: "the provider has no capacity",
    source: "RFC 9110, section 15.6.4",
    when: status(503),
    reason: Reasons.overloaded
  },
  {
    name: "the provider's own fault",
    source: "RFC 9110, section 15.6",
    when: between(500, Number.POSITIVE_INFINITY),
    reason: Reasons.providerFault
  },
  {
    name: "the request's fault",
    source: "RFC 9110, section 15.5",
    when: between(400, 499),
    reason: Reasons.invalidRequest
  },
  {
    name: "an error inside a success: the provider's own fault",
    source: "OpenAI: stream error events; OpenRouter: https://openrouter.ai/docs/api-reference/errors",
    when: all(
      inSuccess,
      any(
        coded(
          "server_error",
          "api_error",
          "internal_server_error",
          "internal_error",
          "internalservererror",
          "provider_unavailable"
        ),
        says(/internal (?:server )?error|provider (?:disconnected|returned error)/)
      )
    ),
    reason: Reasons.providerFault
  },
  {
    name: "an error inside a success: the request's fault",
    source: "https://platform.openai.com/docs/guides/error-codes",
    when: all(inSuccess, coded("invalid_request_error", "bad_request_error", "badrequesterror", "invalid_argument")),
    reason: Reasons.invalidRequest
  }
]
