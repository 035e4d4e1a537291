/**
 * What was said, for spans of those who ask for it: messages in the form that
 * OpenTelemetry's conventions give them
 * (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-input-messages.json and
 * gen-ai-output-messages.json), as JSON, since spans hold no structures. Known secrets
 * are masked; a text over the limit is cut.
 */
import * as Redaction from "@causeway/core/Redaction"
import { type Fields, isFields } from "../../answer.ts"

/** A message's text is cut to this length, in UTF-16 code units. */
const textLimit = 16_384

/** No span holds more messages. */
const mostMessages = 256

interface Message {
  readonly role: string
  readonly parts: ReadonlyArray<Fields>
  readonly finish_reason?: string
}

const clean = (text: string): string => {
  const redacted = Redaction.text(text.slice(0, 2 * textLimit))
  return redacted.length > textLimit ? `${redacted.slice(0, textLimit - 1)}…` : redacted
}

const textPart = (content: string): Fields => ({ type: "text", content: clean(content) })

const record = (messages: ReadonlyArray<Message>): string => JSON.stringify(messages.slice(-mostMessages))

/** The parts of a message's content: a text, or a list of pieces of which only texts are kept. */
const partsOf = (content: unknown): ReadonlyArray<Fields> => {
  if (typeof content === "string") return [textPart(content)]
  if (!Array.isArray(content)) return []
  return content.flatMap((piece): ReadonlyArray<Fields> => {
    if (!isFields(piece)) return []
    const { refusal, text, type } = piece
    if (typeof text === "string") return [textPart(text)]
    if (typeof refusal === "string") return [textPart(refusal)]
    // Images, audio and files are named, not kept.
    return typeof type === "string" ? [{ type }] : []
  })
}

const toolCallPart = (id: unknown, name: unknown, args: unknown): Fields => ({
  type: "tool_call",
  id: id ?? null,
  name: String(name ?? ""),
  arguments: typeof args === "string" ? clean(args) : (args ?? null)
})

const responsePart = (id: unknown, result: unknown): Fields => ({
  type: "tool_call_response",
  id: id ?? null,
  response: typeof result === "string" ? clean(result) : partsOf(result)
})

/** A message of chat, asked or answered. */
const chatMessage = (message: Fields): Message => {
  const { content, refusal, role, tool_call_id: answered, tool_calls: calls } = message
  if (role === "tool") return { role, parts: [responsePart(answered, content)] }
  const tools = Array.isArray(calls) ? calls.filter(isFields) : []
  return {
    role: typeof role === "string" ? role : "assistant",
    parts: [
      ...partsOf(content),
      ...(typeof refusal === "string" ? [textPart(refusal)] : []),
      ...tools.map((call) => {
        const called = isFields(call["function"]) ? call["function"] : isFields(call["custom"]) ? call["custom"] : {}
        return toolCallPart(call["id"], called["name"], called["arguments"] ?? called["input"])
      })
    ]
  }
}

/** An item of a response's input or output. */
const itemMessage = (item: Fields): Message | undefined => {
  const { content, role, type } = item
  if (type === "function_call") {
    return { role: "assistant", parts: [toolCallPart(item["call_id"], item["name"], item["arguments"])] }
  }
  if (type === "function_call_output") return { role: "tool", parts: [responsePart(item["call_id"], item["output"])] }
  return typeof role === "string" ? { role, parts: partsOf(content) } : undefined
}

const items = (list: ReadonlyArray<unknown>): ReadonlyArray<Message> =>
  list.filter(isFields).flatMap((item) => itemMessage(item) ?? [])

const user = (content: string): Message => ({ role: "user", parts: [textPart(content)] })

/** What a request asks, by the attributes' names. */
export const inputAttributes = (request: object | undefined): ReadonlyArray<readonly [string, string]> => {
  const { input, instructions, messages, prompt }: Fields = { ...request }
  const attributes: Array<readonly [string, string]> = []
  const asked = Array.isArray(messages)
    ? messages.filter(isFields).map(chatMessage)
    : typeof input === "string" || typeof prompt === "string"
      ? [user(String(input ?? prompt))]
      : Array.isArray(input)
        ? items(input)
        : []
  if (typeof instructions === "string") {
    attributes.push(["gen_ai.system_instructions", JSON.stringify([textPart(instructions)])])
  }
  if (asked.length > 0) attributes.push(["gen_ai.input.messages", record(asked)])
  return attributes
}

/** One choice of an answer, as it grows. */
interface Choice {
  text: string
  finish: string
  readonly calls: Map<unknown, { id: unknown; name: string; arguments: string }>
}

/** What an answer says, whole or piece by piece. */
export class Output {
  #whole: ReadonlyArray<Message> | undefined
  readonly #choices = new Map<unknown, Choice>()

  /** Takes in an answer, a piece of one, or an event. */
  add(answer: unknown): void {
    if (!isFields(answer)) return
    const { choices, output, response } = answer
    if (isFields(response)) return this.add(response)
    if (Array.isArray(output)) {
      const finish = answer["status"] === "incomplete" ? "length" : "stop"
      this.#whole = items(output).map((message) => ({ ...message, finish_reason: finish }))
    }
    if (Array.isArray(choices))
      for (const choice of choices.slice(0, mostMessages)) if (isFields(choice)) this.#choice(choice)
    if (typeof answer["text"] === "string" && choices === undefined) {
      this.#whole = [{ role: "assistant", parts: [textPart(answer["text"])], finish_reason: "stop" }]
    }
  }

  get attributes(): ReadonlyArray<readonly [string, string]> {
    const messages =
      this.#whole ??
      Array.from(this.#choices.values(), ({ calls, finish, text }): Message => ({
        role: "assistant",
        parts: [
          ...(text === "" ? [] : [textPart(text)]),
          ...Array.from(calls.values(), (call) => toolCallPart(call.id, call.name, call.arguments))
        ],
        finish_reason: finish
      }))
    return messages.length === 0 ? [] : [["gen_ai.output.messages", record(messages)]]
  }

  #choice({ delta, finish_reason: finish, index, message, text }: Fields): void {
    let choice = this.#choices.get(index)
    if (choice === undefined) this.#choices.set(index, (choice = { text: "", finish: "", calls: new Map() }))
    const said = isFields(delta) ? delta : isFields(message) ? message : { content: text }
    for (const piece of [said["content"], said["refusal"]]) {
      if (typeof piece === "string" && choice.text.length <= textLimit) choice.text += piece
    }
    if (typeof finish === "string") choice.finish = finish
    const calls = Array.isArray(said["tool_calls"]) ? said["tool_calls"].filter(isFields) : []
    calls.slice(0, mostMessages).forEach((call, place) => this.#toolCall(choice, call, place))
  }

  #toolCall({ calls }: Choice, call: Fields, place: number): void {
    const key = call["index"] ?? place
    const called = isFields(call["function"]) ? call["function"] : {}
    let known = calls.get(key)
    if (known === undefined) calls.set(key, (known = { id: call["id"], name: "", arguments: "" }))
    if (typeof called["name"] === "string") known.name += called["name"]
    if (typeof called["arguments"] === "string" && known.arguments.length <= textLimit) {
      known.arguments += called["arguments"]
    }
  }
}
