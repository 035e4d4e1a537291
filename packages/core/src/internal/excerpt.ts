/** Values that did not fit, as evidence. */
import * as Lossless from "../Lossless.ts"

/** As much of a value as is worth looking at, redacted. */
export const excerpt = (raw: unknown): unknown => Lossless.fromWire(Lossless.toWire(raw, looked))

const looked: Lossless.Options = { limits: { bytes: 8192, string: 8192 } }
