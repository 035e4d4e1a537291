/**
 * The calls of a contract, each as functions from and to JSON values. What type a
 * call has follows from its tag, which is a mere string here; so the types are
 * given up on the way in, and what comes out is text or an error of some kind.
 */
import { BoundaryError, Undecodable } from "@causeway/core/BoundaryError"
import type * as Contract from "@causeway/core/Contract"
import * as Redaction from "@causeway/core/Redaction"
import type { NonEmptyReadonlyArray } from "effect/Array"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Rpc from "effect/rpc/Rpc"
import * as RpcSchema from "effect/rpc/RpcSchema"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import * as SchemaRepresentation from "effect/SchemaRepresentation"
import * as Stream from "effect/Stream"
import { InvalidValue, RequestError } from "../RequestError.ts"
import { invalidValue } from "./schemaIssue.ts"

/** What a call of some contract fails with: its own error or a `BoundaryError`, whichever they are. */
export interface CallError {
  readonly _: unique symbol
}

/** A call, and the JSON text of what it succeeds with. */
export type Call = {
  readonly tag: string
  /** Whether the call has a payload at all. */
  readonly takesPayload: boolean
  readonly decode: (value: unknown) => Effect.Effect<unknown, RequestError>
} & (
  | {
      readonly kind: "one"
      /** `undefined` where the call has no success to tell of. */
      readonly run: (payload: unknown) => Effect.Effect<string | undefined, CallError | BoundaryError>
    }
  | {
      readonly kind: "many"
      readonly run: (payload: unknown) => Stream.Stream<string, CallError | BoundaryError>
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
  const success = erased<R>(RpcSchema.isStreamSchema(successSchema) ? successSchema.success : successSchema)
  refuseRedacted(`${key}/${tag}`, success)
  const decodePayload = Schema.decodeUnknownEffect(Schema.toCodecJson(erased<R>(payloadSchema)))
  const encodeSuccess = Schema.encodeUnknownEffect(Schema.toCodecJson(success))
  const encode = (value: unknown): Effect.Effect<string, BoundaryError> =>
    encodeSuccess(value).pipe(
      Effect.mapBoth({
        onFailure: ({ message }) => undecodable(`${key}/${tag}`, message),
        onSuccess: (json) => JSON.stringify(json)
      }),
      Effect.catchDefect(orTooDeep(() => undecodable(`${key}/${tag}`, "it is nested too deeply"))),
      Effect.provideContext(context)
    )
  const call = {
    tag,
    takesPayload: !SchemaAST.isVoid(payloadSchema.ast),
    decode: (value: unknown) =>
      decodePayload(value).pipe(
        Effect.mapError(({ issue }) => invalidValue(issue)),
        Effect.catchDefect(orTooDeep(() => new RequestError({ reason: tooDeep }))),
        Effect.provideContext(context)
      )
  }
  const invoke = invokeOf(client, tag)
  if (RpcSchema.isStreamSchema(successSchema)) {
    const encodeAll = (values: NonEmptyReadonlyArray<unknown>) => Effect.forEach(values, encode)
    return { ...call, kind: "many", run: (payload) => Stream.mapArrayEffect(invoke.many(payload), encodeAll) }
  }
  return SchemaAST.isVoid(success.ast)
    ? { ...call, kind: "one", run: (payload) => Effect.as(invoke.one(payload), undefined) }
    : { ...call, kind: "one", run: (payload) => Effect.flatMap(invoke.one(payload), encode) }
}

const tooDeep = new InvalidValue({ path: "", issue: "is nested too deeply" })

/** A value that is nested too deeply overflows the stack of whatever walks it. */
const orTooDeep =
  <E>(error: () => E) =>
  (defect: unknown): Effect.Effect<never, E> =>
    defect instanceof RangeError ? Effect.fail(error()) : Effect.die(defect)

interface Invoke {
  readonly one: (payload: unknown) => Effect.Effect<unknown, CallError>
  readonly many: (payload: unknown) => Stream.Stream<unknown, CallError>
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
  const document = SchemaRepresentation.toRepresentation(Schema.toType(success).ast)
  if (JSON.stringify(document).includes('"effect/schema/Redacted"')) {
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
