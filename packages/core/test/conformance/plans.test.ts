// What is no finite number is meant to cross as well.
// @effect-diagnostics schemaNumber:off
/**
 * A plan changes nothing but the time: the two builds of it and the walk without one
 * give the same wire, and make the same value of it, whatever stands in the fields.
 */
import type * as Lossless from "@causeway/core/Lossless"
import * as Arbitraries from "@causeway/testing/Arbitraries"
import * as Difference from "@causeway/testing/Difference"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { decode, encode } from "../../src/internal/lossless/codec.ts"
import type { Build } from "../../src/internal/lossless/generated.ts"
import * as Settings from "../../src/internal/lossless/settings.ts"
import { classes } from "./corpus/index.ts"

class Leaf extends Schema.Class<Leaf>("plans/Leaf")({ name: Schema.String, size: Schema.optional(Schema.Finite) }) {}

const Circle = Schema.Struct({ _tag: Schema.tag("Circle"), radius: Schema.Number })
const Box = Schema.Struct({ _tag: Schema.tag("Box"), sides: Schema.Tuple([Schema.Number, Schema.Number]) })

interface Tree {
  readonly name: string
  readonly children: ReadonlyArray<Tree>
}
const Tree = Schema.Struct({
  name: Schema.String,
  children: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => Tree))
})

/** Every way of declaring a field. */
class Declared extends Schema.TaggedError<Declared>("plans/Declared")("Declared", {
  message: Schema.String,
  text: Schema.String,
  count: Schema.Number,
  level: Schema.Literals(["low", "high"]),
  flag: Schema.optional(Schema.Boolean),
  leaf: Leaf,
  more: Schema.optionalKey(Schema.Struct({ a: Schema.String, b: Schema.optionalKey(Schema.NullOr(Schema.Finite)) })),
  timed: Schema.Struct({ wait: Schema.Duration, at: Schema.Option(Schema.DateTimeUtc) }),
  headers: Schema.Array(Schema.Tuple([Schema.String, Schema.String])),
  entries: Schema.Array(Schema.Struct({ name: Schema.String, value: Schema.String })),
  apiKey: Schema.Struct({ value: Schema.String }),
  shape: Schema.Union([Circle, Box]),
  tree: Tree,
  record: Schema.Record(Schema.String, Schema.Number),
  hidden: Schema.Redacted(Schema.String),
  anything: Schema.Unknown
}) {}

class Entry extends Schema.Class<Entry>("plans/Entry")({ key: Schema.String, value: Schema.String }) {}

/** Names that look like ours on the wire, or that every object has by inheritance. */
class Named extends Schema.Class<Named>("plans/Named")({
  $: Schema.optionalKey(Schema.String),
  $x: Schema.optionalKey(Schema.String),
  $$y: Schema.optionalKey(Schema.String),
  valueOf: Schema.optionalKey(Schema.String),
  inner: Schema.optionalKey(Schema.Struct({ toString: Schema.optionalKey(Schema.String) }))
}) {}
/** Of a name that its own wire has too. */
class Kind extends Schema.Class<Kind>("plans/Kind")({ $: Schema.String }) {}

type Fields = ConstructorParameters<typeof Declared>[0]

const secret = "sk-proj-4711zauberfloete0815"
const element = <A>(...all: ReadonlyArray<A>): Arbitrary.Arbitrary<A> =>
  Arbitrary.map(Arbitrary.schema(Schema.Int), (n) => all[Math.abs(n) % all.length]!)

const text = element("", "a", "two\nlines", secret, `Bearer ${secret}`, "x".repeat(400), "naïve \uD800", "$x")
const number = element(0, -0, 1.5, -7, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53)

const trees = (n: number): Tree => ({ name: `n${n}`, children: n < 1 ? [] : [trees(n - 1), trees(n - 3)] })

const fields = (pick: number, text = "a", other = "b", number = 1, size = 2): Fields => ({
  message: other,
  text,
  count: number,
  level: pick % 2 === 0 ? "low" : "high",
  ...(pick % 3 === 0 && { flag: pick % 2 === 0 }),
  leaf: new Leaf({ name: text, ...(Number.isFinite(size) && { size }) }),
  ...(pick % 5 !== 0 && { more: pick % 2 === 0 ? { a: text } : { b: pick % 3 === 0 ? null : 1, a: other } }),
  timed: {
    wait: Duration.millis(Math.abs(pick)),
    at: pick % 2 === 0 ? Option.none() : Option.some(DateTime.makeUnsafe(0))
  },
  headers: [
    ["authorization", text],
    ["accept", other]
  ],
  entries: [
    { name: pick % 2 === 0 ? "set-cookie" : "accept", value: text },
    { name: other, value: other }
  ],
  apiKey: { value: other },
  shape: pick % 2 === 0 ? { _tag: "Circle", radius: number } : { _tag: "Box", sides: [number, size] },
  tree: trees(Math.abs(pick) % 4),
  record: { one: number, [text]: 1 },
  hidden: Redacted.make(secret),
  anything: pick % 2 === 0 ? text : { [other]: number }
})

const right: Arbitrary.Arbitrary<Fields> = Arbitrary.map(
  Arbitrary.all({ text, other: text, number, size: number, pick: Arbitrary.schema(Schema.Int) }),
  ({ number, other, pick, size, text }) => fields(pick, text, other, number, size)
)

/** Where in an error something else stands than was declared. */
const paths = [
  [],
  ["text"],
  ["count"],
  ["leaf"],
  ["leaf", "name"],
  ["leaf", "size"],
  ["more"],
  ["more", "a"],
  ["timed"],
  ["timed", "wait"],
  ["headers"],
  ["headers", "0"],
  ["headers", "0", "1"],
  ["shape"],
  ["shape", "_tag"],
  ["shape", "sides"],
  ["tree"],
  ["tree", "children"],
  ["tree", "children", "0"],
  ["apiKey"],
  ["cause"],
  ["record"]
] as const satisfies ReadonlyArray<ReadonlyArray<string>>

type Holder = Record<string, unknown>

const holderOf = (error: object, path: ReadonlyArray<string>): Holder | undefined => {
  let at: unknown = error
  for (const key of path.slice(0, -1)) at = typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined
  return typeof at === "object" && at !== null ? (at as Holder) : undefined
}

const at = (error: object, path: ReadonlyArray<string>): unknown =>
  path.reduce<unknown>(
    (held, key) => (typeof held === "object" && held !== null ? Reflect.get(held, key) : undefined),
    error
  )

const get = (): never => {
  throw new Error(`not now, ${secret}`)
}

/** What can happen to an instance after it was made. */
const changes: Readonly<Record<string, (error: object, path: ReadonlyArray<string>, odd: unknown) => void>> = {
  nothing: () => {},
  "another value": (error, path, odd) => {
    const holder = holderOf(error, path)
    if (holder !== undefined && path.length > 0) holder[path.at(-1)!] = odd
  },
  "a property more": (error, path, odd) => {
    const held = at(error, path)
    if (typeof held === "object" && held !== null) Reflect.set(held, "extra", odd)
  },
  "a property less": (error, path) => {
    const holder = holderOf(error, path)
    if (holder !== undefined && path.length > 0) Reflect.deleteProperty(holder, path.at(-1)!)
  },
  "a getter that throws": (error, path) => {
    const holder = holderOf(error, path)
    if (holder !== undefined && path.length > 0)
      Object.defineProperty(holder, path.at(-1)!, { get, enumerable: true, configurable: true })
  },
  "a hidden property": (error, path, odd) => {
    if (path.length === 0) Object.defineProperty(error, "hiddenToo", { value: odd, configurable: true })
  },
  "under a symbol": (error, path, odd) => {
    if (path.length === 0) Reflect.set(error, Symbol.for("plans/symbol"), odd)
  },
  frozen: (error, path) => void Object.freeze(at(error, path)),
  "itself within": (error, path) => {
    const holder = holderOf(error, path)
    if (holder !== undefined && path.length > 0) holder[path.at(-1)!] = error
  },
  "its holder within": (error, path) => {
    const holder = holderOf(error, path)
    if (holder !== undefined && path.length > 0) holder[path.at(-1)!] = holder
  },
  "met twice": (error, path) => void Reflect.set(error, "twice", at(error, path)),
  "met before": (error, path) => void Reflect.set(error, "cause", at(error, path)),
  proxied: (error, path) => {
    const holder = holderOf(error, path)
    const held = at(error, path)
    if (holder !== undefined && path.length > 0 && typeof held === "object" && held !== null)
      holder[path.at(-1)!] = new Proxy(held, {})
  },
  "without a prototype": (error, path) => {
    const held = at(error, path)
    if (path.length > 1 && typeof held === "object" && held !== null && Object.isExtensible(held))
      Object.setPrototypeOf(held, null)
  },
  "with a hole": (error, path) => {
    const held = at(error, path)
    if (Array.isArray(held) && Object.isExtensible(held)) held[held.length + 1] = "after a hole"
  }
}

const subjects: Arbitrary.Arbitrary<unknown> = Arbitrary.map(
  Arbitrary.all({
    fields: right,
    change: element(...Object.values(changes)),
    also: element(...Object.values(changes)),
    path: element<ReadonlyArray<string>>(...paths),
    odd: Arbitraries.graph
  }),
  ({ also, change, fields, odd, path }) => {
    const error = new Declared(fields)
    for (const apply of [change, also]) {
      try {
        apply(error, path, odd)
      } catch {
        // What was frozen before does not change any more.
      }
    }
    return error
  }
)

const builds: ReadonlyArray<Build> = ["none", "closures", "generated"]

const settings = (options: Lossless.Options): Readonly<Record<Build, Settings.Settings>> => {
  const made = Settings.make(options)
  return {
    none: { ...made, build: "none" },
    closures: { ...made, build: "closures" },
    generated: { ...made, build: "generated" }
  }
}

const all = [...classes, Declared, Leaf]

const situations: Readonly<Record<string, Lossless.Options>> = {
  "as JSON": { classes: all },
  "as a clone": { classes: all, form: "clone" },
  "without redaction": { classes: all, redaction: false },
  "without stacks": { classes: all, stack: "drop" },
  "with a known secret that is the name of a field": {
    classes: all,
    secrets: [Redacted.make("children"), Redacted.make(secret)]
  },
  "with few bytes": { classes: all, limits: { bytes: 900 } },
  "with few objects": { classes: all, limits: { nodes: 9 } },
  "with short texts": { classes: all, limits: { string: 100 } },
  "with short collections": { classes: all, limits: { collection: 2 } },
  "with little depth": { classes: all, limits: { depth: 3 } }
}

/** Labels are given when an object is met again, which may be before or after a property, or when something is begun again. */
const ordered = (wire: unknown): string | undefined => {
  const labels = new Map<unknown, number>()
  const labelOf = (label: unknown): number => labels.get(label) ?? (labels.set(label, labels.size), labels.size - 1)
  return JSON.stringify(wire, (_, held: unknown) => {
    if (typeof held === "bigint") return `${held}n`
    if (typeof held === "number" && !(Math.abs(held) <= Number.MAX_VALUE && !Object.is(held, -0)))
      return `number ${1 / held} ${held}`
    if (held === undefined) return "undefined"
    if (typeof held !== "object" || held === null || Array.isArray(held)) return held
    // What hangs on them does not cross.
    if (ArrayBuffer.isView(held) || held instanceof ArrayBuffer) return `${held.byteLength} bytes`
    const { "$#": label, ...rest } = held as Holder
    if (rest["$"] === "=") return { $: "=", $n: labelOf(rest["$n"]) }
    return label === undefined ? rest : { "$#": labelOf(label), ...rest }
  })
}

/** Two texts from a little before the place where they differ. */
const fromDifference = (one: string | undefined, two: string | undefined): [string | undefined, string | undefined] => {
  if (one === undefined || two === undefined) return [one, two]
  let at = 0
  while (at < one.length && one[at] === two[at]) at++
  return [one.slice(Math.max(0, at - 200), at + 300), two.slice(Math.max(0, at - 200), at + 300)]
}

const compare = (made: Readonly<Record<Build, Settings.Settings>>, form: Lossless.Form, value: unknown): boolean => {
  const wires = builds.map((build) => encode(made[build], value))
  const [generic, ...planned] = wires.map(ordered)
  for (const wire of planned) assert.strictEqual(...fromDifference(wire, generic))
  const carried = form === "json" ? JSON.parse(JSON.stringify(wires[0])) : structuredClone(wires[0])
  const [expected, ...values] = builds.map((build) => decode(made[build], carried))
  for (const value of values) assert.strictEqual(Difference.find(expected, value, { carried: true }), undefined)
  return true
}

describe("with and without a plan", () => {
  for (const [name, options] of Object.entries(situations)) {
    const made = settings(options)
    const form = options.form ?? "json"
    it.effect(`the wire and the value are the same ${name}`, () =>
      Effect.gen(function* () {
        for (const values of [subjects, Arbitraries.upstreamError]) {
          const checked = yield* Arbitrary.checkEffect(values, (value) => compare(made, form, value), { runs: 100 })
          assert.strictEqual(checked._tag, "Passed", JSON.stringify(checked, undefined, 1).slice(0, 2_000))
        }
      })
    )
  }

  it("they are the same wherever a limit of bytes cuts", () => {
    const error = new Declared(fields(6))
    for (let bytes = 1; bytes < 1_600; bytes += 3) {
      const made = settings({ classes: all, stack: "drop", limits: { bytes } })
      assert.isTrue(compare(made, "json", error))
    }
  })

  it("they ask every check, of the fields together and of the class itself", () => {
    const isOrdered = Schema.makeFilter(({ max, min }: { readonly min: number; readonly max: number }) => min < max)
    const span = { min: Schema.Finite, max: Schema.Finite }
    class Together extends Schema.Class<Together>("plans/Together")(Schema.Struct(span).check(isOrdered)) {}
    class Own extends Schema.Class<Own>("plans/Own")(span) {}
    Object.defineProperty(Own, "ast", { value: Own.check(isOrdered).ast })
    class Plain extends Schema.Class<Plain>("plans/Plain")(span) {}
    class Holder extends Schema.Class<Holder>("plans/Holder")({ plain: Plain.check(isOrdered) }) {}
    const plain = { $: "object", $class: "plans/Plain", min: 2, max: 1 }
    const wires: ReadonlyArray<readonly [Lossless.AnyClass, Record<string, unknown>]> = [
      [Together, { $: "object", $class: "plans/Together", min: 2, max: 1 }],
      [Own, { $: "object", $class: "plans/Own", min: 2, max: 1 }],
      [Holder, { $: "object", $class: "plans/Holder", plain }]
    ]
    for (const [known, value] of wires) {
      for (const [build, made] of Object.entries(settings({ classes: [known] }))) {
        for (let n = 0; n < 70; n++) {
          const arrived = decode(made, { $v: 2, value })
          assert.isFalse(
            [Together, Own, Holder].some((one) => arrived instanceof one),
            `${value["$class"]} ${build}`
          )
        }
      }
    }
  })

  it("they mask an entry whose name is a credential's, in a struct and in a class", () => {
    const sent = new Declared({ ...fields(1), entries: [{ name: "authorization", value: "open sesame" }] })
    for (const [build, made] of Object.entries(settings({ classes: [...all, Entry] }))) {
      // Often enough for a build from source text.
      for (let n = 0; n < 70; n++) {
        const wires = JSON.stringify([
          encode(made, sent),
          encode(made, new Entry({ key: "x-api-key", value: "open sesame" }))
        ])
        assert.notInclude(wires, "open sesame", build)
        assert.include(wires, '{"name":"authorization","value":"<redacted>"}', build)
      }
    }
  })

  it("they are the same for what nests too deep to stand in its place", () => {
    const made = settings({ classes: all })
    let tree: Tree = { name: "last", children: [] }
    for (let n = 0; n < 300; n++) tree = { name: String(n), children: [tree] }
    // Often enough for a build from source text.
    for (let n = 0; n < 70; n++) assert.isTrue(compare(made, "json", new Declared({ ...fields(n), tree })))
  })

  it("they are the same for names that look like ours or are inherited", () => {
    const made = settings({ classes: [Named, Kind] })
    const node = { $: "object", $class: "plans/Named" }
    const valid = { ...node, valueOf: "a", inner: { toString: "a" } }
    const wires: ReadonlyArray<readonly [wire: Holder, isOne: boolean]> = [
      [valid, true],
      [{ ...valid, $$$: "a", $$$x: "b", $$$$y: "c" }, true],
      [{ ...valid, $$$: 1 }, false],
      [{ ...valid, $$$x: 1 }, false],
      [{ ...valid, $$$$y: 1 }, false],
      // As `Schema.is` has it: what is inherited is there.
      [{ ...node, inner: { toString: "a" } }, false],
      [{ ...valid, inner: {} }, false],
      [{ $: "object", $class: "plans/Kind", $$$: "a" }, true],
      [{ $: "object", $class: "plans/Kind" }, false],
      [{ $: "object", $class: "plans/Kind", $$$: 1 }, false]
    ]
    for (const [value, isOne] of wires) {
      for (const build of builds) {
        // Often enough for a build from source text.
        for (let n = 0; n < 70; n++) {
          const arrived = decode(made[build], { $v: 2, value })
          assert.strictEqual(
            arrived instanceof Named || arrived instanceof Kind,
            isOne,
            `${build} ${JSON.stringify(value)}`
          )
        }
      }
    }
  })
})
