/** What can hang on an error, and how. */
import assert from "node:assert"
import { edited, whole, type Case } from "./Case.ts"

const key = Symbol.for("@causeway/test/shared")

// A literal key `then` reads as a thenable made by mistake.
const [then = ""] = ["then"]

const withCause = (cause: unknown): Error => new Error("outer", { cause })

const chain = (length: number): Error =>
  Array.from({ length }).reduce<Error>((cause, _, index) => new Error(`level ${index}`, { cause }), new Error("root"))

const named = (name: string): Error => edited(new Error("x"), (e) => (e.name = name))

const owning = (descriptors: PropertyDescriptorMap): Error => Object.defineProperties(new Error("x"), descriptors)

const describe = (error: unknown, name: PropertyKey) => Object.getOwnPropertyDescriptor(error, name)

export const cases: ReadonlyArray<Case> = [
  // The cause: present, absent and undefined are three different things.
  {
    name: "no cause",
    make: () => new Error("x"),
    holds: (arrived) => assert.strictEqual(Object.hasOwn(Object(arrived), "cause"), false)
  },
  {
    name: "an undefined cause",
    make: () => withCause(undefined),
    holds: (arrived) => {
      assert.deepStrictEqual(
        [describe(arrived, "cause")?.enumerable, describe(arrived, "cause")?.value],
        [false, undefined]
      )
    }
  },
  ...whole({
    "a null cause": () => withCause(null),
    "a string as cause": () => withCause("why"),
    "a number as cause": () => withCause(-0),
    "a symbol as cause": () => withCause(Symbol.for("why")),
    "an object as cause": () => withCause({ why: [1, { deep: new Date(0) }] }),
    "a Map as cause": () => withCause(new Map([["a", new Error("in a map")]])),
    "a chain of three": () => chain(3),
    "a chain of fifty": () => chain(50),
    "an error that is its own cause": () => edited(new Error("x"), (e) => (e.cause = e)),
    "two errors that are each other's cause": () =>
      edited(new Error("a"), (a) => (a.cause = edited(new Error("b"), (b) => (b.cause = a)))),
    "one cause of two errors": () => {
      const cause = new Error("shared")
      return [withCause(cause), withCause(cause)]
    },
    "an enumerable cause": () => Object.assign(new Error("x"), { cause: "assigned" }),
    "a cause that is an accessor": () => {
      const cause = new Error("computed")
      return owning({ cause: { get: () => cause, configurable: true } })
    },
    "an inherited cause that is shadowed by none": () => new TypeError("x"),

    // Own properties.
    "own properties": () => Object.assign(new Error("x"), { status: 404, headers: { a: "b" }, list: [1, [2]] }),
    "an own property that is undefined": () => Object.assign(new Error("x"), { status: undefined }),
    "a hidden property": () => owning({ hidden: { value: { a: 1 }, enumerable: false } }),
    "a symbol-keyed property": () => Object.assign(new Error("x"), { [key]: 1, [Symbol.iterator]: 2 }),
    "a hidden symbol-keyed property": () => owning({ [key]: { value: 1, enumerable: false } }),
    "a property under a local symbol": () => Object.assign(new Error("x"), { [Symbol("local")]: 1 }),
    "two properties under symbols of one description": () =>
      Object.assign(new Error("x"), { [Symbol("same")]: 1, [Symbol("same")]: 2 }),
    "an accessor": () => owning({ status: { get: () => 404, enumerable: true } }),
    "a hidden accessor": () => owning({ status: { get: () => 404, enumerable: false } }),
    "a setter alone": () => owning({ status: { set: () => undefined, enumerable: true } }),
    "a getter that throws": () =>
      owning({
        status: {
          get: () => {
            throw new Error("not now")
          },
          enumerable: true
        },
        after: { value: "it goes on", enumerable: true }
      }),
    "the order of own properties": () => Object.assign(new Error("x"), { z: 1, a: 2, m: 3 }),
    "own properties with names of the language": () =>
      owning({
        constructor: { value: 1, enumerable: true },
        prototype: { value: 2, enumerable: true },
        toString: { value: 3, enumerable: true },
        toJSON: { value: 4, enumerable: true },
        [then]: { value: 5, enumerable: true },
        hasOwnProperty: { value: 6, enumerable: true }
      }),
    "an own property __proto__": () => owning({ ["__proto__"]: { value: { polluted: 1 }, enumerable: true } }),
    "own properties with names of a wire": () =>
      Object.assign(new Error("x"), { $: "=", $message: "m", $$: 1, $type: "Map", _tag: "T", "@class": "C", i: 0 }),
    "numbers as names": () => Object.assign(new Error("x"), { 1: "a", 0: "b", "-1": "c" }),
    "a property that is the error": () => edited(new Error("x"), (e) => Object.assign(e, { self: e, list: [e] })),

    // Names and messages.
    "a name of the instance": () => named("Custom"),
    "an enumerable name": () => Object.assign(new Error("x"), { name: "Custom" }),
    "a hidden name": () => owning({ name: { value: "Custom", enumerable: false } }),
    "a name that is no string": () => owning({ name: { value: 7, enumerable: true } }),
    "an empty name": () => named(""),
    "a message that is no string": () => owning({ message: { value: { code: 1 }, enumerable: false } }),
    "a deleted message": () => edited(new Error("x"), (e) => Reflect.deleteProperty(e, "message")),
    "an enumerable message": () => owning({ message: { value: "x", enumerable: true } }),
    "a message that is an accessor": () => owning({ message: { get: () => "computed", enumerable: false } }),

    // Stacks.
    "its stack": () => new Error("with a stack"),
    "no stack": () => edited(new Error("x"), (e) => Reflect.deleteProperty(e, "stack")),
    "an undefined stack": () => owning({ stack: { value: undefined, enumerable: false } }),
    "a stack that is no string": () => owning({ stack: { value: [{ file: "a.ts", line: 1 }], enumerable: false } }),
    "an enumerable stack": () => owning({ stack: { value: "mine", enumerable: true } }),
    "a stack of another message": () => edited(new Error("before"), (e) => (e.message = "after")),
    "an empty stack": () => owning({ stack: { value: "", enumerable: false } }),
    "a stack of many lines": () =>
      edited(new Error("x"), (e) => (e.stack = `Error: x\n${"    at f (a.ts:1:1)\n".repeat(500)}`)),

    // State of the whole.
    "a frozen error": () => Object.freeze(Object.assign(new Error("x"), { status: 1 })),
    "a sealed error": () => Object.seal(Object.assign(new Error("x"), { status: 1 })),
    "an error closed to new properties": () => Object.preventExtensions(Object.assign(new Error("x"), { status: 1 })),
    "a frozen error in a cycle": () => edited(new Error("x"), (e) => Object.freeze(Object.assign(e, { self: e }))),
    "an error without prototype": () => Object.setPrototypeOf(Object.assign(new Error("x"), { a: 1 }), null),
    "a frozen object that hangs on an error": () =>
      Object.assign(new Error("x"), { context: Object.freeze({ a: [1] }) })
  }),
  {
    name: "a getter that throws leaves the rest, and says so",
    make: () =>
      owning({
        status: {
          get: () => {
            throw new TypeError("not now")
          },
          enumerable: true
        },
        after: { value: "it goes on", enumerable: true }
      }),
    holds: (arrived) => {
      assert.match(String(Reflect.get(Object(arrived), "status")), /^\[.*\]$/)
      assert.strictEqual(Reflect.get(Object(arrived), "after"), "it goes on")
    }
  },
  {
    name: "a stack whose getter throws leaves the rest",
    make: () =>
      Object.assign(
        owning({
          stack: {
            get: () => {
              throw new Error("no stack")
            },
            configurable: true
          }
        }),
        { status: 1 }
      ),
    ignore: (path) => path === "value.stack",
    holds: (arrived) => assert.strictEqual(Reflect.get(Object(arrived), "status"), 1)
  },
  {
    name: "a huge stack is kept, or cut and says so",
    make: () => edited(new Error("x"), (e) => (e.stack = `Error: x\n${"    at f (a.ts:1:1)\n".repeat(100_000)}`)),
    ignore: (path) => path === "value.stack",
    holds: (arrived) => {
      const stack = String(Reflect.get(Object(arrived), "stack"))
      assert.ok(stack.startsWith("Error: x\n    at f (a.ts:1:1)"))
      if (stack.length < 1_900_000) assert.match(stack.slice(-200), /\d{4,}/)
    }
  }
]
