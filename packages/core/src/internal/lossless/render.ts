/**
 * A wire value as a report for people: the error, its fields, its frames and its
 * causes as a tree. Needs no class, and reads whatever it is given.
 */
import { isHead, isObject, type Node, unescapeKey, type Wire } from "./wire.ts"

/** Deeper is not read by anybody. */
const deepest = 24
const mostLines = 2_000
const widest = 100

/** A report of a wire value, of an encoded exit, or of anything else that JSON holds. */
export const render = (wire: unknown): string => {
  const lines: Array<string> = []
  try {
    new Report(wire, lines).run()
  } catch (thrown) {
    lines.push(`[unreadable from here on${thrown instanceof Error ? `: ${thrown.message}` : ""}]`)
  }
  return lines.join("\n")
}

class Report {
  readonly root: unknown
  readonly more: ReadonlyArray<Wire>
  readonly lines: Array<string>
  /** Labels by their number, so that a reference can say what it refers to. */
  readonly labels = new Map<unknown, Node>()
  readonly shown = new Set<object>()

  constructor(wire: unknown, lines: Array<string>) {
    this.lines = lines
    const own = isObject(wire) ? (wire as Node) : {}
    const inner = own["_tag"] === "Failure" && isObject(own["cause"]) ? (own["cause"] as Node) : own
    this.root = "$v" in inner ? inner["value"] : wire
    this.more = Array.isArray(inner["more"]) ? inner["more"] : []
  }

  run(): void {
    this.collect([this.root, ...this.more])
    this.block("", this.root, 0)
  }

  collect(wires: ReadonlyArray<Wire>): void {
    const pending: Array<Wire> = [...wires]
    const seen = new Set<object>()
    while (pending.length > 0) {
      const wire = pending.pop()
      if (!isObject(wire) || seen.has(wire)) continue
      seen.add(wire)
      const head = Array.isArray(wire) ? wire[0] : wire
      if (isObject(head) && "$#" in head) this.labels.set((head as Node)["$#"], wire as Node)
      for (const part of Object.values(wire)) pending.push(part)
    }
  }

  line(depth: number, text: string): void {
    if (this.lines.length === mostLines) this.lines.push("… more lines than anybody reads")
    if (this.lines.length < mostLines) this.lines.push(`${"  ".repeat(depth)}${text}`)
  }

  /** Writes a value under a name: on one line where it fits. */
  block(name: string, wire: Wire, depth: number): void {
    const prefix = name === "" ? "" : `${name}: `
    const node = this.resolve(wire)
    const short = inline(node)
    if (short !== undefined && short.length <= widest) return this.line(depth, prefix + short)
    if (!isObject(node)) return this.text(prefix, String(node), depth)
    if (this.shown.has(node)) return this.line(depth, `${prefix}[shown above] ${titleOf(node as Node)}`)
    if (depth >= deepest) return this.line(depth, `${prefix}[nested deeper] ${titleOf(node as Node)}`)
    this.shown.add(node)
    if (Array.isArray(node)) {
      this.line(depth, `${prefix}list of ${node.length}`)
      for (const [at, element] of node.entries()) if (!isHead(element)) this.block(`[${at}]`, element, depth + 1)
      return
    }
    this.node(prefix, node as Node, depth)
  }

  node(prefix: string, node: Node, depth: number): void {
    this.line(depth, prefix + titleOf(node))
    const { $cause, $defect, $entries, $error, $errors, $reasons, $stack, $suppressed, $value, $values } = node
    for (const [key, held] of Object.entries(node)) {
      const name = unescapeKey(key)
      if (name !== undefined && name !== "_tag") this.block(name, held, depth + 1)
    }
    if (typeof $stack === "string") {
      for (const frame of $stack.split("\n")) if (/^\s+at /.test(frame)) this.line(depth + 1, frame.trim())
    }
    if (Array.isArray($entries)) for (const entry of $entries) this.entry(entry, depth + 1)
    for (const list of [$reasons, $values, $errors]) {
      if (Array.isArray(list)) for (const element of list) this.block("-", element, depth + 1)
    }
    if ($value !== undefined) this.block("value", $value, depth + 1)
    if ($error !== undefined) this.block("error", $error, depth + 1)
    if ($suppressed !== undefined) this.block("suppressed", $suppressed, depth + 1)
    if ($defect !== undefined) this.block("defect", $defect, depth + 1)
    if ("$cause" in node) this.block("cause", $cause, depth + 1)
  }

  entry(entry: Wire, depth: number): void {
    if (!Array.isArray(entry)) return
    const [key, value] = entry as ReadonlyArray<Wire>
    const node = this.resolve(key)
    this.block(inline(node) ?? titleOf(node as Node), value, depth)
  }

  text(prefix: string, text: string, depth: number): void {
    const [first = "", ...rest] = text.split("\n")
    this.line(depth, prefix + first)
    for (const next of rest) this.line(depth + 1, next)
  }

  resolve(wire: Wire): Wire {
    if (!isObject(wire)) return wire
    const { $, $n } = wire as Node
    if ($ === "=") return this.labels.get($n) ?? wire
    return $ === ">" && typeof $n === "number" ? this.more[$n] : wire
  }
}

/** A value on one line, where it is one that has no parts worth a line each. */
const inline = (wire: Wire): string | undefined => {
  if (typeof wire === "string") return wire.includes("\n") ? undefined : wire
  if (!isObject(wire)) return String(wire)
  if (Array.isArray(wire)) {
    const parts = wire.filter((element) => !isHead(element)).map(inline)
    return parts.every((part) => part !== undefined) ? `[${parts.join(", ")}]` : undefined
  }
  const node = wire as Node
  const kind = node["$"]
  if (typeof kind === "string") return Object.keys(node).some((key) => parts.has(key)) ? undefined : leaf(kind, node)
  if ("$class" in node) return undefined
  const own = Object.entries(node).filter(([key]) => key !== "$#")
  const fields = own.map(([key, held]) => {
    const name = unescapeKey(key)
    const text = name === undefined ? undefined : inline(held)
    return text === undefined ? undefined : `${name}: ${text}`
  })
  return fields.every((field) => field !== undefined) ? `{ ${fields.join(", ")} }` : undefined
}

/** What makes a node one of several lines. */
const parts: ReadonlySet<string> = new Set([
  "$message",
  "$display",
  "$stack",
  "$cause",
  "$errors",
  "$reasons",
  "$entries",
  "$values",
  "$value",
  "$error",
  "$defect"
])

const leaf = (kind: string, node: Node): string | undefined => {
  const own = Object.entries(node).filter(([key]) => key !== "$" && key !== "$#")
  if (own.some(([, held]) => isObject(held))) return undefined
  if (own.length === 0) return kind
  return `${kind}(${own.map(([key, held]) => (key.startsWith("$") ? String(held) : `${key}: ${String(held)}`)).join(", ")})`
}

/** The first line of a node: what it is, and what it says. */
const titleOf = (node: Node): string => {
  const { $: kind, $class: id, $display: display, $fiber: fiber, $message: message, $name: name, _tag: tag } = node
  const own = [name, tag, id, kind].find((text) => typeof text === "string" && text !== "object") ?? "object"
  const known = typeof id === "string" && id !== own ? ` (${id})` : ""
  const says = [message, display].find((text) => typeof text === "string" && text !== "")
  const by = fiber === undefined ? "" : ` by fiber ${String(fiber)}`
  return `${String(own)}${known}${by}${says === undefined ? "" : `: ${String(says)}`}`
}
