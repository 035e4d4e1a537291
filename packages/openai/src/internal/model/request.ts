/** What models are asked, read from the bodies of OpenAI's requests. */
import { InvalidRequest } from "@causeway/core/UpstreamReason"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { type Fields, isFields } from "../answer.ts"

const optional = <S extends Schema.Constraint>(schema: S) => Schema.optional(Schema.NullOr(schema))

const wholeNumber = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const Parameters = Schema.Record(Schema.String, Schema.Unknown)

/** A function that a model may call. Tools of other types are a provider's own. */
export const Tool = Schema.Struct({
  type: Schema.Literal("function"),
  function: Schema.Struct({
    name: Schema.NonEmptyString,
    description: optional(Schema.String),
    parameters: optional(Parameters),
    strict: optional(Schema.Boolean)
  })
})

/** A function that a model may call. */
export type Tool = typeof Tool.Type

/** A call that a model has made. */
export const ToolCall = Schema.Struct({
  id: Schema.String,
  type: Schema.Literal("function"),
  function: Schema.Struct({ name: Schema.String, arguments: Schema.String })
})

/** A call that a model has made. */
export type ToolCall = typeof ToolCall.Type

/** A part of a message; of other types than text their own fields are in the request's `body`. */
const Part = Schema.Struct({ type: Schema.String, text: Schema.optional(Schema.String) })

export const Message = Schema.Struct({
  role: Schema.Literals(["system", "developer", "user", "assistant", "tool", "function"]),
  content: optional(Schema.Union([Schema.String, Schema.Array(Part)])),
  name: optional(Schema.String),
  tool_calls: optional(Schema.Array(ToolCall)),
  tool_call_id: optional(Schema.String)
})

/** A message of a conversation. */
export type Message = typeof Message.Type

const ResponseFormat = Schema.Union([
  Schema.Struct({ type: Schema.Literal("text") }),
  Schema.Struct({ type: Schema.Literal("json_object") }),
  Schema.Struct({
    type: Schema.Literal("json_schema"),
    json_schema: Schema.Struct({ name: Schema.String, schema: optional(Parameters), strict: optional(Schema.Boolean) })
  })
])

const ToolChoice = Schema.Union([
  Schema.Literals(["none", "auto", "required"]),
  Schema.Struct({ type: Schema.Literal("function"), function: Schema.Struct({ name: Schema.String }) })
])

const StreamOptions = Schema.Struct({ include_usage: optional(Schema.Boolean) })

const Stop = Schema.Union([Schema.String, Schema.Array(Schema.String)])

const sampling = {
  model: Schema.NonEmptyString,
  stream: optional(Schema.Boolean),
  stream_options: optional(StreamOptions),
  n: optional(wholeNumber(1, 128)),
  temperature: optional(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 2 }))),
  top_p: optional(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))),
  stop: optional(Stop),
  seed: optional(Schema.Int)
}

const most = Number.MAX_SAFE_INTEGER

const Chat = Schema.Struct({
  ...sampling,
  messages: Schema.Array(Message).check(Schema.isMinLength(1)),
  tools: optional(Schema.Array(Tool)),
  tool_choice: optional(ToolChoice),
  response_format: optional(ResponseFormat),
  max_tokens: optional(wholeNumber(1, most)),
  max_completion_tokens: optional(wholeNumber(1, most)),
  logprobs: optional(Schema.Boolean),
  top_logprobs: optional(wholeNumber(0, 20))
})

/** What the request has besides: the body as it was sent, with the fields that are not known here. */
interface Sent {
  readonly body: Fields
  /** Which of the choices that were asked for, from 0. */
  readonly choice: number
}

/** A conversation to go on with. */
export interface ChatRequest extends Omit<typeof Chat.Type, "n" | "stream" | "stream_options">, Sent {}

const Tokens = Schema.Array(Schema.Int)

const Completion = Schema.Struct({
  ...sampling,
  prompt: Schema.Union([Schema.String, Schema.Array(Schema.String), Tokens, Schema.Array(Tokens)]),
  max_tokens: optional(wholeNumber(0, most)),
  suffix: optional(Schema.String),
  echo: optional(Schema.Boolean)
})

/** A text, or tokens, to go on with. */
export interface CompletionRequest
  extends Omit<typeof Completion.Type, "n" | "stream" | "stream_options" | "prompt">, Sent {
  readonly prompt: string | ReadonlyArray<number>
}

const Embedding = Schema.Struct({
  model: Schema.NonEmptyString,
  input: Schema.Union([
    Schema.String,
    Schema.Array(Schema.String).check(Schema.isMinLength(1)),
    Tokens.check(Schema.isMinLength(1)),
    Schema.Array(Tokens).check(Schema.isMinLength(1))
  ]),
  dimensions: optional(wholeNumber(1, most)),
  encoding_format: optional(Schema.Literals(["float", "base64"]))
})

/** Texts, or tokens, to be embedded. */
export interface EmbeddingRequest extends Omit<typeof Embedding.Type, "input" | "encoding_format"> {
  /** Always a list. */
  readonly input: ReadonlyArray<string | ReadonlyArray<number>>
  readonly body: Fields
}

const Moderated = Schema.Struct({
  model: optional(Schema.NonEmptyString),
  input: Schema.Union([Schema.String, Schema.Array(Schema.Union([Schema.String, Part])).check(Schema.isMinLength(1))])
})

/** Texts to be judged. */
export interface ModerationRequest {
  readonly model: string
  /** A text for each verdict. */
  readonly input: ReadonlyArray<string>
  readonly body: Fields
}

const reader = <A>(schema: Schema.Codec<A, unknown>) => {
  const decode = Schema.decodeUnknownResult(schema)
  return (body: unknown): Result.Result<A, InvalidRequest> =>
    Result.mapError(decode(body), ({ issue }) => invalid(issue))
}

export const readChat = reader(Chat)
export const readCompletion = reader(Completion)
export const readEmbedding = reader(Embedding)
export const readModeration = reader(Moderated)

const format = SchemaIssue.makeFormatterStandardSchemaV1({
  leafHook: (issue) => (issue._tag === "MissingKey" ? "is missing" : SchemaIssue.defaultLeafHook(issue))
})

const invalid = (issue: SchemaIssue.Issue): InvalidRequest => {
  const [first] = format(issue).issues
  const param = (first?.path ?? []).reduce<string>((text, part) => {
    const key = typeof part === "object" ? part.key : part
    if (typeof key === "number") return `${text}[${key}]`
    return text === "" ? String(key).slice(0, 100) : `${text}.${String(key).slice(0, 100)}`
  }, "")
  return refused(`${param === "" ? "the body" : param}: ${(first?.message ?? "is not allowed").slice(0, 300)}`, param)
}

/** A request that is the caller's to correct. */
export const refused = (message: string, param: string, code?: string): InvalidRequest =>
  new InvalidRequest({
    message,
    seenIn: "request",
    ...(param !== "" && { param }),
    ...(code !== undefined && { code })
  })

/** The object that a body holds. */
export const fieldsOf = (body: unknown): Fields => (isFields(body) ? body : {})
