/**
 * How values cross a thread: the one place of this package that knows the codec.
 */
import * as Lossless from "@causeway/core/Lossless"
import type * as RpcSerialization from "effect/rpc/RpcSerialization"

/** The codec, with the options of one side of the boundary. */
export interface Crossing {
  /** Of what a contract's schemas describe. */
  readonly codecFor: RpcSerialization.CodecFor
  /** Anything, such as what was thrown, in a form that can be posted. */
  readonly toWire: (value: unknown) => unknown
  /** What {@link toWire} made, as it was. */
  readonly fromWire: (wire: unknown) => unknown
  /** As {@link toWire}, of a value that did not fit and is only to be looked at: a page of it at most. */
  readonly toExcerpt: (value: unknown) => unknown
}

/** The memory that an encoded value gives away when it is posted. */
export const transferables = Lossless.transferables

const excerptBytes = 8192

export const make = (options: Lossless.Options | undefined): Crossing => {
  const own: Lossless.Options = { ...options, form: "clone" }
  const short: Lossless.Options = { ...own, limits: { ...own.limits, bytes: excerptBytes, string: excerptBytes } }
  return {
    codecFor: Lossless.codecFor(own),
    toWire: (value) => Lossless.toWire(value, own),
    fromWire: (wire) => decode(wire, own),
    toExcerpt: (value) => Lossless.toWire(value, short)
  }
}

const decode = (wire: unknown, options: Lossless.Options): unknown => {
  try {
    return Lossless.fromWire(wire, options)
  } catch (failure) {
    // Both sides run the same code, so that this is a worker whose memory is broken: it is shown, and not hidden.
    return failure
  }
}
