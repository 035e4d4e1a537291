/** Values of every kind, alone and in graphs. */
import assert from "node:assert"
import { edited, whole, type Case } from "./Case.ts"

const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => (index * 7) % 256)

const nest = (depth: number, wrap: (inner: unknown) => unknown): unknown => {
  let value: unknown = "core"
  for (let index = 0; index < depth; index++) value = wrap(value)
  return value
}

// A literal key `then` reads as a thenable made by mistake.
const [then = ""] = ["then"]

const record = (): Record<string, unknown> => ({})

const typed = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  Float16Array
] as const

export const cases: ReadonlyArray<Case> = [
  ...whole({
    // Numbers and texts.
    "minus zero": () => [-0, { x: -0 }],
    NaN: () => [Number.NaN],
    "the infinities": () => [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    "the edges of numbers": () => [
      5e-324,
      Number.MAX_VALUE,
      Number.MAX_SAFE_INTEGER,
      Number.MIN_SAFE_INTEGER,
      0.1 + 0.2
    ],
    bigints: () => [0n, -1n, 2n ** 64n, -(2n ** 200n)],
    "lone surrogates": () => ["\uD800", "\uDC00", "a\uD83Db", { "\uD800": 1 }],
    "text outside of the basic plane": () => "😀 e\u0301 \uFEFF \u202E",
    "control characters": () => "\u0000\u0001\b\f\u001F\u007F\u0085\u2028\u2029",
    "a long text": () => "x".repeat(200_000),
    "texts that look like a wire's own": () => ["$", "$$", "[promise]", "<redacted>", "undefined", "-0", "NaN", "1n"],
    "objects that look like a wire's own": () => [
      { $: "=", i: 0 },
      { $: ">", i: 0 },
      { $: "Map", entries: [] },
      { "$#": 1 },
      { $$: { $: 1 } },
      { $: { $: { $: "x" } } },
      { $type: "bigint", value: "1" }
    ],
    "lists that look like a wire's own": () => [
      ["$", 1],
      ["$#", 2],
      ["=", 0]
    ],

    // undefined against absent.
    "an undefined property": () => ({ a: undefined, b: null }),
    "undefined in a list": () => [undefined, null, undefined],
    "undefined alone": () => undefined,
    "null alone": () => null,

    // Objects.
    "an empty object and an empty list": () => [{}, []],
    "the order of keys": () => ({ z: 1, a: 2, "-1": 3, m: 4 }),
    "keys that look like numbers": () => ({ 10: "a", 9: "b", "1e3": "c", "01": "d" }),
    "an object without prototype": () => Object.assign(Object.create(null), { a: 1, toString: "x" }),
    "a key __proto__": () => JSON.parse('{"a":{"__proto__":{"x":1}},"__proto__":2}'),
    "keys of the language": () => ({
      constructor: 1,
      prototype: 2,
      hasOwnProperty: 3,
      [then]: 4,
      toJSON: 5,
      valueOf: 6
    }),
    "keys that are not to be read as paths": () => ({ "": 1, " ": 2, "a.b": 3, "[0]": 4, "\n": 5 }),
    "a key with a lone surrogate": () => ({ "\uD800": 1 }),
    "a hidden property of an object": () =>
      Object.defineProperty({ a: 1 }, "b", { value: 2, enumerable: false, configurable: true, writable: true }),
    "an accessor of an object": () => Object.defineProperty({ a: 1 }, "b", { get: () => [2], enumerable: true }),
    "symbol keys": () => ({ [Symbol.for("a")]: 1, [Symbol.toStringTag]: "Tagged", [Symbol("local")]: 2 }),
    "a frozen object": () => Object.freeze({ a: Object.freeze([1]) }),
    "a sealed object": () => Object.seal({ a: 1 }),
    "a closed object": () => Object.preventExtensions({ a: 1 }),
    "an object that claims to be a Map": () => ({ [Symbol.toStringTag]: "Map" }),

    // Arrays.
    "a list with holes": () => edited(Array(5), (list) => ((list[1] = "a"), (list[3] = undefined))),
    "a list with objects and holes": () =>
      edited(Array<unknown>(5), (list) => ((list[0] = { a: 1 }), (list[3] = new Error("x")))),
    "a list with holes that holds itself": () =>
      edited(Array<unknown>(5), (list) => ((list[0] = new Error("x")), (list[3] = list))),
    "a list with holes and named properties": () =>
      edited(Array<unknown>(3), (list) => Object.assign(list, { 1: {}, raw: { a: 1 }, "": false, "-1": 1 })),
    "a frozen list with objects and holes": () =>
      edited(Array<unknown>(3), (list) => Object.freeze(Object.assign(list, { 1: [{}] }))),
    "a list of holes only": () => Array(3),
    "a hole at the end": () => edited([1, 2], (list) => (list.length = 4)),
    "a list that is long and sparse": () => edited(Array<number>(), (list) => (list[4_000_000_000] = 1)),
    "a list with named properties": () => Object.assign([1, 2], { raw: ["a"], [Symbol.for("x")]: 1 }),
    "a frozen list": () => Object.freeze([1, [2]]),
    "what a regular expression matched": () => /(?<year>\d+)-(\d+)/.exec("on 2026-11"),
    "a list of 10,000": () => Array.from({ length: 10_000 }, (_, index) => index % 3 || { index }),

    // Symbols.
    "symbols of the language": () => [Symbol.iterator, Symbol.asyncIterator, Symbol.toStringTag, Symbol.hasInstance],
    "shared symbols": () => [Symbol.for("a"), Symbol.for("")],
    "a local symbol": () => [Symbol("local")],
    "a local symbol without a description": () => [Symbol()],
    "one local symbol in two places": () => {
      const symbol = Symbol("local")
      return { a: symbol, b: symbol, [symbol]: 1 }
    },
    "two local symbols of one description": () => [Symbol("same"), Symbol("same")],

    // Built-in kinds.
    "a Map": () =>
      new Map<unknown, unknown>([
        ["a", 1],
        [1, "b"],
        [null, undefined],
        [Number.NaN, -0]
      ]),
    "a Map with objects as keys": () => new Map([[{ a: 1 }, new Map([[[], new Set([1])]])]]),
    "an empty Map and an empty Set": () => [new Map(), new Set()],
    "a Set": () => new Set<unknown>([1, "1", undefined, Number.NaN, [1]]),
    "a Map with own properties": () => Object.assign(new Map([[1, 2]]), { label: "x" }),
    "a frozen Map": () => Object.freeze(new Map([[1, 2]])),
    "a Date": () => new Date(1_767_225_600_123),
    "an invalid Date": () => new Date(Number.NaN),
    "Dates at the edges": () => [new Date(-8.64e15), new Date(8.64e15), new Date(0)],
    "a Date with own properties": () => Object.assign(new Date(0), { zone: "UTC" }),
    "a RegExp": () => /a(?<b>\/c)[\]]/giu,
    "a RegExp that stands in the middle": () => edited(/a/g, (pattern) => (pattern.lastIndex = 3)),
    "a RegExp with every flag": () => [/a/dgimsuy, new RegExp("[a--b]", "v"), new RegExp("")],
    "a URL": () => new URL("https://example.com:8443/a%20b?c=d&e=%2F#f"),
    "URLs that are no web address": () => [
      new URL("file:///a/b"),
      new URL("data:text/plain,x"),
      new URL("blob:null/1")
    ],
    URLSearchParams: () => new URLSearchParams("a=1&a=2&b=%20"),
    Headers: () =>
      new Headers([
        ["content-type", "text/plain"],
        ["x-a", "1"],
        ["x-a", "2"]
      ]),
    "boxed values": () => [Object("text"), Object(1), Object(true), Object(2n)],

    // Bytes.
    "a typed array of every kind": () =>
      typed.map((View) => edited(new View(4), (view) => new Uint8Array(view.buffer).set(bytes(view.byteLength)))),
    "a typed array with own properties": () => Object.assign(new Uint8Array(2), { label: "x", [Symbol.for("a")]: 1 }),
    "an ArrayBuffer with own properties": () => Object.assign(new ArrayBuffer(2), { label: "x" }),
    "an empty typed array": () => new Uint8Array(0),
    "a part of a buffer": () => new Uint8Array(bytes(100).buffer, 10, 20),
    "a float array with odd numbers": () => new Float64Array([-0, Number.NaN, Number.POSITIVE_INFINITY]),
    "an ArrayBuffer": () => bytes(10).buffer,
    "a DataView": () => new DataView(bytes(20).buffer, 4, 8),
    "a Buffer": () => Buffer.from("hello"),
    "a megabyte": () => bytes(1_000_000),
    "one typed array in two places": () => {
      const view = bytes(3)
      return [view, view]
    },

    // Identity.
    "a shared object": () => {
      const shared = { a: 1 }
      return { one: shared, two: shared, list: [shared, shared] }
    },
    "a shared list": () => {
      const shared = [1]
      return [shared, [shared], { shared }]
    },
    "an object that holds itself": () => edited(record(), (self) => (self["self"] = self)),
    "a list that holds itself": () => edited(Array<unknown>(), (self) => self.push(self, self)),
    "a Map that holds itself as key and value": () =>
      edited(new Map<unknown, unknown>(), (self) => self.set(self, self)),
    "a Set that holds itself": () => edited(new Set<unknown>(), (self) => self.add(self)),
    "a cycle through every kind": () => {
      const root = record()
      const error = Object.assign(new Error("x", { cause: [root] }), { map: new Map([[root, new Set([root])]]) })
      return edited(root, (root) => (root["error"] = error))
    },
    "a frozen cycle": () =>
      edited(record(), (self) => Object.freeze(Object.assign(self, { self, list: Object.freeze([self]) }))),
    "a shared Date and a shared RegExp": () => {
      const [date, pattern, url] = [new Date(0), /x/, new URL("http://a/")]
      return [date, date, pattern, pattern, url, url]
    },
    "a shared object that is met first deep down": () => {
      const shared = { a: 1 }
      return [[[[shared]]], shared, new Map([[shared, shared]])]
    },
    "two objects that are equal and not the same": () => [{ a: 1 }, { a: 1 }],

    // Depth.
    "objects in objects, 1,000 deep": () => nest(1000, (inner) => ({ inner })),
    "lists in lists, 1,000 deep": () => nest(1000, (inner) => [inner]),
    "causes of causes, 1,000 deep": () => nest(1000, (cause) => new Error("x", { cause })),
    "Maps in Maps, 100 deep": () => nest(100, (inner) => new Map([["inner", inner]])),
    "every kind in every kind, 240 deep": () =>
      nest(60, (inner) => ({ list: [new Map([["error", new Error("x", { cause: inner })]])] }))
  }),
  {
    name: "a symbol of the language is itself on the other side",
    make: () => Symbol.iterator,
    holds: (arrived) => assert.strictEqual(arrived, Symbol.iterator)
  },
  {
    name: "a pooled Buffer leaves its pool behind",
    make: () => [Buffer.from("hello"), Buffer.from("hello").subarray(1, 3)],
    most: 600
  },
  {
    name: "a small part of a large buffer is small",
    make: () => ({
      part: new Uint8Array(bytes(1_000_000).buffer, 500_000, 4),
      view: new DataView(bytes(100_000).buffer, 8, 8)
    }),
    most: 600
  },
  {
    name: "a view owns the bytes that arrive, and no more",
    make: () => new Uint8Array(bytes(65_536).buffer, 8, 4),
    holds: (arrived) => {
      assert.ok(arrived instanceof Uint8Array)
      assert.deepStrictEqual([...arrived], [...bytes(12).subarray(8)])
    }
  }
]
