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
 * class NoSuchModel extends Error {
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
import type * as Context from "effect/Context"
import * as Codec from "./internal/lossless/codec.ts"
import type * as OptionTypes from "./internal/lossless/options.ts"
import * as Settings from "./internal/lossless/settings.ts"

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
export { render } from "./internal/lossless/render.ts"
export { isUnknownFailure, UnknownFailure } from "./internal/lossless/unknown.ts"

/** A value on the wire: what `JSON.stringify` takes, or a structured clone where the form is `clone`. */
export interface Wire {
  /** The version of the wire form. */
  readonly $v: number
  readonly value: unknown
  readonly more?: ReadonlyArray<unknown>
}

/**
 * The options that hold where none are given, and under those that are: of the
 * current fiber, also for the plain functions. Default: none.
 */
export const Defaults: Context.Reference<OptionTypes.Options> = Settings.Defaults

/**
 * Writes any value as a wire value. Never throws but {@link InvalidOptions}.
 *
 * **Example** (What it looks like)
 *
 * ```ts
 * import * as Lossless from "@causeway/core/Lossless"
 *
 * Lossless.toWire({ at: new Date(0), onRetry() {} }) // => { $v: 1, value: { at: { $: "Date", $at: "1970-01-01T00:00:00.000Z" }, onRetry: "[function onRetry]" } }
 * ```
 */
export const toWire = (value: unknown, options?: OptionTypes.Options): Wire => Codec.encode(Settings.of(options), value)

/**
 * Makes the value of a wire again. Throws nothing but {@link InvalidWire}, whatever
 * the wire holds, and calls no constructor of a user.
 */
export const fromWire = (wire: unknown, options?: OptionTypes.Options): unknown =>
  Codec.decode(Settings.of(options), wire)

export {
  /** Anything at all, such as what was thrown, as a schema whose encoded side is a wire value. */
  Defect,
  /** A `Cause` whose failures are those of a schema, with its defects, annotations and fiber ids. */
  Cause,
  /** An `Exit`: its success by its own schema, its cause as {@link Cause} does. */
  Exit,
  /** The codec of an RPC protocol: outcomes as {@link Exit}, defects as {@link Defect}, payloads by their own schemas. */
  codecFor
} from "./internal/lossless/schemas.ts"
