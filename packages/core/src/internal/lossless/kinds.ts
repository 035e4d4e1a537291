/**
 * How each kind of node is made again. The kinds are a closed table: a name in it
 * that nobody knows is refused, and no name of a wire ever reaches a constructor.
 */
import * as Bytes from "./bytes.ts"
import * as Classes from "./instances.ts"
import type { Decoder } from "./decoder.ts"
import { dense, describe, integerOf, listOf, refuse } from "./refusal.ts"
import * as EffectKinds from "./effectKinds.ts"
import { errorKind, exceptionKind } from "./errorKinds.ts"
import { propertiesIn } from "./patterns.ts"
import { errorNames, isHead, isObject, nativeErrors, type Node, type Wire } from "./wire.ts"

/** A kind of node. */
export interface Kind {
  /** The object, as yet without its parts where there is a `fill`. */
  readonly make: (decoder: Decoder, wire: object) => unknown
  readonly fill?: (decoder: Decoder, value: object, wire: Wire) => void
  /** Whether it stands for another node. */
  readonly isReference?: boolean
}

/** The kind of a node. */
export const kindOf = (wire: object, version: number): Kind => {
  if (Array.isArray(wire)) return list
  const prototype: unknown = Object.getPrototypeOf(wire)
  if (
    prototype !== Object.prototype &&
    prototype !== null &&
    Object.prototype.toString.call(wire) !== "[object Object]"
  ) {
    return refuse("shape", "holds what no encoder writes")
  }
  if (!Object.hasOwn(wire, "$")) {
    return !Object.hasOwn(wire, "$class") ? plain : version === 1 ? Classes.instance : error
  }
  const name: unknown = (wire as Node)["$"]
  const kind = typeof name === "string" ? kinds.get(name) : undefined
  return kind ?? refuse("kind", `holds a kind that is not known: ${describe(name)}`)
}

const leaf = (make: (node: Node, decoder: Decoder) => unknown): Kind => ({
  make: (decoder, wire) => make(wire as Node, decoder)
})

const filled = (
  make: (node: Node, decoder: Decoder) => object,
  fill?: (decoder: Decoder, value: object, node: Node) => void
): Kind => ({
  make: (decoder, wire) => make(wire as Node, decoder),
  fill: (decoder, value, wire) => {
    fill?.(decoder, value, wire as Node)
    decoder.own(value, wire as Node)
  }
})

const plain = filled(() => ({}))

/** A list longer than so many holes beyond its elements is kept sparse, whatever the engine would do. */
const denseHoles = 1_024
const longestList = 4_294_967_295

const list: Kind = {
  make: (decoder, wire) => {
    const made: Array<unknown> = []
    const [head] = wire as ReadonlyArray<Wire>
    if (isHead(head)) Classes.adopt(decoder, made, head)
    return made
  },
  fill: (decoder, value, wire) => {
    const target = value as Array<unknown>
    const elements = dense(wire as ReadonlyArray<Wire>)
    const [head] = elements
    if (!isHead(head)) {
      for (const element of elements) target.push(decoder.value(element))
      return
    }
    if (head["$sparse"] === true) withHoles(decoder, target, elements)
    else for (let at = 1; at < elements.length; at++) target.push(decoder.value(elements[at]))
    decoder.own(target, head)
  }
}

/** Elements are set at their index, which the engine keeps sparse where a list of that length would be mostly holes. */
const withHoles = (decoder: Decoder, target: Array<unknown>, elements: ReadonlyArray<Wire>): void => {
  let next = 0
  for (let at = 1; at < elements.length; at++) {
    const element = elements[at]
    if (isObject(element) && (element as Node)["$"] === "holes") next += holesOf(decoder, (element as Node)["$n"], next)
    else target[next++] = decoder.value(element)
  }
  // For a length alone memory is set aside, but not beyond a bound of the engine.
  if (next - target.length > denseHoles) target.length = longestList
  if (next !== target.length) target.length = next
}

const holesOf = (decoder: Decoder, count: Wire, next: number): number => {
  if (typeof count !== "number" || !Number.isInteger(count) || count < 1 || next + count > longestList)
    return refuse("shape", "no number of holes")
  decoder.holes += count
  return decoder.holes > decoder.mostHoles ? refuse("shape", "more holes than are carried in such a value") : count
}

const map = filled(
  () => new Map<unknown, unknown>(),
  (decoder, value, node) => {
    for (const entry of listOf(node["$entries"])) {
      const [key, held] = listOf(entry)
      // In this order: references run the same way.
      const own = decoder.value(key)
      Map.prototype.set.call(value, own, decoder.value(held))
    }
  }
)

const set = filled(
  () => new Set<unknown>(),
  (decoder, value, node) => {
    for (const member of listOf(node["$values"])) Set.prototype.add.call(value, decoder.value(member))
  }
)

const textOf = (wire: Wire): string => (typeof wire === "string" ? wire : refuse("shape", "no text"))

const date = filled((node) => new Date(node["$at"] === null ? Number.NaN : textOf(node["$at"])))

const regExp: Kind = {
  make: (decoder, wire) => {
    const { $flags, $source } = wire as Node
    const [source, flags] = [textOf($source), textOf($flags)]
    decoder.propertiesLeft -= propertiesIn(source, flags)
    return decoder.propertiesLeft < 0 ? `[RegExp /${source}/${flags}]` : new RegExp(source, flags)
  },
  fill: (decoder, value, wire) => {
    const node = wire as Node
    if (!isObject(value)) return
    // It cannot be defined anew, only set.
    if ("$lastIndex" in node) Reflect.set(value, "lastIndex", decoder.value(node["$lastIndex"]))
    decoder.own(value, node)
  }
}

const pairsOf = (wire: Wire): Array<[string, string]> =>
  listOf(wire).map((pair) => {
    const [name, value] = listOf(pair)
    return [textOf(name), textOf(value)]
  })

const boxed = filled((node, decoder) => {
  const inner = decoder.value(node["$value"])
  return typeof inner === "object" || inner === undefined ? refuse("shape", "no primitive value") : Object(inner)
})

const like = filled((node) => {
  const native = nativeErrors.get(textOf(node["$of"]))
  return native === undefined ? refuse("kind", "no native error") : Object.create(native.prototype)
})

const reference = (make: (decoder: Decoder, n: Wire) => unknown): Kind => ({
  make: (decoder, wire) => make(decoder, (wire as Node)["$n"]),
  isReference: true
})

const subclassed = (kind: Kind): Kind => ({
  ...kind,
  make: (decoder, wire) => {
    const made = kind.make(decoder, wire)
    if (isObject(made)) Classes.adopt(decoder, made, wire as Node)
    return made
  }
})

/** What most classes that cross are: their nodes need not say so. */
const error = errorKind("Error")

const kinds = new Map<string, Kind>([
  ["undefined", leaf(() => undefined)],
  ["-0", leaf(() => -0)],
  ["NaN", leaf(() => Number.NaN)],
  ["Infinity", leaf(() => Number.POSITIVE_INFINITY)],
  ["-Infinity", leaf(() => Number.NEGATIVE_INFINITY)],
  ["bigint", leaf((node) => integerOf(node["$value"]))],
  ["symbol", leaf((node, decoder) => decoder.symbol(node))],
  ["=", reference((decoder, n) => decoder.reference(n))],
  [">", reference((decoder, n) => decoder.pointer(n))],
  ["null", filled(() => Object.create(null))],
  ["object", Classes.instance],
  ["custom", Classes.custom],
  ["like", like],
  ["Map", subclassed(map)],
  ["Set", subclassed(set)],
  ["Date", subclassed(date)],
  ["RegExp", subclassed(regExp)],
  ["URL", leaf((node) => new URL(textOf(node["$href"])))],
  ["URLSearchParams", leaf((node) => new URLSearchParams(textOf(node["$query"])))],
  ["Headers", leaf((node) => new Headers(pairsOf(node["$entries"])))],
  ["Boxed", boxed],
  ["DOMException", exceptionKind],
  ...Bytes.kinds.map(
    (kind) =>
      [
        kind,
        filled((node, decoder) => {
          decoder.sawLength ||= Bytes.saysItsLength(node)
          return Bytes.bytesOf(kind, node) ?? refuse("shape", "no bytes")
        })
      ] as const
  ),
  ...errorNames.map((kind) => [kind, kind === "Error" ? error : errorKind(kind)] as const),
  ...EffectKinds.kinds
])
