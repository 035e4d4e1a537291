/** Both directions as plain functions: what everything else is built of. */
import { Decoder } from "./decoder.ts"
import { Encoder } from "./encoder.ts"
import { InvalidWire } from "./failures.ts"
import { mostHoles } from "./lists.ts"
import { Refusal } from "./refusal.ts"
import type { Settings } from "./settings.ts"
import { setStackLimit } from "./stacks.ts"
import * as Transfers from "./transfers.ts"
import { type Root, version } from "./wire.ts"

/** Writes a value. Never throws. */
export const encode = (settings: Settings, value: unknown): Root => {
  try {
    const encoder = new Encoder(settings)
    const root = encoder.run(value)
    if (encoder.moved !== undefined) Transfers.remember(root, encoder.moved)
    return root
  } catch {
    // Not even the first object could be begun: nearly always since the call stack was exhausted when we were called.
    return exhausted
  }
}

/** Made beforehand, since there may be no room to make it. */
export const exhausted: Root = Object.freeze({
  $v: version,
  value: "[value: it could not be written, perhaps since the call stack is exhausted]"
})

/**
 * Writes a value that has to arrive whole: its wire, or what is in it that cannot be
 * carried. The memory of what is `moving` may be handed over.
 */
export const encodeWhole = (settings: Settings, value: unknown, moving: Set<object> | undefined): Root | string => {
  try {
    const encoder = new Encoder(settings)
    encoder.moving = moving
    const root = encoder.run(value)
    if (encoder.lost !== undefined) return encoder.lost
    if (encoder.moved !== undefined) Transfers.remember(root, encoder.moved)
    return root
  } catch {
    return "a value that exhausts the call stack"
  }
}

/** Makes a value again. Throws nothing but {@link InvalidWire}. */
export const decode = (settings: Settings, wire: unknown): unknown => make(settings, wire, Number.POSITIVE_INFINITY)

/** Makes a value again that was written to arrive whole, for somebody who goes through all of it. */
export const decodeWhole = (settings: Settings, wire: unknown): unknown => make(settings, wire, mostHoles)

const make = (settings: Settings, wire: unknown, holes: number): unknown => {
  const limit = Error.stackTraceLimit
  // A stack would be captured for every error that is made, and then be replaced.
  setStackLimit(0)
  try {
    return new Decoder(settings, holes).run(wire)
  } catch (thrown) {
    setStackLimit(limit)
    throw invalid(thrown, wire)
  } finally {
    setStackLimit(limit)
  }
}

const invalid = (thrown: unknown, raw: unknown): InvalidWire =>
  thrown instanceof Refusal
    ? new InvalidWire({
        message: thrown.message,
        issue: thrown.issue,
        raw,
        ...(thrown.issue === "class" && { cause: thrown.cause })
      })
    : new InvalidWire({
        message: `a part of it cannot be made: ${thrown instanceof Error ? thrown.message : "it threw"}`,
        issue: "shape",
        raw
      })
