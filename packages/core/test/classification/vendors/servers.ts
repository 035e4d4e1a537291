/** Answers of servers that people run themselves: vLLM, llama.cpp, Ollama. */
import { again, group, rest } from "../fixture.ts"

export const vllm = group(
  "vLLM",
  "https://github.com/vllm-project/vllm/tree/main/vllm/entrypoints/openai, https://fastapi.tiangolo.com/tutorial/handling-errors/",
  [
    {
      name: "context",
      status: 400,
      body: {
        object: "error",
        message:
          "This model's maximum context length is 8192 tokens. However, you requested 8203 tokens (7691 in the messages, 512 in the completion). Please reduce the length of the messages or completion.",
        type: "BadRequestError",
        param: null,
        code: 400
      },
      reason: { _tag: "InputTooLarge", limit: 8192, actual: 8203 },
      disposition: { fallback: "larger-context" }
    },
    {
      name: "context, newer",
      status: 400,
      body: {
        error: {
          message:
            "This model's maximum context length is 2048 tokens. However, your request has 3000 input tokens. Please reduce the length of the input messages. (parameter=input_tokens, value=3000)",
          type: "BadRequestError",
          param: "input_tokens",
          code: 400
        }
      },
      reason: { _tag: "InputTooLarge", limit: 2048, actual: 3000 },
      disposition: { fallback: "larger-context" }
    },
    {
      name: "an unknown model",
      status: 404,
      body: {
        error: { message: "The model `none` does not exist.", type: "NotFoundError", param: "model", code: 404 }
      },
      reason: { _tag: "NotFound", what: "model" },
      disposition: { fallback: "any" }
    },
    {
      name: "a wrong key",
      status: 401,
      body: { error: "Unauthorized" },
      reason: { _tag: "Authentication", message: "Unauthorized" },
      disposition: rest
    },
    {
      name: "a dead engine, in plain text",
      status: 500,
      body: "Internal Server Error",
      reason: { _tag: "ProviderFault", message: "Internal Server Error" },
      disposition: again
    },
    {
      name: "FastAPI's list of problems",
      status: 422,
      body: {
        detail: [{ type: "missing", loc: ["body", "messages"], msg: "Field required", input: { model: "x" } }]
      },
      reason: { _tag: "InvalidRequest", message: "Field required", param: "messages" },
      disposition: { blame: "caller" }
    },
    {
      name: "FastAPI's route",
      status: 404,
      body: { detail: "Not Found" },
      reason: { _tag: "NotFound", what: "route", message: "Not Found" },
      disposition: rest
    },
    {
      name: "FastAPI's method",
      status: 405,
      body: { detail: "Method Not Allowed" },
      reason: { _tag: "NotFound", what: "route" },
      disposition: rest
    }
  ]
)

export const llamaCpp = group("llama.cpp", "https://github.com/ggml-org/llama.cpp/tree/master/tools/server", [
  {
    name: "context",
    status: 400,
    body: {
      error: {
        code: 400,
        message:
          "the request exceeds the available context size. try increasing the context size or enable context shift",
        type: "exceed_context_size_error",
        n_prompt_tokens: 14_429,
        n_ctx: 8192
      }
    },
    reason: { _tag: "InputTooLarge", limit: 8192, actual: 14_429 },
    disposition: { fallback: "larger-context" }
  },
  {
    name: "context, early",
    status: 500,
    body: { error: { code: 500, message: "the request exceeds the available context size", type: "server_error" } },
    reason: { _tag: "InputTooLarge" },
    disposition: { retry: "never" }
  },
  {
    name: "loading",
    status: 503,
    body: { error: { code: 503, message: "Loading model", type: "unavailable_error" } },
    reason: { _tag: "Overloaded" },
    disposition: { ...again, delivery: "not-sent" }
  },
  {
    name: "a wrong key",
    status: 401,
    body: { error: { code: 401, message: "Invalid API Key", type: "authentication_error" } },
    reason: { _tag: "Authentication" },
    disposition: rest
  },
  {
    name: "an unknown route",
    status: 404,
    body: { error: { code: 404, message: "File Not Found", type: "not_found_error" } },
    reason: { _tag: "NotFound", what: "route" },
    disposition: rest
  }
])

export const ollama = group("Ollama", "https://github.com/ollama/ollama/tree/main/server", [
  {
    name: "a runner that died",
    status: 500,
    body: { error: { message: "model runner has unexpectedly stopped", type: "api_error", param: null, code: null } },
    reason: { _tag: "ProviderFault", status: 500 },
    disposition: { ...again, delivery: "may-have-run" }
  },
  {
    name: "an unknown model",
    status: 404,
    body: {
      error: { message: 'model "none" not found, try pulling it first', type: "api_error", param: null, code: null }
    },
    reason: { _tag: "NotFound", what: "model" },
    disposition: { fallback: "any" }
  },
  {
    name: "too many pending requests",
    status: 503,
    body: { error: "server busy, please try again.  maximum pending requests exceeded" },
    reason: { _tag: "Overloaded", message: "server busy, please try again.  maximum pending requests exceeded" },
    disposition: again
  },
  {
    name: "an unknown route",
    status: 404,
    body: "404 page not found",
    reason: { _tag: "NotFound", what: "route" },
    disposition: rest
  }
])
