/**
 * Reads a request's body as text and as JSON, and says what is wrong with it.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import { BodyTooLarge, MalformedBody, RequestError, UnsupportedEncoding } from "../RequestError.ts"
import * as BodyReader from "./bodyReader.ts"
import { hasDuplicateName } from "./duplicateName.ts"
import { fromHttp } from "./httpServerError.ts"

/** A byte order mark is taken off, as RFC 8259 allows. */
const utf8 = new TextDecoder("utf-8", { fatal: true })

/** The body as it was read: maybe a part of a larger buffer, and others may see it too. */
const raw: Effect.Effect<Uint8Array, RequestError, HttpServerRequest> = Effect.flatMap(HttpServerRequest, (request) => {
  const encoding = request.headers["content-encoding"]
  return encoding !== undefined && encoding.toLowerCase() !== "identity"
    ? fail(new UnsupportedEncoding({ encoding: encoding.slice(0, 40) }))
    : (BodyReader.read(request) ??
        Effect.map(Effect.catch(request.arrayBuffer, unread), (buffer) => new Uint8Array(buffer)))
})

/** The body as bytes, of any content type; a copy that may be given away. */
export const bytes: Effect.Effect<Uint8Array<ArrayBuffer>, RequestError, HttpServerRequest> = Effect.map(
  raw,
  (bytes) => new Uint8Array(bytes)
)

/** What is read in place of the body, where a request is made once more with another one. */
export const Instead = Context.Reference<string | undefined>("@causeway/server/internal/body/Instead", {
  defaultValue: () => undefined
})

/**
 * The body as text. Its content type is not looked at: what a route takes is
 * JSON, whatever the client calls it. A content encoding is, since compressed
 * bytes are no text.
 */
export const text: Effect.Effect<string, RequestError, HttpServerRequest> = Effect.flatMap(Instead, (instead) =>
  instead === undefined ? Effect.flatMap(raw, decode) : Effect.succeed(instead)
)

/** A body as its text and its value. */
export interface Json {
  readonly text: string
  readonly value: unknown
}

/** The content type of a body, without its parameters; empty where none is stated. */
export const mediaType: Effect.Effect<string, never, HttpServerRequest> = Effect.map(
  HttpServerRequest,
  ({ headers }) => {
    const [type = ""] = (headers["content-type"] ?? "").split(";", 1)
    return type.trim().toLowerCase()
  }
)

/** The body as JSON. */
export const json: Effect.Effect<Json, RequestError, HttpServerRequest> = Effect.flatMap(text, (text) => parse(text))

/** Text as JSON. */
export const parse = (text: string): Effect.Effect<Json, RequestError> => {
  if (text.trim() === "") return fail(new MalformedBody({ issue: "empty" }))
  try {
    const value: unknown = JSON.parse(text)
    return hasDuplicateName(text, value)
      ? fail(new MalformedBody({ issue: "duplicate-name" }))
      : Effect.succeed({ text, value })
  } catch (error) {
    return fail(new MalformedBody({ issue: "not-json", ...placeOf(error) }))
  }
}

const fail = (reason: RequestError["reason"]): Effect.Effect<never, RequestError> =>
  Effect.fail(new RequestError({ reason }))

const decode = (bytes: Uint8Array): Effect.Effect<string, RequestError> => {
  try {
    return Effect.succeed(utf8.decode(bytes))
  } catch {
    return fail(new MalformedBody({ issue: "not-utf-8" }))
  }
}

const unread = (error: Parameters<typeof fromHttp>[0]): Effect.Effect<never, RequestError> =>
  Effect.withFiber((fiber) => {
    const known = fromHttp(error)
    if (!(known instanceof RequestError)) return fail(new MalformedBody({ issue: "incomplete" }))
    const limit = fiber.getRef(HttpIncomingMessage.MaxBodySize)
    return known.reason._tag === "BodyTooLarge" && limit !== undefined
      ? fail(new BodyTooLarge({ limit: Number(limit) }))
      : Effect.fail(known)
  })

/** The parser's message quotes the body, which may hold anything; where it stopped is enough. */
const placeOf = (error: unknown): { readonly detail?: string } => {
  const [place] = /at position \d+(?: \(line \d+ column \d+\))?|Unexpected end/.exec(String(error)) ?? []
  return place === undefined ? {} : { detail: place.startsWith("U") ? "it ends too early" : place }
}
