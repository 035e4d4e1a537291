/** Answers of chat completions, and of the older completions, out of what models say. */
import type { UpstreamError } from "@causeway/core/UpstreamError"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Delta } from "../../ModelServer.ts"
import { type Call, unusable } from "./failure.ts"
import type { Check } from "./format.ts"
import { type Calling, Choice, type Piece, usageOf } from "./output.ts"

/** What is asked for beside the output. */
export interface Asked {
  /** Whether completions are asked for, not chat. */
  readonly isText: boolean
  readonly hasLogprobs: boolean
  readonly hasUsage: boolean
  /** How many choices each prompt has: the input of all of them is charged once. */
  readonly perPrompt: number
  readonly count: number
  readonly check: Check
}

/** What stands in every event, and in an answer. */
interface Frame {
  readonly id: string
  readonly created: number
  readonly model: string
}

const frameOf = (call: Call, id: string, { isText }: Asked): Frame => ({
  id: `${isText ? "cmpl" : "chatcmpl"}-${id}`,
  created: Math.floor(call.startedAt / 1_000),
  model: call.model
})

/** The whole answer as JSON. */
export const answer = <R>(
  call: Call,
  id: string,
  asked: Asked,
  pieces: Stream.Stream<Piece, UpstreamError, R>
): Effect.Effect<string, UpstreamError, R> =>
  Effect.suspend(() => {
    const choices = begun(asked)
    return Effect.flatMap(
      Stream.runForEach(pieces, ({ delta, index }) =>
        Effect.sync(() => delta !== undefined && choices[index]?.take(delta))
      ),
      () => {
        const wrong = choices.flatMap((choice) => problemOf(call, choice, asked, "body"))[0]
        if (wrong !== undefined) return Effect.fail(wrong)
        const usage = usageIn(choices, asked)
        return Effect.succeed(
          JSON.stringify({
            ...frameOf(call, id, asked),
            object: asked.isText ? "text_completion" : "chat.completion",
            choices: choices.map((choice, index) => (asked.isText ? textChoice : chatChoice)(choice, index, asked)),
            ...(usage !== undefined && { usage })
          })
        )
      }
    )
  })

const begun = ({ count }: Asked): ReadonlyArray<Choice> => Array.from({ length: count }, () => new Choice())

const problemOf = (
  call: Call,
  choice: Choice,
  { check }: Asked,
  seenIn: "body" | "stream"
): ReadonlyArray<UpstreamError> => {
  const problem = choice.isWholeText ? check(choice.content) : undefined
  return problem === undefined ? [] : [unusable(call, choice.content, problem, seenIn)]
}

const logprobsOf = (logprobs: Delta["logprobs"], { hasLogprobs }: Asked) =>
  hasLogprobs && logprobs !== undefined && logprobs.length > 0 ? { content: logprobs, refusal: null } : null

const chatChoice = (choice: Choice, index: number, asked: Asked) => ({
  index,
  message: {
    role: "assistant",
    content: choice.content === "" && (choice.calls.size > 0 || choice.refusal !== "") ? null : choice.content,
    refusal: choice.refusal === "" ? null : choice.refusal,
    ...(choice.reasoning !== "" && { reasoning_content: choice.reasoning }),
    ...(choice.calls.size > 0 && {
      tool_calls: Array.from(choice.calls.values(), (calling) => ({
        id: calling.id,
        type: "function",
        function: { name: calling.name, arguments: calling.arguments }
      }))
    })
  },
  logprobs: logprobsOf(choice.logprobs, asked),
  finish_reason: choice.finish
})

const textChoice = ({ content, finish }: Choice, index: number) => ({
  index,
  text: content,
  logprobs: null,
  finish_reason: finish
})

const usageIn = (choices: ReadonlyArray<Choice>, { perPrompt }: Asked) => {
  const prompts = Array.from({ length: Math.ceil(choices.length / perPrompt) }, (_, at) =>
    usageOf(choices.slice(at * perPrompt, (at + 1) * perPrompt))
  ).filter((usage) => usage !== undefined)
  if (prompts.length === 0) return undefined
  const prompt_tokens = prompts.reduce((sum, { input }) => sum + input, 0)
  const completion_tokens = prompts.reduce((sum, { output }) => sum + output, 0)
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens }
}

/** The answer as events, without the last one, which marks the end. */
export const events = <R>(
  call: Call,
  id: string,
  asked: Asked,
  pieces: Stream.Stream<Piece, UpstreamError, R>
): Stream.Stream<string, UpstreamError, R> =>
  Stream.suspend(() => {
    const choices = begun(asked)
    const started = new Set<number>()
    const frame = { ...frameOf(call, id, asked), object: asked.isText ? "text_completion" : "chat.completion.chunk" }
    const eventOf = (parts: object) =>
      `data: ${JSON.stringify({ ...frame, ...parts, ...(asked.hasUsage && !("usage" in parts) && { usage: null }) })}\n\n`
    const next = ({ delta, index }: Piece): Effect.Effect<string, UpstreamError> =>
      Effect.suspend(() => {
        const choice = choices[index]
        if (choice === undefined) return Effect.succeed("")
        const isFirst = !started.has(index)
        if (delta === undefined) {
          const [wrong] = problemOf(call, choice, asked, "stream")
          if (wrong !== undefined) return Effect.fail(wrong)
          const last = { index, logprobs: null, finish_reason: choice.finish }
          const said = asked.isText ? { text: "" } : { delta: isFirst ? { role: "assistant", content: "" } : {} }
          return Effect.succeed(eventOf({ choices: [{ ...last, ...said }] }))
        }
        const calling = choice.take(delta)
        const said = asked.isText ? textOf(delta) : deltaOf(delta, calling)
        if (said === undefined) return Effect.succeed("")
        started.add(index)
        const role = isFirst && !asked.isText ? { role: "assistant" } : {}
        const parts = asked.isText ? { text: said } : { delta: { ...role, ...(said as object) } }
        const logprobs = asked.isText ? null : logprobsOf(delta.logprobs, asked)
        return Effect.succeed(eventOf({ choices: [{ index, ...parts, logprobs, finish_reason: null }] }))
      })
    const usage = Stream.suspend(() => {
      const usage = asked.hasUsage ? usageIn(choices, asked) : undefined
      return usage === undefined ? Stream.empty : Stream.succeed(eventOf({ choices: [], usage }))
    })
    return Stream.concat(
      Stream.filter(Stream.mapEffect(pieces, next), (text) => text !== ""),
      usage
    )
  })

const textOf = ({ content }: Delta): string | undefined => (content === "" ? undefined : content)

/** What a delta says; `undefined` where it only counts. */
const deltaOf = (
  { content, reasoning, refusal, toolCall }: Delta,
  called: { readonly calling: Calling; readonly isNew: boolean } | undefined
): object | undefined => {
  const said = {
    ...(content !== undefined && { content }),
    ...(reasoning !== undefined && { reasoning_content: reasoning }),
    ...(refusal !== undefined && { refusal }),
    ...(called !== undefined && {
      tool_calls: [
        {
          index: called.calling.index,
          ...(called.isNew && { id: called.calling.id, type: "function" }),
          function: {
            ...(called.isNew && { name: called.calling.name }),
            arguments: toolCall?.arguments ?? ""
          }
        }
      ]
    })
  }
  return Object.keys(said).length === 0 ? undefined : said
}
