/**
 * What has to hold of a request's body before it is sent on. It is sent on as it
 * came, so this says nothing of the fields that only the upstream looks at.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { RequestError } from "../RequestError.ts"
import { invalidValue } from "./schemaIssue.ts"

const model = Schema.NonEmptyString
const stream = Schema.optionalKey(Schema.NullOr(Schema.Boolean))
const optionalModel = Schema.optionalKey(Schema.NullOr(model))

/** A text, or a list of texts, of tokens, or of parts. */
const input = Schema.Union([Schema.String, Schema.Array(Schema.Unknown).check(Schema.isMinLength(1))])

const schemas = {
  chat: Schema.Struct({
    model,
    messages: Schema.Array(
      Schema.Struct({
        role: Schema.String,
        content: Schema.optionalKey(
          Schema.NullOr(Schema.Union([Schema.String, Schema.Array(Schema.Struct({ type: Schema.String }))]))
        )
      })
    ).check(Schema.isMinLength(1)),
    stream
  }),
  completion: Schema.Struct({ model, stream }),
  // The model may stand in a prompt that the upstream keeps.
  response: Schema.Struct({ model: optionalModel, stream }),
  embedding: Schema.Struct({ model, input }),
  moderation: Schema.Struct({ model: optionalModel, input }),
  image: Schema.Struct({ model: optionalModel, prompt: Schema.String, stream }),
  speech: Schema.Struct({ model, input: Schema.String })
}

/** A kind of request. */
export type Kind = keyof typeof schemas

/** What is relied on. */
export interface OpenAiRequest {
  readonly stream: boolean
  readonly model: string | undefined
}

/** Checks the body of a request. */
export const decoder = (kind: Kind): ((value: unknown) => Effect.Effect<OpenAiRequest, RequestError>) => {
  const schema: Schema.Codec<object, unknown> = schemas[kind]
  const decode = Schema.decodeUnknownEffect(schema)
  return (value) =>
    Effect.mapBoth(decode(value), {
      onFailure: ({ issue }) => invalidValue(issue),
      onSuccess: (request) => ({
        stream: "stream" in request && request.stream === true,
        model: "model" in request && typeof request.model === "string" ? request.model : undefined
      })
    })
}
