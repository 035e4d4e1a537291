/** Who may do what, and what is there. */
import * as Reasons from "../reasons.ts"
import { all, any, coded, foreign, not, type Rule, says, stated, status } from "../../../Rule.ts"

const inSuccess = status(undefined)

const model = says(
  /\bmodels?\b[^\n]{0,200} (?:does not exist|do not exist|not exist|not found|was not found|has been decommissioned|is not available)|model not exist|(?:is )?not a valid model|(?:invalid|no such|unknown) model\b|no endpoints found|unable to access (?:non-serverless )?model|deployment for this resource does not exist|^model: /m
)

export const access: ReadonlyArray<Rule> = [
  {
    name: "credential, by its code",
    source:
      "OpenAI: invalid_api_key; Anthropic, llama.cpp: authentication_error; Google: UNAUTHENTICATED; LiteLLM: token_not_found_in_db, expired_key, auth_error",
    when: all(
      any(status(400, 401, 403, 404), inSuccess),
      coded(
        "invalid_api_key",
        "authentication_error",
        "invalid_authentication",
        "invalid_authentication_error",
        "unauthenticated",
        "account_deactivated",
        "token_not_found_in_db",
        "expired_key",
        "auth_error",
        "invalidsubscriptionkey",
        "api_key_invalid"
      )
    ),
    reason: Reasons.authentication
  },
  {
    name: "credential, by its sentence",
    source: "Gemini, xAI: 400 for a wrong key; LiteLLM: 400 for an unknown token; Scaleway: 403 for an unknown key",
    when: all(
      any(status(400, 401, 403), inSuccess),
      says(
        /^(?:authentication error, )?(?:(?:incorrect|invalid|missing|no|wrong|expired) (?:x-)?(?:api|subscription)[- ]?key|(?:the |your )?api key (?:not valid|not found|is invalid|expired|doesn't exist)|you didn't provide an api key|invalid proxy server token)/m
      )
    ),
    reason: Reasons.authentication
  },
  {
    name: "permission, by its code",
    source: "Anthropic: permission_error; Google: PERMISSION_DENIED; OpenAI: unsupported_country_region_territory",
    when: all(
      any(status(400, 401, 403), inSuccess),
      coded(
        "permission_error",
        "permission_denied",
        "permissiondenied",
        "insufficient_permissions",
        "unsupported_country_region_territory",
        "request_forbidden",
        "access_denied"
      )
    ),
    reason: Reasons.permission
  },
  {
    name: "permission, by its sentence",
    source: "OpenAI: projects without access to a model (403), missing scopes (401), unverified organizations",
    when: all(
      any(status(400, 401, 403, 404), inSuccess),
      says(/does not have access to model|insufficient permissions|missing scopes|must be verified to/)
    ),
    reason: Reasons.permission
  },
  {
    name: "model, by its code",
    source:
      "OpenAI, Groq: model_not_found; Azure: DeploymentNotFound; Mistral: invalid_model; Together: model_not_available; Groq: model_decommissioned",
    when: all(
      not(status(401, 403, 429)),
      coded(
        "model_not_found",
        "deploymentnotfound",
        "invalid_model",
        "unknown_model",
        "model_not_available",
        "model_decommissioned",
        "model_not_supported"
      )
    ),
    reason: Reasons.notFound("model")
  },
  {
    name: "model, by its sentence",
    source:
      "vLLM, Ollama: 404; OpenRouter, LiteLLM, Mistral, DeepSeek: 400; Scaleway: 422; Anthropic: not_found_error with `model: …`",
    when: all(any(status(400, 404, 422), inSuccess), model),
    reason: Reasons.notFound("model")
  },
  {
    name: "route, by its sentence",
    source: "OpenAI: unknown_url; FastAPI, Go, llama.cpp, Azure: their default answers",
    when: all(
      status(404),
      any(
        coded("unknown_url"),
        says(
          /^(?:not found|404 page not found|file not found|resource not found|route not found|invalid url|cannot (?:get|post) )/m
        )
      )
    ),
    reason: Reasons.notFound("route")
  },
  {
    name: "not found, in no API's language",
    source: "RFC 9110, section 15.5.5",
    when: all(foreign, status(404)),
    reason: Reasons.notFound("route")
  },
  {
    name: "method not allowed",
    source: "RFC 9110, section 15.5.6",
    when: status(405),
    reason: Reasons.notFound("route")
  },
  {
    name: "not found, gone",
    source: "RFC 9110, sections 15.5.5 and 15.5.11",
    when: any(status(404, 410), all(inSuccess, stated, coded("not_found_error", "not_found"))),
    reason: Reasons.notFound("object")
  },
  {
    name: "unauthorized",
    source: "RFC 9110, section 15.5.2",
    when: status(401),
    reason: Reasons.authentication
  },
  {
    name: "forbidden",
    source: "RFC 9110, section 15.5.4",
    when: status(403),
    reason: Reasons.permission
  }
]
