/**
 * What payloads and successes are carried by: their own schema's JSON, as everywhere
 * in RPC. The value itself is carried, and checked by the schema on arrival, where
 * JSON would lose or refuse what it may hold: bytes, which a structured clone carries
 * as they are, and whatever a schema leaves open. A value that cannot be carried
 * whole is refused.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import * as SchemaGetter from "effect/SchemaGetter"
import type * as SchemaIssue from "effect/SchemaIssue"
import * as Transferable from "effect/workers/Transferable"
import { partsOf, representationOf } from "./ast.ts"
import * as Codec from "./codec.ts"
import type { Form, Options } from "./options.ts"
import * as Transfers from "./transfers.ts"
import { decoding, issueOf, settingsOf, Wire } from "./wireSchema.ts"

/** The codec of a payload, a success or an element of a stream. */
export const valueCodec = <S extends Schema.Top>(
  schema: S,
  options: Options | undefined
): Schema.Codec<S["Type"], unknown, S["DecodingServices"], S["EncodingServices"]> => {
  const form = options?.form ?? "json"
  return isAsItIs(SchemaAST.toType(schema.ast), form)
    ? asItIs(schema, form, options?.classes)
    : Schema.toCodecJson(schema)
}

/** Nothing is masked or cut: what a schema describes is meant to be delivered. */
const whole: Options = {
  redaction: false,
  limits: {
    bytes: Number.POSITIVE_INFINITY,
    collection: Number.POSITIVE_INFINITY,
    depth: Number.POSITIVE_INFINITY,
    nodes: Number.POSITIVE_INFINITY,
    string: Number.POSITIVE_INFINITY
  }
}

const asItIs = <S extends Schema.Top>(
  schema: S,
  form: Form,
  classes: Options["classes"]
): Schema.Codec<S["Type"], unknown> => {
  const settings = settingsOf({ ...whole, form, classes }, schema)
  const type: Schema.Codec<S["Type"]> = Schema.toType(schema)
  const movable = form === "clone" ? Transfers.collectorOf(type.ast) : undefined
  const encode = (value: S["Type"]): Exit.Exit<unknown, SchemaIssue.Issue> => {
    const moving = movable === undefined ? undefined : new Set<object>()
    if (moving !== undefined) movable?.(value, moving)
    for (const bytes of moving ?? [])
      if (Transfers.isGone(bytes)) return Exit.fail(issueOf("its memory was transferred already"))
    const wire = Codec.encodeWhole(settings(), value, moving)
    return typeof wire === "string" ? Exit.fail(issueOf(`${wire} cannot be carried`)) : Exit.succeed(wire)
  }
  return Wire.pipe(
    Schema.decodeTo(type, {
      decode: decoding(settings, Codec.decodeWhole),
      encode: SchemaGetter.transformEffect(
        movable === undefined ? encode : (value: S["Type"]) => Effect.tap(encode(value), collect)
      )
    })
  )
}

/** Tells a worker platform of Effect, if one is waiting for it, what the message may hand over. */
const collect = (wire: unknown): Effect.Effect<void> =>
  Effect.contextWith((context: Context.Context<never>) => {
    Context.getOrUndefined(context, Transferable.Collector)?.addAllUnsafe(Transfers.transferables(wire))
    return Effect.void
  })

/** Whether the values of a type are carried as they are. */
const isAsItIs = (ast: SchemaAST.AST, form: Form): boolean => {
  const seen = new Set<SchemaAST.AST>()
  let found = false
  const isCarried = (part: SchemaAST.AST): boolean => {
    if (seen.has(part)) return true
    seen.add(part)
    switch (part._tag) {
      case "Unknown":
      case "Any":
      case "ObjectKeyword":
        found = true
        break
      case "Declaration": {
        const kind = representationOf(part.annotations)
        const isMarked = Transfers.isMarked(part)
        // Of all kinds of bytes the schema of one has a JSON of its own.
        found ||= kind === "effect/schema/Uint8Array" ? form === "clone" : isMarked
        if (!isMarked && part.annotations?.["~constructor"] === undefined && !carried.has(kind)) return false
      }
    }
    return partsOf(part).every(isCarried)
  }
  return isCarried(ast) && found
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
