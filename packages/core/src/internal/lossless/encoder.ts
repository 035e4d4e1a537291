/**
 * Writes a value as a tree: any graph, any depth, within limits. The parts that
 * know one kind of value each are handlers, chosen by the value's prototype.
 *
 * An object that is met a second time gets a label where it stands, and a reference
 * in the second place; trees pay nothing for it. What nests too deep for the call
 * stack moves to the list `more`.
 */
import { mask } from "../redaction/spans.ts"
import * as Cuts from "./cuts.ts"
import { handlerOf } from "./handlers.ts"
import type { Settings } from "./settings.ts"
import { symbolNode } from "./symbols.ts"
import {
  headOf,
  mostDigits,
  type Node,
  numberNode,
  type Root,
  spillDepth,
  undefinedNode,
  version,
  type Wire
} from "./wire.ts"

/** How objects of one kind are written. */
export interface Handler {
  /** Whether the decoder can make the object before its parts, so that it may move to `more`. */
  readonly spills: boolean
  readonly encode: (encoder: Encoder, value: object, index: number) => Wire
}

/** A subtree that moved to the list `more`, to be written there. */
interface Pending {
  readonly value: object
  readonly handler: Handler
  readonly index: number
  readonly depth: number
  readonly masked: boolean
  /** What pointed to it was given up, and something else may have its index. */
  dead: boolean
}

/** Up to so many objects a scan is faster than a map. */
const scanned = 40

const smallest = 2n ** 64n

/** How deep kinds nest that cannot move to `more`: a structured clone of three times as many levels still fits the stack. */
const deepestWhole = 400

export class Encoder {
  readonly settings: Settings
  /** Every object met, in order, and what was written for it: `undefined` while that is not yet known. */
  readonly seen: Array<object> = []
  readonly nodes: Array<Wire> = []
  index: Map<object, number> | undefined
  labels = 0
  renamed = 1
  holes = 0
  symbols: Map<symbol, number> | undefined
  /** How deep the call stack is in the tree, and the value's own depth at its root. */
  level = 0
  base = 0
  /** Whether every text is to be masked, since it stands under a credential's name. */
  masked = false
  /** Whether what is written is data of a declared, closed form: nothing is hidden in it. */
  closed = false
  nodesLeft: number
  bytesLeft: number
  pending: Array<Pending> | undefined
  /** Objects whose memory may move, and the memory of those that were written. */
  moving: Set<object> | undefined
  moved: Set<ArrayBuffer> | undefined
  /** The first text that stands for something which cannot be carried. */
  lost: string | undefined
  readonly longest: number
  readonly redact: (text: string) => string

  constructor(settings: Settings) {
    this.settings = settings
    this.longest = settings.limits.string
    this.redact = settings.redact
    this.nodesLeft = settings.limits.nodes
    this.bytesLeft = settings.limits.bytes
  }

  /** The whole wire value. */
  run(value: unknown): Root {
    const root = this.value(value)
    const { pending } = this
    return pending === undefined ? { $v: version, value: root } : { $v: version, value: root, more: this.rest(pending) }
  }

  /** The subtrees that moved; more may move while they are written. */
  rest(pending: ReadonlyArray<Pending>): Array<Wire> {
    const more: Array<Wire> = []
    for (let next = pending[0], n = 0; next !== undefined; next = pending[++n]) {
      this.base = next.depth
      this.level = 0
      this.masked = next.masked
      this.closed = false
      more.push(next.dead ? null : this.guarded(next.value, next.handler, next.index))
    }
    return more
  }

  value(value: unknown): Wire {
    switch (typeof value) {
      case "string":
        return this.text(value)
      case "object":
        return value === null ? null : this.object(value)
      case "number":
        return this.number(value)
      case "boolean":
        return value
      case "undefined":
        return this.settings.clone ? value : undefinedNode
      case "bigint":
        return this.masked ? mask : this.bigint(value)
      case "symbol":
        return symbolNode(this, value)
      default:
        return Cuts.functionText(this, value)
    }
  }

  number(value: number): Wire {
    return this.masked ? mask : numberNode(value, this.settings.clone)
  }

  bigint(value: bigint): Wire {
    // Writing digits takes as long as reading them; in sixteens it does not.
    const size = value > -smallest && value < smallest ? 0 : value.toString(16).length
    if (size > 0 && !this.isRoomForText(size)) return Cuts.spentBigint(this, size)
    if (this.settings.clone) return value
    return size > mostDigits * 0.8 ? Cuts.longBigint(this, size) : { $: "bigint", $value: String(value) }
  }

  /** Whether so many characters are within the limits; if so, they are taken. */
  isRoomForText(length: number): boolean {
    if (length > this.longest || (length > this.bytesLeft && length > Cuts.free)) return false
    this.bytesLeft -= length
    return true
  }

  /** `isClean`: it was searched for secrets already. */
  text(value: string, isClean = false): string {
    if (this.masked) return value === "" ? value : mask
    if (value.length > this.longest) return Cuts.longText(this, value)
    this.bytesLeft -= value.length
    if (this.bytesLeft < 0 && value.length > Cuts.free) return Cuts.spentText(this, value)
    return isClean ? value : this.redact(value)
  }

  object(value: object): Wire {
    const at = this.find(value)
    if (at !== -1) return this.again(at)
    if (this.nodesLeft <= 0 || this.bytesLeft < 0) return Cuts.cutObject(this, value)
    this.nodesLeft--
    const depth = this.base + this.level
    if (depth >= this.settings.limits.depth) return Cuts.deepObject(this, value, depth)
    const index = this.register(value)
    const handler = handlerOf(this.settings.registry, value)
    if (this.level >= spillDepth) {
      if (handler.spills) {
        const pending = (this.pending ??= [])
        const pointer: Node = { $: ">", $n: pending.length }
        this.nodes[index] = pointer
        pending.push({ value, handler, index, depth, masked: this.masked, dead: false })
        return pointer
      }
      if (this.level >= deepestWhole) {
        const text = Cuts.deepObject(this, value, depth)
        this.nodes[index] = text
        return text
      }
    }
    return this.guarded(value, handler, index)
  }

  /** Whatever a handler throws, an exhausted call stack included, becomes a text in the value's place. */
  guarded(value: object, handler: Handler, index: number): Wire {
    this.level++
    const { closed } = this
    try {
      const wire = handler.encode(this, value, index)
      this.nodes[index] = wire
      return wire
    } catch (thrown) {
      this.closed = closed
      this.forget(index + 1)
      const text = Cuts.failedObject(this, value, thrown)
      this.nodes[index] = text
      return text
    } finally {
      this.level--
    }
  }

  find(value: object): number {
    if (this.index !== undefined) return this.index.get(value) ?? -1
    const { seen } = this
    for (let at = 0; at < seen.length; at++) if (seen[at] === value) return at
    return -1
  }

  register(value: object): number {
    const at = this.seen.push(value) - 1
    this.nodes.push(undefined)
    if (this.index !== undefined) this.index.set(value, at)
    else if (at >= scanned) this.index = new Map(this.seen.map((one, position) => [one, position]))
    return at
  }

  /** Whether an object with so many parts can be written where the encoder stands. */
  isRoomFor(parts: number): boolean {
    const { limits } = this.settings
    return (
      this.nodesLeft > 0 &&
      this.bytesLeft >= 0 &&
      this.level < spillDepth &&
      this.base + this.level < limits.depth &&
      parts <= limits.collection
    )
  }

  /** Begins an object whose node is known. */
  enter(value: object, wire: Wire): number {
    const index = this.register(value)
    this.nodes[index] = wire
    this.nodesLeft--
    this.level++
    return index
  }

  /** What was written within a part that failed is not there to be referred to. */
  forget(from: number): void {
    for (const value of this.seen.splice(from)) this.index?.delete(value)
    this.nodes.length = from
    if (this.pending !== undefined) for (const moved of this.pending) if (moved.index >= from) moved.dead = true
  }

  /** A reference to an object that was written, or is being written, already. */
  again(at: number): Wire {
    const node = this.nodes[at]
    if (node === undefined) return Cuts.openText(this, this.seen[at])
    if (typeof node !== "object" || node === null) return node
    return Array.isArray(node) ? { $: "=", $n: this.label(headOf(node)) } : referenceTo(this, node as Node)
  }

  label(node: Node): number {
    const label = node["$#"]
    return typeof label === "number" ? label : (node["$#"] = this.labels++)
  }

  /** A value under a name: its text may be a credential by that name alone. */
  under(name: string, value: unknown): Wire {
    if (this.masked) return this.value(value)
    const { holds } = this.settings.key(name)
    if (holds === "anything") return this.value(value)
    if (holds === "headers") return Array.isArray(value) ? this.flatHeaders(value) : this.value(value)
    return typeof value === "string" && this.settings.isName(value) ? this.text(value) : this.masking(value)
  }

  /** Writes a value with every text in it masked. */
  masking(value: unknown): Wire {
    this.masked = true
    try {
      return this.value(value)
    } finally {
      this.masked = false
    }
  }

  /** `["Host", "a", "Authorization", "Bearer …"]`, as Node keeps the headers that it received. */
  flatHeaders(list: ReadonlyArray<unknown>): Wire {
    const pairs = this.find(list) === -1 ? pairsIn(list) : undefined
    if (pairs === undefined) return this.value(list)
    const clean = this.settings.headers(pairs).flat()
    return clean.every((text, at) => text === list[at]) ? this.value(list) : this.value(clean)
  }
}

/** Names and values in turn; `undefined` where the list holds anything else, or cannot be read. */
const pairsIn = (list: ReadonlyArray<unknown>): Array<[string, string]> | undefined => {
  const pairs: Array<[string, string]> = []
  try {
    for (let at = 0; at < list.length; at += 2) {
      const [name, value] = [list[at], list[at + 1]]
      if (typeof name !== "string" || typeof value !== "string") return undefined
      pairs.push([name, value])
    }
    return pairs
  } catch {
    return undefined
  }
}

const referenceTo = (encoder: Encoder, node: Node): Node =>
  node["$"] === ">" || node["$"] === "=" ? node : { $: "=", $n: encoder.label(node) }
