/** Reading a request's JSON: each failure is the 400 that OpenAI gives, and names the parameter. */
import * as Result from "effect/Result"
import * as Reply from "../Reply.ts"

/** A JSON object of a request, or a part of one. */
export type Fields = Readonly<Record<string, unknown>>

/** What was read, or the reply that says what is wrong. */
export type Input<A> = Result.Result<A, Reply.Reply>

const utf8 = new TextDecoder("utf-8", { fatal: true })

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** A 400 about one parameter, or about the whole body. */
export const invalid = (param: string | null, message: string, code: string | null = null): Input<never> =>
  Result.fail(Reply.problem(400, { type: "invalid_request_error", param, code, message }))

const kind = (value: unknown): string =>
  value === undefined ? "nothing" : value === null ? "null" : Array.isArray(value) ? "an array" : typeof value

/** A 400 about a value of the wrong type. */
export const mistyped = (param: string, expected: string, value: unknown): Input<never> =>
  value === undefined
    ? invalid(param, `Missing required parameter: '${param}' (${expected}).`, "missing_required_parameter")
    : invalid(param, `Invalid type for '${param}': expected ${expected}, got ${kind(value)}.`, "invalid_type")

/** The body as an object. */
export const fields = (body: Uint8Array): Input<Fields> => {
  let value: unknown
  try {
    value = JSON.parse(utf8.decode(body))
  } catch (cause) {
    // Node's message quotes the text, which may hold anything; only the kind of failure is told.
    return invalid(null, cause instanceof SyntaxError ? "The body is not valid JSON." : "The body is not valid UTF-8.")
  }
  return isFields(value) ? Result.succeed(value) : invalid(null, `The body must be a JSON object, not ${kind(value)}.`)
}

/** The `model`, which every call needs. */
export const model = (body: Fields): Input<string> => {
  const value = body["model"]
  return typeof value === "string" && value !== ""
    ? Result.succeed(value)
    : mistyped("model", "the name of a model", value)
}

/** A whole number within limits, or `undefined` where it was left out. */
export const optionalInteger = (body: Fields, param: string, max: number): Input<number | undefined> => {
  const value = body[param] ?? undefined
  if (value === undefined) return Result.succeed(undefined)
  if (typeof value !== "number") return mistyped(param, "an integer", value)
  return Number.isInteger(value) && value >= 1 && value <= max
    ? Result.succeed(value)
    : invalid(
        param,
        `Invalid value for '${param}': expected an integer from 1 to ${max}, got ${value}.`,
        "invalid_value"
      )
}

/** A flag, `false` where it was left out. */
export const optionalFlag = (body: Fields, param: string, path: string = param): Input<boolean> => {
  const value = body[param] ?? false
  return typeof value === "boolean" ? Result.succeed(value) : mistyped(path, "a boolean", value)
}
