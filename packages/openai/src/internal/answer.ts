/**
 * Whether an answer that claims success is one: looked at as far as code relies on
 * it, not field by field.
 */
import * as Classification from "@causeway/core/Classification"
import { hasProperty } from "effect/Predicate"
import { classified, type Head, type Verdict } from "./failure.ts"

/** An object of JSON. */
export type Fields = Readonly<Record<string, unknown>>

export const isFields = (u: unknown): u is Fields => typeof u === "object" && u !== null && !Array.isArray(u)

/** What is wrong with the answer of one route, in a few words; `undefined` for nothing. */
export type Problem = (answer: Fields) => string | undefined

const chat: Problem = ({ choices }) =>
  !Array.isArray(choices) || choices.length === 0
    ? "it has no choices"
    : choices.every((choice) => isFields(choice) && isFields(choice["message"]))
      ? undefined
      : "a choice has no message"

const completion: Problem = ({ choices }) =>
  !Array.isArray(choices) || choices.length === 0
    ? "it has no choices"
    : choices.every((choice) => isFields(choice) && typeof choice["text"] === "string")
      ? undefined
      : "a choice has no text"

const list: Problem = ({ data }) =>
  Array.isArray(data) && data.every((each) => isFields(each) && typeof each["id"] === "string")
    ? undefined
    : "it is no list of objects with an id"

/** As many embeddings as inputs, where the number of inputs is known. */
export const embeddings =
  (inputs: number | undefined): Problem =>
  ({ data }) =>
    !Array.isArray(data) || !data.every((each) => isFields(each) && isVector(each["embedding"]))
      ? "it is no list of embeddings"
      : inputs !== undefined && data.length !== inputs
        ? `it has ${data.length} embeddings for ${inputs} inputs`
        : undefined

const isVector = (u: unknown): boolean =>
  (typeof u === "string" && u !== "") ||
  ((Array.isArray(u) || ArrayBuffer.isView(u)) && hasProperty(u, "length") && u.length !== 0)

/** How many inputs a request for embeddings has; `undefined` where that cannot be told. */
export const inputsOf = (request: unknown): number | undefined => {
  const input = isFields(request) ? request["input"] : undefined
  if (typeof input === "string") return 1
  if (!Array.isArray(input)) return undefined
  return typeof input[0] === "number" ? 1 : input.length
}

const anything: Problem = () => undefined

/** What each route answers; of others any JSON object will do. */
export const problems = { chat, completion, list, anything }

/** A verdict on the text of an answer to a route. */
export const judge = (head: Head, text: string, problem: Problem): Verdict | undefined => {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    return classified(head, text, "body") ?? { reason: unreadable(text) }
  }
  return judgeValue(head, answer, () => text, problem)
}

/** A verdict on an answer that was read already. `textOf`: the same as text, or its beginning. */
export const judgeValue = (
  head: Head,
  answer: unknown,
  textOf: () => string,
  problem: Problem
): Verdict | undefined => {
  if (!isFields(answer)) {
    const text = textOf()
    return (
      classified(head, text, "body") ?? {
        reason: Classification.malformed("wrong-shape", text, "it is no JSON object")
      }
    )
  }
  const wrong = problem(answer)
  if (wrong === undefined && !statesError(answer)) return undefined
  const text = textOf()
  const said = classified(head, text, "body")
  if (said !== undefined) return said
  return wrong === undefined ? undefined : { reason: Classification.malformed("wrong-shape", text, wrong) }
}

/** Whether an object states an error beside, or instead of, what it should hold. */
export const statesError = (answer: Fields): boolean => {
  if (answer["error"] !== undefined && answer["error"] !== null) return true
  const { choices } = answer
  if (!Array.isArray(choices)) return answer["type"] === "error" || answer["object"] === "error"
  const first: unknown = choices[0]
  return isFields(first) && first["error"] !== undefined && first["error"] !== null
}

/** What a text is that should be JSON and is not. */
export const unreadable = (text: string) => {
  const beginning = text.trimStart().charAt(0)
  if (beginning === "") return Classification.malformed("empty", text)
  return Classification.malformed(beginning === "{" || beginning === "[" ? "truncated" : "not-json", text)
}
