/** What servers of open models, and proxies in front of them, say in their own words. */
import { type Fault, table } from "./fault.ts"
import { anthropicError, of } from "./vendor.ts"

const vllm = of("vllm", "vLLM")
const llamacpp = of("llamacpp", "llama.cpp")
const ollama = of("ollama", "Ollama")
const litellm = of("litellm", "LiteLLM")

export const servers: ReadonlyArray<Fault> = table("vendor", [
  vllm("context-length", 400, "whose error is the whole body, with a number as its code", {
    object: "error",
    message: "This model's maximum context length is 8192 tokens. However, you requested 8203 tokens.",
    type: "BadRequestError",
    param: null,
    code: 400
  }),
  vllm("model-not-found", 404, "with a number as its code", {
    error: { message: "The model `none` does not exist.", type: "NotFoundError", param: "model", code: 404 }
  }),
  vllm("unauthorized", 401, "whose error is a text", { error: "Unauthorized" }),
  vllm("dead-engine", 500, "in plain text", "Internal Server Error"),
  vllm("unprocessable", 422, "with FastAPI's list of problems", {
    detail: [{ type: "missing", loc: ["body", "messages"], msg: "Field required", input: { model: "simulated" } }]
  }),
  vllm("route-not-found", 404, "in FastAPI's words", { detail: "Not Found" }),
  llamacpp("context-length", 400, "with n_ctx", {
    error: {
      code: 400,
      message: "the request exceeds the available context size. try increasing the context size",
      type: "exceed_context_size_error",
      n_prompt_tokens: 14_429,
      n_ctx: 8192
    }
  }),
  llamacpp("loading", 503, "while it loads the model", {
    error: { code: 503, message: "Loading model", type: "unavailable_error" }
  }),
  llamacpp("unauthorized", 401, "because of the key", {
    error: { code: 401, message: "Invalid API Key", type: "authentication_error" }
  }),
  ollama("model-not-found", 404, "because the model is not on the machine", {
    error: { message: 'model "none" not found, try pulling it first', type: "api_error", param: null, code: null }
  }),
  ollama("busy", 503, "whose error is a text", {
    error: "server busy, please try again.  maximum pending requests exceeded"
  }),
  litellm("context-length", 400, "with the provider's words inside of its own", {
    error: {
      message: `litellm.BadRequestError: litellm.ContextWindowExceededError: AnthropicError - ${JSON.stringify(
        anthropicError("invalid_request_error", "prompt is too long: 209303 tokens > 200000 maximum")
      )}`,
      type: "None",
      param: "None",
      code: "400"
    }
  }),
  litellm("budget", 400, "because the budget is used up", {
    error: {
      message: "Budget has been exceeded! Current cost: 26.075, Max budget: 0.25",
      type: "budget_exceeded",
      param: null,
      code: "400"
    }
  }),
  litellm("timeout", 500, "because the provider behind it took too long", {
    error: {
      message: "litellm.Timeout: APITimeoutError - Request timed out.",
      type: null,
      param: null,
      code: "500"
    }
  })
])
