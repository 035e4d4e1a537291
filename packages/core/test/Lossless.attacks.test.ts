/** What once broke a promise of the codec: entries that got lost, wires that took minutes, classes that were forgotten. */
import { EventEmitter } from "node:events"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as Lossless from "@causeway/core/Lossless"
import * as Redaction from "@causeway/core/Redaction"
import * as Difference from "@causeway/testing/Difference"
import { assert, describe, it } from "@effect/vitest"
import * as BigDecimal from "effect/BigDecimal"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Equal from "effect/Equal"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

const forms = ["json", "clone"] as const

const wireOf = (value: unknown, options: Lossless.Options): unknown => {
  const wire = Lossless.toWire(value, options)
  return options.form === "clone" ? structuredClone(wire) : JSON.parse(JSON.stringify(wire))
}

const roundTrip = (value: unknown, options: Lossless.Options): unknown =>
  Lossless.fromWire(wireOf(value, options), options)

const assertSame = (expected: unknown, actual: unknown): void => {
  const difference = Difference.find(expected, actual, { carried: true })
  assert.isUndefined(difference && Difference.format(difference))
}

const bytes = (kind: string, own: object) => ({ $: kind, $base64: "AAAA", ...own })

const everyPlace = (list: unknown) => ({ list: Array.from(list as ReadonlyArray<unknown>) })

const refused = (value: unknown, options?: Lossless.Options): Lossless.InvalidWire => {
  try {
    Lossless.fromWire({ $v: 2, value }, options)
  } catch (thrown) {
    assert.instanceOf(thrown, Lossless.InvalidWire)
    return thrown
  }
  return assert.fail("it was not refused")
}

const nested = (depth: number, inner: unknown): unknown => {
  let value = inner
  for (let level = 0; level < depth; level++) value = [value]
  return value
}

describe.each(forms)("as %s", (form) => {
  const options = { form }

  it.each([10, 198, 199, 200, 201])("keys by content are all there at a depth of %i", (depth) => {
    assertSame(
      nested(depth, [HashMap.make([{ a: 1 }, 1], [{ a: 2 }, 2]), HashSet.make([1], [2], [3])]),
      roundTrip(nested(depth, [HashMap.make([{ a: 1 }, 1], [{ a: 2 }, 2]), HashSet.make([1], [2], [3])]), options)
    )
  })

  it("keys that hold their own collection are all there, and are found", () => {
    const one: Record<string, unknown> = {}
    const two: Record<string, unknown> = {}
    one["two"] = two
    two["held"] = HashMap.make([one, 1], [two, 2])
    const arrived = Object(roundTrip(one, options))
    const held = arrived.two.held
    assert.ok(HashMap.isHashMap(held))
    assert.strictEqual(HashMap.size(held), 2)
    assert.isTrue(HashMap.has(held, arrived) && HashMap.has(held, arrived.two))
  })

  it("a class that reads a collection when it is made finds its entries", () => {
    class Index {
      readonly size: number
      constructor(size: number) {
        this.size = size
      }
    }
    const shared = {}
    const arrived = roundTrip([shared, shared, new Index(2)], {
      form,
      classes: [
        {
          id: "Index",
          class: Index,
          encode: ({ size }: Index) => HashSet.fromIterable(Array.from({ length: size }, (_, at) => ({ at }))),
          decode: (encoded: unknown) => new Index(HashSet.isHashSet(encoded) ? HashSet.size(encoded) : -1)
        }
      ]
    })
    assert.strictEqual(Object(arrived)[2].size, 2)
  })

  it("two Redacted are not one, since nobody here knows their values", () => {
    const sent = { map: HashMap.make([Redacted.make("a"), 1], [Redacted.make("b"), 2]), list: [Redacted.make("c")] }
    const arrived = Object(roundTrip([sent, sent.list, Redacted.make("d")], options))
    assert.strictEqual(HashMap.size(arrived[0].map), 2)
    assert.isFalse(Equal.equals(arrived[1][0], arrived[2]))
    assert.isTrue(Equal.equals(arrived[1][0], arrived[0].list[0]))
  })

  it("an integer too long to be carried costs itself and not the whole wire", () => {
    const long = 10n ** 25_000n
    const arrived = Object(
      roundTrip([BigDecimal.make(long, 2), Duration.nanos(long), BigDecimal.make(5n, 300)], options)
    )
    for (const one of arrived.slice(0, 2))
      assert.isTrue(form === "clone" || /^\[bigint of about \d+ digits\]$/.test(one), String(one).slice(0, 100))
    assertSame(BigDecimal.make(5n, 300), arrived[2])
  })

  it("a frozen Option, Result or HashMap stays frozen", () => {
    for (const one of [Option.some([1]), Result.fail("x"), HashMap.make(["a", 1]), HashSet.make(1)]) {
      const arrived = roundTrip({ one: Object.freeze(one) }, options)
      assertSame({ one }, arrived)
      assert.isTrue(Object.isFrozen(Object(arrived).one))
    }
    assert.isFalse(Object.isFrozen(Object(roundTrip([Option.some(1)], options))[0]))
  })

  it("an object of content without a prototype keeps its content", () => {
    for (const make of [() => new Map([[1, 2]]), () => [1, 2], () => new Date(5), () => new Uint8Array([1, 2])])
      assertSame(make(), roundTrip(Object.setPrototypeOf(make(), null), options))
  })
})

describe("subclasses of built-in classes", () => {
  class Day extends Date {
    readonly kind = "day"
  }
  class Pattern extends RegExp {}
  class Table extends Map<number, object> {}
  class Row extends Array<number> {}
  const make = () => [new Day(5), new Pattern("a", "g"), new Table([[1, { a: 1 }]]), Row.of(1, 2)]
  const classes = [Day, Pattern, Table, Row]

  it.each(forms)("arrive as what they were, as %s", (form) => {
    assertSame(make(), roundTrip(make(), { form, classes }))
  })

  it.each(forms)("pass through a relay that does not know them, as %s", (form) => {
    const relayed = Lossless.fromWire(wireOf(make(), { form, classes }), { form })
    assertSame(make(), Lossless.fromWire(wireOf(relayed, { form }), { form, classes }))
  })

  it("keep their content and their name where they are not known", () => {
    const [day, pattern, table, row] = Object(roundTrip(make(), {}))
    assert.deepStrictEqual(
      [day.getTime(), day.kind, pattern.source, table.get(1), row[1]],
      [5, "day", "a", { a: 1 }, 2]
    )
    assert.deepStrictEqual(
      [day, pattern, table, row].map((one) => one.constructor.name),
      ["Day", "Pattern", "Table", "Row"]
    )
    assert.ok(day instanceof Date && table instanceof Map && Array.isArray(row.map(String)))
  })
})

it("a registered class whose getters throw, or that emits events, arrives as itself", () => {
  class Bus {
    readonly topic: string
    constructor(topic: string) {
      this.topic = topic
    }
    get emit(): never {
      throw new Error("not connected")
    }
  }
  class Hub {
    readonly name = "hub"
    on(): void {}
    emit(): void {}
    removeListener(): void {}
  }
  const options: Lossless.Options = { classes: [Bus, Hub] }
  assertSame([new Bus("a"), new Bus("b"), new Hub()], roundTrip([new Bus("a"), new Bus("b"), new Hub()], options))
})

/** A list of lists, each holding the one before twice: as many paths as 2 to the power of its levels. */
const paths = (first: number, levels: number): unknown => {
  let list: unknown = [{ $: "list", "$#": first }, 1]
  for (let at = 1; at <= levels; at++) list = [{ $: "list", "$#": first + at }, list, { $: "=", $n: first + at - 1 }]
  return list
}

describe("wires that were made to take long", () => {
  it("are refused where keys have more paths than anybody compares", () => {
    for (const kind of ["HashSet", "HashMap"]) {
      const keys = [paths(0, 60), paths(100, 60)]
      const content = kind === "HashSet" ? { $values: keys } : { $entries: keys.map((key) => [key, 1]) }
      assert.match(refused({ $: kind, ...content }).message, /too long to compare/)
    }
  })

  it("are refused where a key comes back to itself on many paths", () => {
    const key = [{ $: "list", "$#": 1000 }, [{ $: "=", $n: 1000 }, paths(0, 60)]]
    assert.match(refused({ $: "HashSet", $values: [key] }).message, /too long to compare/)
  })

  it("are refused where a key is a list with more holes than anybody has time for", () => {
    const sparse = [
      { $: "list", $sparse: true },
      { $: "holes", $n: 4_294_967_295 }
    ]
    for (const key of [sparse, { a: sparse }, { $: "Some", $value: sparse }, [sparse, sparse]]) {
      assert.match(refused({ $: "HashSet", $values: [key] }).message, /too long to compare/)
      assert.match(refused({ $: "HashMap", $entries: [[key, 1]] }).message, /too long to compare/)
    }
    const short = Lossless.fromWire({
      $v: 2,
      value: { $: "HashSet", $values: [[sparse[0], { $: "holes", $n: 1000 }]] }
    })
    assert.isTrue(HashSet.isHashSet(short) && HashSet.has(short, Array.from({ length: 1000 })))
  })

  it("are refused where a key is bytes that say how many there are", () => {
    for (const key of [
      bytes("Uint8Array", { length: 1e9, $hidden: ["length"] }),
      bytes("Uint8Array", { length: { $: "Infinity" } }),
      bytes("DataView", { buffer: 1e9, byteOffset: 0, byteLength: 1e9 })
    ]) {
      assert.match(refused({ $: "HashSet", $values: [[key], [key]] }).message, /too long to compare/)
      assert.match(refused({ $: "HashMap", $entries: [[key, 1]] }).message, /too long to compare/)
    }
    const plain = bytes("Uint8Array", { note: 1 })
    const set = Lossless.fromWire({ $v: 2, value: { $: "HashSet", $values: [plain, plain] } })
    assert.isTrue(HashSet.isHashSet(set) && HashSet.size(set) === 1)
  })

  it("are refused where a class would have to look at so many holes", () => {
    const classes = [{ id: "Lists", class: class Lists {}, encode: () => [], decode: everyPlace }]
    const value = [
      { $: "list", $sparse: true },
      { $: "holes", $n: 4_294_967_295 }
    ]
    for (const $value of [value, { value }])
      assert.match(refused({ $: "custom", $class: "Lists", $value }, { classes }).message, /more holes/)
  })

  it("are refused where very many keys look the same", () => {
    const symbols = Array.from({ length: 100_000 }, (_, $n) => ({ $: "symbol", $n }))
    assert.match(refused({ $: "HashSet", $values: symbols }).message, /too long to compare/)
  })

  it("make no more expressions than can be looked up in time: the others are texts", () => {
    const many = Array.from({ length: 3_000 }, () => ({ $: "RegExp", $source: String.raw`\P{L}`, $flags: "iu" }))
    const arrived = Lossless.fromWire({ $v: 2, value: many })
    assert.ok(Array.isArray(arrived) && arrived[0] instanceof RegExp)
    assert.strictEqual(arrived.at(-1), String.raw`[RegExp /\P{L}/iu]`)
  })

  it("do not make a relay look for what is in holes", () => {
    const holes = Array.from({ length: 2_000 }, () => [
      { $: "list", $sparse: true },
      { $: "holes", $n: 1_000_000 }
    ])
    const arrived = Lossless.fromWire({ $v: 2, value: holes })
    const start = performance.now()
    assert.deepStrictEqual(Lossless.toWire(arrived).value, holes)
    // Each hole looked at would be a minute; the bound leaves room for a machine that is busy.
    assert.isBelow(performance.now() - start, 10_000)
  })
})

/** A text of its own each time, as one that was received. */
const long = (n: number, text: string): string => JSON.parse(JSON.stringify(`${"x y ".repeat(50_000)}${text}${n}`))

describe("what is remembered", () => {
  setFlagsFromString("--expose-gc")
  const gc: () => void = runInNewContext("gc")
  const held = (): number => {
    gc()
    return process.memoryUsage().heapUsed
  }

  it.each<readonly [string, (n: number) => unknown]>([
    ["names in a text", (n) => Redaction.text(`${long(n, " name_of_number_")}_token=abc`)],
    ["names of entries", (n) => Lossless.toWire([long(n, " header-of-number-").slice(-20), "x"])],
    ["names of classes", (n) => Lossless.fromWire({ $v: 2, value: { $: "object", $name: long(n, "Class") } })]
  ])("of %s is not all that they came with", (_, use) => {
    use(0)
    const before = held()
    for (let n = 1; n <= 200; n++) use(n)
    assert.isBelow(held() - before, 20_000_000)
  })
})

const many = (make: (text: string) => unknown) => () =>
  Array.from({ length: 40 }, (_, at) => make(`${"x".repeat(20_000)}${at}`))

describe("the limit of bytes", () => {
  const digits = 10n ** 15_000n

  it.each<readonly [string, () => unknown]>([
    ["URLs", many((text) => new URL(`https://a.example/${text}`))],
    ["URLSearchParams", many((text) => new URLSearchParams({ text }))],
    ["Headers", many((text) => new Headers({ text }))],
    ["labels", many((label) => Redacted.make("x", { label }))],
    ["bigints", many(() => digits)],
    ["BigDecimals", many(() => BigDecimal.make(digits, 0))],
    ["Durations", many(() => Duration.nanos(digits))],
    ["names of properties", () => ({ ["k".repeat(500_000)]: 1 })],
    [
      "symbols",
      () => Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [Symbol(`${"s".repeat(50)}${at}`), at]))
    ]
  ])("holds for %s, and what is cut off says so", (_, make) => {
    for (const form of forms) {
      const options: Lossless.Options = { form, limits: { bytes: 100_000, string: 50_000 } }
      const wire = wireOf(make(), options)
      const text = JSON.stringify(wire, (_, held: unknown) => (typeof held === "bigint" ? String(held) : held))
      assert.isBelow(text.length, 500_000)
      assert.match(text, /\[(?:\d+ more of|… of|Headers of|text of|bigint of)/)
      Lossless.fromWire(wire, options)
    }
  })
})

describe("a secret that was handed in", () => {
  const secret = "tarnhelm-4711/zauberflöte+0815"
  const named = <C extends new () => object>(Class: C): object =>
    new (Object.defineProperty(Class, "name", { value: secret }))()

  it.each<readonly [string, unknown]>([
    ["the name of a class of emitters", named(class extends EventEmitter {})],
    [
      "the name of a class of events",
      named(
        class extends Event {
          constructor() {
            super("x")
          }
        }
      )
    ],
    ["the name of a class of Maps", named(class extends Map {})],
    ["JSON with escaped slashes", `{"a":"${secret.replaceAll("/", String.raw`\/`)}"}`],
    ["JSON in ASCII", `{"a":"${secret.replaceAll("ö", String.raw`\u00f6`)}"}`],
    ["JSON in ASCII in JSON", JSON.stringify(`{"a":"${secret.replaceAll("ö", String.raw`\u00f6`)}"}`)]
  ])("does not leave in %s", (_, value) => {
    const text = JSON.stringify(Lossless.toWire({ value }, { secrets: [Redacted.make(secret)] }))
    assert.notInclude(text, "tarnhelm")
    assert.include(text, "<redacted>")
  })
})

it("the value of an entry is masked by its name, also as AWS and .NET write it", () => {
  const sent = [
    { Name: "DB_PASSWORD", Value: "correct horse" },
    { Key: "x-api-key", Value: "battery" },
    { Name: "region", Value: "eu" }
  ]
  assert.deepStrictEqual(Lossless.toWire(sent).value, [
    { Name: "DB_PASSWORD", Value: "<redacted>" },
    { Key: "x-api-key", Value: "<redacted>" },
    { Name: "region", Value: "eu" }
  ])
})

const emit = () => {}

describe("what one object is", () => {
  it("says nothing of others of its class", () => {
    class Table extends Map<number, number> {}
    class Bytes extends Uint8Array {}
    class Part {
      readonly a = 1
      constructor(methods?: object) {
        Object.assign(this, methods)
      }
    }
    for (const odd of [
      Object.create(Table.prototype),
      Object.create(Bytes.prototype),
      new Part({ emit, on: emit, removeListener: emit }),
      Object.setPrototypeOf(new Error("x"), Part.prototype)
    ])
      Lossless.toWire(odd)
    const [table, bytes, part] = Object(roundTrip([new Table([[1, 2]]), new Bytes([1, 2]), new Part()], {}))
    assert.deepStrictEqual([table.get(1), bytes[1], part.a, part.constructor.name], [2, 2, 1, "Part"])
  })
})

describe("a stack that may not leave", () => {
  class Traced extends Data.TaggedError("Traced")<{ readonly stack: string; readonly key: string }> {}

  it.each<readonly [string, () => unknown]>([
    [
      "arguments of an error",
      () => Object.defineProperty(new Traced({ stack: "/secret/args", key: "kept" }), "stack", { value: "/secret/own" })
    ],
    [
      "an object like an error",
      () => Object.create(Error.prototype, { stack: { value: "/secret", enumerable: true }, key: { value: "kept" } })
    ]
  ])("is not in %s either", (_, make) => {
    const text = JSON.stringify(Lossless.toWire(make(), { stack: "drop", classes: [Traced] }))
    assert.notInclude(text, "/secret")
    assert.include(text, "kept")
  })
})

describe("options that are none", () => {
  it.each<readonly [string, object | number]>([
    ["options", 5],
    ["form", { form: "xml" }],
    ["stack", { stack: "some" }],
    ["classes", { classes: 5 }],
    ["secrets", { secrets: ["a plain text"] }]
  ])("are refused for %s, in both directions", (option, options) => {
    for (const use of [Lossless.toWire, Lossless.fromWire]) {
      try {
        // As a program without types calls it.
        Reflect.apply(use, undefined, [{ $v: 2, value: 1 }, options])
        assert.fail("they were taken")
      } catch (thrown) {
        assert.instanceOf(thrown, Lossless.InvalidOptions)
        assert.strictEqual(thrown.option, option)
      }
    }
  })
})

const trap = () => {
  throw new RangeError("do not look")
}

it("a report is made of whatever is given", () => {
  for (const wire of [
    new Proxy({}, { get: trap, has: trap, ownKeys: trap }),
    {
      $v: 2,
      get value(): never {
        throw new Error("not now")
      }
    }
  ])
    assert.match(Lossless.render(wire), /^\[unreadable from here on/)
})
