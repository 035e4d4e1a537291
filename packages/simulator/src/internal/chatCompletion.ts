/** Chat completions: the request that is understood, and the answer, whole or as events. */
import * as Result from "effect/Result"
import * as Reply from "../Reply.ts"
import * as Input from "./input.ts"
import { countTokens, created, identity } from "./protocol.ts"

/** The most of a prompt that the answer repeats, in characters. */
const quoteLimit = 2_000

export interface ChatRequest {
  readonly model: string
  /** The text of the last message of the user. */
  readonly prompt: string
  readonly promptTokens: number
  readonly stream: boolean
  readonly includeUsage: boolean
  readonly maxTokens: number | undefined
}

interface Message {
  readonly role: string
  readonly text: string
}

const contentPart = (part: unknown): string => {
  if (!Input.isFields(part)) return ""
  const { text, type } = part
  return typeof text === "string" ? text : `[${typeof type === "string" ? type : "part"}]`
}

const message = (value: unknown, index: number): Input.Input<Message> => {
  const param = `messages[${index}]`
  if (!Input.isFields(value)) return Input.mistyped(param, "an object", value)
  const { content = null, role } = value
  if (typeof role !== "string") return Input.mistyped(`${param}.role`, "a string", role)
  if (content === null) return Result.succeed({ role, text: "" })
  if (typeof content === "string") return Result.succeed({ role, text: content })
  return Array.isArray(content)
    ? Result.succeed({ role, text: content.map(contentPart).join(" ") })
    : Input.mistyped(`${param}.content`, "a string or an array of parts", content)
}

export const decode = (body: Input.Fields): Input.Input<ChatRequest> =>
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
    const last = decoded.findLast(({ role }) => role === "user") ?? decoded.at(-1)
    return {
      model,
      prompt: last?.text ?? "",
      promptTokens: decoded.reduce((total, { text }) => total + countTokens(text), 0),
      stream,
      includeUsage,
      maxTokens: maxCompletionTokens ?? maxTokens
    }
  })

const quote = (text: string): string =>
  (text.length <= quoteLimit ? text : `${text.slice(0, quoteLimit)}...`).toWellFormed()

const tokens = ({ maxTokens, prompt }: ChatRequest) => {
  const text = `You said: "${quote(prompt)}" (the Causeway simulator answers; no model is running)`
  const whole = text.match(/\s*\S+/g) ?? []
  const kept = whole.slice(0, maxTokens)
  return { kept, finishReason: kept.length < whole.length ? "length" : "stop" }
}

const usage = (request: ChatRequest, completionTokens: number) => ({
  prompt_tokens: request.promptTokens,
  completion_tokens: completionTokens,
  total_tokens: request.promptTokens + completionTokens
})

const whole = (request: ChatRequest, number: number): Reply.Reply => {
  const { finishReason, kept } = tokens(request)
  return Reply.json(200, {
    id: `chatcmpl-sim-${number}`,
    object: "chat.completion",
    created,
    model: request.model,
    system_fingerprint: identity,
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: kept.join(""), refusal: null },
        logprobs: null,
        finish_reason: finishReason
      }
    ],
    usage: usage(request, kept.length)
  })
}

const streamed = (request: ChatRequest, number: number): Reply.Reply => {
  const { finishReason, kept } = tokens(request)
  const chunk = (choices: ReadonlyArray<unknown>, rest: Input.Fields = {}) => ({
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
  const delta = (delta: Input.Fields, finish: string | null = null) =>
    chunk([{ index: 0, delta, logprobs: null, finish_reason: finish }])
  return Reply.events([
    delta({ role: "assistant", content: "", refusal: null }),
    ...kept.map((content) => delta({ content })),
    delta({}, finishReason),
    ...(request.includeUsage ? [chunk([], { usage: usage(request, kept.length) })] : []),
    "[DONE]"
  ])
}

/** The right answer to a request; `number` is the request's, for its id. */
export const reply = (request: ChatRequest, number: number): Reply.Reply =>
  request.stream ? streamed(request, number) : whole(request, number)
