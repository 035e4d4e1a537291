/**
 * Builds value graphs from plain descriptions, so that what is generated and made
 * smaller is the description, and shared references and cycles come for free.
 */
import * as Arbitrary from "effect/Arbitrary"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** One of several arbitraries; shrinking goes toward the first. */
export const oneOf = <A>(
  first: Arbitrary.Arbitrary<A>,
  ...rest: ReadonlyArray<Arbitrary.Arbitrary<A>>
): Arbitrary.Arbitrary<A> => {
  const all = [first, ...rest]
  return Arbitrary.flatMap(
    Arbitrary.schema(Schema.Literals(all.map((_, index) => index))),
    (index) => all[index] ?? first
  )
}

/** One of a list of values; shrinking goes toward the first. */
export const element = <A>(first: A, ...rest: ReadonlyArray<A>): Arbitrary.Arbitrary<A> =>
  Arbitrary.map(
    Arbitrary.schema(Schema.Literals([first, ...rest].map((_, index) => index))),
    (index) => rest[index - 1] ?? first
  )

const text = oneOf<string>(
  Arbitrary.schema(Schema.String),
  element(
    "",
    "\uD800",
    "a\uDFFFb",
    "\u0000",
    "\u2028",
    "<redacted>",
    "[function x]",
    "$",
    "$$",
    "__proto__",
    "é".normalize("NFD"),
    "😀"
  )
)

/** Values without parts, the odd ones as often as the common ones. */
export const leaf: Arbitrary.Arbitrary<unknown> = oneOf<unknown>(
  Arbitrary.schema(Schema.Boolean),
  text,
  Arbitrary.schema(Schema.Finite),
  element<unknown>(
    undefined,
    null,
    0,
    -0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.MAX_SAFE_INTEGER,
    5e-324,
    0n,
    -(2n ** 64n),
    Symbol.iterator,
    Symbol.for("causeway/shared"),
    local()
  )
)

function local(): symbol {
  return Symbol("local")
}

/** Names of properties, among them every one that has misled a codec. */
const key: Arbitrary.Arbitrary<PropertyKey> = oneOf<PropertyKey>(
  Arbitrary.schema(Schema.String),
  element<PropertyKey>(
    "x",
    "0",
    "-1",
    "4294967295",
    "__proto__",
    "constructor",
    "prototype",
    "toJSON",
    "then",
    "length",
    "_tag",
    "name",
    "message",
    "cause",
    "errors",
    "$",
    "$#",
    "$message",
    "$$x",
    "",
    Symbol.for("causeway/shared"),
    Symbol.toStringTag,
    keySymbol()
  )
)

function keySymbol(): symbol {
  return Symbol("key")
}

const kinds = [
  "object",
  "array",
  "Error",
  "Map",
  "Set",
  "TypeError",
  "RangeError",
  "SyntaxError",
  "EvalError",
  "ReferenceError",
  "URIError",
  "AggregateError",
  "null prototype",
  "sparse array",
  "Date",
  "RegExp",
  "URL",
  "bytes",
  "Option",
  "Result",
  "Duration"
] as const

type Kind = (typeof kinds)[number]

/** A property, entry or member of a node. */
interface Edge {
  readonly key: PropertyKey
  /** The index of a node, modulo their number, or a value of its own. */
  readonly to: { readonly node: number } | { readonly leaf: unknown }
  readonly as: "data" | "hidden" | "accessor"
}

interface Node {
  readonly kind: Kind
  readonly edges: ReadonlyArray<Edge>
  readonly reach: "open" | "frozen" | "sealed" | "closed"
  readonly text: string
  readonly number: number
}

const edge: Arbitrary.Arbitrary<Edge> = Arbitrary.all({
  key,
  to: oneOf<Edge["to"]>(
    Arbitrary.map(leaf, (leaf) => ({ leaf })),
    Arbitrary.map(Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 11 }))), (node) => ({
      node
    }))
  ),
  as: element<Edge["as"]>("data", "data", "data", "hidden", "accessor")
})

const node: Arbitrary.Arbitrary<Node> = Arbitrary.all({
  kind: element<Kind>(...kinds),
  edges: Arbitrary.array(edge, { maxLength: 6 }),
  reach: element<Node["reach"]>("open", "open", "open", "frozen", "sealed", "closed"),
  text,
  number: Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: -1_000_000, maximum: 1_000_000 })))
})

/** Graphs of up to twelve objects, entered at the first. */
export const graph: Arbitrary.Arbitrary<unknown> = Arbitrary.map(
  Arbitrary.array(node, { minLength: 1, maxLength: 12 }),
  (nodes) => build(nodes)[0]
)

const errors = {
  Error,
  TypeError,
  RangeError,
  SyntaxError,
  EvalError,
  ReferenceError,
  URIError
} as const

const views = [Uint8Array, Int16Array, Float64Array, BigInt64Array, Uint8ClampedArray] as const

const build = (nodes: ReadonlyArray<Node>): ReadonlyArray<unknown> => {
  const built: Array<unknown> = []
  const value = ({ to }: Edge): unknown => ("node" in to ? built[to.node % nodes.length] : to.leaf)
  // From the last to the first, since what cannot be changed later can only hold what is there already.
  for (const [index, node] of [...nodes.entries()].toReversed()) built[index] = shell(node, node.edges.map(value))
  for (const [index, node] of nodes.entries()) {
    const target = built[index]
    if (typeof target !== "object" || target === null || !isOpen(node.kind)) continue
    fill(target, node, value)
    if (node.reach === "frozen") Object.freeze(target)
    if (node.reach === "sealed") Object.seal(target)
    if (node.reach === "closed") Object.preventExtensions(target)
  }
  return built
}

/** Whether a kind's objects take properties of their own: not those of Effect, which are values. */
const isOpen = (kind: Kind): boolean => !["Option", "Result", "Duration", "URL", "bytes"].includes(kind)

const shell = (node: Node, values: ReadonlyArray<unknown>): unknown => {
  switch (node.kind) {
    case "object":
      return {}
    case "null prototype":
      return Object.create(null)
    case "array":
      return []
    case "sparse array":
      return Array(Math.abs(node.number) % 7)
    case "Map":
      return new Map()
    case "Set":
      return new Set()
    case "AggregateError":
      return new AggregateError(values, node.text)
    case "Date":
      return new Date(node.number === 0 ? Number.NaN : node.number * 1_000_000)
    case "RegExp":
      return new RegExp(node.text.replaceAll(/\W/g, "") || "x", node.number % 2 === 0 ? "" : "giu")
    case "URL":
      return new URL(
        `http://127.0.0.1:${Math.abs(node.number) % 65_536}/${encodeURIComponent(node.text.toWellFormed())}`
      )
    case "bytes": {
      const View = views[Math.abs(node.number) % views.length] ?? Uint8Array
      const view = new View(Math.abs(node.number) % 9)
      new Uint8Array(view.buffer).fill(node.number)
      return view
    }
    case "Option":
      return values.length === 0 ? Option.none() : Option.some(values[0])
    case "Result":
      return node.number % 2 === 0 ? Result.succeed(values[0]) : Result.fail(values[0])
    case "Duration":
      return Duration.millis(node.number)
    default:
      return new errors[node.kind](node.text)
  }
}

const fill = (target: object, node: Node, value: (edge: Edge) => unknown): void => {
  for (const [index, edge] of node.edges.entries()) {
    const held = value(edge)
    if (target instanceof Map) target.set(index % 2 === 0 ? held : edge.key, held)
    else if (target instanceof Set) target.add(held)
    else if (Array.isArray(target) && index % 5 !== 4) target.push(held)
    else define(target, edge, held)
  }
}

/** Defines a property whatever its name; what stands there already and cannot be changed stays. */
const define = (target: object, edge: Edge, held: unknown): void => {
  // A list's own length takes nothing but lengths, and throws.
  if (Array.isArray(target) && edge.key === "length") return
  if (target instanceof AggregateError && edge.key === "errors") return
  // An element of a list that is hidden is nothing that a program makes.
  const isElement = Array.isArray(target) && /^\d+$/.test(String(edge.key))
  const flags = { configurable: true, enumerable: isElement || edge.as !== "hidden" }
  Reflect.defineProperty(
    target,
    edge.key,
    edge.as === "accessor" ? { ...flags, get: () => held } : { ...flags, writable: true, value: held }
  )
}
