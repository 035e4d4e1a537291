/** The errors of the language and the platform. */
import assert from "node:assert"
import { readFileSync } from "node:fs"
import { getSystemErrorMap } from "node:util"
import { runInNewContext } from "node:vm"
import { edited, thrownBy, whole, type Case } from "./Case.ts"

const kinds = [Error, TypeError, RangeError, SyntaxError, EvalError, ReferenceError, URIError] as const

const system = (code: string, own: object): Error => {
  const [errno, [, text]] = [...getSystemErrorMap()].find(([, [name]]) => name === code) ?? [0, ["", ""]]
  return Object.assign(new Error(`connect ${code} 127.0.0.1:9, ${text}`), { errno, code, ...own })
}

const foreign = (code: string): unknown => runInNewContext(code)

const exception = (made: unknown): DOMException => {
  assert.ok(made instanceof DOMException)
  return made
}

export const cases: ReadonlyArray<Case> = [
  ...kinds.flatMap((Kind) =>
    whole({
      [`${Kind.name}`]: () => new Kind("no such model"),
      [`${Kind.name} without a message`]: () => new Kind(),
      [`${Kind.name} with a cause of the same kind`]: () => new Kind("outer", { cause: new Kind("inner") })
    })
  ),
  ...whole({
    "an empty message": () => new Error(""),
    "a message of several lines": () => new Error("first\n    at second (looks like a frame)\nthird"),
    "a message with every kind of odd text": () => new Error('\u0000\uD800\u2028😀"\\\u007f'),
    "an AggregateError with its errors": () =>
      new AggregateError([new Error("a"), new TypeError("b"), "c"], "all failed"),
    "an AggregateError without errors": () => new AggregateError([]),
    "an AggregateError with a cause": () => new AggregateError([1], "x", { cause: new Error("y") }),
    "an AggregateError in an AggregateError": () =>
      new AggregateError([new AggregateError([new Error("deep")], "in")], "out"),
    "an AggregateError that holds itself": () => edited(new AggregateError([], "x"), (e) => e.errors.push(e)),
    "an AggregateError that holds one error twice": () => {
      const error = new Error("one")
      return new AggregateError([error, error])
    },
    "the error of Promise.any": () => new AggregateError([new Error("a")], "All promises were rejected"),
    "a system error of a file": () => thrownBy(() => readFileSync("/no/such/file")),
    "a system error of a connection": () =>
      system("ECONNREFUSED", { syscall: "connect", address: "127.0.0.1", port: 9 }),
    "a system error of a name": () => system("EAI_AGAIN", { syscall: "getaddrinfo", hostname: "upstream.invalid" }),
    "a system error under fetch's TypeError": () =>
      new TypeError("fetch failed", { cause: system("ECONNRESET", { syscall: "read" }) }),
    "several system errors under fetch's TypeError": () =>
      new TypeError("fetch failed", {
        cause: new AggregateError(
          [
            system("ECONNREFUSED", { address: "127.0.0.1", port: 9 }),
            system("ECONNREFUSED", { address: "::1", port: 9 })
          ],
          ""
        )
      }),
    "an error of JSON.parse": () => thrownBy(() => JSON.parse("{")),
    "an error of null.x": () => thrownBy(() => Reflect.get(Object(null), "x").y),
    "an error of a stack overflow": () =>
      edited(new RangeError("Maximum call stack size exceeded"), (e) => (e.stack = "RangeError: …")),
    "an error without frames": () => {
      const limit = Error.stackTraceLimit
      try {
        Error.stackTraceLimit = 0
        return new Error("no frames")
      } finally {
        Error.stackTraceLimit = limit
      }
    },
    "an abort's own error": () => edited(new Error("This operation was aborted"), (e) => (e.name = "AbortError")),
    "what looks like an error and is none": () => Object.create(Error.prototype, { message: { value: "not real" } }),
    "an error in a plain object": () => ({ error: new Error("nested"), list: [new TypeError("in a list")] }),
    "an error as a key of a Map": () => new Map([[new Error("key"), new Error("value")]])
  }),
  ...(typeof SuppressedError === "function"
    ? whole({
        "a SuppressedError": () => new SuppressedError(new Error("new"), new TypeError("old"), "while disposing"),
        "a SuppressedError of plain values": () => new SuppressedError(1, undefined),
        "a SuppressedError that suppresses itself": () => edited(new SuppressedError(1, 2), (e) => (e.suppressed = e))
      })
    : []),
  ...["AbortError", "TimeoutError", "DataCloneError", "NotFoundError", "Invented"].map((name): Case => ({
    name: `a DOMException named ${name}`,
    make: () => new DOMException("given up", name),
    holds: (arrived) => {
      const sent = new DOMException("given up", name)
      assert.deepStrictEqual(
        [exception(arrived).name, exception(arrived).message, exception(arrived).code],
        [sent.name, sent.message, sent.code]
      )
    }
  })),
  ...whole({
    "a DOMException with own properties": () => Object.assign(new DOMException("x", "AbortError"), { attempt: 2 }),
    "a DOMException with a cause": () => new DOMException("x", { name: "AbortError", cause: new Error("why") }),
    "the reason of an aborted signal": () => AbortSignal.abort().reason,
    "a reason that was given to an abort": () => AbortSignal.abort(new Error("the caller left")).reason,
    "what structuredClone throws": () => thrownBy(() => structuredClone(() => undefined)),
    "what atob throws": () => thrownBy(() => atob("%"))
  }),
  {
    name: "an error of another realm arrives as this realm's",
    make: () =>
      foreign("Object.assign(new RangeError('far', { cause: new TypeError('further') }), { list: [1, { a: 1 }] })"),
    holds: (arrived) => {
      assert.ok(arrived instanceof RangeError && arrived.cause instanceof TypeError)
    }
  },
  ...whole({
    "an AggregateError of another realm": () => foreign("new AggregateError([new Error('a')], 'far')"),
    "plain values of another realm": () =>
      foreign("({ map: new Map([[1, new Set([2])]]), date: new Date(0), list: [/x/g, 1n] })")
  }),
  {
    name: "a code of Node.js stays on its error",
    make: () => thrownBy(() => new URL("no url")),
    holds: (arrived) => {
      assert.ok(arrived instanceof TypeError)
      assert.strictEqual(Reflect.get(arrived, "code"), "ERR_INVALID_URL")
      assert.strictEqual(Reflect.get(arrived, "input"), "no url")
    },
    // Node's own subclass, if it makes one, is no class of ours.
    arrives: (sent) => (Object.getPrototypeOf(sent) === TypeError.prototype ? sent : undefined),
    ignore: (path) => path === "value"
  },
  {
    name: "an AssertionError keeps what it compared",
    make: () => thrownBy(() => assert.strictEqual(1, 2)),
    ignore: () => true,
    holds: (arrived) => {
      assert.ok(arrived instanceof Error)
      assert.strictEqual(arrived.name, "AssertionError")
      assert.deepStrictEqual(
        ["code", "actual", "expected", "operator"].map((key) => Reflect.get(arrived, key)),
        ["ERR_ASSERTION", 1, 2, "strictEqual"]
      )
    }
  }
]
