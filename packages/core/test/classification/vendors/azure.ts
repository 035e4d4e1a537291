/** Azure OpenAI's answers. */
import * as Duration from "effect/Duration"
import { again, group, pause, rest } from "../fixture.ts"

export const azure = group(
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
