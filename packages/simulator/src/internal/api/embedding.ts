/** Embeddings: unit vectors that depend on the text alone, and are near for texts that share words. */
import * as Result from "effect/Result"
import * as Answer from "../../Answer.ts"
import * as Reply from "../../Reply.ts"
import * as Input from "../input.ts"
import { totalTokens } from "../protocol.ts"

const maxInputs = 2_048
const maxDimensions = 3_072
const defaultDimensions = 256

/** Words beyond these count through the text as a whole only. */
const maxWords = 256

interface EmbeddingRequest {
  readonly model: string
  readonly inputs: ReadonlyArray<string>
  readonly base64: boolean
  readonly dimensions: number
}

/** One input: a text, or tokens by their numbers. */
const input = (value: unknown, index: number): Input.Input<string> => {
  const text = Input.textOrTokens(value)
  if (text === undefined) return Input.mistyped("input", "a text, an array of texts, or tokens", value)
  return text === ""
    ? Input.invalid("input", `Invalid value for 'input[${index}]': the text is empty.`, "invalid_value")
    : Result.succeed(text)
}

const decode = (body: Input.Fields): Input.Input<EmbeddingRequest> =>
  Result.gen(function* () {
    const model = yield* Input.model(body)
    const { encoding_format: format = "float", input: value } = body
    const list = Input.listOf(value)
    if (list.length === 0 || list.length > maxInputs) {
      return yield* Input.invalid(
        "input",
        `Invalid value for 'input': expected 1 to ${maxInputs} texts, got ${list.length}.`
      )
    }
    const inputs = yield* Result.all(list.map(input))
    if (format !== "float" && format !== "base64") {
      return yield* Input.invalid(
        "encoding_format",
        "Invalid value for 'encoding_format': expected 'float' or 'base64'."
      )
    }
    const dimensions = (yield* Input.optionalInteger(body, "dimensions", maxDimensions)) ?? defaultDimensions
    return { model, inputs, base64: format === "base64", dimensions }
  })

/** FNV-1a, 32 bits. */
const hash = (text: string): number => {
  let state = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    state = Math.imul(state ^ text.charCodeAt(index), 0x01000193)
  }
  return state >>> 0
}

/** Adds the direction that a seed stands for: its components are spread evenly over -1 to 1. */
const addDirection = (vector: Float64Array, seed: number): void => {
  let state = seed
  for (let index = 0; index < vector.length; index++) {
    // A Weyl sequence with a mixing step: fast, and the same on every machine.
    state = (state + 0x9e3779b9) >>> 0
    const mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
    vector[index] = (vector[index] ?? 0) + ((mixed ^ (mixed >>> 13)) >>> 0) / 2 ** 31 - 1
  }
}

const embed = (text: string, dimensions: number): Float32Array => {
  const sum = new Float64Array(dimensions)
  addDirection(sum, hash(text))
  let words = 0
  for (const [word] of text.matchAll(/[\p{L}\p{N}]+/gu)) {
    if (++words > maxWords) break
    addDirection(sum, hash(word.toLowerCase()))
  }
  const length = Math.hypot(...sum)
  return Float32Array.from(sum, (component) => component / length)
}

const base64 = (vector: Float32Array): string => {
  const bytes = Buffer.alloc(vector.length * 4)
  for (const [index, component] of vector.entries()) bytes.writeFloatLE(component, index * 4)
  return bytes.toString("base64")
}

const reply = (request: EmbeddingRequest): Reply.Reply => {
  const tokens = totalTokens(request.inputs)
  return Reply.json(200, {
    object: "list",
    data: request.inputs.map((text, index) => {
      const vector = embed(text, request.dimensions)
      return { object: "embedding", index, embedding: request.base64 ? base64(vector) : [...vector] }
    }),
    model: request.model,
    usage: { prompt_tokens: tokens, total_tokens: tokens }
  })
}

/** The right answer to a request. */
export const answer = (body: Input.Fields): Input.Input<Answer.Answer> =>
  Result.map(decode(body), (request) => Answer.json(reply(request)))
