/** Both directions as plain functions: what everything else is built of. */
import { Decoder } from "./decoder.ts"
import { Encoder } from "./encoder.ts"
import { InvalidWire } from "./failures.ts"
import { Refusal } from "./refusal.ts"
import type { Settings } from "./settings.ts"
import { version } from "./wire.ts"

/** A whole wire value. */
export interface Root {
  readonly $v: number
  readonly value: unknown
  readonly more?: ReadonlyArray<unknown>
}

/** Writes a value. Never throws. */
export const encode = (settings: Settings, value: unknown): Root => {
  try {
    return new Encoder(settings).run(value)
  } catch {
    // Not even the first object could be begun: nearly always since the call stack was exhausted when we were called.
    return { $v: version, value: "[value: it could not be written, perhaps since the call stack is exhausted]" }
  }
}

/** Makes a value again. Throws nothing but {@link InvalidWire}. */
export const decode = (settings: Settings, wire: unknown): unknown => {
  const limit = Error.stackTraceLimit
  // A stack would be captured for every error that is made, and then be replaced.
  setLimit(0)
  try {
    return new Decoder(settings.registry).run(wire)
  } catch (thrown) {
    setLimit(limit)
    throw invalid(thrown, wire)
  } finally {
    setLimit(limit)
  }
}

/** Without a throw where the language's own objects are frozen. */
const setLimit = (limit: number): void => void Reflect.set(Error, "stackTraceLimit", limit)

const invalid = (thrown: unknown, raw: unknown): InvalidWire =>
  thrown instanceof Refusal
    ? new InvalidWire({ message: thrown.message, issue: thrown.issue, raw })
    : new InvalidWire({
        message: `a part of it cannot be made: ${thrown instanceof Error ? thrown.message : "it threw"}`,
        issue: "shape",
        raw
      })
