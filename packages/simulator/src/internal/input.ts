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

/** A 404 about an object. */
export const missing = (param: string, message: string): Input<never> =>
  Result.fail(Reply.problem(404, { type: "invalid_request_error", param, code: null, message }))

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
export const optionalInteger = (
  body: Fields,
  param: string,
  max: number,
  min: number = 1
): Input<number | undefined> => {
  const value = body[param] ?? undefined
  if (value === undefined) return Result.succeed(undefined)
  if (typeof value !== "number") return mistyped(param, "an integer", value)
  return Number.isInteger(value) && value >= min && value <= max
    ? Result.succeed(value)
    : invalid(
        param,
        `Invalid value for '${param}': expected an integer from ${min} to ${max}, got ${value}.`,
        "invalid_value"
      )
}

/** A text, or `undefined` where it was left out. */
export const optionalText = (body: Fields, param: string): Input<string | undefined> => {
  const value = body[param] ?? undefined
  return value === undefined || typeof value === "string" ? Result.succeed(value) : mistyped(param, "a string", value)
}

/** A text that must be there. */
export const text = (body: Fields, param: string): Input<string> => {
  const value = body[param] ?? undefined
  return typeof value === "string" ? Result.succeed(value) : mistyped(param, "a string", value)
}

/** One of these texts; the first one where it was left out. */
export const oneOf = <const A extends string>(
  body: Fields,
  param: string,
  allowed: readonly [A, ...ReadonlyArray<A>]
): Input<A> => {
  const value = body[param] ?? allowed[0]
  const found = allowed.find((each) => each === value)
  return found === undefined
    ? invalid(param, `Invalid value for '${param}': expected one of ${allowed.join(", ")}.`, "invalid_value")
    : Result.succeed(found)
}

const isTokens = (value: unknown): value is ReadonlyArray<number> =>
  Array.isArray(value) && value.length > 0 && value.every((token) => Number.isInteger(token))

/** A text, or tokens by their numbers, which stand for one; `undefined` for anything else. */
export const textOrTokens = (value: unknown): string | undefined =>
  typeof value === "string" ? value : isTokens(value) ? value.join(" ") : undefined

/** The members of a list; what is none, or is one text in tokens, stands for a list of one. */
export const listOf = (value: unknown): ReadonlyArray<unknown> =>
  Array.isArray(value) && !isTokens(value) ? value : [value]

/** A flag, `false` where it was left out. */
export const optionalFlag = (body: Fields, param: string, path: string = param): Input<boolean> => {
  const value = body[param] ?? false
  return typeof value === "boolean" ? Result.succeed(value) : mistyped(path, "a boolean", value)
}

/** A file of a form. */
export interface File {
  readonly name: string
  readonly type: string
  readonly bytes: Uint8Array
}

/** Which files there are is known by where they come from: JSON cannot hold bytes. */
const isFile = (value: unknown): value is File => isFields(value) && value["bytes"] instanceof Uint8Array

/** A file that must be there. */
export const file = (body: Fields, param: string): Input<File> => {
  const value = body[param]
  return isFile(value) ? Result.succeed(value) : mistyped(param, "a file, in multipart/form-data", value)
}

/** These fields of a form stand for numbers and flags. */
const numbers = new Set(["n", "partial_images", "output_compression"])
const flags = new Set(["stream"])

const fieldOf = (name: string, text: string): unknown =>
  numbers.has(name) && /^\d+$/.test(text)
    ? Number(text)
    : flags.has(name) && (text === "true" || text === "false")
      ? text === "true"
      : text

/** The fields of a form; a name with `[]` behind it, or one that comes several times, is a list. */
export const form = async (body: Uint8Array, contentType: string): Promise<Input<Fields>> => {
  let data: FormData
  try {
    data = await new Response(Buffer.from(body), { headers: { "content-type": contentType } }).formData()
  } catch {
    return invalid(null, "The body is not valid multipart/form-data.")
  }
  const fields = new Map<string, unknown>()
  for (const [key, entry] of data) {
    const value =
      typeof entry === "string"
        ? fieldOf(key, entry)
        : { name: entry.name, type: entry.type, bytes: new Uint8Array(await entry.arrayBuffer()) }
    const name = key.endsWith("[]") ? key.slice(0, -2) : key
    const before = fields.get(name)
    if (before === undefined && name === key) fields.set(name, value)
    else fields.set(name, [...(Array.isArray(before) ? before : before === undefined ? [] : [before]), value])
  }
  return Result.succeed(Object.fromEntries(fields))
}
