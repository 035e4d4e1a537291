/**
 * Answers whose text looks like another failure: words of the caller that an error
 * quotes, sentences of a gateway in somebody else's answer, pages. What has
 * structure (a code, a type, a status, a header) decides, and never such words.
 */
import { again, type Fixture, gateway, group, html, rest } from "./fixture.ts"

/** OpenAI's form of an error about the request. */
const refused = (message: string, code: string | null = null, param: string | null = null) => ({
  error: { message, type: "invalid_request_error", param, code }
})

const invalid = { _tag: "InvalidRequest" } as const
const ofCaller = { ...rest, blame: "caller", fallback: "never", delivery: "not-sent" } as const

const quoted = group("look-alike, the caller's words", "the vendors' forms of refusal, around made-up words", [
  {
    name: "a value that speaks of a rate limit",
    status: 400,
    body: refused("Invalid value: 'rate limit exceeded: too many requests'. Supported values are: 'low' and 'high'."),
    reason: invalid,
    disposition: ofCaller
  },
  {
    name: "a value that speaks of the context",
    status: 400,
    body: refused(
      "Invalid value: 'the maximum context length is 4097 tokens'. Supported values are: 'user' and 'system'.",
      "invalid_value",
      "messages[0].role"
    ),
    reason: { ...invalid, param: "messages[0].role", code: "invalid_value" },
    disposition: ofCaller
  },
  {
    name: "a value in the words of a context overflow, without a code",
    status: 400,
    body: refused("Invalid value: `prompt is too long: 209303 tokens > 200000 maximum`."),
    reason: invalid,
    disposition: ofCaller
  },
  {
    name: "a property named in Envoy's sentence",
    status: 400,
    body: refused("Additional properties are not allowed ('no healthy upstream' was unexpected) - 'metadata'"),
    reason: invalid,
    disposition: ofCaller
  },
  {
    name: "an argument that has the name of a code",
    status: 400,
    body: refused("Unrecognized request argument supplied: insufficient_quota", null, "insufficient_quota"),
    reason: { ...invalid, param: "insufficient_quota" },
    disposition: ofCaller
  },
  {
    name: "an argument in the words of an empty account",
    status: 400,
    body: refused("Unrecognized request argument supplied: credit balance is too low"),
    reason: invalid,
    disposition: ofCaller
  },
  {
    name: "a page of HTML as content",
    status: 400,
    body: refused("Invalid content: '<html><hr><center>nginx</center></html>'", "invalid_value", "messages[0].content"),
    reason: invalid,
    disposition: ofCaller
  },
  {
    name: "a prompt on API keys",
    status: 400,
    body: refused('Could not parse "How do I rotate an invalid api key?" as JSON', null, "messages"),
    reason: invalid,
    disposition: ofCaller
  },
  {
    name: "a prompt on content policy",
    status: 400,
    body: refused("Invalid type for 'messages[0].content': got 'summarize our content policy' instead of a list."),
    reason: invalid,
    disposition: ofCaller
  },
  {
    name: "a prompt on models, by vLLM's own check",
    status: 400,
    body: {
      object: "error",
      message:
        "1 validation error for ChatCompletionRequest\nmessages.0\n  Input should be a valid dictionary [type=dict_type, input_value='the model llama does not exist', input_type=str]",
      type: "BadRequestError",
      param: null,
      code: 400
    },
    reason: invalid,
    disposition: ofCaller
  },
  {
    name: "a prompt that is cut in the middle, by pydantic",
    status: 400,
    body: {
      object: "error",
      message: `[{'type': 'value_error', 'loc': ('body', 'messages'), 'msg': 'Value error, no role', 'input': {'content': "it's over: maximum context length is 12 tok...nt balance"}}]`,
      type: "BadRequestError",
      code: 400
    },
    reason: invalid,
    disposition: ofCaller
  },
  {
    name: "FastAPI's problems, with the input beside them",
    status: 422,
    body: {
      detail: [
        {
          type: "string_type",
          loc: ["body", "input"],
          msg: "Input should be a valid string",
          input: { text: "prompt is too long: 9 tokens > 8 maximum; content policy" }
        }
      ]
    },
    reason: { ...invalid, param: "input", message: "Input should be a valid string" },
    disposition: ofCaller
  },
  {
    name: "a schema's description in a message",
    status: 400,
    body: refused(
      "Invalid schema for function 'f': 'Too many tokens. Please reduce the length of the messages' is not of type 'object'.",
      "invalid_function_parameters",
      "tools[0].function.parameters"
    ),
    reason: { ...invalid, code: "invalid_function_parameters" },
    disposition: ofCaller
  },
  {
    name: "a value that is itself an error's object",
    status: 400,
    body: refused(
      "{'code': 'insufficient_quota', 'message': 'You exceeded your current quota'} is not of type 'string' - 'messages.2.content'"
    ),
    reason: invalid,
    disposition: ofCaller
  },
  {
    name: "a file that is named after an error",
    status: 404,
    body: refused("No such File object: 'insufficient credits.txt'", null, "id"),
    reason: { _tag: "NotFound", what: "object" },
    disposition: ofCaller
  },
  {
    name: "a conversation whose title speaks of a model",
    status: 404,
    body: refused('Conversation "why was this model not found" not found.', null, "conversation"),
    reason: { _tag: "NotFound", what: "object" },
    disposition: ofCaller
  },
  {
    name: "a tool named after a busy server, at a server error",
    status: 500,
    body: { error: { message: "Tool 'server is overloaded' raised an exception", type: "server_error", code: null } },
    reason: { _tag: "ProviderFault", status: 500 },
    disposition: again
  },
  {
    name: "a tool's words inside a stream's error",
    status: 200,
    seenIn: "stream",
    body: { error: { message: "Tool call failed: 'rate limit: too many requests'", type: "server_error" } },
    reason: { _tag: "ProviderFault", seenIn: "stream" },
    disposition: again
  },
  {
    name: "an error of the caller's making, inside a choice",
    status: 200,
    body: {
      id: "c",
      object: "chat.completion",
      choices: [{ error: { code: 400, message: "Invalid value: 'insufficient quota, add credits'" } }]
    },
    reason: { ...invalid, seenIn: "body" },
    disposition: ofCaller
  },
  {
    name: "LiteLLM hands on an error that quotes the caller",
    status: 400,
    body: {
      error: {
        message:
          'litellm.BadRequestError: OpenAIException - {"error":{"message":"Invalid value: \'prompt is too long: 9 tokens > 8 maximum\'.","type":"invalid_request_error","code":"invalid_value"}}',
        type: "invalid_request_error",
        param: null,
        code: "400"
      }
    },
    reason: invalid,
    disposition: ofCaller
  },
  {
    name: "OpenRouter hands on an error that quotes the caller",
    status: 400,
    body: {
      error: {
        message: "Provider returned error",
        code: 400,
        metadata: {
          raw: '{"error":{"message":"Invalid value: \'requires moderation: flagged by content policy\'","code":"invalid_value"}}'
        }
      }
    },
    reason: invalid,
    disposition: ofCaller
  },
  {
    name: "a limit of the caller's own prompt at a rate limit",
    status: 429,
    body: {
      error: {
        message: "Rate limit reached for key 'billing hard limit: credit balance is too low'. Please try again in 2s.",
        type: "requests",
        code: "rate_limit_exceeded"
      }
    },
    reason: { _tag: "RateLimited", scope: "requests" },
    disposition: { health: "pauses" }
  }
])

const sentences = group("look-alike, another's sentence", "sentences of gateways where none stands", [
  {
    name: "Envoy's, as a request's fault",
    status: 400,
    body: "no healthy upstream",
    reason: invalid,
    disposition: ofCaller
  },
  {
    name: "Envoy's, behind a rate limit",
    status: 429,
    body: { error: { message: "no healthy upstream", code: "rate_limit_exceeded" } },
    reason: { _tag: "RateLimited" },
    disposition: { health: "pauses" }
  },
  {
    name: "Envoy's, within a provider's own fault",
    status: 500,
    body: { error: { message: "Agent failed: tool said no healthy upstream", type: "server_error", code: null } },
    reason: { _tag: "ProviderFault", status: 500 },
    disposition: { ...again, delivery: "may-have-run" }
  },
  {
    name: "Envoy's, with a provider's own type and code",
    status: 503,
    body: { error: { message: "no healthy upstream", type: "server_error", code: "server_is_overloaded" } },
    reason: { _tag: "Overloaded" },
    disposition: again
  },
  {
    name: "Envoy's, in the name of a model that is not there",
    status: 404,
    body: refused("The model `no healthy upstream` does not exist", "model_not_found", "model"),
    reason: { _tag: "NotFound", what: "model" },
    disposition: { fallback: "any" }
  },
  {
    name: "Envoy's on a reset, quoted by a provider",
    status: 400,
    body: refused("Invalid value: 'upstream connect error or disconnect/reset before headers. reset reason: overflow'"),
    reason: invalid,
    disposition: ofCaller
  },
  {
    name: "Envoy's on a time limit, at a wrong key",
    status: 401,
    body: { error: { message: "upstream request timeout", type: "authentication_error", code: null } },
    reason: { _tag: "Authentication" },
    disposition: rest
  },
  {
    name: "nginx, in a text that a page shows",
    status: 502,
    headers: { server: "Apache" },
    body: "<!doctype html><title>Bad Gateway</title><p>How to write <code>&lt;center>nginx</code> <center>nginx is not in use</center>",
    reason: gateway("unknown", "other"),
    disposition: { delivery: "may-have-run" }
  },
  {
    name: "a page of a firewall that speaks of a usage policy",
    status: 403,
    body: "<html><head><title>Blocked</title></head><body>Your request was flagged by our content policy.</body></html>",
    reason: { _tag: "Permission", message: "Blocked" },
    disposition: rest
  },
  {
    name: "a page of a firewall that speaks of credits",
    status: 403,
    body: "<html><head><title>Sorry</title></head><body>Insufficient credits? Invalid API key? Ask us.</body></html>",
    reason: { _tag: "Permission", message: "Sorry" },
    disposition: rest
  },
  {
    name: "nginx's page on a port, quoted by a provider",
    status: 400,
    body: refused('Invalid URL "the plain http request was sent to https port"', null, "image_url"),
    reason: invalid,
    disposition: ofCaller
  },
  {
    name: "a header of Cloudflare before a provider's own 403",
    status: 403,
    headers: { server: "cloudflare", "cf-ray": "1" },
    body: { error: { message: "You are not allowed to sample from this model", type: "invalid_request_error" } },
    reason: { _tag: "Permission" },
    disposition: { ...rest, fallback: "other-credential" }
  },
  {
    name: "an API's 404 that is a page of nginx",
    status: 404,
    headers: { server: "nginx" },
    body: html("404 Not Found", "nginx"),
    reason: { _tag: "NotFound", what: "route" },
    disposition: rest
  },
  {
    name: "a rate limit that speaks of a budget of requests",
    status: 429,
    body: {
      error: {
        message: "Rate limit reached: 20 requests per minute. Add credits to raise it.",
        type: "requests",
        code: "rate_limit_exceeded"
      }
    },
    reason: { _tag: "RateLimited", scope: "requests" },
    disposition: { health: "pauses" }
  },
  {
    name: "an input that is too large for an image, not for the context",
    status: 400,
    body: refused("Image size exceeds the limit: the window is 20 MB", "image_too_large", "messages[0].content"),
    reason: { ...invalid, code: "image_too_large" },
    disposition: ofCaller
  },
  {
    name: "an API key that a tool of the caller lacks",
    status: 400,
    body: refused("MCP server 'search' answered: invalid api key", "mcp_error", "tools[0]"),
    reason: { ...invalid, code: "mcp_error" },
    disposition: ofCaller
  }
])

export const lookAlikes: ReadonlyArray<Fixture> = [...quoted, ...sentences]
