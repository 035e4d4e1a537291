/**
 * A way of carrying values, as the laws see it: into a wire value, over the way,
 * and out again. Any serializer can be held to the same laws.
 *
 * **Example** (JSON does not keep a Date)
 *
 * ```ts
 * import * as Codec from "@causeway/testing/Codec"
 *
 * const json = Codec.make({ name: "JSON", form: "json", encode: (value) => value, decode: (wire) => wire })
 *
 * Codec.roundTrip(json, new Date(0)) // => "1970-01-01T00:00:00.000Z"
 * ```
 */
import { serialize } from "node:v8"
import * as Lossless from "@causeway/core/Lossless"
import * as Schema from "effect/Schema"

/** Text that JSON carries, or a value that a structured clone does. */
export type Form = Lossless.Form

/** A way of carrying values. */
export interface Codec {
  readonly name: string
  readonly form: Form
  /** Into a wire value of this form. */
  readonly encode: (value: unknown) => unknown
  /** Out of a wire value. Throws what is no wire value. */
  readonly decode: (wire: unknown) => unknown
}

/** A codec of two functions. */
export const make = (codec: Codec): Codec => codec

/** Causeway's own. */
export const lossless = (options: Lossless.Options & { readonly form: Form }): Codec => ({
  name: `Lossless as ${options.form}`,
  form: options.form,
  encode: (value) => Lossless.toWire(value, options),
  decode: (wire) => Lossless.fromWire(wire, options)
})

/** A schema's own JSON: what stock Effect sends of a value of this type. */
export const schema = <S extends Schema.Codec<unknown, unknown>>(self: S, name = "the schema's JSON"): Codec => {
  const json = Schema.toCodecJson(self)
  return {
    name,
    form: "json",
    encode: Schema.encodeUnknownSync(json),
    decode: Schema.decodeUnknownSync(json)
  }
}

/** The platform's own. */
export const clone: Codec = {
  name: "structuredClone",
  form: "clone",
  encode: (value) => value,
  decode: (wire) => wire
}

/** What arrives of a wire value on the other side. */
export const carry = (self: Codec, wire: unknown): unknown =>
  self.form === "json" ? JSON.parse(JSON.stringify(wire)) : structuredClone(wire)

/** Encodes, carries and decodes. */
export const roundTrip = (self: Codec, value: unknown): unknown => self.decode(carry(self, self.encode(value)))

/** The bytes on the way. */
export const bytes = (self: Codec, wire: unknown): Uint8Array =>
  self.form === "json" ? Buffer.from(JSON.stringify(wire)) : serialize(wire)
