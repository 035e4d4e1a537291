/** Errors of classes of one's own, known to the receiver and not. */
// @effect-diagnostics extendsNativeError:off
// @effect-diagnostics schemaNumber:off
import assert from "node:assert"
import * as Data from "effect/Data"
import * as Schema from "effect/Schema"
import { edited, whole, type Case } from "./Case.ts"

/** As the SDK's: it cannot be made without a response and a body. */
class ApiError extends Error {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly requestId: string | undefined
  constructor(
    response: { readonly status: number; readonly headers: ReadonlyMap<string, string> },
    body: { readonly message: string }
  ) {
    super(`${response.status} ${body.message}`)
    this.status = response.status
    this.headers = response.headers
    this.requestId = response.headers.get("x-request-id")
  }
}

class RateLimitError extends ApiError {
  override readonly name = "RateLimitError"
}

class Throwing extends TypeError {
  constructor(allowed?: symbol) {
    super("made")
    if (allowed !== Throwing.key) throw new Error("nobody may construct this")
  }
  static readonly key: unique symbol = Symbol("key")
}

class Computing extends Error {
  readonly parts: ReadonlyArray<string>
  constructor(parts: ReadonlyArray<string>) {
    super(parts.join("-"))
    this.parts = parts
  }
  get joined(): string {
    return this.parts.join("+")
  }
  count(): number {
    return this.parts.length
  }
}

/** Keeps its state where nobody can read it, and says how it is to be carried. */
export class Sealed extends Error {
  readonly #code: number
  constructor(code: number) {
    super("sealed")
    this.#code = code
  }
  get code(): number {
    return this.#code
  }
}

class Point {
  readonly x: number
  readonly y: number
  constructor(x: number, y: number) {
    this.x = x
    this.y = y
  }
  get length(): number {
    return Math.hypot(this.x, this.y)
  }
}

export class Nested extends Schema.Class<Nested>("test/Nested")({
  at: Schema.Date,
  tags: Schema.Array(Schema.String)
}) {}

export class Declared extends Schema.TaggedError<Declared>("test/Declared")("Declared", {
  key: Schema.String,
  nested: Nested,
  when: Schema.optional(Schema.Duration),
  cause: Schema.optional(Schema.Defect())
}) {
  get shout(): string {
    return this.key.toUpperCase()
  }
}

/** Its encoded side differs from its type: what crosses is the value, not the text. */
class Transformed extends Schema.TaggedError<Transformed>("test/Transformed")("Transformed", {
  amount: Schema.NumberFromString,
  big: Schema.BigInt,
  zero: Schema.Number
}) {}

class DataError extends Data.TaggedError("DataError")<{
  readonly key: string
  readonly list: ReadonlyArray<number>
}> {}

/** Known to the receiver. */
export const classes = [
  ApiError,
  RateLimitError,
  Throwing,
  Computing,
  Point,
  Nested,
  Declared,
  Transformed,
  DataError,
  {
    id: "test/Sealed",
    class: Sealed,
    encode: (error: Sealed) => ({ code: error.code, stack: error.stack }),
    decode: (fields: unknown) =>
      edited(new Sealed(Number(Reflect.get(Object(fields), "code"))), (error) => {
        error.stack = String(Reflect.get(Object(fields), "stack"))
      })
  }
]

// Not known to the receiver.
class Unregistered extends RangeError {
  override readonly name = "Unregistered"
  readonly status = 418
}
class Nameless extends Error {
  readonly status = 418
}
class NamedOnPrototype extends TypeError {}
NamedOnPrototype.prototype.name = "NamedOnPrototype"
class UnregisteredPoint {
  readonly x = 1
}
class Impostor extends Error {}
Object.defineProperty(Impostor, "name", { value: "ApiError" })

const response = { status: 429, headers: new Map([["x-request-id", "req_1"]]) }

const fields = { key: "a", nested: new Nested({ at: new Date(0), tags: ["x"] }) }

/** An unregistered class: the native kind is right, and so is the name. */
const native = (name: string, make: () => Error, Kind: ErrorConstructor, known: string): Case => ({
  name,
  make,
  // How the name is attached is open; what it is, is not.
  ignore: (path) => path === "value.name",
  arrives: (sent) => {
    const { stack, ...own } = Object.getOwnPropertyDescriptors(Object(sent))
    const kind = Object.defineProperties(new Kind(), own)
    // Some engines make it an accessor of its own error.
    kind.stack = String(Reflect.get(Object(sent), "stack"))
    return kind
  },
  holds: (arrived) => {
    assert.strictEqual(Object.getPrototypeOf(arrived), Kind.prototype)
    assert.strictEqual(Reflect.get(Object(arrived), "name"), known)
  }
})

export const cases: ReadonlyArray<Case> = [
  ...whole({
    "a class whose constructor needs a response and a body": () => new ApiError(response, { message: "slow down" }),
    "a subclass of such a class": () => new RateLimitError(response, { message: "slow down" }),
    "a class whose constructor throws": () => new Throwing(Throwing.key),
    "a class with a getter and a method": () => new Computing(["a", "b"]),
    "an instance with more on it than its class declares": () =>
      Object.assign(new Computing(["a"]), { extra: { at: new Date(0) }, [Symbol.for("x")]: 1 }),
    "a frozen instance of a class": () => Object.freeze(new Computing(["a"])),
    "an instance whose cause is of its class": () =>
      edited(new Computing(["a"]), (e) => (e.cause = new Computing(["b"]))),
    "an instance in a cycle": () => edited(new Computing(["a"]), (e) => Object.assign(e, { self: e })),
    "a class that is no error": () => ({ point: new Point(3, 4) }),
    "one instance in two places": () => {
      const point = new Point(1, 2)
      return [point, point]
    },
    "a Schema.Class": () => new Nested({ at: new Date(0), tags: ["a", "b"] }),
    "a tagged error with a nested class": () => new Declared(fields),
    "a tagged error with an optional field": () => new Declared({ ...fields, when: undefined }),
    "a tagged error with a native cause": () => new Declared({ ...fields, cause: new TypeError("why") }),
    "a tagged error with a tagged cause": () => new Declared({ ...fields, cause: new Declared(fields) }),
    "a tagged error with more on it than it declares": () =>
      Object.assign(new Declared(fields), { attempt: 2, [Symbol.for("x")]: new Map([[1, 2]]) }),
    "a tagged error that shares a field with its neighbour": () => {
      const nested = fields.nested
      return [new Declared({ key: "a", nested }), new Declared({ key: "b", nested })]
    },
    "a frozen tagged error": () => Object.freeze(new Declared(fields)),
    "a tagged error with transformations": () => new Transformed({ amount: 1.5, big: 2n ** 70n, zero: -0 }),
    "a tagged error with odd numbers": () =>
      new Transformed({ amount: Number.NaN, big: 0n, zero: Number.NEGATIVE_INFINITY }),
    "an error of Data.TaggedError": () => new DataError({ key: "a", list: [1, 2] })
  }),
  {
    name: "a class comes back with its methods, and its constructor is not called",
    make: () => new Throwing(Throwing.key),
    holds: (arrived) => assert.ok(arrived instanceof Throwing && arrived instanceof TypeError)
  },
  {
    name: "getters of a class work on what arrived",
    make: () => [new Computing(["a", "b"]), new Declared(fields), new Point(3, 4)],
    holds: (arrived) => {
      assert.ok(Array.isArray(arrived))
      const [computing, declared, point]: ReadonlyArray<unknown> = arrived
      assert.ok(computing instanceof Computing && declared instanceof Declared && point instanceof Point)
      assert.deepStrictEqual([computing.joined, computing.count(), declared.shout, point.length], ["a+b", 2, "A", 5])
    }
  },
  {
    name: "a class with its own encode and decode keeps what nobody else can read",
    make: () => new Sealed(7),
    holds: (arrived) => {
      assert.ok(arrived instanceof Sealed)
      assert.strictEqual(arrived.code, 7)
    }
  },
  native("an unregistered subclass of RangeError", () => new Unregistered("x"), RangeError, "Unregistered"),
  native(
    "an unregistered class named on its prototype",
    () => new NamedOnPrototype("x"),
    TypeError,
    "NamedOnPrototype"
  ),
  native(
    "an unregistered class with a cause",
    () => new Unregistered("x", { cause: new Unregistered("y") }).cause as Error,
    RangeError,
    "Unregistered"
  ),
  {
    name: "an unregistered class without a name of its own",
    make: () => new Nameless("x"),
    ignore: (path) => path === "value",
    holds: (arrived) => {
      assert.strictEqual(Object.getPrototypeOf(arrived), Error.prototype)
      assert.ok(["Error", "Nameless"].includes(String(Reflect.get(Object(arrived), "name"))))
      assert.strictEqual(Reflect.get(Object(arrived), "status"), 418)
    }
  },
  {
    name: "a class that calls itself as a registered one does is not taken for it",
    make: () => new Impostor("x"),
    ignore: (path) => path === "value",
    holds: (arrived) => {
      assert.ok(arrived instanceof Error)
      assert.ok(!(arrived instanceof ApiError))
    }
  },
  {
    name: "an unregistered class that is no error keeps its fields and says its name",
    make: () => ({ point: new UnregisteredPoint() }),
    ignore: (path) => path === "value.point",
    ever: ["UnregisteredPoint"],
    holds: (arrived) => assert.strictEqual(Reflect.get(Object(Reflect.get(Object(arrived), "point")), "x"), 1)
  }
]
