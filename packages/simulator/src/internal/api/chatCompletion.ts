/** Chat completions: the request that is understood, and the answer, whole or as events. */
import * as Result from "effect/Result"
import * as Answer from "../../Answer.ts"
import * as Reply from "../../Reply.ts"
import * as Input from "../input.ts"
import * as Output from "../output.ts"
import { created, identity, totalTokens } from "../protocol.ts"

interface ChatRequest {
  readonly model: string
  readonly wanted: Output.Wanted
  readonly promptTokens: number
  readonly choices: number
  readonly stream: boolean
  readonly includeUsage: boolean
  /** How many alternatives each token's log probability has; none at all where they were not asked for. */
  readonly topLogprobs: number | undefined
}

interface Message {
  readonly role: string
  readonly text: string
}

const message = (value: unknown, index: number): Input.Input<Message> => {
  const param = `messages[${index}]`
  if (!Input.isFields(value)) return Input.mistyped(param, "an object", value)
  const { content, role } = value
  if (typeof role !== "string") return Input.mistyped(`${param}.role`, "a string", role)
  const text = Output.textOf(content)
  return text === undefined
    ? Input.mistyped(`${param}.content`, "a string or an array of parts", content)
    : Result.succeed({ role, text })
}

const decode = (body: Input.Fields): Input.Input<ChatRequest> =>
  Result.gen(function* () {
    const model = yield* Input.model(body)
    const { messages, stream_options: streamOptions = null } = body
    if (!Array.isArray(messages)) return yield* Input.mistyped("messages", "an array of messages", messages)
    if (messages.length === 0) {
      return yield* Input.invalid("messages", "Invalid value for 'messages': expected at least one.", "empty_array")
    }
    const decoded = yield* Result.all(messages.map(message))
    const stream = yield* Input.optionalFlag(body, "stream")
    if (streamOptions !== null && !Input.isFields(streamOptions)) {
      return yield* Input.mistyped("stream_options", "an object", streamOptions)
    }
    const includeUsage = yield* Input.optionalFlag(streamOptions ?? {}, "include_usage", "stream_options.include_usage")
    const maxTokens = yield* Input.optionalInteger(body, "max_tokens", 1_000_000)
    const maxCompletionTokens = yield* Input.optionalInteger(body, "max_completion_tokens", 1_000_000)
    const choices = (yield* Input.optionalInteger(body, "n", 128)) ?? 1
    const logprobs = yield* Input.optionalFlag(body, "logprobs")
    const topLogprobs = (yield* Input.optionalInteger(body, "top_logprobs", 20, 0)) ?? 0
    const tool = yield* Output.toolOf(body, (value) => value["function"])
    const json = Output.jsonOf(body["response_format"], ({ json_schema: schema }) =>
      Input.isFields(schema) ? schema["schema"] : undefined
    )
    const question = decoded.findLast(({ role }) => role === "user") ?? decoded.at(-1)
    const last = decoded.at(-1)
    const toolResult = last?.role === "tool" || last?.role === "function" ? last.text : undefined
    return {
      model,
      wanted: {
        prompt: question?.text ?? "",
        toolResult,
        tool: toolResult === undefined ? tool : undefined,
        json,
        maxTokens: maxCompletionTokens ?? maxTokens
      },
      promptTokens: totalTokens(decoded.map(({ text }) => text)),
      choices,
      stream,
      includeUsage,
      topLogprobs: logprobs ? topLogprobs : undefined
    }
  })

const finishOf = ({ call, isCut }: Output.Output): string =>
  isCut ? "length" : call === undefined ? "stop" : "tool_calls"

const usage = ({ choices, promptTokens }: ChatRequest, { tokens }: Output.Output) => ({
  prompt_tokens: promptTokens,
  completion_tokens: choices * tokens.length,
  total_tokens: promptTokens + choices * tokens.length
})

const logprob = (token: string) => ({ token, logprob: -0.125, bytes: [...Buffer.from(token)] })

/** The same for each token: there is no model that could be more or less sure. */
const logprobs = ({ topLogprobs }: ChatRequest, tokens: ReadonlyArray<string>) => {
  if (topLogprobs === undefined) return null
  return {
    content: tokens.map((token) => ({ ...logprob(token), top_logprobs: topLogprobs === 0 ? [] : [logprob(token)] })),
    refusal: null
  }
}

const callId = (number: number, choice: number): string => `call_sim_${number}_${choice}`

const whole = (request: ChatRequest, output: Output.Output, number: number): Answer.Answer => {
  const text = output.tokens.join("")
  const said = (index: number) =>
    output.call === undefined
      ? { role: "assistant", content: text, refusal: null }
      : {
          role: "assistant",
          content: null,
          refusal: null,
          tool_calls: [
            { id: callId(number, index), type: "function", function: { name: output.call, arguments: text } }
          ]
        }
  return Answer.json(
    Reply.json(200, {
      id: `chatcmpl-sim-${number}`,
      object: "chat.completion",
      created,
      model: request.model,
      system_fingerprint: identity,
      choices: Array.from({ length: request.choices }, (_, index) => ({
        index,
        message: said(index),
        logprobs: logprobs(request, output.tokens),
        finish_reason: finishOf(output)
      })),
      usage: usage(request, output)
    })
  )
}

/** How an error looks in the streams of completions, and how their last choice ends. */
export const eventForm: Answer.EventForm = {
  failure: (problem) => Reply.event(Reply.error(problem)),
  isFinal: (piece) => piece.includes('"finish_reason":"')
}

const streamed = (request: ChatRequest, output: Output.Output, number: number): Answer.Answer => {
  const chunk = (choices: ReadonlyArray<unknown>, rest: Input.Fields = {}) =>
    Reply.event({
      id: `chatcmpl-sim-${number}`,
      object: "chat.completion.chunk",
      created,
      model: request.model,
      system_fingerprint: identity,
      choices,
      // As OpenAI does: null in every chunk but the last where the usage was asked for.
      ...(request.includeUsage ? { usage: null } : {}),
      ...rest
    })
  const deltas = (choice: number): ReadonlyArray<readonly [Input.Fields, string | undefined]> => {
    const { call, tokens } = output
    if (call === undefined) {
      return [
        [{ role: "assistant", content: "", refusal: null }, undefined],
        ...tokens.map((content) => [{ content }, content] as const)
      ]
    }
    const started = { id: callId(number, choice), type: "function", function: { name: call, arguments: "" } }
    return [
      [{ role: "assistant", content: null, tool_calls: [{ index: 0, ...started }] }, undefined],
      ...tokens.map((token) => [{ tool_calls: [{ index: 0, function: { arguments: token } }] }, token] as const)
    ]
  }
  const pieces = Array.from({ length: request.choices }, (_, index) => [
    ...deltas(index).map(([delta, token]) =>
      chunk([{ index, delta, logprobs: token === undefined ? null : logprobs(request, [token]), finish_reason: null }])
    ),
    chunk([{ index, delta: {}, logprobs: null, finish_reason: finishOf(output) }])
  ]).flat()
  return Answer.stream(eventForm, [
    ...pieces,
    ...(request.includeUsage ? [chunk([], { usage: usage(request, output) })] : []),
    Reply.event("[DONE]")
  ])
}

/** The right answer to a request; `number` is the request's, for its id. */
export const answer = (body: Input.Fields, number: number): Input.Input<Answer.Answer> =>
  Result.map(decode(body), (request) => (request.stream ? streamed : whole)(request, Output.of(request.wanted), number))
