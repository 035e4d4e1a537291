/** Values that did not fit, as evidence. */
import * as Lossless from "../Lossless.ts"

/** As much of a value as is worth looking at, redacted. */
export const excerpt = (raw: unknown): unknown => {
  const copy = Lossless.fromWire(Lossless.toWire(raw, looked))
  closeHoles(copy, new Set())
  return copy
}

const looked: Lossless.Options = { limits: { bytes: 8192, string: 8192 } }

/** What is looked at has no room for more elements, so that behind them are only holes. */
const mostElements = 8192

/** Holes cost nothing to hold, and everything to walk: a list of four billion of them is a few bytes of wire. */
const closeHoles = (value: unknown, seen: Set<object>): void => {
  if (typeof value !== "object" || value === null || seen.has(value)) return
  seen.add(value)
  if (Array.isArray(value) && value.length > mostElements) value.length = mostElements
  const parts = value instanceof Map ? Array.from(value).flat() : value instanceof Set ? Array.from(value) : []
  for (const { value: part } of Object.values(Object.getOwnPropertyDescriptors(value))) parts.push(part)
  for (const part of parts) closeHoles(part, seen)
}
