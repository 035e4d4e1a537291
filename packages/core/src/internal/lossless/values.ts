/**
 * What payloads and successes are carried by: their own schema's JSON, as everywhere
 * in RPC. Only where a structured clone carries bytes as they are, and the schema
 * has some, the value itself is carried, and checked by the schema on arrival.
 */
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import * as SchemaGetter from "effect/SchemaGetter"
import { partsOf } from "./ast.ts"
import * as Codec from "./codec.ts"
import type { Options } from "./options.ts"
import { isObject } from "./wire.ts"
import { decoding, settingsOf, Wire } from "./wireSchema.ts"

/** The codec of a payload, a success or an element of a stream. */
export const valueCodec = <S extends Schema.Top>(
  schema: S,
  options: Options | undefined
): Schema.Codec<S["Type"], unknown, S["DecodingServices"], S["EncodingServices"]> =>
  options?.form === "clone" && isBinary(SchemaAST.toType(schema.ast))
    ? asItIs(schema, options)
    : Schema.toCodecJson(schema)

/** Nothing is masked or cut: what a schema describes is meant to be delivered. */
const whole: Options = {
  form: "clone",
  redaction: false,
  limits: {
    bytes: Number.POSITIVE_INFINITY,
    collection: Number.POSITIVE_INFINITY,
    depth: Number.POSITIVE_INFINITY,
    nodes: Number.POSITIVE_INFINITY,
    string: Number.POSITIVE_INFINITY
  }
}

const asItIs = <S extends Schema.Top>(schema: S, { classes }: Options): Schema.Codec<S["Type"], unknown> => {
  const settings = settingsOf({ ...whole, classes }, schema)
  const type: Schema.Codec<S["Type"]> = Schema.toType(schema)
  return Wire.pipe(
    Schema.decodeTo(type, {
      decode: decoding(settings),
      encode: SchemaGetter.transform((value: S["Type"]): unknown => Codec.encode(settings(), value))
    })
  )
}

/** Whether a type has bytes in it, and nothing that could not be carried as it is. */
const isBinary = (ast: SchemaAST.AST): boolean => {
  const seen = new Set<SchemaAST.AST>()
  let found = false
  const isCarried = (part: SchemaAST.AST): boolean => {
    if (seen.has(part)) return true
    seen.add(part)
    switch (part._tag) {
      case "Unknown":
      case "Any":
      case "ObjectKeyword":
        return false
      case "Declaration": {
        const kind = kindOf(part)
        found ||= kind === "effect/schema/Uint8Array"
        if (part.annotations?.["~constructor"] === undefined && !carried.has(kind)) return false
      }
    }
    return partsOf(part).every(isCarried)
  }
  return isCarried(ast) && found
}

const kindOf = (ast: SchemaAST.Declaration): unknown => {
  const representation: unknown = ast.annotations?.["representation"]
  return isObject(representation) ? Reflect.get(representation, "id") : undefined
}

/** Declarations whose values arrive as they were. A `Redacted` is not among them: it arrives without its value. */
const carried: ReadonlySet<unknown> = new Set(
  [
    "Uint8Array",
    "Date",
    "Option",
    "Result",
    "Duration",
    "DateTimeUtc",
    "DateTimeZoned",
    "ReadonlyMap",
    "ReadonlySet",
    "Chunk",
    "HashMap",
    "HashSet",
    "BigDecimal",
    "URL",
    "RegExp"
  ].map((name) => `effect/schema/${name}`)
)
