/**
 * Whether an answer that claims success is one: looked at as far as code relies on
 * it, not field by field.
 */
import * as Classification from "@causeway/core/Classification"
import { ProviderFault } from "@causeway/core/UpstreamReason"
import { hasProperty } from "effect/Predicate"
import { classified, type Head, type Verdict } from "./failure.ts"

/** An object of JSON. */
export type Fields = Readonly<Record<string, unknown>>

export const isFields = (u: unknown): u is Fields => typeof u === "object" && u !== null && !Array.isArray(u)

/** What a text says in JSON; `undefined` where it is none. */
export const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What is wrong with the answer of one route, in a few words; `undefined` for nothing. */
export type Problem = (answer: Fields) => string | undefined

const chat: Problem = ({ choices }) =>
  !Array.isArray(choices) || choices.length === 0
    ? "it has no choices"
    : (firstOf(choices, problemOfChoice) ?? problemOfIndexes(choices))

const firstOf = <A>(all: ReadonlyArray<unknown>, problem: (each: unknown) => A | undefined): A | undefined => {
  for (const each of all) {
    const found = problem(each)
    if (found !== undefined) return found
  }
  return undefined
}

const problemOfChoice = (choice: unknown): string | undefined => {
  if (!isFields(choice) || !isFields(choice["message"])) return "a choice has no message"
  const { finish_reason: finish, message } = choice
  const { tool_calls: calls } = message
  if (calls !== undefined && calls !== null) {
    if (!Array.isArray(calls)) return "its tool calls are no list"
    // What ends at its length may end within a call, and says so.
    const wrong = firstOf(calls, (call) => problemOfCall(call, finish !== "length"))
    if (wrong !== undefined) return wrong
  }
  return isSilent(message) && !mayBeSilent.has(finish) ? "a choice's message says nothing" : undefined
}

/**
 * What a message may say, by the API references of OpenAI ("content", "refusal",
 * "tool_calls", "function_call", "audio"), vLLM and DeepSeek ("reasoning",
 * "reasoning_content") and OpenRouter ("images"). A content of `null` is one where the
 * model said nothing; some leave it out where a limit or a filter left nothing.
 */
const sayings = [
  "content",
  "refusal",
  "tool_calls",
  "function_call",
  "audio",
  "reasoning",
  "reasoning_content",
  "images"
] as const

const isSilent = (message: Fields): boolean => sayings.every((saying) => message[saying] === undefined)

const mayBeSilent: ReadonlySet<unknown> = new Set(["length", "content_filter"])

/** A tool call that can be made. `isWhole`: its arguments have come to their end. */
const problemOfCall = (call: unknown, isWhole: boolean): string | undefined => {
  if (!isFields(call)) return "a tool call is no object"
  const { custom, function: named, type } = call
  if (isFields(custom)) return typeof custom["name"] === "string" ? undefined : "a tool call has no name"
  // Tools of a provider's own have types of their own.
  if (named === undefined && typeof type === "string" && type !== "function") return undefined
  if (!isFields(named)) return "a tool call has no function"
  const { arguments: args, name } = named
  if (typeof name !== "string" || name === "") return "a tool call has no name"
  return isWhole && typeof args === "string" && isCut(args) ? "the arguments of a tool call are cut short" : undefined
}

/** What a model writes may be no JSON at all, which is for whoever made the tool to see; what is cut is an answer's fault. */
const isCut = (args: string): boolean =>
  args.trim() !== "" && jsonOf(args) === undefined && Classification.unreadable(args).issue === "truncated"

/** Code finds a choice by its place or by its index: two of one index are one answer too few. */
const problemOfIndexes = (choices: ReadonlyArray<unknown>): string | undefined => {
  if (choices.length === 1) return undefined
  const indexes = choices.map((choice) => (isFields(choice) ? choice["index"] : undefined))
  const twice = indexes.find((index, at) => index !== undefined && indexes.indexOf(index) !== at)
  return twice === undefined ? undefined : `two choices have the index ${JSON.stringify(twice).slice(0, 20)}`
}

const completion: Problem = ({ choices }) =>
  !Array.isArray(choices) || choices.length === 0
    ? "it has no choices"
    : choices.every((choice) => isFields(choice) && typeof choice["text"] === "string")
      ? problemOfIndexes(choices)
      : "a choice has no text"

const list: Problem = ({ data }) =>
  Array.isArray(data) && data.every((each) => isFields(each) && typeof each["id"] === "string")
    ? undefined
    : "it is no list of objects with an id"

/** As many embeddings as inputs, where their number is known, and each in its input's place. */
export const embeddings =
  (inputs: number | undefined): Problem =>
  ({ data }) => {
    if (!Array.isArray(data) || !data.every((each) => isFields(each) && isVector(each["embedding"]))) {
      return "it is no list of embeddings"
    }
    if (inputs !== undefined && data.length !== inputs) {
      return `it has ${data.length} embeddings for ${inputs} inputs`
    }
    const [first] = data.map(({ embedding }: Fields) => embedding)
    const shorter = data.findIndex(({ embedding }: Fields) => lengthOf(embedding) !== lengthOf(first))
    if (shorter !== -1) return `embedding ${shorter} is not as long as the first one`
    // Code takes the embedding at an input's place for that input's, whatever its index says.
    const misplaced = data.findIndex(({ index }: Fields, place) => typeof index === "number" && index !== place)
    return misplaced === -1
      ? undefined
      : `embedding ${misplaced} is that of another input: its index is ${String(data[misplaced].index)}`
  }

/** A model's embeddings are all of one length, whichever form they have. */
const lengthOf = (vector: unknown): unknown =>
  typeof vector === "string" || hasProperty(vector, "length") ? vector.length : undefined

/** Of a list the first element tells for all: an embedding may have thousands. */
const isVector = (u: unknown): boolean =>
  (typeof u === "string" && u !== "") ||
  (Array.isArray(u) ? typeof u[0] === "number" : ArrayBuffer.isView(u) && hasProperty(u, "length") && u.length !== 0)

/** How many inputs a request for embeddings has; `undefined` where that cannot be told. */
export const inputsOf = (request: unknown): number | undefined => {
  const input = isFields(request) ? request["input"] : undefined
  if (typeof input === "string") return 1
  if (!Array.isArray(input)) return undefined
  return typeof input[0] === "number" ? 1 : input.length
}

/** A response that was waited for, not asked for in the background, is no longer in the making. */
export const responses =
  (isBackground: () => boolean): Problem =>
  ({ output, status }) => {
    if ((status === "in_progress" || status === "queued") && !isBackground()) {
      return `it is ${status}, and was not asked for in the background`
    }
    if (!Array.isArray(output)) return "it has no output"
    return status === "failed" ? "it failed and does not say why" : undefined
  }

/** A page of a list that goes on behind its last object. */
const page: Problem = (answer) => {
  const { data, has_more: hasMore } = answer
  return (
    list(answer) ??
    (hasMore === true && Array.isArray(data) && data.length === 0
      ? "it is empty, and says that there is more"
      : undefined)
  )
}

/** As many results as texts, where the input is a text or a list of texts. */
export const moderations =
  (input: unknown): Problem =>
  ({ results }) => {
    if (
      !Array.isArray(results) ||
      results.length === 0 ||
      !results.every((each) => isFields(each) && typeof each["flagged"] === "boolean")
    ) {
      return "it has no results"
    }
    const isTexts = Array.isArray(input) && input.every((each) => typeof each === "string")
    return isTexts && results.length !== input.length
      ? `it has ${results.length} results for ${input.length} texts`
      : undefined
  }

const images: Problem = ({ data }) =>
  Array.isArray(data) && data.length > 0 && data.every((each) => isFields(each) && isImage(each))
    ? undefined
    : "it has no images"

const isImage = ({ b64_json, url }: Fields): boolean =>
  (typeof b64_json === "string" && b64_json !== "") || (typeof url === "string" && url !== "")

const text: Problem = (answer) => (typeof answer["text"] === "string" ? undefined : "it has no text")

const object: Problem = ({ id }) => (typeof id === "string" ? undefined : "it has no id")

const anything: Problem = () => undefined

/** A response that was made before holds an output, however it ended. */
const output: Problem = ({ output }) => (Array.isArray(output) ? undefined : "it has no output")

const deleted: Problem = ({ deleted }) => (deleted === false ? "it was not deleted" : undefined)

/** Whether a value is an object that is a record of another call, whose failure is not that of the call that asks for it. */
export const isRecord = (value: unknown, kind: string, problem: Problem): boolean =>
  isFields(value) && value["object"] === kind && problem(value) === undefined

/** What each route answers; of others any JSON object will do. */
export const problems = {
  chat,
  completion,
  page,
  images,
  text,
  list,
  object,
  output,
  deleted,
  anything
}

/** A verdict on the text of an answer to a route. */
export const judge = (head: Head, text: string, problem: Problem): Verdict | undefined => {
  const answer = jsonOf(text)
  return answer === undefined
    ? (classified(head, text, "body") ?? { reason: Classification.unreadable(text) })
    : judgeValue(head, answer, () => text, problem)
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
  if (wrong !== undefined) return { reason: Classification.malformed("wrong-shape", text, wrong) }
  return endsInError(answer) ? { reason: failedWordless("body") } : undefined
}

/** Of a generation that failed without a word why. */
export const failedWordless = (seenIn: "body" | "stream"): ProviderFault =>
  new ProviderFault({ message: "a choice ended in an error, and the upstream does not say which", seenIn })

/** Whether an object states an error beside, or instead of, what it should hold. */
export const statesError = (answer: Fields): boolean => {
  if (answer["error"] !== undefined && answer["error"] !== null) return true
  const { choices } = answer
  if (!Array.isArray(choices)) return answer["type"] === "error" || answer["object"] === "error"
  return choices.some(
    (choice) => isFields(choice) && ((choice["error"] !== undefined && choice["error"] !== null) || isBroken(choice))
  )
}

/**
 * Whether a choice ended because its generation failed. From the API references of
 * OpenRouter and Mistral, "finish_reason".
 */
const isBroken = (choice: Fields): boolean => choice["finish_reason"] === "error"

/** Whether a choice ended so, whatever else is said of it. */
export const endsInError = ({ choices }: Fields): boolean =>
  Array.isArray(choices) && choices.some((choice) => isFields(choice) && isBroken(choice))
