/** A body read by every vendor's habits at once. */

import { isHtml, textOfHtml } from "./html.ts"
import { handedOn, printedMember, withoutQuotations } from "./words.ts"

/** What a provider says of its error, wherever it puts it. */
interface Stated {
  readonly message?: string
  readonly type?: string
  readonly code?: string
  readonly param?: string
}

/** A body as far as it could be read. */
export interface Body extends Stated {
  /** The object that states the error, or an empty one. */
  readonly error: Fields
  /** Whether the body is JSON that states an error, or an error was thrown. */
  readonly stated: boolean
  /** Every code, type and status that was stated, in lower case; those of an error that was handed on, too. */
  readonly codes: ReadonlyArray<string>
  /**
   * The sentences that were stated, in lower case, each on a line of its own, without
   * what they quote. Empty for a page: it is written for people, about anything.
   */
  readonly text: string
  /** The beginning of a body that is not JSON, as it is, in lower case. */
  readonly page: string
}

/** An object of JSON. */
export type Fields = Readonly<Record<string, unknown>>

export const isFields = (u: unknown): u is Fields => typeof u === "object" && u !== null && !Array.isArray(u)

/** More is not looked at: an error is said in a few sentences. */
const textLimit = 16_384

/** A larger body is no statement of an error, and not worth parsing. */
const jsonLimit = 1_048_576

/** Reads a body. `success`: the status claims that nothing failed, so that only a clear statement counts. */
export const read = (body: string, success: boolean): Body => {
  // Whatever states an error inside a success has this word, and parsing every success again would cost.
  if (success && !body.includes("error")) return silent
  const json = parse(body)
  if (json === undefined) {
    const beginning = body.slice(0, textLimit).trim()
    const html = isHtml(beginning)
    const message = success ? "" : html ? textOfHtml(beginning) : beginning
    const text = html ? "" : sentence(beginning)
    return { ...silent, text, page: beginning.toLowerCase(), ...stated(message) }
  }
  const error = errorIn(json, success)
  if (error === undefined) return silent
  const says = unwrapped(error, statedBy(error))
  const told = [wordsOf(error, says), ...rawOf(error).map((raw) => wordsOf(raw, statedBy(raw)))]
  return {
    error,
    stated: true,
    codes: told.flatMap(({ codes }) => codes),
    text: told.map(({ text }) => text).join("\n"),
    page: "",
    ...says
  }
}

const silent: Body = { error: {}, stated: false, codes: [], text: "", page: "" }

/** What rules look at of a message. */
const sentence = (message: string): string =>
  isHtml(message) ? "" : withoutQuotations(message.slice(0, textLimit)).replaceAll(/\s+/g, " ").trim().toLowerCase()

/** The codes and sentences of an error, and of the error that its message hands on. */
const wordsOf = (error: Fields, says: Stated): { readonly codes: ReadonlyArray<string>; readonly text: string } => {
  const handed = handedOn((says.message ?? "").slice(0, textLimit))
  const inner = handed.object === undefined ? undefined : innerOf(handed.object)
  const codes = [says.code, says.type, ...innerCodes(error), ...handed.classes]
  if (inner !== undefined) codes.push(inner.says.code, inner.says.type, ...innerCodes(inner.error))
  return {
    codes: codes.flatMap((each) => each?.toLowerCase() ?? []),
    text: sentence(inner?.says.message ?? handed.message)
  }
}

/** The error that is an object within a message. */
const innerOf = (object: string): { readonly error: Fields; readonly says: Stated } => {
  const json = parse(object)
  const error = json === undefined ? undefined : errorIn(json, false)
  if (error !== undefined) return { error, says: statedBy(error) }
  const member = (name: string) => printedMember(object, name)
  return { error: {}, says: stated(member("message") ?? member("msg"), member("type"), member("code")) }
}

const parse = (body: string): unknown => {
  if (body.length > jsonLimit) return undefined
  const start = body.search(/[^\s\uFEFF]/)
  if (start === -1 || !'{["'.includes(body[start]!)) return undefined
  try {
    return JSON.parse(start === 0 ? body : body.slice(start))
  } catch {
    return undefined
  }
}

/** Objects whose `error` tells of the call itself. In a job, a batch or a file it tells of something that was asked about. */
const ofTheCall = /^(?:error|list$|response|chat\.completion|text_completion)/

const errorIn = (json: unknown, success: boolean): Fields | undefined => {
  if (typeof json === "string") return success || json === "" ? undefined : { message: json }
  if (Array.isArray(json)) {
    // Google's endpoints wrap the error's object in a list.
    const first: unknown = json[0]
    return isFields(first) && first["error"] !== undefined ? errorIn(first, success) : undefined
  }
  if (!isFields(json)) return undefined
  const object = json["object"]
  if (success && typeof object === "string" && !ofTheCall.test(object)) return undefined
  const own = json["error"]
  // Anthropic puts the request's id beside the error, FastAPI a detail.
  if (isFields(own)) return Object.keys(own).length === 0 ? (success ? undefined : own) : own
  if (typeof own === "string" && own !== "")
    return { ...json, message: json["message"] ?? json["error_description"] ?? own, code: json["code"] ?? own }
  if (Array.isArray(own) && own.length > 0) return { message: sentencesOf(own) }
  const within = json["response"]
  if (isFields(within) && isFields(within["error"])) return within["error"]
  // Any of several choices may be the one that failed.
  const choices: ReadonlyArray<unknown> = Array.isArray(json["choices"]) ? json["choices"] : []
  for (const choice of choices) if (isFields(choice) && isFields(choice["error"])) return choice["error"]
  if (json["type"] === "error" || object === "error") return json
  if (json["success"] === false && first(json["errors"]) !== undefined) {
    const cause = first(json["errors"])
    return isFields(cause) ? cause : { message: sentencesOf([cause]) }
  }
  if (success) return undefined
  // FastAPI's exceptions with an object as their detail.
  const detail = json["detail"]
  return isFields(detail) ? (isFields(detail["error"]) ? detail["error"] : detail) : json
}

const first = (list: unknown): unknown => (Array.isArray(list) ? list[0] : undefined)

const statedBy = (error: Fields): Stated => {
  const { code, detail, message, param, status, title, type } = error
  // FastAPI lists problems.
  if (Array.isArray(detail)) return ofDetails(detail)
  const said = message ?? detail ?? error["msg"] ?? error["error_description"] ?? error["errorMessage"] ?? title
  // A message that is itself an object: LiteLLM, TGI behind a proxy.
  if (isFields(said) || Array.isArray(said)) return { ...stated(sentencesOf([said]), type, code, param) }
  return stated(said, type ?? error["error_type"] ?? error["__type"], code ?? status, param)
}

/** Problems as FastAPI lists them, as one sentence; the first one's place becomes the param. */
const ofDetails = (details: ReadonlyArray<unknown>): Stated => {
  const problem = details.find(isFields)
  const place = problem?.["loc"]
  const param = Array.isArray(place) ? place.filter((part) => part !== "body").join(".") : undefined
  return stated(sentencesOf(details), problem?.["type"], undefined, param)
}

const sentencesOf = (list: ReadonlyArray<unknown>): string =>
  list
    .slice(0, 3)
    .flatMap(
      (each) => word(isFields(each) ? (each["msg"] ?? each["message"] ?? each["detail"] ?? each["error"]) : each) ?? []
    )
    .join("; ")

const word = (u: unknown): string | undefined =>
  typeof u === "string" && u !== "" ? u : typeof u === "number" || typeof u === "bigint" ? String(u) : undefined

const stated = (message: unknown, type?: unknown, code?: unknown, param?: unknown): Stated => {
  const words = { message: word(message), type: word(type), code: word(code), param: word(param) }
  // LiteLLM writes Python's `None` for what it does not know.
  return Object.fromEntries(Object.entries(words).filter(([, each]) => each !== undefined && each !== "None"))
}

/** Azure's `innererror`, in an early spelling too, and as LiteLLM hands it on. */
export const innerError = (error: Fields): Fields => {
  const specific = error["provider_specific_fields"]
  const inner = error["innererror"] ?? error["inner_error"] ?? (isFields(specific) ? specific["innererror"] : undefined)
  return isFields(inner) ? inner : {}
}

/** Codes beside `code` and `type`: Google's status and reasons, Azure's inner code, OpenRouter's kind. */
const innerCodes = (error: Fields): ReadonlyArray<string | undefined> => {
  const details: ReadonlyArray<unknown> = Array.isArray(error["details"]) ? error["details"].slice(0, 10) : []
  return [
    word(error["status"]),
    word(error["error"]),
    word(innerError(error)["code"]),
    word(metadataOf(error)["error_type"]),
    ...details.map((each) => (isFields(each) ? word(each["reason"]) : undefined))
  ]
}

const metadataOf = (error: Fields): Fields => (isFields(error["metadata"]) ? error["metadata"] : {})

/** The provider's own error, which OpenRouter keeps as text in `metadata.raw`. */
const rawOf = (error: Fields): ReadonlyArray<Fields> => {
  const raw = metadataOf(error)["raw"]
  if (typeof raw !== "string") return []
  const json = parse(raw)
  return [(json === undefined ? undefined : errorIn(json, false)) ?? { message: raw }]
}

/** OpenRouter says "Provider returned error", and the provider's own words stand behind that. */
const unwrapped = (error: Fields, says: Stated): Stated => {
  if (!/^provider returned error$/i.test(says.message ?? "")) return says
  const message = rawOf(error).map((raw) => statedBy(raw).message)[0]
  return message === undefined ? says : { ...says, message: message.trim() }
}
