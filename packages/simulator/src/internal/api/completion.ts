/** Completions of a text, the API that chat completions have replaced. */
import * as Result from "effect/Result"
import * as Answer from "../../Answer.ts"
import * as Reply from "../../Reply.ts"
import * as Input from "../input.ts"
import * as Output from "../output.ts"
import { created, identity, totalTokens } from "../protocol.ts"
import { eventForm } from "./chatCompletion.ts"

/** The prompts: a text, texts, tokens by their numbers, or lists of such. */
const promptsOf = (value: unknown): Input.Input<ReadonlyArray<string>> => {
  const list = Input.listOf(value ?? "<|endoftext|>")
  const prompts = list.map(Input.textOrTokens).filter((prompt) => prompt !== undefined)
  return prompts.length === list.length && prompts.length > 0
    ? Result.succeed(prompts)
    : Input.mistyped("prompt", "a text, an array of texts, or tokens", value)
}

const choice = (text: string, index: number, finish: string | null) => ({
  text,
  index,
  logprobs: null,
  finish_reason: finish
})

/** The right answer to a request. */
export const answer = (body: Input.Fields, number: number): Input.Input<Answer.Answer> =>
  Result.gen(function* () {
    const model = yield* Input.model(body)
    const prompts = yield* promptsOf(body["prompt"])
    const perPrompt = (yield* Input.optionalInteger(body, "n", 128)) ?? 1
    const echo = yield* Input.optionalFlag(body, "echo")
    const stream = yield* Input.optionalFlag(body, "stream")
    const maxTokens = yield* Input.optionalInteger(body, "max_tokens", 1_000_000)
    const { stream_options: options } = body
    const includeUsage = Input.isFields(options) && options["include_usage"] === true
    const choices = prompts.flatMap((prompt) => {
      const output = Output.of({ prompt, maxTokens, json: undefined, tool: undefined, toolResult: undefined })
      const finish = output.isCut ? "length" : "stop"
      return Array.from({ length: perPrompt }, () => ({
        tokens: [...(echo ? [prompt, " "] : []), ...output.tokens],
        finish
      }))
    })
    const completionTokens = choices.reduce((total, { tokens }) => total + tokens.length, 0)
    const promptTokens = totalTokens(prompts)
    const usage = {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens
    }
    const value = (choices: ReadonlyArray<unknown>, rest: Input.Fields) => ({
      id: `cmpl-sim-${number}`,
      object: "text_completion",
      created,
      model,
      system_fingerprint: identity,
      choices,
      ...rest
    })
    if (!stream) {
      const whole = choices.map(({ finish, tokens }, index) => choice(tokens.join(""), index, finish))
      return Answer.json(Reply.json(200, value(whole, { usage })))
    }
    return Answer.stream(eventForm, [
      ...choices.flatMap(({ finish, tokens }, index) => [
        ...tokens.map((token) => Reply.event(value([choice(token, index, null)], {}))),
        Reply.event(value([choice("", index, finish)], {}))
      ]),
      ...(includeUsage ? [Reply.event(value([], { usage }))] : []),
      Reply.event("[DONE]")
    ])
  })
