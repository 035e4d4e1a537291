/**
 * What crosses, encoded and decoded by the schemas of its Rpc. Codecs are compiled
 * once per Rpc and thread. Every way in which a value can fail to fit ends as an
 * issue in words, which fails its own call and nothing else.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Rpc from "effect/rpc/Rpc"
import type { CodecFor } from "effect/rpc/RpcSerialization"
import * as RpcSchema from "effect/rpc/RpcSchema"
import * as Schema from "effect/Schema"
import type { ParseOptions } from "effect/SchemaAST"
import { isFresh, isPlain } from "./fresh.ts"
import { inWords } from "./inWords.ts"

/**
 * Encodes or decodes a value, or says in words why it does not fit. Is an `Exit`
 * already where the schema needs no services and does not wait.
 */
export type Coding = (value: unknown) => Effect.Effect<unknown, string>

/** Whether a value is coded already, so that no fiber is needed for it. */
export const isDone = (coded: Effect.Effect<unknown, string | Schema.SchemaError>): coded is Exit.Success<unknown> =>
  Exit.isExit(coded) && Exit.isSuccess(coded)

/** The codecs of one Rpc, as both sides of the boundary use them. */
export interface RpcCodecs {
  readonly isStream: boolean
  readonly encodePayload: Coding
  readonly decodePayload: Coding
  readonly encodeChunk: Coding
  readonly decodeChunk: Coding
  /** Of a call that is no stream. */
  readonly encodeSuccess: Coding
  readonly decodeSuccess: Coding
  /** Of a call that failed. */
  readonly encodeExit: Coding
  /** Gives an `Exit` as its value. */
  readonly decodeExit: Coding
  /** Whether a payload that was just made is encoded already. */
  readonly isPlainPayload: () => boolean
  /** Whether an encoded payload shares no object with anything else. */
  readonly isFreshPayload: () => boolean
  /** Whether an encoded success, or an element of a stream, shares no object with anything else. */
  readonly isFreshSuccess: () => boolean
}

/** The codecs of an Rpc. */
export const make = (rpc: Rpc.AnyWithProps, codecFor: CodecFor): RpcCodecs => {
  const { annotations, payloadSchema, successSchema } = rpc
  const options = Context.get(annotations, Rpc.ParseOptions)
  const isStream = RpcSchema.isStreamSchema(successSchema)
  const element: Schema.Top = isStream ? successSchema.success : Schema.Never
  // The services that a schema needs are those of the fiber that codes, for whom the types asked.
  const codecOf = (schema: Schema.Top): Codec => codecFor(schema) as Codec
  const payload = once(() => codecOf(payloadSchema))
  const chunk = once(() => codecOf(Schema.NonEmptyArray(element)))
  const success = once(() => codecOf(successSchema))
  const exit = once(() => codecOf(Rpc.exitSchema(rpc)))
  return {
    isStream,
    encodePayload: encoding(payload, options),
    decodePayload: decoding(payload, options),
    encodeChunk: encoding(chunk, options),
    decodeChunk: decoding(chunk, options),
    encodeSuccess: encoding(success, options),
    decodeSuccess: decoding(success, options),
    encodeExit: encoding(exit, options),
    decodeExit: decoding(exit, options),
    isPlainPayload: once(() => isPlain(payload())),
    isFreshPayload: once(() => isFresh(payload())),
    isFreshSuccess: once(() => isFresh(isStream ? chunk() : success()))
  }
}

/** Either side needs half of the codecs, so each is compiled when it is used first. */
const once = <A>(make: () => A): (() => A) => {
  let made: { readonly value: A } | undefined
  return () => (made ??= { value: make() }).value
}

type Codec = Schema.Codec<unknown, unknown>

const encoding = (codec: () => Codec, options: ParseOptions): Coding =>
  coding(once(() => Schema.encodeUnknownEffect(codec(), options)))

const decoding = (codec: () => Codec, options: ParseOptions): Coding =>
  coding(once(() => Schema.decodeUnknownEffect(codec(), options)))

const coding =
  (compiled: () => (value: unknown) => Effect.Effect<unknown, Schema.SchemaError>): Coding =>
  (value) => {
    try {
      const result = compiled()(value)
      return isDone(result) ? result : Effect.catchCause(result, failWithIssue)
    } catch (thrown) {
      // A getter of the value threw, or there is no codec for the schema.
      return Exit.fail(inWords(thrown))
    }
  }

const failWithIssue = (cause: Cause.Cause<Schema.SchemaError>): Effect.Effect<never, string> => {
  if (Cause.hasInterrupts(cause)) return Effect.interrupt
  const error = Cause.squash(cause)
  return Effect.fail(error instanceof Error ? error.message : inWords(error))
}
