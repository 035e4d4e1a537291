/** Own properties: the shown ones, and whatever else hangs on an object. */
import * as Cuts from "./cuts.ts"
import type { Encoder } from "./encoder.ts"
import { isEntryValue, nameOfEntry } from "./keys.ts"
import type { Entry } from "./registry.ts"
import { symbolNode } from "./symbols.ts"
import type { Node, Wire } from "./wire.ts"

/** Own properties of an object, with those that are hidden, its symbols and its state. */
export const own = (encoder: Encoder, node: Node, value: object): void => {
  const keys = Object.keys(value)
  properties(encoder, node, value, keys)
  if (encoder.closed) return state(node, value)
  const names = Object.getOwnPropertyNames(value)
  if (names.length !== keys.length) hidden(encoder, node, value, names, keys)
  exotics(encoder, node, value)
}

/** Properties of an instance of a registered class. */
export const declared = (
  encoder: Encoder,
  node: Node,
  value: object,
  keys: ReadonlyArray<string>,
  entry: Entry
): void => {
  const plan = encoder.closed ? undefined : entry.plan(encoder.settings.build)
  if (plan === undefined) properties(encoder, node, value, keys)
  else plan.write(encoder, node, value, keys)
}

/** `closed`: names of properties that are declared as plain data, where some are. */
export const properties = (
  encoder: Encoder,
  node: Node,
  value: object,
  keys: ReadonlyArray<string>,
  closed?: ReadonlySet<string>
): void => {
  const count = Cuts.keptOf(encoder, keys.length)
  for (let at = 0; at < count; at++) {
    const key = keys[at]!
    if (encoder.bytesLeft < 0) {
      encoder.closed &&= closed === undefined
      return Cuts.cutProperties(node, keys.length, at)
    }
    if (closed !== undefined) encoder.closed = closed.has(key)
    property(encoder, node, value, key)
  }
  if (closed !== undefined) encoder.closed = false
  if (count < keys.length) Cuts.cutProperties(node, keys.length, count)
}

export const property = (encoder: Encoder, node: Node, target: object, name: string): void => {
  const key = encoder.settings.key(name)
  let value: unknown
  try {
    value = (target as Readonly<Record<string, unknown>>)[name]
  } catch (thrown) {
    node[free(encoder, node, key.wire)] = Cuts.thrownText(encoder, thrown)
    return
  }
  encoder.bytesLeft -= name.length
  const wire = key.altered
    ? free(encoder, node, key.wire)
    : name.length > encoder.longest
      ? free(encoder, node, Cuts.longText(encoder, key.wire))
      : key.wire
  const entry = isEntryValue(name) ? nameOfEntry(target) : undefined
  if (entry !== undefined) node[wire] = encoder.under(entry, value)
  else
    node[wire] =
      key.holds === "anything" || encoder.masked
        ? typeof value === "string"
          ? encoder.text(value)
          : encoder.value(value)
        : encoder.under(name, value)
}

/** A name that is not taken: redaction can make two names one. */
const free = (encoder: Encoder, node: Node, wire: string): string => {
  let name = wire
  while (Object.hasOwn(node, name)) name = `${wire} (${++encoder.renamed})`
  return name
}

export const hidden = (
  encoder: Encoder,
  node: Node,
  value: object,
  names: ReadonlyArray<string>,
  keys: ReadonlyArray<string>
): void => {
  const shown = new Set(keys)
  const hidden = names.filter((name) => !shown.has(name))
  hiddenOf(encoder, node, value, hidden)
}

export const hiddenOf = (encoder: Encoder, node: Node, value: object, hidden: ReadonlyArray<string>): void => {
  if (hidden.length === 0) return
  const before = new Set(Object.keys(node))
  properties(encoder, node, value, hidden)
  node["$hidden"] = Object.keys(node).filter((name) => !before.has(name))
}

/** Symbol-keyed properties and whether the object is frozen, sealed or closed. */
export const exotics = (encoder: Encoder, node: Node, value: object): void => {
  const symbols = Object.getOwnPropertySymbols(value)
  if (symbols.length > 0) symbolKeyed(encoder, node, value, symbols)
  state(node, value)
}

export const state = (node: Node, value: object): void => {
  if (!Object.isExtensible(value)) {
    node["$state"] = Object.isFrozen(value) ? "frozen" : Object.isSealed(value) ? "sealed" : "closed"
  }
}

export const symbolKeyed = (encoder: Encoder, node: Node, value: object, symbols: ReadonlyArray<symbol>): void => {
  const entries: Array<Wire> = []
  const count = Cuts.keptOf(encoder, symbols.length)
  for (const symbol of symbols.slice(0, count)) {
    if (encoder.bytesLeft < 0) break
    const shown = Object.prototype.propertyIsEnumerable.call(value, symbol)
    let held: unknown
    let wire: Wire
    try {
      held = (value as Readonly<Record<symbol, unknown>>)[symbol]
      wire = encoder.under(symbol.description ?? "", held)
    } catch (thrown) {
      wire = Cuts.thrownText(encoder, thrown)
    }
    entries.push(shown ? [symbolNode(encoder, symbol), wire] : [symbolNode(encoder, symbol), wire, "hidden"])
  }
  if (entries.length > 0) node["$symbols"] = entries
  if (entries.length < symbols.length) {
    node[free(encoder, node, "…")] = Cuts.cutElements(symbols.length, entries.length, "properties under symbols")
  }
}
