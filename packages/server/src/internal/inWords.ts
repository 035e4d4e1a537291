/** A fixed text as a model's answer, in the form of its API. */
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { hasProperty, isObject } from "effect/Predicate"
import type { Asked } from "./asked.ts"
import * as EventStream from "./eventStream.ts"

/** The answer at a moment; `undefined` where a text is no answer to the request. */
export const inWords = (
  { model = "", path, value }: Asked,
  text: string
): ((now: number) => HttpServerResponse.HttpServerResponse) | undefined => {
  const isChat = path === "/chat/completions"
  if (value === undefined || (!isChat && path !== "/completions")) return undefined
  // Whoever wants JSON or a call of a tool takes words for a broken answer.
  if (wantsJson(value["response_format"]) || wantsCall(value)) return undefined
  return (now) => {
    const common = { id: `degraded-${now}`, created: Math.floor(now / 1000), model }
    const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }
    const end = { index: 0, logprobs: null, finish_reason: "stop" }
    if (value["stream"] !== true) {
      return HttpServerResponse.jsonUnsafe({
        ...common,
        object: isChat ? "chat.completion" : "text_completion",
        choices: [isChat ? { ...end, message: { role: "assistant", content: text, refusal: null } } : { ...end, text }],
        usage
      })
    }
    const object = isChat ? "chat.completion.chunk" : "text_completion"
    const events = isChat
      ? [
          {
            ...common,
            object,
            choices: [{ ...end, delta: { role: "assistant", content: text }, finish_reason: null }]
          },
          { ...common, object, choices: [{ ...end, delta: {} }] }
        ]
      : [{ ...common, object, choices: [{ ...end, text }] }]
    const withUsage = wantsUsage(value["stream_options"])
      ? [...events, { ...common, object, choices: [], usage }]
      : events
    return HttpServerResponse.text(
      withUsage.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("") + EventStream.marked.done,
      { headers: EventStream.headersWith({}) }
    )
  }
}

const wantsJson = (format: unknown): boolean =>
  typeof format === "object" && format !== null && "type" in format && format.type !== "text"

/** A tool that is named is wanted; of several that are allowed, one where it is said so. */
const wantsCall = ({ function_call: before, tool_choice: choice }: Readonly<Record<string, unknown>>): boolean => {
  if (choice === "required" || isObject(before)) return true
  if (!isObject(choice)) return false
  const allowed = hasProperty(choice, "allowed_tools") ? choice.allowed_tools : undefined
  return allowed === undefined || (hasProperty(allowed, "mode") && allowed.mode === "required")
}

const wantsUsage = (options: unknown): boolean =>
  typeof options === "object" && options !== null && "include_usage" in options && options.include_usage === true
