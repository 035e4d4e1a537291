/**
 * Structured outputs by Effect's schemas: what `chat.completions.parse` and
 * `responses.parse` take beside the SDK's own helpers (`zodResponseFormat`, …).
 *
 * The upstream gets the part of the schema that OpenAI's structured outputs know; what
 * they cannot say, such as a refinement, is checked when the answer is decoded. An
 * answer that does not fit fails with `OutputUnusable`.
 *
 * **Example** (A completion as a value)
 *
 * ```ts
 * import { responseFormat } from "@causeway/openai/StructuredOutput"
 * import * as Schema from "effect/Schema"
 *
 * const City = Schema.Struct({ name: Schema.String, inhabitants: Schema.Finite })
 *
 * // ai.chat.completions.parse({ model, messages, response_format: format })
 * const format = responseFormat(City, "city")
 *
 * format.json_schema.strict // => true
 * format.$parseRaw('{"name":"Oslo","inhabitants":717710}').name // => "Oslo"
 * ```
 */
import { toCodecOpenAI } from "effect/ai/OpenAiStructuredOutput"
import * as Schema from "effect/Schema"
import type { AutoParseableResponseFormat, AutoParseableTextFormat } from "openai/lib/parser"

/** Options of a format. */
export interface Options {
  /** What the model is told that the output is for. */
  readonly description?: string | undefined
}

/** The schema of a value whose decoding needs no services. Its outermost shape is a struct. */
type OutputSchema<T> = Schema.ConstraintCodec<T, unknown, never, never>

/**
 * What `chat.completions.parse` takes as `response_format`. `name`: letters, digits,
 * underscores and dashes, at most 64. Throws where the schema's root is no object.
 */
export const responseFormat = <T>(
  schema: OutputSchema<T>,
  name: string,
  options: Options = {}
): AutoParseableResponseFormat<T> => {
  const { parse, wire } = formatOf(schema, name, options)
  return branded<T, AutoParseableResponseFormat<T>>({ type: "json_schema", json_schema: wire }, parse)
}

/** What `responses.parse` takes as `text.format`. As {@link responseFormat} otherwise. */
export const textFormat = <T>(
  schema: OutputSchema<T>,
  name: string,
  options: Options = {}
): AutoParseableTextFormat<T> => {
  const { parse, wire } = formatOf(schema, name, options)
  return branded<T, AutoParseableTextFormat<T>>({ type: "json_schema", ...wire }, parse)
}

const formatOf = <T>(schema: OutputSchema<T>, name: string, { description }: Options) => {
  const { codec, jsonSchema } = toCodecOpenAI(schema)
  return {
    wire: { name, strict: true, schema: jsonSchema, ...(description !== undefined && { description }) },
    parse: Schema.decodeUnknownSync(Schema.fromJsonString(codec))
  }
}

/** Marks a format as the SDK's own helpers do: by properties that are not sent. */
const branded = <T, Format>(format: object, parse: (text: string) => T): Format =>
  Object.defineProperties(format, {
    $brand: { value: "auto-parseable-response-format", enumerable: false },
    $parseRaw: { value: parse, enumerable: false }
    // `__output` of the SDK's type stands for a type only.
  }) as Format
