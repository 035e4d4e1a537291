/**
 * Carries any value, errors above all, over a thread, a process or a connection,
 * so that it arrives as it left: class, tag, fields, cause, stack, own properties,
 * identity and cycles. What cannot be carried leaves a visible placeholder, and
 * secrets do not leave at all.
 *
 * {@link toWire} and {@link fromWire} are plain functions for `postMessage`, a queue
 * or a log; {@link Defect}, {@link Cause} and {@link Exit} are schemas; {@link codecFor}
 * is what an RPC protocol takes.
 *
 * **Example** (An error through JSON)
 *
 * ```ts
 * import * as Lossless from "@causeway/core/Lossless"
 *
 * class NoSuchModel extends RangeError {
 *   readonly model: string
 *   constructor(response: { readonly model: string }) {
 *     super(`no such model: ${response.model}`)
 *     this.model = response.model
 *   }
 * }
 *
 * const options: Lossless.Options = { classes: [NoSuchModel] }
 * const sent = new NoSuchModel({ model: "gpt-0" })
 * const text = JSON.stringify(Lossless.toWire(sent, options))
 * const received = Lossless.fromWire(JSON.parse(text), options)
 *
 * received instanceof NoSuchModel && received.model // => "gpt-0"
 * ```
 */
import type * as EffectCause from "effect/Cause"
import type * as Context from "effect/Context"
import type * as EffectExit from "effect/Exit"
import type * as RpcSerialization from "effect/rpc/RpcSerialization"
import type * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import * as Codec from "./internal/lossless/codec.ts"
import type { Options } from "./internal/lossless/options.ts"
import type { Root as Wire } from "./internal/lossless/wire.ts"
import * as Render from "./internal/lossless/render.ts"
import * as Schemas from "./internal/lossless/schemas.ts"
import * as Settings from "./internal/lossless/settings.ts"
import * as Transfers from "./internal/lossless/transfers.ts"

import { InvalidOptions } from "./internal/lossless/failures.ts"

export { InvalidOptions, InvalidWire, isInvalidWire } from "./internal/lossless/failures.ts"
export type {
  AnyClass,
  AnyClassEntry,
  ClassEntry,
  Form,
  Limits,
  Options,
  StackPolicy
} from "./internal/lossless/options.ts"
export { isUnknownFailure, UnknownFailure } from "./internal/lossless/unknown.ts"
export type { Root as Wire } from "./internal/lossless/wire.ts"

/**
 * The options of the current fiber: they hold where none are given, and under those
 * that are, also for the plain functions. Default: none.
 *
 * **Example** (A boundary that shows no stacks)
 *
 * ```ts
 * import * as Lossless from "@causeway/core/Lossless"
 * import * as Effect from "effect/Effect"
 *
 * const answer = Effect.sync(() => Lossless.toWire(new Error("no")).value).pipe(
 *   Effect.provideService(Lossless.Defaults, { stack: "drop" })
 * )
 *
 * Effect.runSync(answer) // => { $: "Error", $message: "no" }
 * ```
 */
export const Defaults: Context.Reference<Options> = Settings.Defaults

/**
 * Writes any value as a wire value. Throws `InvalidOptions` where the options are
 * none, and else nothing, whatever the value does when it is looked at.
 *
 * **Example** (What it looks like)
 *
 * ```ts
 * import * as Lossless from "@causeway/core/Lossless"
 *
 * Lossless.toWire({ at: new Date(0), onRetry() {} }) // => { $v: 2, value: { at: { $: "Date", $at: "1970-01-01T00:00:00.000Z" }, onRetry: "[function onRetry]" } }
 * ```
 */
export const toWire = (value: unknown, options?: Options): Wire => {
  try {
    return Codec.encode(Settings.of(options), value)
  } catch (thrown) {
    if (thrown instanceof InvalidOptions) throw thrown
    return Codec.exhausted
  }
}

/**
 * Makes the value of a wire again. Throws {@link InvalidOptions} where the options are
 * none, and else {@link InvalidWire} and nothing else, whatever the wire holds. Calls no
 * constructor of a user, and of a user's code only the `decode` that a class was
 * registered with.
 *
 * **Example** (A wire of a newer version)
 *
 * ```ts
 * import * as Lossless from "@causeway/core/Lossless"
 *
 * const read = (wire: unknown): unknown => {
 *   try {
 *     return Lossless.fromWire(wire)
 *   } catch (failure) {
 *     return Lossless.isInvalidWire(failure) ? failure.issue : "another failure"
 *   }
 * }
 *
 * read({ $v: 2, value: "x" }) // => "x"
 * read({ $v: 3, value: "x" }) // => "version"
 * ```
 */
export const fromWire = (wire: unknown, options?: Options): unknown => Codec.decode(Settings.of(options), wire)

/**
 * Anything at all, such as what was thrown, as a schema. Its encoded side is a wire
 * value.
 *
 * **Example** (A defect with its cause)
 *
 * ```ts
 * import * as Lossless from "@causeway/core/Lossless"
 * import * as Schema from "effect/Schema"
 *
 * const Report = Schema.Struct({ thrown: Lossless.Defect({ stack: "drop" }) })
 * const sent = { thrown: new TypeError("fetch failed", { cause: "ECONNREFUSED" }) }
 *
 * Schema.encodeSync(Report)(sent) // => { thrown: { $v: 2, value: { $: "TypeError", $message: "fetch failed", $cause: "ECONNREFUSED" } } }
 * ```
 */
export const Defect: (options?: Options) => Schema.Codec<unknown, unknown> = Schemas.Defect

/**
 * A `Cause` whose failures are those of a schema, with its defects, annotations and
 * fiber ids. The Schema classes in the schema need no registration. A failure of
 * none of its types is refused on arrival; one of a class that is not known arrives
 * as an {@link UnknownFailure}.
 */
export const Cause: <E extends Schema.Top>(
  error: E,
  options?: Options
) => Schema.Codec<EffectCause.Cause<E["Type"]>, unknown> = Schemas.Cause

/**
 * An `Exit`: its success by its own schema, its cause as {@link Cause} does.
 *
 * **Example** (Over a queue that carries JSON)
 *
 * ```ts
 * import * as Lossless from "@causeway/core/Lossless"
 * import * as Exit from "effect/Exit"
 * import * as Schema from "effect/Schema"
 *
 * class Refused extends Schema.TaggedError<Refused>("app/Refused")("Refused", { why: Schema.String }) {}
 *
 * const Outcome = Schema.fromJsonString(Lossless.Exit(Schema.Date, Refused))
 * const text = Schema.encodeSync(Outcome)(Exit.fail(new Refused({ why: "full" })))
 * const received = Schema.decodeSync(Outcome)(text)
 *
 * Exit.isFailure(received) && Exit.findErrorOption(received)._tag // => "Some"
 * ```
 */
export const Exit: <A extends Schema.Top, E extends Schema.Top>(
  success: A,
  error: E,
  options?: Options
) => Schema.Codec<EffectExit.Exit<A["Type"], E["Type"]>, unknown, A["DecodingServices"], A["EncodingServices"]> =
  Schemas.Exit

/**
 * The codec of an RPC protocol: the outcome of every call as {@link Exit}, every
 * defect as {@link Defect}, payloads and streamed elements by their own schemas.
 * What such a schema leaves open arrives whole or is refused, lists with more than
 * 1,000,000 holes among it. Take it together with the server's option `disableFatalDefects`.
 *
 * **Example** (Stock RPC that loses nothing)
 *
 * ```ts
 * import * as Lossless from "@causeway/core/Lossless"
 * import * as Layer from "effect/Layer"
 * import * as RpcSerialization from "effect/rpc/RpcSerialization"
 *
 * export const serialization = Layer.succeed(RpcSerialization.RpcSerialization, {
 *   ...RpcSerialization.ndjson,
 *   codecFor: Lossless.codecFor({ stack: "trim" })
 * })
 * ```
 */
export const codecFor: (options?: Options) => RpcSerialization.CodecFor = Schemas.codecFor

/**
 * Marks a schema of bytes: over a thread its memory may be moved instead of copied,
 * whoever posts it. Where nothing can be moved, in process, over a process's pipe and
 * over HTTP, the mark changes nothing.
 *
 * The sender gives the bytes away: once they are posted, its own view of them is
 * empty, the call may have run, and it cannot be made again with the same bytes. A
 * view that looks into a part of other memory, as a pooled Buffer does, is copied out
 * first, and that copy is what moves.
 *
 * **Example** (A payload and a success that move)
 *
 * ```ts
 * import * as Lossless from "@causeway/core/Lossless"
 * import * as Rpc from "effect/rpc/Rpc"
 * import * as Schema from "effect/Schema"
 *
 * const Pixels = Lossless.transfer(Schema.Uint8Array)
 *
 * export const resize = Rpc.make("resize", { payload: { image: Pixels, width: Schema.Int }, success: Pixels })
 *
 * Lossless.hasTransfers(resize.payloadSchema) // => true
 * ```
 */
export const transfer: <S extends Schema.Top & { readonly Type: ArrayBuffer | ArrayBufferView }>(
  schema: S
) => S["Rebuild"] = Transfers.transfer

/** Whether a schema is marked by {@link transfer}, or a part of it is, so that {@link transferables} may find something. */
export const hasTransfers = (schema: Schema.Top): boolean => Transfers.hasMarks(SchemaAST.toType(schema.ast))

/**
 * The memory that a wire value may hand over, each buffer once: what `postMessage`
 * takes as its second argument. That is what {@link transfer} marks in the fields of
 * registered classes, by {@link toWire}, and in payloads, successes and failures, by
 * {@link codecFor}, in the clone form. Empty for everything else, such as a copy of
 * the wire value. Nothing is moved before you post it.
 *
 * **Example** (Bytes move, and are not copied)
 *
 * ```ts
 * import * as Lossless from "@causeway/core/Lossless"
 * import * as Schema from "effect/Schema"
 *
 * class Frame extends Schema.Class<Frame>("app/Frame")({ pixels: Lossless.transfer(Schema.Uint8Array) }) {}
 *
 * const options: Lossless.Options = { form: "clone", classes: [Frame] }
 * const frame = new Frame({ pixels: new Uint8Array(1_000_000) })
 * const wire = Lossless.toWire(frame, options)
 *
 * // As `port.postMessage(wire, transferables)` does.
 * const received = Lossless.fromWire(structuredClone(wire, { transfer: [...Lossless.transferables(wire)] }), options)
 *
 * received instanceof Frame && received.pixels.length // => 1_000_000
 * frame.pixels.length // => 0
 * ```
 */
export const transferables: (wire: unknown) => ReadonlyArray<ArrayBuffer> = Transfers.transferables

/**
 * A wire value as a report for people: errors with their fields and frames, their
 * causes as a tree. Needs no class, and reads whatever it is given.
 *
 * **Example** (What a log line holds)
 *
 * ```ts
 * import * as Lossless from "@causeway/core/Lossless"
 *
 * const error = new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") })
 *
 * Lossless.render(Lossless.toWire(error, { stack: "drop" })) // => "TypeError: fetch failed\n  cause: Error: connect ECONNREFUSED"
 * ```
 */
export const render: (wire: unknown) => string = Render.render
