/**
 * The table of the ways in which the simulator fails on demand: a request whose
 * model is `fault:<name>` gets that fault, `fault:<name>*<n>` only `n` times and
 * the right answer from then on.
 *
 * **Example** (Looking up a fault)
 *
 * ```ts
 * import * as Fault from "@causeway/simulator/Fault"
 *
 * Fault.parse("fault:no-healthy-upstream*2")?.times // => 2
 * Fault.parse("fault:rate-limited")?.times // => Number.POSITIVE_INFINITY
 * Fault.parse("gpt-5") // => undefined
 * ```
 */
import * as Reply from "./Reply.ts"

/** One way to fail. Both functions are given the right answer, so that a fault can break it. */
export interface Fault {
  readonly name: string
  /** One line for people. */
  readonly description: string
  /** A call that expects one JSON body. */
  readonly plain: (good: Reply.Reply) => Reply.Reply
  /** A call that expects server-sent events. */
  readonly stream: (good: Reply.Reply) => Reply.Reply
}

/** A fault, and how often it happens before the right answer comes. */
export interface Invocation {
  readonly fault: Fault
  readonly times: number
}

/** The first half of a JSON answer; the length in the head still promises all of it. */
const half = (good: Reply.Reply): ReadonlyArray<string | Uint8Array> =>
  good.body.map((piece) => piece.slice(0, Math.ceil(piece.length / 2)))

/** The first events, never as far as the last two. */
const beginning = (good: Reply.Reply): ReadonlyArray<string | Uint8Array> =>
  good.body.slice(0, Math.max(1, Math.min(3, good.body.length - 2)))

const always = (name: string, description: string, reply: Reply.Reply): Fault => ({
  name,
  description,
  plain: () => reply,
  stream: () => reply
})

const broken = (name: string, description: string, ending: Reply.Ending): Fault => ({
  name,
  description,
  plain: (good) => ({ ...good, body: half(good), ending }),
  stream: (good) => ({ ...good, body: beginning(good), ending })
})

const streamOnly = (name: string, description: string, stream: Fault["stream"]): Fault => ({
  name,
  description: `${description}; a plain call is answered`,
  plain: (good) => good,
  stream
})

const envoy = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): Reply.Reply =>
  Reply.text(status, "text/plain", body, { server: "envoy", ...headers })

const serverError: Reply.Problem = {
  type: "server_error",
  message: "The server failed while it processed the request."
}

const failedEvent = `data: ${JSON.stringify({ error: { ...serverError, param: null, code: null } })}\n\n`

const page = (title: string, text: string): string =>
  `<!doctype html>\n<html>\n<head><title>${title}</title></head>\n<body><h1>${title}</h1><p>${text}</p></body>\n</html>\n`

/** CRLF, comments, and an event cut in two, inside a character where it has one of several bytes. */
const oddly = (piece: string | Uint8Array): ReadonlyArray<Uint8Array> => {
  const bytes = Buffer.from(`${Buffer.from(piece).toString().trimEnd()}\r\n: \u2713\r\n\r\n`)
  const middle = bytes.findIndex((byte) => byte >= 0x80) + 1
  return [bytes.subarray(0, middle), bytes.subarray(middle)]
}

/** Every fault. The first twelve are those that the demonstration shows. */
export const all: ReadonlyArray<Fault> = [
  always("no-healthy-upstream", "503 from an Envoy proxy that has no healthy host", envoy(503, "no healthy upstream")),
  always(
    "rate-limited",
    "429 with Retry-After and the rate limit headers",
    Reply.problem(
      429,
      {
        type: "requests",
        code: "rate_limit_exceeded",
        message: "Rate limit reached on requests per min: limit 60, used 60, requested 1. Please try again in 2s."
      },
      {
        "retry-after": "2",
        "retry-after-ms": "2000",
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-limit-tokens": "150000",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-remaining-tokens": "149984",
        "x-ratelimit-reset-requests": "2s",
        "x-ratelimit-reset-tokens": "6ms"
      }
    )
  ),
  always(
    "quota",
    "429 because the account's credit is used up",
    Reply.problem(429, {
      type: "insufficient_quota",
      code: "insufficient_quota",
      message: "The current quota is used up; see the plan and billing details of the account."
    })
  ),
  always(
    "overloaded",
    "503 because the model is overloaded, with Retry-After",
    Reply.problem(
      503,
      {
        type: "service_unavailable_error",
        code: "overloaded",
        message: "The model is overloaded with other requests at the moment. Please try again later."
      },
      { "retry-after": "1" }
    )
  ),
  always(
    "unauthorized",
    "401 that shows a masked key",
    Reply.problem(401, {
      type: "invalid_request_error",
      code: "invalid_api_key",
      message: `Incorrect API key provided: sk-simul${"*".repeat(24)}0000.`
    })
  ),
  always("stall", "accepts the request and never answers", Reply.silence),
  broken("stall-body", "headers and a part of the body, then silence", "stall"),
  {
    name: "cut-stream",
    description: "a stream that ends early and cleanly, without [DONE]; a plain body shorter than promised",
    plain: (good) => ({ ...good, body: half(good), ending: "cut" }),
    stream: (good) => ({ ...good, body: beginning(good) })
  },
  {
    name: "stream-error",
    description: "an error event after some tokens; a plain call gets 500",
    plain: () => Reply.problem(500, serverError),
    stream: (good) => ({ ...good, body: [...beginning(good), failedEvent] })
  },
  always(
    "html",
    "200 with the HTML page of a captive portal",
    Reply.text(200, "text/html; charset=utf-8", page("Sign in", "Accept the terms to use this network."))
  ),
  always("empty", "200 with an empty body", Reply.text(200, "application/json", "")),
  always("reset", "resets the connection before any answer", Reply.reset),
  always("server-error", "500 of the provider itself", Reply.problem(500, serverError)),
  always(
    "context-length",
    "400 because the input is longer than the model's context",
    Reply.problem(400, {
      type: "invalid_request_error",
      param: "messages",
      code: "context_length_exceeded",
      message: "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens."
    })
  ),
  always(
    "content-filter",
    "400 because the input was filtered",
    Reply.problem(400, {
      type: "invalid_request_error",
      param: "prompt",
      code: "content_filter",
      message: "The prompt was stopped by the content management policy."
    })
  ),
  always(
    "model-not-found",
    "404 because the model does not exist",
    Reply.problem(404, {
      type: "invalid_request_error",
      param: "model",
      code: "model_not_found",
      message: "The model `fault:model-not-found` does not exist or you do not have access to it."
    })
  ),
  always("gateway-timeout", "504 from an Envoy proxy that waited too long", envoy(504, "upstream request timeout")),
  always(
    "gateway-reset",
    "503 from an Envoy proxy whose upstream closed the connection",
    envoy(503, "upstream connect error or disconnect/reset before headers. reset reason: connection termination")
  ),
  always(
    "gateway-overflow",
    "503 from an Envoy proxy whose circuit breaker is full",
    envoy(503, "upstream connect error or disconnect/reset before headers. reset reason: overflow", {
      "x-envoy-overloaded": "true"
    })
  ),
  always(
    "bad-gateway",
    "502 page of an nginx proxy",
    Reply.text(502, "text/html", page("502 Bad Gateway", "nginx"), { server: "nginx" })
  ),
  {
    name: "truncated-json",
    description: "200 whose JSON stops in the middle, although the body ends correctly",
    plain: (good) => Reply.text(200, "application/json", Buffer.concat(half(good).map((piece) => Buffer.from(piece)))),
    stream: (good) => ({ ...good, body: [...beginning(good), 'data: {"id":"chatcmpl-sim"'] })
  },
  broken("reset-body", "resets the connection in the middle of the body; of a stream between two events", "reset"),
  {
    name: "stream-reset",
    description: "resets the connection inside an event; inside the body of a plain answer",
    plain: (good) => ({ ...good, body: half(good), ending: "reset" }),
    stream: (good) => ({ ...good, body: [...beginning(good), 'data: {"id":'], ending: "reset" })
  },
  always(
    "error-in-200",
    "200 whose JSON is an error, also where a stream was asked for",
    Reply.problem(200, serverError)
  ),
  always("wrong-shape", "200 whose JSON is not an answer, also where a stream was asked for", Reply.json(200, [null])),
  {
    name: "error-first",
    description: "a stream whose first event is an error; a plain call gets 500",
    plain: () => Reply.problem(500, serverError),
    stream: (good) => ({ ...good, body: [failedEvent] })
  },
  streamOnly("malformed-event", "a stream with an event that is not JSON", (good) => ({
    ...good,
    body: beginning(good).concat('data: {"id":\n\n', good.body.slice(beginning(good).length))
  })),
  streamOnly("no-finish", "a whole stream with [DONE] but without a finish reason", (good) => ({
    ...good,
    body: good.body.filter((piece) => !Buffer.from(piece).includes('"finish_reason":"'))
  })),
  streamOnly("odd-framing", "a right stream with CRLF, comments and split characters", (good) => ({
    ...good,
    body: good.body.flatMap(oddly)
  })),
  always("not-http", "answers with something that is not HTTP", {
    head: undefined,
    body: ["SSH-2.0-OpenSSH_9.9\r\n"],
    ending: "end"
  }),
  always(
    "broken-gzip",
    "200 that says it is compressed and is not",
    Reply.text(200, "application/json", "{}", { "content-encoding": "gzip" })
  )
]

const byName = new Map(all.map((fault) => [fault.name, fault]))

/** Whether a model's name asks for a fault, known or not. */
export const isFaultModel = (model: string): boolean => model.startsWith("fault:")

/** The fault that a model's name asks for, or `undefined` where there is none of that name. */
export const parse = (model: string): Invocation | undefined => {
  const [, name = "", times] = /^fault:([a-z0-9-]+)(?:\*([1-9]\d{0,5}))?$/.exec(model) ?? []
  const fault = byName.get(name)
  return fault && { fault, times: times === undefined ? Number.POSITIVE_INFINITY : Number(times) }
}
