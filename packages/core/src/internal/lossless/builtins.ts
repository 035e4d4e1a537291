/** Objects of the language and the platform that are no errors. */
import { mask } from "../redaction/spans.ts"
import * as Cuts from "./cuts.ts"
import type { Encoder, Handler } from "./encoder.ts"
import { pairKey } from "./keys.ts"
import { indicesOf, isIndex, mostHoles } from "./lists.ts"
import * as Own from "./ownProperties.ts"
import { headOf, type Node, type Wire } from "./wire.ts"

const leaf = (encode: Handler["encode"]): Handler => ({ spills: false, encode })
const graph = (encode: Handler["encode"]): Handler => ({ spills: true, encode })

/** A plain object. */
export const plain = graph((encoder, value, index) => {
  const node: Node = {}
  encoder.nodes[index] = node
  Own.own(encoder, node, value)
  return node
})

/** An object without prototype. */
export const bare = graph((encoder, value, index) => {
  const node: Node = { $: "null" }
  encoder.nodes[index] = node
  Own.own(encoder, node, value)
  return node
})

const noSymbols: ReadonlyArray<symbol> = []

/** Of a short list all names are asked for at once. */
const short = 64

/** A list: its elements, and before them a head where something is to be said of the list itself. */
export const array = graph((encoder, value, index) => {
  const list = value as ReadonlyArray<unknown>
  const out: Array<Wire> = []
  encoder.nodes[index] = out
  const { length } = list
  const pair = pairOf(encoder, list)
  let hole = -1
  if (pair === undefined) hole = elements(encoder, list, out)
  else out.push(...pair)
  if (hole !== -1) {
    headOf(out)["$sparse"] = true
    sparse(encoder, list, out, hole)
    if (!isLong(encoder, list)) named(encoder, list, out, Object.getOwnPropertyNames(list))
  } else if (encoder.closed || isLong(encoder, list)) {
    // Nothing hangs on a list that is declared as data; one that was cut is not looked through to its end.
  } else if (length > short) named(encoder, list, out, namedOf(list))
  else {
    const names = Object.getOwnPropertyNames(list)
    if (names.length > length + 1) named(encoder, list, out, names)
  }
  const symbols = encoder.closed ? noSymbols : Object.getOwnPropertySymbols(list)
  if (symbols.length > 0 || !Object.isExtensible(list)) Own.exotics(encoder, headOf(out), list)
  return out
})

/** A header or an entry of its own. */
const pairOf = (encoder: Encoder, list: ReadonlyArray<unknown>): ReadonlyArray<Wire> | undefined => {
  if (encoder.masked || pairKey(encoder.settings.key, list)?.holds !== "credential") return undefined
  const name = String(list[0])
  return [encoder.text(name), encoder.under(name, list[1])]
}

/** Writes the elements up to the first hole; returns its index, or -1 where there is none. */
const elements = (encoder: Encoder, list: ReadonlyArray<unknown>, out: Array<Wire>): number => {
  const { length } = list
  const count = Cuts.keptOf(encoder, length)
  for (let at = 0; at < count; at++) {
    if (encoder.bytesLeft < 0) {
      out.push(Cuts.cutElements(length, at, "elements"))
      return -1
    }
    let element: unknown
    try {
      element = list[at]
    } catch (thrown) {
      out.push(Cuts.thrownText(encoder, thrown))
      continue
    }
    if (element === undefined && !Object.hasOwn(list, at)) return at
    encoder.bytesLeft -= 2
    out.push(encoder.value(element))
  }
  if (count < length) out.push(Cuts.cutElements(length, count, "elements"))
  return -1
}

/** Whether a list has more elements than are written, and not only more holes. */
const isLong = (encoder: Encoder, list: ReadonlyArray<unknown>): boolean =>
  list.length > encoder.settings.limits.collection && Object.hasOwn(list, encoder.settings.limits.collection)

/** Only what is there, with the holes between by their number: a list may be longer than memory. */
const sparse = (encoder: Encoder, list: ReadonlyArray<unknown>, out: Array<Wire>, from: number): void => {
  const { length } = list
  const { collection } = encoder.settings.limits
  let next = from
  let kept = 0
  for (const at of indicesOf(list, from)) {
    if (++kept >= collection || encoder.bytesLeft < 0) {
      out.push(Cuts.cutElements(length, at, "elements"))
      return
    }
    if (at > next) out.push(holes(encoder, at - next))
    next = at + 1
    try {
      out.push(encoder.value(list[at]))
    } catch (thrown) {
      out.push(Cuts.thrownText(encoder, thrown))
    }
  }
  if (length > next) out.push(holes(encoder, length - next))
}

const holes = (encoder: Encoder, count: number): Node => {
  encoder.holes += count
  if (encoder.holes > mostHoles) Cuts.manyHoles(encoder)
  return { $: "holes", $n: count }
}

/** The names on a long list that are no indices; few lists have any, so most are told by their end. */
const namedOf = (list: ReadonlyArray<unknown>): ReadonlyArray<string> => {
  const names = Object.getOwnPropertyNames(list)
  let first = names.length
  while (first > 0 && !isIndex(names[first - 1]!)) first--
  return names.length - first > 1 ? names.slice(first) : []
}

const named = (
  encoder: Encoder,
  list: ReadonlyArray<unknown>,
  out: Array<Wire>,
  names: ReadonlyArray<string>
): void => {
  const own = names.filter((name) => name !== "length" && !isIndex(name))
  if (own.length === 0) return
  const head = headOf(out)
  const shown = own.filter((name) => Object.prototype.propertyIsEnumerable.call(list, name))
  Own.properties(encoder, head, list, shown)
  Own.hiddenOf(
    encoder,
    head,
    list,
    own.filter((name) => !shown.includes(name))
  )
}

/** A Map: its entries in their order. */
export const map = graph((encoder, value, index) => {
  const entries: Array<Wire> = []
  const node: Node = { $: "Map", $entries: entries }
  encoder.nodes[index] = node
  const size = Number(Reflect.apply(sizeOfMap, value, []))
  const kept = Cuts.keptOf(encoder, size)
  let at = 0
  Map.prototype.forEach.call(value, (held: unknown, key: unknown) => {
    at++
    if (at > kept || encoder.bytesLeft < 0) return
    entries.push([encoder.value(key), typeof key === "string" ? encoder.under(key, held) : encoder.value(held)])
  })
  if (entries.length < size) entries.push([Cuts.cutElements(size, entries.length, "entries"), null])
  Own.own(encoder, node, value)
  return node
})

const getterOf = (prototype: object, key: PropertyKey): (() => unknown) =>
  Object.getOwnPropertyDescriptor(prototype, key)?.get ?? (() => undefined)
const sizeOfMap = getterOf(Map.prototype, "size")
const sizeOfSet = getterOf(Set.prototype, "size")

/** A Set: its members in their order. */
export const set = graph((encoder, value, index) => {
  const values: Array<Wire> = []
  const node: Node = { $: "Set", $values: values }
  encoder.nodes[index] = node
  const size = Number(Reflect.apply(sizeOfSet, value, []))
  const kept = Cuts.keptOf(encoder, size)
  Set.prototype.forEach.call(value, (member: unknown) => {
    if (values.length < kept && encoder.bytesLeft >= 0) values.push(encoder.value(member))
  })
  if (values.length < size) values.push(Cuts.cutElements(size, values.length, "members"))
  Own.own(encoder, node, value)
  return node
})

export const date = leaf((encoder, value, index) => {
  const time: number = Date.prototype.getTime.call(value)
  const node: Node = { $: "Date", $at: Number.isNaN(time) ? null : new Date(time).toISOString() }
  encoder.nodes[index] = node
  Own.own(encoder, node, value)
  return node
})

export const regExp = leaf((encoder, value, index) => {
  if (encoder.masked) return mask
  const source = String(Reflect.get(RegExp.prototype, "source", value))
  const flags = String(Reflect.get(RegExp.prototype, "flags", value))
  const clean = encoder.text(source)
  // What is left of a pattern may be none.
  if (clean !== source) return `[RegExp /${clean}/${flags}]`
  const node: Node = { $: "RegExp", $source: clean, $flags: flags }
  encoder.nodes[index] = node
  const last: unknown = Object.getOwnPropertyDescriptor(value, "lastIndex")?.value
  if (last !== 0) node["$lastIndex"] = encoder.value(last)
  ownBut(encoder, node, value, (name) => name === "lastIndex")
  return node
})

/** Own properties but those that belong to the kind. */
export const ownBut = (encoder: Encoder, node: Node, value: object, isKinds: (name: string) => boolean): void => {
  const own = Object.getOwnPropertyNames(value).filter((name) => !isKinds(name))
  const isShown = (name: string): boolean => Object.prototype.propertyIsEnumerable.call(value, name)
  Own.properties(encoder, node, value, own.filter(isShown))
  Own.hiddenOf(
    encoder,
    node,
    value,
    own.filter((name) => !isShown(name))
  )
  Own.exotics(encoder, node, value)
}

export const url = leaf((encoder, value) => {
  if (encoder.masked) return mask
  const { href } = value as URL
  const clean = encoder.settings.url(href)
  if (clean !== href && !URL.canParse(clean)) return `[URL ${clean}]`
  return encoder.isRoomForText(href.length) ? { $: "URL", $href: clean } : encoder.text(href)
})

export const searchParams = leaf((encoder, value) => {
  if (encoder.masked) return mask
  const query = String(value as URLSearchParams)
  const clean = encoder.settings.url(`?${query}`).slice(1)
  return encoder.isRoomForText(query.length) ? { $: "URLSearchParams", $query: clean } : encoder.text(query)
})

export const headers = leaf((encoder, value) => {
  const own = Array.from(value as Headers)
  const length = own.reduce((sum, [name, held]) => sum + name.length + held.length, 0)
  if (!encoder.isRoomForText(length)) return Cuts.spentHeaders(encoder, length)
  const pairs = encoder.settings.headers(own)
  return { $: "Headers", $entries: encoder.masked ? pairs.map(([name]) => [name, mask]) : pairs }
})

/** `Object("text")` and the like. */
export const boxed = leaf((encoder, value, index) => {
  const inner = primitiveOf(value)
  const node: Node = { $: "Boxed", $value: encoder.value(inner) }
  encoder.nodes[index] = node
  ownBut(encoder, node, value, (name) => typeof inner === "string" && (name === "length" || isIndex(name)))
  return node
})

const primitiveOf = (value: object): unknown => {
  for (const Kind of [String, Number, Boolean, BigInt, Symbol]) {
    try {
      return Reflect.apply(Kind.prototype.valueOf, value, [])
    } catch {
      // It is one of the others.
    }
  }
  throw new TypeError("no boxed value")
}

/** An instance of a class that is not in the registry: its fields, and the class's name. */
export const stranger = (id: string | undefined, name: string): Handler =>
  graph((encoder, value, index) => {
    const node: Node = id === undefined ? { $: "object" } : { $: "object", $class: id }
    if (name !== id) node["$name"] = encoder.text(name)
    encoder.nodes[index] = node
    Own.own(encoder, node, value)
    return node
  })

/** What cannot be carried, by its kind alone. */
export const placeholder = (kind: string): Handler => leaf((encoder) => Cuts.placeholder(encoder, kind))

/** What cannot be carried, with what it says of itself. */
export const telling = (tell: (value: object) => string): Handler =>
  leaf((encoder, value) => (encoder.masked ? mask : Cuts.placeholder(encoder, encoder.settings.url(tell(value)))))
