/** What no wire can hold, and what stands in its place. */
import assert from "node:assert"
import { createServer } from "node:net"
import { whole, type Case } from "./Case.ts"

const get = (u: unknown, key: PropertyKey): unknown => Reflect.get(Object(u), key)

const becomes = (name: string, make: () => unknown, pattern: RegExp): Case => ({
  name,
  make: () => Object.assign(new Error("x"), { held: make(), after: "kept" }),
  ignore: (path) => path === "value.held",
  holds: (arrived) => {
    assert.match(String(get(arrived, "held")), pattern)
    assert.strictEqual(get(arrived, "after"), "kept")
  }
})

/** What keeps more than its kind: it must say all of these somewhere. */
const tells = (name: string, make: () => unknown, ...texts: ReadonlyArray<string>): Case => ({
  name,
  make: () => Object.assign(new Error("x"), { held: make(), after: "kept" }),
  ignore: (path) => path.startsWith("value.held"),
  ever: texts,
  holds: (arrived) => {
    assert.notStrictEqual(get(arrived, "held"), undefined)
    assert.strictEqual(get(arrived, "after"), "kept")
  }
})

function plain(): void {}

async function load(): Promise<void> {}

function* each(): Generator<never> {}

class Private {
  readonly #secret = 1
  get known(): number {
    return this.#secret
  }
}

export const cases: ReadonlyArray<Case> = [
  becomes("a function", () => plain, /^\[function plain\]$/),
  becomes("an arrow function", () => ({ onRetry: () => 1 }).onRetry, /^\[function onRetry\]$/),
  becomes("a function without a name", () => [() => 1][0], /^\[function.*\]$/),
  becomes("an async function", () => load, /^\[.*function.* load\]$/),
  becomes("a generator function", () => each, /^\[.*function.* each\]$/),
  becomes("a class", () => class Thing {}, /^\[(class|function) Thing\]$/),
  becomes("a bound function", () => Function.prototype.bind.call(plain, undefined), /^\[function bound plain\]$/),
  becomes("a promise", () => Promise.resolve(1), /^\[promise\]$/i),
  becomes("a rejected promise that nobody awaits", () => Promise.resolve().then(() => 1), /^\[promise\]$/i),
  becomes("a WeakMap", () => new WeakMap(), /^\[WeakMap\]$/i),
  becomes("a WeakSet", () => new WeakSet(), /^\[WeakSet\]$/i),
  becomes("a WeakRef", () => new WeakRef({}), /^\[WeakRef\]$/i),
  becomes("a proxy", () => new Proxy({ a: 1 }, {}), /^\[proxy.*\]$/i),
  becomes(
    "a revoked proxy",
    () => {
      const { proxy, revoke } = Proxy.revocable({}, {})
      revoke()
      return proxy
    },
    /^\[proxy.*\]$/i
  ),
  becomes("a proxy of a function", () => new Proxy(() => 1, {}), /^\[(proxy|function).*\]$/i),
  becomes("a generator", () => each(), /^\[.*generator.*\]$/i),
  becomes("an iterator", () => [1].values(), /^\[.*iterator.*\]$/i),
  becomes("a readable stream", () => new ReadableStream(), /^\[ReadableStream\]$/),
  becomes("a writable stream", () => new WritableStream(), /^\[WritableStream\]$/),
  becomes("a socket", () => createServer(), /^\[.*Server.*\]$/),
  becomes(
    "a message port",
    () => {
      const { port1, port2 } = new MessageChannel()
      port1.close()
      port2.close()
      return port1
    },
    /^\[.*MessagePort.*\]$/
  ),
  tells("an abort signal", () => new AbortController().signal, "AbortSignal"),
  tells(
    "a Request keeps its method and URL",
    () => new Request("http://127.0.0.1/v1/models", { method: "POST" }),
    "POST",
    "http://127.0.0.1/v1/models"
  ),
  tells("a Response keeps its status", () => new Response("x", { status: 418 }), "418"),
  tells("a Blob says what it was", () => new Blob(["x"]), "Blob"),
  {
    name: "private fields stay behind, the rest arrives",
    make: () => Object.assign(new Error("x"), { held: Object.assign(new Private(), { open: 1 }) }),
    ignore: (path) => path === "value.held",
    holds: (arrived) => assert.strictEqual(get(get(arrived, "held"), "open"), 1)
  },
  {
    name: "methods of an object become visible",
    make: () => ({ run() {}, value: 1 }),
    holds: (arrived) => assert.deepStrictEqual(arrived, { run: "[function run]", value: 1 })
  },
  {
    name: "functions in every container become visible",
    make: () => [
      [() => 1],
      new Map<unknown, unknown>([["plain", plain]]),
      new Set([plain]),
      new Error("x", { cause: plain })
    ],
    holds: (arrived) => {
      assert.ok(Array.isArray(arrived))
      assert.ok(arrived[1] instanceof Map && arrived[2] instanceof Set && arrived[3] instanceof Error)
      assert.strictEqual(arrived[1].get("plain"), "[function plain]")
      assert.ok(arrived[2].has("[function plain]"))
      assert.strictEqual(arrived[3].cause, "[function plain]")
    }
  },
  ...whole({
    "one function in two places": () => [plain, plain],
    "a text that looks like a placeholder stays a text": () => ["[function onRetry]", "[promise]"]
  })
]
