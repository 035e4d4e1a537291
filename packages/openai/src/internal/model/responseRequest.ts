/** What a request of the Responses API asks a conversation for. */
import type { InvalidRequest } from "@causeway/core/UpstreamReason"
import * as Result from "effect/Result"
import { type Fields, isFields } from "../answer.ts"
import { refused } from "./request.ts"

/**
 * The conversation that a request for a response stands for, as the body of a chat
 * completion. What needs something kept from before, or a tool of the provider's own,
 * is refused.
 */
export const asChat = (body: Fields): Result.Result<Fields, InvalidRequest> => {
  for (const option of ["previous_response_id", "conversation", "prompt"]) {
    if (body[option] !== undefined && body[option] !== null) {
      return Result.fail(refused(`${option}: this server keeps nothing from one request to the next`, option))
    }
  }
  if (body["background"] === true) {
    return Result.fail(refused("background: this server answers while the caller waits", "background"))
  }
  const { input, instructions, tools } = body
  const messages = messagesOf(input)
  if (Result.isFailure(messages)) return Result.fail(messages.failure)
  const own = toolsOf(tools)
  if (Result.isFailure(own)) return Result.fail(own.failure)
  const before = typeof instructions === "string" ? [{ role: "developer", content: instructions }] : []
  const format = formatOf(body["text"])
  return Result.succeed({
    model: body["model"],
    stream: body["stream"],
    messages: [...before, ...messages.success],
    ...(own.success.length > 0 && { tools: own.success }),
    ...(body["tool_choice"] !== undefined && { tool_choice: choiceOf(body["tool_choice"]) }),
    ...(format !== undefined && { response_format: format }),
    ...(body["max_output_tokens"] !== undefined && { max_completion_tokens: body["max_output_tokens"] }),
    ...(body["temperature"] !== undefined && { temperature: body["temperature"] }),
    ...(body["top_p"] !== undefined && { top_p: body["top_p"] })
  })
}

const messagesOf = (input: unknown): Result.Result<ReadonlyArray<unknown>, InvalidRequest> => {
  if (typeof input === "string") return Result.succeed([{ role: "user", content: input }])
  if (!Array.isArray(input)) return Result.fail(refused("input: is neither a text nor a list", "input"))
  const messages: Array<unknown> = []
  for (const [at, item] of input.entries()) {
    const message = messageOf(item)
    if (message === undefined)
      return Result.fail(refused(`input[${at}]: is of a kind that this server does not take`, `input[${at}]`))
    // A model's calls and what it said before them are one message.
    messages.push(...message)
  }
  return Result.succeed(messages)
}

const messageOf = (item: unknown): ReadonlyArray<unknown> | undefined => {
  if (!isFields(item)) return undefined
  const { arguments: args, call_id: id, content, name, output, role, type = "message" } = item
  switch (type) {
    case "message":
      return [{ role, content: Array.isArray(content) ? content.map(partOf) : content }]
    case "function_call":
      return [
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id, type: "function", function: { name, arguments: args } }]
        }
      ]
    case "function_call_output":
      return [{ role: "tool", tool_call_id: id, content: typeof output === "string" ? output : JSON.stringify(output) }]
    // What a model thought before is for those that keep it.
    case "reasoning":
      return []
    default:
      return undefined
  }
}

const texts: ReadonlySet<unknown> = new Set(["input_text", "output_text"])

const partOf = (part: unknown): unknown =>
  isFields(part) && texts.has(part["type"]) ? { ...part, type: "text" } : part

const toolsOf = (tools: unknown): Result.Result<ReadonlyArray<unknown>, InvalidRequest> => {
  if (tools === undefined || tools === null) return Result.succeed([])
  if (!Array.isArray(tools)) return Result.fail(refused("tools: is no list", "tools"))
  const other = tools.findIndex((tool) => !isFields(tool) || tool["type"] !== "function")
  if (other !== -1)
    return Result.fail(refused(`tools[${other}]: this server has no tools of its own`, `tools[${other}]`))
  return Result.succeed(
    tools.filter(isFields).map(({ description, name, parameters, strict, type }) => ({
      type,
      function: { name, description, parameters, strict }
    }))
  )
}

const choiceOf = (choice: unknown): unknown =>
  isFields(choice) && choice["type"] === "function" ? { type: "function", function: { name: choice["name"] } } : choice

const formatOf = (text: unknown): unknown => {
  const format = isFields(text) ? text["format"] : undefined
  if (!isFields(format) || format["type"] !== "json_schema") return format
  const { name, schema, strict } = format
  return { type: "json_schema", json_schema: { name, schema, strict } }
}
