/** Makes wires that no encoder writes: mutated from real ones, and invented from their words. */

export interface Random {
  /** Below 1. */
  readonly next: () => number
  /** An integer below a bound. */
  readonly below: (bound: number) => number
  readonly of: <A>(list: ReadonlyArray<A>, fallback: A) => A
}

/** The same numbers from the same seed (mulberry32). */
export const seeded = (seed: number): Random => {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (bound: number) => Math.floor(next() * bound)
  return { next, below, of: (list, fallback) => list[below(list.length)] ?? fallback }
}

/** The words that wires are made of. */
export interface Vocabulary {
  readonly keys: ReadonlyArray<string>
  readonly texts: ReadonlyArray<string>
}

const isNode = (u: unknown): u is Record<string, unknown> | Array<unknown> =>
  typeof u === "object" &&
  u !== null &&
  (Array.isArray(u) || [Object.prototype, null].includes(Object.getPrototypeOf(u)))

/** Every node of a tree, parents first. */
const nodesOf = (root: unknown, most: number): ReadonlyArray<Record<string, unknown> | Array<unknown>> => {
  const found: Array<Record<string, unknown> | Array<unknown>> = []
  const pending: Array<unknown> = [root]
  while (pending.length > 0 && found.length < most) {
    const at = pending.pop()
    if (!isNode(at)) continue
    found.push(at)
    pending.push(...Object.values(at).slice(0, 200))
  }
  return found
}

/** What many wires say: that is the form's own. */
const common = (counts: ReadonlyMap<string, number>): ReadonlyArray<string> =>
  [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, 120)
    .map(([word]) => word)

/** The keys and short texts of some wires. */
export const vocabularyOf = (wires: Iterable<unknown>): Vocabulary => {
  const keys = new Map<string, number>()
  const texts = new Map<string, number>()
  for (const wire of wires) {
    for (const node of nodesOf(wire, 500)) {
      for (const [key, value] of Object.entries(node)) {
        if (!Array.isArray(node)) keys.set(key, (keys.get(key) ?? 0) + 1)
        if (typeof value === "string" && value.length < 40) texts.set(value, (texts.get(value) ?? 0) + 1)
      }
    }
  }
  return { keys: common(keys), texts: common(texts) }
}

const hostileKeys = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "valueOf",
  "then",
  "toJSON",
  "length",
  "",
  "0",
  "-1"
]

const scalars: ReadonlyArray<unknown> = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  1,
  2,
  1.5,
  4_294_967_295,
  4_294_967_296,
  9_007_199_254_740_991,
  1e308,
  -1e308,
  "",
  "__proto__",
  "constructor",
  "Function",
  "Error",
  "-",
  "1e999",
  "9".repeat(5000),
  "=".repeat(3),
  "AAAA",
  "\uD800"
]

/** What only a structured clone can carry. */
const natives: ReadonlyArray<() => unknown> = [
  () => undefined,
  () => Number.NaN,
  () => 10n ** 30n,
  () => new Map([["a", 1]]),
  () => new Set([1]),
  () => new Date(Number.NaN),
  () => /(a+)+$/,
  () => new Uint8Array(3),
  () => new ArrayBuffer(8),
  () => new Error("native"),
  () => new Float64Array(2),
  () => Object(1)
]

const scalar = (random: Random, words: Vocabulary, clone: boolean): unknown => {
  const dice = random.next()
  if (clone && dice < 0.2) return random.of(natives, () => undefined)()
  if (dice < 0.6) return random.of(words.texts, "x")
  return random.of(scalars, null)
}

const keyOf = (random: Random, words: Vocabulary): string =>
  random.next() < 0.15 ? random.of(hostileKeys, "x") : random.of(words.keys, "x")

/** Sets a key as `JSON.parse` would, `__proto__` included. */
const put = (node: Record<string, unknown> | Array<unknown>, key: string, value: unknown): void => {
  Object.defineProperty(node, key === "length" && Array.isArray(node) ? "0" : key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true
  })
}

/** A wire made of nothing but the words of others. */
export const invent = (random: Random, words: Vocabulary, clone: boolean, depth = 0): unknown => {
  const dice = random.next()
  if (depth > 6 || dice < 0.35) return scalar(random, words, clone)
  if (dice < 0.6) return Array.from({ length: random.below(5) }, () => invent(random, words, clone, depth + 1))
  const node: Record<string, unknown> = {}
  if (random.next() < 0.7) put(node, "$", scalar(random, words, clone))
  for (let index = random.below(6); index > 0; index--) {
    put(node, keyOf(random, words), invent(random, words, clone, depth + 1))
  }
  return node
}

const nest = (random: Random, wire: unknown): unknown => {
  let value = wire
  const wrap = random.below(3)
  // As deep as the serializer of this tool can follow; deeper ones have tests of their own.
  for (let index = random.below(1000); index > 0; index--) {
    value = wrap === 0 ? [value] : wrap === 1 ? { a: value } : { $: "Error", $cause: value }
  }
  return value
}

/** Collections of lists that hold each other twice: many more paths than nodes. */
const double = (random: Random, wire: unknown): unknown => {
  const levels = random.below(20)
  const values = [1_000_000, 2_000_000].map((first) => {
    let list: unknown = [{ $: "list", "$#": first }, wire]
    for (let at = first + 1; at <= first + levels; at++) list = [{ $: "list", "$#": at }, list, { $: "=", $n: at - 1 }]
    return list
  })
  return random.of<unknown>(
    [
      { $: "HashSet", $values: values },
      { $: "HashMap", $entries: values.map((value) => [value, value === values[0]]) },
      { $: "Set", $values: values },
      { $: "Error", $message: "x", $cause: values }
    ],
    values
  )
}

/** Changes a wire in a few places. The wire must be a copy of one's own. */
export const mutate = (random: Random, wire: unknown, words: Vocabulary, clone: boolean): unknown => {
  let result = wire
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const nodes = nodesOf(result, 2000)
    const node = random.of(nodes, [])
    const keys = Object.keys(node)
    const key = random.of(keys, "0")
    switch (random.below(10)) {
      case 0:
        put(node, key, scalar(random, words, clone))
        break
      case 1:
        Reflect.deleteProperty(node, key)
        break
      case 2:
        put(node, keyOf(random, words), scalar(random, words, clone))
        break
      case 3:
        put(node, key, invent(random, words, clone))
        break
      case 4: {
        const value: unknown = Reflect.get(node, key)
        Reflect.deleteProperty(node, key)
        put(node, keyOf(random, words), value)
        break
      }
      case 5: {
        // A copy, since a wire is a tree.
        const other = random.of(nodes, [])
        if (nodesOf(other, 200).length < 200) put(node, key, structuredClone(other))
        break
      }
      case 6: {
        const value: unknown = Reflect.get(node, key)
        if (typeof value === "number") put(node, key, random.of([value + 1, value - 1, -value, value * 1e9, 1e15], 0))
        if (typeof value === "string") put(node, key, flip(random, value))
        break
      }
      case 7:
        if (Array.isArray(node)) put(node, String(random.below(node.length + 2)), scalar(random, words, clone))
        break
      case 8:
        if (random.next() < 0.02) result = nest(random, result)
        if (random.next() < 0.02) put(node, key, double(random, Reflect.get(node, key)))
        break
      default:
        put(node, "$", scalar(random, words, clone))
    }
  }
  return result
}

const flip = (random: Random, text: string): string => {
  const at = random.below(text.length + 1)
  const letter = String.fromCodePoint(random.below(random.next() < 0.8 ? 128 : 0xffff))
  return random.of(
    [text.slice(0, at), text.slice(at), text.slice(0, at) + letter + text.slice(at + 1), text + text],
    text
  )
}

/** Bytes flipped or cut; what is no JSON any more is not given to a decoder, since `JSON.parse` refuses it. */
export const damage = (random: Random, text: string): unknown => {
  const bytes = Buffer.from(text)
  for (let flips = 1 + random.below(4); flips > 0 && bytes.length > 0; flips--) {
    const at = random.below(bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
  }
  const damaged = bytes.toString("utf8", 0, random.next() < 0.2 ? random.below(bytes.length) : bytes.length)
  try {
    return JSON.parse(damaged)
  } catch {
    return undefined
  }
}
