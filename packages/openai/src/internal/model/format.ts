/** Whether an output fits the format that was asked for. */
import type { InvalidRequest } from "@causeway/core/UpstreamReason"
import * as JsonSchema from "effect/JsonSchema"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaRepresentation from "effect/SchemaRepresentation"
import { isFields, jsonOf } from "../answer.ts"
import { type ChatRequest, refused } from "./request.ts"

/** What is wrong with a whole output, if anything is. */
export type Check = (output: string) => string | undefined

const none: Check = () => undefined

const json: Check = (output) => (isFields(jsonOf(output)) ? undefined : "the output is no JSON object")

/** The check of a request's format. A schema that cannot be read here at all is checked as JSON alone. */
export const checkOf = ({
  response_format: format
}: Pick<ChatRequest, "response_format">): Result.Result<Check, InvalidRequest> => {
  if (format === undefined || format === null || format.type === "text") return Result.succeed(none)
  if (format.type === "json_object") return Result.succeed(json)
  const { schema } = format.json_schema
  if (schema === undefined || schema === null) return Result.succeed(json)
  if (schema["type"] !== "object" && schema["$ref"] === undefined) {
    return Result.fail(refused("response_format: its schema is not that of an object", "response_format"))
  }
  const isFit = fitOf(schema)
  return Result.succeed((output) => json(output) ?? isFit?.(jsonOf(output)))
}

const fitOf = (schema: Readonly<Record<string, unknown>>): ((value: unknown) => string | undefined) | undefined => {
  try {
    const document = JsonSchema.fromSchemaDraft2020_12(schema)
    const imported = SchemaRepresentation.fromJsonSchemaDocument(document, { patterns: "ignore" })
    const decode = Schema.decodeUnknownResult(Schema.toType(imported) as Schema.Codec<unknown, unknown>)
    return (value) => {
      const decoded = decode(value)
      return Result.isSuccess(decoded)
        ? undefined
        : `the output does not fit the schema: ${decoded.failure.message}`.slice(0, 500)
    }
  } catch {
    return undefined
  }
}
