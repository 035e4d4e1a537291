/** Responses: the request that is understood, and the answer, whole or as events, now or in the background. */
import * as Result from "effect/Result"
import * as Answer from "../../Answer.ts"
import * as Reply from "../../Reply.ts"
import * as Input from "../input.ts"
import * as Output from "../output.ts"
import { created, totalTokens } from "../protocol.ts"
import type { Store } from "../store.ts"
import * as Events from "./responseEvents.ts"

interface Item {
  readonly role: string
  readonly text: string
  /** What a tool answered. */
  readonly isToolResult: boolean
  /** As it is listed. */
  readonly listed: unknown
}

const itemOf =
  (number: number) =>
  (value: unknown, index: number): Input.Input<Item> => {
    const param = `input[${index}]`
    if (!Input.isFields(value)) return Input.mistyped(param, "an object", value)
    const { content, output, role, type = "message" } = value
    const id = typeof value["id"] === "string" ? value["id"] : `item_sim_${number}_${index}`
    if (type !== "message") {
      const isToolResult = type === "function_call_output" || type === "custom_tool_call_output"
      return Result.succeed({
        role: "tool",
        text: isToolResult ? (Output.textOf(output) ?? "") : "",
        isToolResult,
        listed: { ...value, id }
      })
    }
    if (typeof role !== "string") return Input.mistyped(`${param}.role`, "a string", role)
    const text = Output.textOf(content)
    if (text === undefined) return Input.mistyped(`${param}.content`, "a string or an array of parts", content)
    const parts = typeof content === "string" ? [{ type: "input_text", text: content }] : content
    return Result.succeed({
      role,
      text,
      isToolResult: false,
      listed: { id, type: "message", status: "completed", role, content: parts }
    })
  }

const itemsOf = (input: unknown, number: number): Input.Input<ReadonlyArray<Item>> => {
  const list: unknown = typeof input === "string" ? [{ role: "user", content: input }] : (input ?? [])
  return Array.isArray(list)
    ? Result.all(list.map(itemOf(number)))
    : Input.mistyped("input", "a text or an array of items", input)
}

/** What a response repeats of its request. */
const repeated = (body: Input.Fields) => ({
  background: body["background"] === true,
  instructions: body["instructions"] ?? null,
  max_output_tokens: body["max_output_tokens"] ?? null,
  metadata: body["metadata"] ?? {},
  parallel_tool_calls: body["parallel_tool_calls"] ?? true,
  previous_response_id: body["previous_response_id"] ?? null,
  reasoning: body["reasoning"] ?? { effort: null, summary: null },
  store: body["store"] ?? true,
  temperature: body["temperature"] ?? 1,
  text: body["text"] ?? { format: { type: "text" } },
  tool_choice: body["tool_choice"] ?? "auto",
  tools: body["tools"] ?? [],
  top_p: body["top_p"] ?? 1,
  truncation: body["truncation"] ?? "disabled"
})

const outputItem = ({ call, isCut, tokens }: Output.Output, number: number) => {
  const text = tokens.join("")
  const status = isCut ? "incomplete" : "completed"
  return call === undefined
    ? {
        id: `msg_sim_${number}`,
        type: "message" as const,
        status,
        role: "assistant",
        content: [{ type: "output_text" as const, text, annotations: [], logprobs: [] }]
      }
    : {
        id: `fc_sim_${number}`,
        type: "function_call" as const,
        status,
        call_id: `call_sim_${number}`,
        name: call,
        arguments: text
      }
}

/** Creates a response, and keeps it unless told otherwise. */
export const create = (body: Input.Fields, number: number, store: Store): Input.Input<Answer.Answer> =>
  Result.gen(function* () {
    const model = yield* Input.model(body)
    const items = yield* itemsOf(body["input"], number)
    const stream = yield* Input.optionalFlag(body, "stream")
    const background = yield* Input.optionalFlag(body, "background")
    const maxTokens = yield* Input.optionalInteger(body, "max_output_tokens", 1_000_000)
    const previous = yield* Input.optionalText(body, "previous_response_id")
    if (previous !== undefined && store.responses.get(previous) === undefined) {
      return yield* Input.missing("previous_response_id", `Previous response with id '${previous}' not found.`)
    }
    const tool = yield* Output.toolOf(body, (value) => (value["type"] === "function" ? value : undefined))
    const { text: textOptions } = body
    const format = Input.isFields(textOptions) ? textOptions["format"] : undefined
    const last = items.at(-1)
    const toolResult = last?.isToolResult === true ? last.text : undefined
    const output = Output.of({
      prompt: items.findLast(({ role }) => role === "user")?.text ?? "",
      toolResult,
      tool: toolResult === undefined ? tool : undefined,
      json: Output.jsonOf(format, ({ schema }) => schema),
      maxTokens
    })
    const item = outputItem(output, number)
    const inputTokens = totalTokens(items.map(({ text }) => text))
    const started = {
      id: `resp_sim_${number}`,
      object: "response",
      created_at: created,
      model,
      status: "in_progress",
      error: null,
      incomplete_details: null,
      output: [],
      usage: null,
      user: null,
      ...repeated(body)
    }
    const ended = {
      ...started,
      status: output.isCut ? "incomplete" : "completed",
      incomplete_details: output.isCut ? { reason: "max_output_tokens" } : null,
      output: [item],
      usage: {
        input_tokens: inputTokens,
        input_tokens_details: { cached_tokens: 0 },
        output_tokens: output.tokens.length,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: inputTokens + output.tokens.length
      }
    }
    const isQueued = background && !stream
    const queued = { ...started, status: "queued" }
    if (body["store"] !== false) {
      store.responses.put(started.id, {
        body: isQueued ? queued : ended,
        input: items.map(({ listed }) => listed),
        ahead: isQueued ? [started, ended] : []
      })
    }
    if (stream) return Events.of(started, item, output.tokens, ended)
    return Answer.json(Reply.json(200, isQueued ? queued : ended))
  })

const found = (id: string, store: Store) => {
  const response = store.responses.get(id)
  return response === undefined
    ? Input.missing("response_id", `Response with id '${id.slice(0, 100)}' not found.`)
    : Result.succeed(response)
}

/** One that runs in the background takes a step with each look: queued, in progress, completed. */
export const retrieve = (id: string, query: URLSearchParams, store: Store): Input.Input<Answer.Answer> =>
  Result.flatMap(found(id, store), (response) => {
    if (query.get("stream") === "true") {
      return Input.invalid("stream", "The simulator does not stream a response again.", "unsupported_parameter")
    }
    response.body = response.ahead.shift() ?? response.body
    return Result.succeed(Answer.json(Reply.json(200, response.body)))
  })

/** Only what runs in the background can be cancelled. */
export const cancel = (id: string, store: Store): Input.Input<Answer.Answer> =>
  Result.flatMap(found(id, store), (response) => {
    if (response.body["background"] !== true) {
      return Input.invalid(null, "Cannot cancel a synchronous response.")
    }
    if (response.ahead.length > 0) {
      response.ahead.length = 0
      response.body = { ...response.body, status: "cancelled" }
    }
    return Result.succeed(Answer.json(Reply.json(200, response.body)))
  })

export const remove = (id: string, store: Store): Input.Input<Answer.Answer> =>
  Result.map(found(id, store), () => {
    store.responses.remove(id)
    return Answer.json(Reply.json(200, { id, object: "response", deleted: true }))
  })

const idOf = (item: unknown): unknown => (Input.isFields(item) ? item["id"] : null)

/** The newest first, by default. */
export const inputItems = (id: string, query: URLSearchParams, store: Store): Input.Input<Answer.Answer> =>
  Result.map(found(id, store), ({ input }) => {
    const data = query.get("order") === "asc" ? input : input.toReversed()
    return Answer.json(
      Reply.json(200, {
        object: "list",
        data,
        first_id: idOf(data[0]) ?? null,
        last_id: idOf(data.at(-1)) ?? null,
        has_more: false
      })
    )
  })

/** How many tokens an input has, by the simulator's way of counting: its words. */
export const inputTokens = (body: Input.Fields, number: number): Input.Input<Answer.Answer> =>
  Result.map(itemsOf(body["input"], number), (items) =>
    Answer.json(
      Reply.json(200, {
        object: "response.input_tokens",
        input_tokens: totalTokens(items.map(({ text }) => text))
      })
    )
  )
