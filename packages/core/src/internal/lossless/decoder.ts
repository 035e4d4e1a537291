/**
 * Makes the value of a wire again. The wire may come from anywhere: whatever it
 * holds, the result is a value or a {@link Refusal}, and nothing is looked up by a name
 * from it but in the registry.
 *
 * Each object is made first and filled then, so that its parts can refer to it.
 * What closes an object (frozen, sealed) and what judges it (the schema of its
 * class) comes when all is filled.
 */
import { kindOf, type Kind } from "./kinds.ts"
import { define, dense, describe, refuse } from "./refusal.ts"
import type { Build } from "./generated.ts"
import type { Reading } from "./readings.ts"
import type { Registry } from "./registry.ts"
import type { Settings } from "./settings.ts"
import { symbolOf } from "./symbols.ts"
import { mostComparisons } from "./hashed.ts"
import { mostProperties } from "./patterns.ts"
import { deepest, isHead, isObject, type Node, read, unescapeKey, version, type Wire } from "./wire.ts"

/** An object of the list `more`: made when it is first pointed to, filled in its turn. */
interface Moved {
  readonly node: Wire
  readonly kind: Kind
  readonly value: object
  filled: boolean
}

export class Decoder {
  readonly registry: Registry
  /** How the plans of classes are built. */
  readonly build: Build
  /** Whether a declared field was made that its plan did not find right: the instance is to be checked as a whole. */
  unsure = false
  // Most wires need none of these.
  labels: Map<number, unknown> | undefined
  locals: Map<number, symbol> | undefined
  moved: Map<number, Moved> | undefined
  /** What fills collections whose keys were not all there when they were made. */
  collections: Array<() => void> | undefined
  /** Judges of declared fields that have to wait, the innermost first, by the subtree that they were met in. */
  judges: Array<Array<() => void>> | undefined
  /** What closes objects when all is filled and judged. */
  closing: Array<() => void> | undefined
  more: ReadonlyArray<Wire> = []
  level = 0
  /** Holes of lists that were made so far. */
  holes = 0
  readonly mostHoles: number
  /** Whether there are bytes that say their length by themselves. */
  sawLength = false
  comparisonsLeft = mostComparisons
  propertiesLeft = mostProperties
  version: number = version

  constructor({ build, registry }: Pick<Settings, "build" | "registry">, mostHoles: number) {
    this.registry = registry
    this.build = build
    this.mostHoles = mostHoles
  }

  run(wire: unknown): unknown {
    if (!isObject(wire) || Array.isArray(wire) || !Object.hasOwn(wire, "$v")) {
      return refuse("shape", "no wire value: it has no version")
    }
    const { $v, more, value } = wire as Node
    if ($v !== version && $v !== 1) {
      return refuse("version", `written by version ${describe($v)}, and this one reads 1 to ${version}`)
    }
    this.version = $v
    if (!("value" in wire)) return refuse("shape", "there is no value in it")
    if (more !== undefined) {
      if (!Array.isArray(more)) return refuse("shape", "its rest is no list")
      this.more = dense(more)
    }
    const result = this.value(value)
    this.fillMoved()
    // What was moved away stands within what was left.
    if (this.judges !== undefined) for (const judges of this.judges.toReversed()) for (const judge of judges) judge()
    if (this.closing !== undefined) for (const close of this.closing) close()
    return result
  }

  /** In the order in which they were written, so that what is referred to has been met. */
  fillMoved(): void {
    for (let n = 0; n < this.more.length; n++) {
      const one = this.moved?.get(n)
      if (one === undefined || one.filled) continue
      one.filled = true
      this.level = 0
      this.judges?.push([])
      one.kind.fill?.(this, one.value, one.node)
    }
  }

  value(wire: Wire): unknown {
    return typeof wire === "object" && wire !== null ? this.object(wire) : wire
  }

  object(wire: object): unknown {
    this.enter()
    const value = this.plain(wire) ?? this.special(wire)
    this.level--
    return value
  }

  /** Goes one level deeper; who calls it comes back. */
  enter(): void {
    if (++this.level > deepest) refuse("shape", "nested deeper than anything that is written")
  }

  /** Most nodes are plain objects with nothing of ours in them. */
  plain(wire: object): object | undefined {
    const prototype: unknown = Object.getPrototypeOf(wire)
    if (prototype !== Object.prototype) return undefined
    const keys = Object.keys(wire)
    for (const key of keys) if (key.charCodeAt(0) === 0x24) return undefined
    // A copy has its properties at once, whatever is inherited under their names.
    const made: Record<string, unknown> = { ...wire }
    for (const key of keys) {
      const held = made[key]
      if (typeof held === "object" && held !== null) made[key] = this.object(held)
    }
    return made
  }

  special(wire: object): unknown {
    const kind = kindOf(wire, this.version)
    const value = kind.make(this, wire)
    this.label(labelOf(wire), value)
    kind.fill?.(this, value as object, wire)
    return value
  }

  label(label: unknown, value: unknown): void {
    if (label === undefined) return
    if (typeof label !== "number") return refuse("shape", "a label is a number")
    ;(this.labels ??= new Map()).set(label, value)
  }

  reference(n: unknown): unknown {
    if (typeof n !== "number" || this.labels?.has(n) !== true) return refuse("shape", "refers to what is not there")
    return this.labels.get(n)
  }

  /** What was moved to the list `more`, made but perhaps not yet filled. */
  pointer(n: unknown): unknown {
    if (typeof n !== "number" || !(n in this.more)) return refuse("shape", "points to what is not there")
    const known = this.moved?.get(n)
    if (known !== undefined) return known.value
    const node = this.more[n]
    if (!isObject(node)) return node
    const kind = kindOf(node, this.version)
    if (kind.isReference === true) return refuse("shape", "points to a reference")
    const value = kind.make(this, node)
    this.label(labelOf(node), value)
    if (isObject(value)) (this.moved ??= new Map()).set(n, { node, kind, value, filled: kind.fill === undefined })
    return value
  }

  symbol(node: Wire): symbol {
    const symbol = isObject(node) ? symbolOf(node as Node, (this.locals ??= new Map())) : undefined
    return symbol ?? refuse("shape", "no symbol")
  }

  /** The own properties of an object: the shown ones, the hidden ones, those under symbols, and the state. */
  own(target: object, node: Node): void {
    const hidden = hiddenIn(node)
    for (const key of Object.keys(node)) {
      const name = unescapeKey(key)
      if (name === undefined || hidden.has(key)) continue
      define(target, name, this.value(node[key]), true)
    }
    for (const key of hidden) {
      const name = unescapeKey(key)
      if (name !== undefined && Object.hasOwn(node, key)) define(target, name, this.value(node[key]), false)
    }
    if (node["$symbols"] !== undefined) this.symbolKeyed(target, node["$symbols"])
    if (node["$state"] !== undefined) this.state(target, node["$state"])
  }

  /** Fills an object; whether that alone proves that its declared fields are what its class says. */
  fill(target: object, node: Node, reading: Reading): boolean {
    const outer = this.unsure
    this.unsure = !reading.isComplete
    reading.read(this, target, node)
    const isProven = !this.unsure && this.isAllThere()
    this.unsure = outer
    return isProven
  }

  symbolKeyed(target: object, entries: Wire): void {
    if (!Array.isArray(entries)) return refuse("shape", "symbols are a list")
    for (const entry of entries) {
      if (!Array.isArray(entry)) return refuse("shape", "a symbol's entry is a list")
      const [symbol, value, hidden] = entry as ReadonlyArray<Wire>
      define(target, this.symbol(symbol), this.value(value), hidden !== "hidden")
    }
  }

  state(target: object, state: Wire): void {
    const close =
      state === "frozen"
        ? Object.freeze
        : state === "sealed"
          ? seal
          : state === "closed"
            ? Object.preventExtensions
            : refuse("shape", `no state is called ${describe(state)}`)
    ;(this.closing ??= []).push(() => void close(target))
  }

  /** Whether nothing in what was made so far can still be unfilled. */
  isAllThere(): boolean {
    return this.labels === undefined && this.more.length === 0
  }

  /**
   * Has the fields of an instance looked at: at once where all of it is there, and
   * else, when it holds what is not filled yet, at the end.
   */
  judge(judge: () => void): void {
    if (this.isAllThere()) judge()
    else (this.judges ??= [[]]).at(-1)?.push(judge)
  }

  /** Has a collection filled in the same way, since its keys are found by what they hold. */
  collect(fill: () => void): void {
    this.judge(fill)
    if (!this.isAllThere()) (this.collections ??= []).push(fill)
  }

  /** A value for somebody who looks into it at once: collections in it hold what is there so far. */
  early(wire: Wire): unknown {
    const before = this.collections?.length ?? 0
    const value = this.value(wire)
    for (const fill of this.collections?.slice(before) ?? []) fill()
    return value
  }
}

/** V8 does not seal a view of bytes, but calls one sealed that takes no properties. */
const seal = (target: object): object => (ArrayBuffer.isView(target) ? Object.preventExtensions : Object.seal)(target)

const labelOf = (wire: object): unknown =>
  Array.isArray(wire) ? (isHead(wire[0]) ? read(wire[0], "$#") : undefined) : (wire as Node)["$#"]

const none: ReadonlySet<string> = new Set()

const hiddenIn = (node: Node): ReadonlySet<string> => {
  const hidden = node["$hidden"]
  if (hidden === undefined) return none
  return Array.isArray(hidden) && dense(hidden).every((name) => typeof name === "string")
    ? new Set(hidden)
    : refuse("shape", "hidden names are a list of texts")
}
