/**
 * What a strict client checks of an answer: the fields that the SDK's types say are
 * always there, with the types that they have. The SDK has no schemas of its own, so
 * these are written by hand for the core of each answer: other fields, and what lies
 * within tool calls, annotations and the like, are not looked at. An answer that passes
 * is handed on as it is.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Fields } from "../answer.ts"

/** What is wrong with a value, with its path; `undefined` for nothing. */
export type Shape = (value: Fields) => string | undefined

const { Boolean, Finite, Literal, Literals, String } = Schema
const optional = Schema.optionalKey
const nullable = Schema.NullOr
const list = Schema.Array

/** The check of a schema, which is made when it is first used. */
const shape = (make: () => Schema.Codec<unknown, unknown>): Shape => {
  let decode: ((value: unknown) => Result.Result<unknown, Schema.SchemaError>) | undefined
  return (value) => {
    decode ??= Schema.decodeUnknownResult(make())
    const result = decode(value)
    return Result.isFailure(result) ? result.failure.message.replace(/\s*\n\s*/g, " ").slice(0, 500) : undefined
  }
}

const maybe = <S extends Schema.Constraint>(schema: S) => optional(nullable(schema))

const completionUsage = maybe(Schema.Struct({ completion_tokens: Finite, prompt_tokens: Finite, total_tokens: Finite }))

const toolCall = Schema.Struct({
  id: String,
  type: Literals(["function", "custom"]),
  function: optional(Schema.Struct({ name: String, arguments: String })),
  custom: optional(Schema.Struct({ name: String, input: String }))
})

const finishReason = Literals(["stop", "length", "tool_calls", "content_filter", "function_call"])

const chatCompletion = shape(() =>
  Schema.Struct({
    id: String,
    object: Literal("chat.completion"),
    created: Finite,
    model: String,
    choices: list(
      Schema.Struct({
        index: Finite,
        finish_reason: finishReason,
        message: Schema.Struct({
          role: Literal("assistant"),
          content: maybe(String),
          refusal: maybe(String),
          tool_calls: maybe(list(toolCall))
        })
      })
    ),
    usage: completionUsage
  })
)

const chatCompletionChunk = shape(() =>
  Schema.Struct({
    id: String,
    object: Literal("chat.completion.chunk"),
    created: Finite,
    model: String,
    choices: list(
      Schema.Struct({
        index: Finite,
        finish_reason: maybe(finishReason),
        delta: Schema.Struct({
          role: maybe(String),
          content: maybe(String),
          refusal: maybe(String),
          tool_calls: maybe(
            list(
              Schema.Struct({
                index: Finite,
                id: optional(String),
                function: optional(Schema.Struct({ name: optional(String), arguments: optional(String) }))
              })
            )
          )
        })
      })
    ),
    usage: completionUsage
  })
)

const completion = shape(() =>
  Schema.Struct({
    id: String,
    object: Literal("text_completion"),
    created: Finite,
    model: String,
    choices: list(Schema.Struct({ index: Finite, text: String, finish_reason: maybe(String) })),
    usage: completionUsage
  })
)

const responseFields = {
  id: String,
  object: Literal("response"),
  created_at: Finite,
  model: String,
  status: optional(Literals(["completed", "failed", "in_progress", "cancelled", "queued", "incomplete"])),
  error: nullable(Schema.Struct({ code: String, message: String })),
  incomplete_details: nullable(Schema.Struct({ reason: optional(String) })),
  output: list(
    Schema.Union([
      Schema.Struct({
        type: Literal("message"),
        id: String,
        role: Literal("assistant"),
        content: list(
          Schema.Union([
            Schema.Struct({ type: Literal("output_text"), text: String }),
            Schema.Struct({ type: Literal("refusal"), refusal: String })
          ])
        )
      }),
      Schema.Struct({ type: Literal("function_call"), call_id: String, name: String, arguments: String }),
      // The many other sorts of items, by no more than their type.
      Schema.Struct({ type: String.check(Schema.isPattern(/^(?!message$|function_call$)./)) })
    ])
  ),
  usage: maybe(Schema.Struct({ input_tokens: Finite, output_tokens: Finite, total_tokens: Finite }))
}

const response = shape(() => Schema.Struct(responseFields))

const responseEvent = shape(() =>
  Schema.Struct({
    type: String,
    sequence_number: Finite,
    delta: optional(Schema.Unknown),
    response: optional(Schema.Struct(responseFields))
  })
)

const embeddings = shape(() =>
  Schema.Struct({
    object: Literal("list"),
    model: String,
    data: list(
      Schema.Struct({
        object: Literal("embedding"),
        index: Finite,
        embedding: Schema.Union([list(Finite), String])
      })
    ),
    usage: Schema.Struct({ prompt_tokens: Finite, total_tokens: Finite })
  })
)

const model = Schema.Struct({ id: String, object: Literal("model"), created: Finite, owned_by: String })

const file = Schema.Struct({
  id: String,
  object: Literal("file"),
  bytes: Finite,
  created_at: Finite,
  filename: String,
  purpose: String
})

const moderation = shape(() =>
  Schema.Struct({
    id: String,
    model: String,
    results: list(
      Schema.Struct({
        flagged: Boolean,
        categories: Schema.Record(String, nullable(Boolean)),
        category_scores: Schema.Record(String, Finite)
      })
    )
  })
)

const transcription = shape(() => Schema.Struct({ text: String }))

const verboseTranscription = shape(() =>
  Schema.Struct({
    text: String,
    language: String,
    duration: Schema.Union([Finite, String]),
    segments: optional(list(Schema.Struct({ id: Finite, start: Finite, end: Finite, text: String })))
  })
)

const transcriptionEvent = shape(() =>
  Schema.Union([
    Schema.Struct({ type: Literal("transcript.text.delta"), delta: String }),
    Schema.Struct({ type: Literal("transcript.text.done"), text: String }),
    Schema.Struct({ type: Literal("transcript.text.segment"), id: String, start: Finite, end: Finite, text: String })
  ])
)

const images = shape(() =>
  Schema.Struct({
    created: Finite,
    data: list(Schema.Struct({ b64_json: optional(String), url: optional(String), revised_prompt: maybe(String) }))
  })
)

const imageEvent = shape(() => Schema.Struct({ type: String, b64_json: String, created_at: Finite }))

/** Shapes by what they are of. */
export const shapes = {
  chatCompletion,
  chatCompletionChunk,
  completion,
  response,
  responseEvent,
  embeddings,
  model: shape(() => model),
  models: shape(() => Schema.Struct({ data: list(model) })),
  file: shape(() => file),
  files: shape(() => Schema.Struct({ data: list(file), has_more: optional(Boolean) })),
  moderation,
  transcription,
  verboseTranscription,
  transcriptionEvent,
  images,
  imageEvent
} satisfies Readonly<Record<string, Shape>>
