/**
 * The events of a streamed response, in the order of OpenAI's: created, in
 * progress, the item with its parts and deltas, and the response as it ended.
 */
import * as Answer from "../../Answer.ts"
import * as Reply from "../../Reply.ts"
import type { Fields } from "../input.ts"

interface MessageItem {
  readonly id: string
  readonly type: "message"
  readonly content: ReadonlyArray<{ readonly type: "output_text"; readonly text: string }>
}

interface CallItem {
  readonly id: string
  readonly type: "function_call"
  readonly name: string
  readonly arguments: string
}

const eventForm: Answer.EventForm = {
  failure: ({ code = null, message, param = null, type }, index) =>
    Reply.event({ type: "error", sequence_number: index, code: code ?? type, message, param }, "error"),
  isFinal: (piece) => /^event: response\.(?:completed|incomplete)\n/.test(piece)
}

const messageEvents = (item: MessageItem, tokens: ReadonlyArray<string>): ReadonlyArray<Fields> => {
  const at = { item_id: item.id, output_index: 0, content_index: 0 }
  const [part] = item.content
  return [
    { type: "response.output_item.added", output_index: 0, item: { ...item, status: "in_progress", content: [] } },
    { type: "response.content_part.added", ...at, part: { ...part, text: "" } },
    ...tokens.map((delta) => ({ type: "response.output_text.delta", ...at, delta, logprobs: [] })),
    { type: "response.output_text.done", ...at, text: part?.text, logprobs: [] },
    { type: "response.content_part.done", ...at, part },
    { type: "response.output_item.done", output_index: 0, item }
  ]
}

const callEvents = (item: CallItem, tokens: ReadonlyArray<string>): ReadonlyArray<Fields> => {
  const at = { item_id: item.id, output_index: 0 }
  return [
    { type: "response.output_item.added", output_index: 0, item: { ...item, status: "in_progress", arguments: "" } },
    ...tokens.map((delta) => ({ type: "response.function_call_arguments.delta", ...at, delta })),
    { type: "response.function_call_arguments.done", ...at, name: item.name, arguments: item.arguments },
    { type: "response.output_item.done", output_index: 0, item }
  ]
}

/** The events from a response as it started to what it became. */
export const of = (
  started: Fields,
  item: MessageItem | CallItem,
  tokens: ReadonlyArray<string>,
  ended: Fields
): Answer.Answer => {
  const events: ReadonlyArray<Fields> = [
    { type: "response.created", response: started },
    { type: "response.in_progress", response: started },
    ...(item.type === "message" ? messageEvents(item, tokens) : callEvents(item, tokens)),
    { type: `response.${String(ended["status"])}`, response: ended }
  ]
  return Answer.stream(
    eventForm,
    events.map((event, index) => Reply.event({ ...event, sequence_number: index }, String(event["type"])))
  )
}
