/** Moderations: a category is flagged where its name stands in the input, so that a test can ask for it. */
import * as Result from "effect/Result"
import * as Answer from "../../Answer.ts"
import * as Reply from "../../Reply.ts"
import * as Input from "../input.ts"
import * as Output from "../output.ts"

const categories = [
  "harassment",
  "harassment/threatening",
  "hate",
  "hate/threatening",
  "illicit",
  "illicit/violent",
  "self-harm",
  "self-harm/instructions",
  "self-harm/intent",
  "sexual",
  "sexual/minors",
  "violence",
  "violence/graphic"
] as const

/** The inputs: one text, texts, or one input of several parts. */
const inputsOf = (value: unknown): Input.Input<ReadonlyArray<string>> => {
  if (typeof value === "string") return Result.succeed([value])
  if (!Array.isArray(value) || value.length === 0) {
    return Input.mistyped("input", "a text, an array of texts, or an array of parts", value)
  }
  if (value.every((each) => typeof each === "string")) return Result.succeed(value)
  const whole = Output.textOf(value)
  return value.every(Input.isFields) && whole !== undefined
    ? Result.succeed([whole])
    : Input.mistyped("input", "a text, an array of texts, or an array of parts", value)
}

const each = <A>(of: (category: string) => A): Readonly<Record<string, A>> =>
  Object.fromEntries(categories.map((category) => [category, of(category)]))

const result = (input: string) => {
  const names = new Set(input.toLowerCase().match(/[a-z-]+(?:\/[a-z]+)?/g) ?? [])
  return {
    flagged: categories.some((category) => names.has(category)),
    categories: each((category) => names.has(category)),
    category_scores: each((category) => (names.has(category) ? 0.99 : 0.0001)),
    category_applied_input_types: each(() => ["text"])
  }
}

/** The right answer to a request. */
export const answer = (body: Input.Fields, number: number): Input.Input<Answer.Answer> =>
  Result.gen(function* () {
    const model = (yield* Input.optionalText(body, "model")) ?? "omni-moderation-latest"
    const inputs = yield* inputsOf(body["input"])
    return Answer.json(Reply.json(200, { id: `modr-sim-${number}`, model, results: inputs.map(result) }))
  })
