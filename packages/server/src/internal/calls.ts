/**
 * The calls of a contract, each with functions from and to what stands in a body. What
 * type a call has follows from its tag, which is a mere string here; so the types are
 * given up on the way in, and what comes out is text, bytes or an error of some kind.
 */
import { BoundaryError, Undecodable } from "@causeway/core/BoundaryError"
import type * as Contract from "@causeway/core/Contract"
import * as Redaction from "@causeway/core/Redaction"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { identity } from "effect/Function"
import { hasProperty } from "effect/Predicate"
import type * as Rpc from "effect/rpc/Rpc"
import * as RpcSchema from "effect/rpc/RpcSchema"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import type * as Stream from "effect/Stream"
import { InvalidValue, RequestError } from "../RequestError.ts"
import { holdsRedacted, isDeclared } from "./declared.ts"
import { invalidValue } from "./schemaIssue.ts"

/** What a call of some contract fails with: its own error or a `BoundaryError`, whichever they are. */
export interface CallError {
  readonly _: unique symbol
}

/** What crosses in a body: nothing, JSON by its schema, or the bytes that the value is. */
export type Form = "nothing" | "json" | "bytes"

/** What a call is given beside its payload. */
export interface CallOptions {
  /** What its handler finds among the `headers` of its call. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** A call, by values whose types are those of its schemas. */
export type Call = {
  readonly tag: string
  /** The schemas, for whoever describes the call. */
  readonly rpc: Rpc.AnyWithProps
  readonly takes: Form
  /** Of a stream, what each element is. */
  readonly gives: Form
  /** The media type of a success that is bytes. */
  readonly bytesType: string
  /** A payload from its JSON value. */
  readonly decode: (value: unknown) => Effect.Effect<unknown, RequestError>
  /** A payload that is bytes. */
  readonly decodeBytes: (bytes: Uint8Array) => Effect.Effect<unknown, RequestError>
  /** The JSON text of a success, or of an element. */
  readonly encode: (value: unknown) => Effect.Effect<string, BoundaryError>
  /** A success that is bytes, or an element. */
  readonly encodeBytes: (value: unknown) => Effect.Effect<Uint8Array, BoundaryError>
} & (
  | {
      readonly kind: "one"
      readonly run: (payload: unknown, options: CallOptions) => Effect.Effect<unknown, CallError>
    }
  | {
      readonly kind: "many"
      readonly run: (payload: unknown, options: CallOptions) => Stream.Stream<unknown, CallError>
    }
)

/** A schema of a call, with the services that the contract's schemas need between them. */
type CallSchema<R extends Rpc.Any> = Schema.Codec<unknown, unknown, Rpc.ServicesServer<R>, Rpc.ServicesServer<R>>

const erased = <R extends Rpc.Any>(schema: unknown): CallSchema<R> => schema as CallSchema<R>

/**
 * Every call of a contract, in the order in which they are declared. Throws for a
 * call whose success cannot be told to the public.
 */
export const callsOf = <Self, Id extends string, R extends Rpc.Any>(
  contract: Contract.Contract<Self, Id, R>,
  client: Contract.Client<R>,
  context: Context.Context<Rpc.ServicesServer<R>>
): ReadonlyArray<Call> =>
  Array.from(contract.group.requests.values(), (rpc) =>
    callOf(contract.key, rpc as R & Rpc.AnyWithProps, client, context)
  )

const callOf = <R extends Rpc.Any>(
  key: string,
  rpc: R & Rpc.AnyWithProps,
  client: Contract.Client<R>,
  context: Context.Context<Rpc.ServicesServer<R>>
): Call => {
  const { _tag: tag, payloadSchema, successSchema } = rpc
  const payload = erased<R>(payloadSchema)
  const success = erased<R>(RpcSchema.isStreamSchema(successSchema) ? successSchema.success : successSchema)
  refuseRedacted(`${key}/${tag}`, success)
  const refuse = (issue: string) => undecodable(`${key}/${tag}`, issue)
  const decoder = (schema: CallSchema<R>) => {
    const decode = Schema.decodeUnknownEffect(schema)
    return (value: unknown) =>
      atOnce(() => decode(value), identity) ??
      Effect.suspend(() => decode(value)).pipe(
        Effect.mapError(({ issue }) => invalidValue(issue)),
        Effect.catchDefect(orTooDeep(() => new RequestError({ reason: tooDeep }))),
        Effect.provideContext(context)
      )
  }
  const encodeSuccess = Schema.encodeUnknownEffect(Schema.toCodecJson(success))
  const checkSuccess = Schema.decodeUnknownEffect(Schema.toType(success))
  const call = {
    tag,
    rpc,
    takes: formOf(payload),
    gives: formOf(success),
    bytesType: bytesType(success),
    decode: decoder(Schema.toCodecJson(payload)),
    decodeBytes: decoder(Schema.toType(payload)),
    encode: (value: unknown): Effect.Effect<string, BoundaryError> =>
      atOnce(() => encodeSuccess(value), stringify) ??
      Effect.suspend(() => encodeSuccess(value)).pipe(
        Effect.mapBoth({ onFailure: ({ message }) => refuse(message), onSuccess: stringify }),
        Effect.catchDefect(orTooDeep(() => refuse("it is nested too deeply"))),
        Effect.provideContext(context)
      ),
    encodeBytes: (value: unknown): Effect.Effect<Uint8Array, BoundaryError> =>
      checkSuccess(value).pipe(
        Effect.mapError(({ message }) => refuse(message)),
        Effect.flatMap((bytes) =>
          bytes instanceof Uint8Array ? Effect.succeed(bytes) : Effect.fail(refuse("no bytes"))
        ),
        Effect.provideContext(context)
      )
  }
  const invoke = invokeOf(client, tag)
  return RpcSchema.isStreamSchema(successSchema)
    ? { ...call, kind: "many", run: invoke.many }
    : { ...call, kind: "one", run: invoke.one }
}

/**
 * A success that is there without a fiber, since its schema needs no services and does
 * not wait. To run what is not would cost more than the coding: its services are a copy
 * of all that there are.
 */
const atOnce = <A, E, R, B>(
  coded: () => Effect.Effect<A, E, R>,
  then: (value: A) => B
): Effect.Effect<B> | undefined => {
  try {
    const result = coded()
    // An `Exit` is the effect itself, so its value is of the effect's type.
    return Exit.isExit(result) && Exit.isSuccess(result) ? Exit.succeed(then(result.value as A)) : undefined
  } catch {
    // Found again where it can be told.
    return undefined
  }
}

const stringify = (json: Schema.Json): string => JSON.stringify(json)

const formOf = ({ ast }: Schema.Top): Form =>
  SchemaAST.isVoid(ast) ? "nothing" : isBytes(SchemaAST.toType(ast)) ? "bytes" : "json"

/** Whether a type is `Schema.Uint8Array`, whatever is checked of it. */
const isBytes = (ast: SchemaAST.AST): boolean => isDeclared(ast, "effect/schema/Uint8Array")

/** The media type of bytes: that of `HttpApiSchema.asUint8Array`, where the schema has it. */
const bytesType = ({ ast }: Schema.Top): string => {
  const encoding = SchemaAST.resolveAt<unknown>("~httpApiEncoding")(ast)
  return hasProperty(encoding, "contentType") && typeof encoding.contentType === "string"
    ? encoding.contentType
    : "application/octet-stream"
}

const tooDeep = new InvalidValue({ path: "", issue: "is nested too deeply" })

/** A value that is nested too deeply overflows the stack of whatever walks it. */
const orTooDeep =
  <E>(error: () => E) =>
  (defect: unknown): Effect.Effect<never, E> =>
    defect instanceof RangeError ? Effect.fail(error()) : Effect.die(defect)

interface Invoke {
  readonly one: (payload: unknown, options: CallOptions) => Effect.Effect<unknown, CallError>
  readonly many: (payload: unknown, options: CallOptions) => Stream.Stream<unknown, CallError>
}

/** Whether a call is one or many, its schema says. */
const invokeOf = <R extends Rpc.Any>(client: Contract.Client<R>, tag: string): Invoke => {
  const calls: unknown = client
  const call: unknown = (calls as Readonly<Record<string, unknown>>)[tag]
  return { one: call as Invoke["one"], many: call as Invoke["many"] }
}

/**
 * The JSON form of a `Redacted` is the secret itself. What holds one may cross a
 * boundary of ours, and is never a public answer.
 */
const refuseRedacted = (call: string, success: Schema.Top): void => {
  if (holdsRedacted(SchemaAST.toType(success.ast))) {
    throw new TypeError(`${call} cannot be served over HTTP: its success holds a Redacted, which must not leave`)
  }
}

const undecodable = (boundary: string, issue: string): BoundaryError =>
  new BoundaryError({
    boundary,
    reason: new Undecodable({
      message: "the success does not fit its schema",
      delivery: "may-have-run",
      direction: "response",
      // It may quote the value.
      issue: Redaction.text(issue)
    })
  })
