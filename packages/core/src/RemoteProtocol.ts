/**
 * What crosses between `Remote` and a server of a contract: for those who serve one.
 * `RpcApi` of `@causeway/server` does.
 *
 * A call is one HTTP request, in the messages of Effect's RPC: the body is a
 * `Request` as a line of JSON; the answer, always of status 200, is lines of JSON,
 * any number of `Chunk`s with the elements of a stream, and one `Exit`. An empty line
 * says that the server is still there. What a call fails with, a `BoundaryError` of
 * the place behind the server included, is in its `Exit`; any other status, and any
 * other type of content, is no answer of a contract.
 *
 * **Example** (A call on the wire)
 *
 * ```ts
 * import * as RemoteProtocol from "@causeway/core/RemoteProtocol"
 * import * as Effect from "effect/Effect"
 * import * as Exit from "effect/Exit"
 * import * as Rpc from "effect/rpc/Rpc"
 * import * as Schema from "effect/Schema"
 *
 * const square = Rpc.make("square", { payload: { x: Schema.Finite }, success: Schema.Finite })
 * const codecs = RemoteProtocol.codecs(square)
 *
 * const exit = await Effect.runPromise(codecs.encodeExit(Exit.succeed(9)))
 *
 * RemoteProtocol.line({ _tag: "Exit", requestId: "1", exit }) // => '{"_tag":"Exit","requestId":"1","exit":{"_tag":"Success","value":9}}\n'
 * ```
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as EffectExit from "effect/Exit"
import { hasProperty, isObject } from "effect/Predicate"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcSchema from "effect/rpc/RpcSchema"
import * as Schema from "effect/Schema"
import { BoundaryError } from "./BoundaryError.ts"
import * as Lossless from "./Lossless.ts"
import * as Redaction from "./Redaction.ts"

/** The type of a call's answer. */
export const contentType = "application/x-ndjson"

/** A call. */
export interface Request {
  readonly _tag: "Request"
  readonly id: string | number
  /** The tag of its Rpc. */
  readonly tag: string
  /** Encoded. */
  readonly payload: unknown
  /** The call's metadata, and headers of the caller's own. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  /** The caller wants to know that the handler ended, and not its result. */
  readonly discard?: true
}

/** Elements of a stream, encoded. */
export interface Chunk {
  readonly _tag: "Chunk"
  readonly requestId: string | number
  readonly values: unknown
}

/** How a call ended, encoded; the last message of an answer. */
export interface Exit {
  readonly _tag: "Exit"
  readonly requestId: string | number
  readonly exit: unknown
}

/** What a server answers. */
export type Response = Chunk | Exit

/** A message as a line. Throws a `RangeError` where its value nests too deep for JSON. */
export const line = (message: Request | Response): string => `${JSON.stringify(message)}\n`

/** Whether something is a call. */
export const isRequest = (u: unknown): u is Request =>
  isObject(u) &&
  hasProperty(u, "_tag") &&
  u._tag === "Request" &&
  hasProperty(u, "tag") &&
  typeof u.tag === "string" &&
  hasProperty(u, "id") &&
  (typeof u.id === "string" || typeof u.id === "number") &&
  hasProperty(u, "headers") &&
  Array.isArray(u.headers) &&
  u.headers.every(isHeader)

const isHeader = (u: unknown): boolean =>
  Array.isArray(u) && u.length === 2 && typeof u[0] === "string" && typeof u[1] === "string"

/** Whether something is a message of an answer. */
export const isResponse = (u: unknown): u is Response =>
  isObject(u) && hasProperty(u, "_tag") && ((u._tag === "Chunk" && "values" in u) || (u._tag === "Exit" && "exit" in u))

/**
 * Encodes or decodes a value, or says in words, without secrets, why it does not fit.
 * The services that its schema needs are those of the fiber that runs it.
 */
export type Coding<A, B> = (value: A) => Effect.Effect<B, string>

/** The codecs of an Rpc, for both sides. */
export interface Codecs {
  readonly isStream: boolean
  readonly encodePayload: Coding<unknown, unknown>
  readonly decodePayload: Coding<unknown, unknown>
  readonly encodeChunk: Coding<NonEmptyReadonlyArray<unknown>, unknown>
  readonly decodeChunk: Coding<unknown, NonEmptyReadonlyArray<unknown>>
  readonly encodeExit: Coding<EffectExit.Exit<unknown, unknown>, unknown>
  readonly decodeExit: Coding<unknown, EffectExit.Exit<unknown, unknown>>
}

/** The codecs of an Rpc: payloads and successes by their schemas, failures by `Lossless`. */
export const codecs = (rpc: Rpc.Any, options?: Omit<Lossless.Options, "form">): Codecs => {
  const { annotations, payloadSchema, successSchema } = rpc as Rpc.AnyWithProps
  const own: Lossless.Options = { ...options, form: "json" }
  const codecFor = Lossless.codecFor(own)
  const parse = Context.get(annotations, Rpc.ParseOptions)
  const isStream = RpcSchema.isStreamSchema(successSchema)
  const elements = Schema.NonEmptyArray(isStream ? successSchema.success : Schema.Never)
  const { error, value } = Rpc.exitSchema(rpc) as unknown as ExitParts
  const codec = (make: () => Schema.Top) => {
    // Either side needs half of them.
    let made: Schema.Codec<unknown, unknown> | undefined
    const of = () => (made ??= make() as Schema.Codec<unknown, unknown>)
    return {
      encode: coding(() => Schema.encodeUnknownEffect(of(), parse)),
      decode: coding(() => Schema.decodeUnknownEffect(of(), parse))
    }
  }
  const payload = codec(() => codecFor(payloadSchema))
  const chunk = codec(() => codecFor(elements))
  // The place behind the server fails as places do.
  const exit = codec(() => Lossless.Exit(value, Schema.Union([error, BoundaryError]), own))
  return {
    isStream,
    encodePayload: payload.encode,
    decodePayload: payload.decode,
    encodeChunk: chunk.encode,
    decodeChunk: chunk.decode as Codecs["decodeChunk"],
    encodeExit: exit.encode,
    decodeExit: exit.decode as Codecs["decodeExit"]
  }
}

/** What every exit schema shows, seen without its types. */
interface ExitParts {
  readonly error: Schema.Top
  readonly value: Schema.Top
}

const coding = (
  compile: () => (value: unknown) => Effect.Effect<unknown, Schema.SchemaError>
): Coding<unknown, unknown> => {
  let compiled: ReturnType<typeof compile> | undefined
  return (value) =>
    Effect.suspend(() => (compiled ??= compile())(value)).pipe(
      Effect.catchCause((cause) =>
        Cause.hasInterrupts(cause) ? Effect.interrupt : Effect.fail(Redaction.text(wordsOf(Cause.squash(cause))))
      )
    )
}

/** An issue of the schema; or what a getter of the value threw. */
const wordsOf = (thrown: unknown): string => {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown)
  } catch {
    return "something was thrown that cannot be read"
  }
}
