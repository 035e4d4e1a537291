/** The codec as schemas of Effect. */
import * as EffectCause from "effect/Cause"
import * as EffectExit from "effect/Exit"
import * as Effect from "effect/Effect"
import type * as RpcSerialization from "effect/rpc/RpcSerialization"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import * as SchemaGetter from "effect/SchemaGetter"
import type * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import { type Check, checkOf } from "./checks.ts"
import * as Codec from "./codec.ts"
import type { Options } from "./options.ts"
import type * as Settings from "./settings.ts"
import { isUnknownFailure } from "./unknown.ts"
import * as Transfers from "./transfers.ts"
import { valueCodec } from "./values.ts"
import { decoding, decodeWire, issueOf, settingsOf, Wire } from "./wireSchema.ts"
import { isObject, read, type Root } from "./wire.ts"

/** Anything at all, as it was. */
export const Defect = (options?: Options): Schema.Codec<unknown, unknown> => {
  const settings = settingsOf(options)
  return Wire.pipe(
    Schema.decodeTo(Schema.Unknown, {
      decode: decoding(settings),
      encode: SchemaGetter.transform((value: unknown): unknown => Codec.encode(settings(), value))
    })
  )
}

/** A cause whose failures are those of a schema. */
export const Cause = <E extends Schema.Top>(
  error: E,
  options?: Options
): Schema.Codec<EffectCause.Cause<E["Type"]>, unknown> => {
  const settings = settingsOf(options, error)
  const check = causeCheck(error)
  return Wire.pipe(
    Schema.decodeTo(
      Schema.declare((u): u is EffectCause.Cause<E["Type"]> => EffectCause.isCause(u), { expected: "Cause" }),
      {
        decode: SchemaGetter.transformEffect((wire: unknown) => decodeCause<E["Type"]>(settings, check, wire)),
        encode: SchemaGetter.transform((cause: EffectCause.Cause<E["Type"]>): unknown =>
          Codec.encode(settings(), cause)
        )
      }
    )
  )
}

/** An exit whose success goes through its own schema. */
export const Exit = <A extends Schema.Top, E extends Schema.Top>(
  success: A,
  error: E,
  options?: Options
): Schema.Codec<EffectExit.Exit<A["Type"], E["Type"]>, unknown, A["DecodingServices"], A["EncodingServices"]> => {
  const settings = settingsOf(options, error)
  const check = causeCheck(error)
  const codec = valueCodec(success, options)
  const decodeSuccess = SchemaParser.decodeUnknownEffect(codec)
  const encodeSuccess = SchemaParser.encodeUnknownEffect(codec)
  return Wire.pipe(
    Schema.decodeTo(
      Schema.declare((u): u is EffectExit.Exit<A["Type"], E["Type"]> => EffectExit.isExit(u), { expected: "Exit" }),
      {
        decode: SchemaGetter.transformEffect(
          (
            wire: unknown,
            options
          ): Effect.Effect<EffectExit.Exit<A["Type"], E["Type"]>, SchemaIssue.Issue, A["DecodingServices"]> => {
            const tag = isObject(wire) ? read(wire, "_tag") : undefined
            if (isObject(wire) && tag === "Success") {
              return Effect.mapEager(decodeSuccess(read(wire, "value"), options), EffectExit.succeed<A["Type"]>)
            }
            return isObject(wire) && tag === "Failure"
              ? Effect.mapEager(
                  decodeCause<E["Type"]>(settings, check, read(wire, "cause")),
                  EffectExit.failCause<E["Type"]>
                )
              : EffectExit.fail(issueOf("an exit is a Success or a Failure"))
          }
        ),
        encode: SchemaGetter.transformEffect((exit: EffectExit.Exit<A["Type"], E["Type"]>, options) =>
          exit._tag === "Success"
            ? Effect.mapEager(encodeSuccess(exit.value, options), (value): unknown =>
                Transfers.passOn(value, { _tag: "Success", value })
              )
            : EffectExit.succeed<unknown>(failure(Codec.encode(settings(), exit.cause)))
        )
      }
    )
  )
}

/**
 * The codec of an RPC protocol: the outcome of every call by {@link Exit}, every
 * defect by {@link Defect}, and payloads by their own schemas.
 */
export const codecFor = (options?: Options): RpcSerialization.CodecFor => {
  const made = new WeakMap<Schema.Top, unknown>()
  const make = (schema: Schema.Top): unknown => {
    if (isExitSchema(schema)) return Exit(schema.value, schema.error, options)
    if (defects.has(schema)) return Defect(options)
    return valueCodec(schema, options)
  }
  const codec: unknown = (schema: Schema.Top): unknown => {
    let one = made.get(schema)
    if (one === undefined) made.set(schema, (one = make(schema)))
    return one
  }
  return codec as RpcSerialization.CodecFor
}

const failure = (cause: Root): unknown => Transfers.passOn(cause, { _tag: "Failure", cause })

interface ExitSchema extends Schema.Top {
  readonly value: Schema.Top
  readonly error: Schema.Top
  readonly defect: Schema.Top
}

/** An exit schema shows its three parts; nothing else does. */
const isExitSchema = (schema: Schema.Top): schema is ExitSchema =>
  "value" in schema && "error" in schema && "defect" in schema

/** Effect's own schemas of defects, which are made once each. */
const defects: ReadonlySet<Schema.Top> = new Set([Schema.Defect(), Schema.Defect({ includeStack: true })])

type CauseCheck = (cause: EffectCause.Cause<unknown>) => string | undefined

/** What is wrong with the failures of a cause: one of another type than was declared. */
const causeCheck = (error: Schema.Top): CauseCheck => {
  let check: Check | undefined
  return (cause) => {
    for (const reason of cause.reasons) {
      if (reason._tag !== "Fail" || isUnknownFailure(reason.error)) continue
      check ??= checkOf(SchemaAST.toType(error.ast))
      if (!check(reason.error)) return "a failure that is none of those that were declared"
    }
    return undefined
  }
}

const decodeCause = <E>(
  settings: () => Settings.Settings,
  check: CauseCheck,
  wire: unknown
): EffectExit.Exit<EffectCause.Cause<E>, SchemaIssue.Issue> => {
  const decoded = decodeWire(settings, wire)
  if (EffectExit.isFailure(decoded)) return EffectExit.failCause(decoded.cause)
  const cause = decoded.value
  if (!EffectCause.isCause(cause)) return EffectExit.fail(issueOf("no cause"))
  const wrong = check(cause)
  return wrong === undefined ? EffectExit.succeed(cause as EffectCause.Cause<E>) : EffectExit.fail(issueOf(wrong))
}
