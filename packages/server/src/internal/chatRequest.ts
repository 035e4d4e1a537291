/**
 * What has to hold of a chat completion's body before it is sent on. It is sent on
 * as it came, so this says nothing of the fields that only the upstream looks at.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { RequestError } from "../RequestError.ts"
import { invalidValue } from "./schemaIssue.ts"

const ChatRequest = Schema.Struct({
  model: Schema.NonEmptyString,
  messages: Schema.Array(
    Schema.Struct({
      role: Schema.String,
      content: Schema.optionalKey(
        Schema.NullOr(Schema.Union([Schema.String, Schema.Array(Schema.Struct({ type: Schema.String }))]))
      )
    })
  ).check(Schema.isMinLength(1)),
  stream: Schema.optionalKey(Schema.NullOr(Schema.Boolean))
})

export type ChatRequest = typeof ChatRequest.Type

const decodeUnknown = Schema.decodeUnknownEffect(ChatRequest)

export const decode = (value: unknown): Effect.Effect<ChatRequest, RequestError> =>
  Effect.mapError(decodeUnknown(value), ({ issue }) => invalidValue(issue))
