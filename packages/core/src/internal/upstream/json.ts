/** Whether an answer that claims success is one. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Classification from "../../Classification.ts"
import type { UpstreamError } from "../../UpstreamError.ts"
import { isHtml } from "../classification/html.ts"
import { look } from "../classification/seen.ts"
import { isSuccess, refused } from "./ask.ts"
import { collected } from "./body.ts"
import type { Call } from "./call.ts"
import { type Incoming, incomingOf } from "./incoming.ts"
import { ruled } from "../classification/ruled.ts"
import { type Verdict } from "./thrown.ts"

/** Turns JSON into what was asked for. */
export type Decode<R> = (json: unknown) => Effect.Effect<unknown, Schema.SchemaError, R>

/** The decoder of a schema; without one JSON stays as it is. */
export const decoderOf = <R>(schema: Schema.ConstraintDecoder<unknown, R>): Decode<R> =>
  Schema.decodeUnknownEffect(Schema.toCodecJson(schema))

/** What a call gave as an answer of HTTP, if it is one and its status claims success. */
export const accepted = (call: Call, value: unknown): Effect.Effect<Incoming, UpstreamError> =>
  Effect.suspend(() => {
    const answer = incomingOf(value)
    if (answer === undefined) {
      return call.fail({
        reason: Classification.malformed("wrong-shape", "", "what the client gave is no HTTP answer")
      })
    }
    if (!isSuccess(answer)) return refused(call, answer)
    call.answered(answer)
    return answer.isRead
      ? call.fail({ reason: Classification.malformed("empty", "", "its body was read before") })
      : Effect.succeed(answer)
  })

/** The JSON of an answer, decoded. */
export const json = <R>(
  call: Call,
  value: unknown,
  decode: Decode<R> | undefined
): Effect.Effect<unknown, UpstreamError, R> =>
  Effect.flatMap(accepted(call, value), (answer) =>
    Effect.flatMap(collected(call, answer), (bytes) => judged(call, answer, bytes, decode))
  )

const judged = <R>(
  call: Call,
  answer: Incoming,
  bytes: Uint8Array,
  decode: Decode<R> | undefined
): Effect.Effect<unknown, UpstreamError, R> => {
  const type = typeOf(call)
  const text = textOf(bytes, type.charset)
  if (text === undefined) {
    const detail = `they are not ${type.charset}`
    return call.fail({ reason: Classification.malformed("encoding", call.body, detail) })
  }
  const parsed = parse(text)
  const said: Classification.Answer = {
    status: answer.status,
    headers: answer.headers,
    body: text,
    seenIn: "body",
    now: call.now
  }
  const own = ruled({ ...look(said), json: parsed?.value }, call.settings.rules)
  if (own !== undefined) return call.fail({ reason: own })
  if (parsed === undefined) return call.fail({ reason: unreadable(text, type.name) })
  const stated = Classification.classify(said)
  const foreign = type.isForeign && (typeof parsed.value !== "object" || parsed.value === null)
  if (foreign) return call.fail({ reason: Classification.malformed("not-json", text, `it is ${type.name}`) })
  if (decode === undefined) {
    return stated === undefined ? Effect.succeed(parsed.value) : call.fail(stated)
  }
  return Effect.matchEffect(decode(parsed.value), {
    onSuccess: (value) => (stated === undefined || declares(value) ? Effect.succeed(value) : call.fail(stated)),
    onFailure: (error) => call.fail(stated ?? misshapen(text, error))
  })
}

/** An `error` that the schema knows is a part of the answer: that of a job, say, which was asked about. */
const declares = (value: unknown): boolean => typeof value === "object" && value !== null && "error" in value

const misshapen = (text: string, error: Schema.SchemaError): Verdict => ({
  reason: Classification.malformed("wrong-shape", text, error.message),
  cause: error
})

const unreadable = (text: string, type: string): Classification.Classified["reason"] =>
  isHtml(text.slice(0, 16_384)) && text.trim() !== ""
    ? Classification.malformed("not-json", text, `it is ${type === "" ? "HTML" : type}`)
    : Classification.unreadable(text)

const parse = (text: string): { readonly value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

/** Types under which JSON is sent: the registered ones, and what servers say that know no better. */
const isJsonType = /^$|[/+]json\b|^text\/(?:plain|javascript)$|^application\/(?:octet-stream|javascript)$/

const typeOf = (call: Call) => {
  const [name = "", ...parameters] = (call.header("content-type") ?? "").split(";").map((part) => part.trim())
  const charset = parameters
    .map((part) => /^charset="?([^"]+)"?$/i.exec(part)?.[1])
    .find((found) => found !== undefined)
  const lower = name.toLowerCase()
  return { name: lower, charset: (charset ?? "utf-8").toLowerCase(), isForeign: !isJsonType.test(lower) }
}

/** Bytes as text; `undefined` where they are not of the charset, or nobody knows it. */
const textOf = (bytes: Uint8Array, charset: string): string | undefined => {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
