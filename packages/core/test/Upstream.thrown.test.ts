import * as Disposition from "@causeway/core/Disposition"
import * as Lossless from "@causeway/core/Lossless"
import * as Upstream from "@causeway/core/Upstream"
import { UpstreamError } from "@causeway/core/UpstreamError"
import type { UpstreamReason } from "@causeway/core/UpstreamReason"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { runInNewContext } from "node:vm"
import { failing } from "./upstream/failing.ts"

const stock = Upstream.make({ name: "stock" })

const refuse = (): never => {
  throw new Error("nobody looks here")
}

/** A proxy that refuses every question. */
const hostile = (target: object): object =>
  new Proxy(target, {
    get: refuse,
    has: refuse,
    ownKeys: refuse,
    getPrototypeOf: refuse,
    getOwnPropertyDescriptor: refuse,
    isExtensible: refuse
  })

const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const cyclic = (): Error => {
  const error = new Error("round")
  error.cause = new Error("and round", { cause: error })
  return error
}

/** Values that nobody should throw, and somebody does. */
const oddities: ReadonlyArray<readonly [string, unknown]> = [
  ["undefined", undefined],
  ["null", null],
  ["a string", "it broke"],
  ["an empty string", ""],
  ["a number", Number.NaN],
  ["a bigint", 10n],
  ["a symbol", Symbol("it broke")],
  ["a function", refuse],
  ["a promise", Promise.resolve(1)],
  ["a proxy", hostile({})],
  ["a proxy of an error", hostile(new Error("it broke"))],
  ["a proxy of a function", hostile(refuse)],
  ["a revoked proxy", revoked()],
  ["an object without a prototype", Object.create(null)],
  ["an error that is its own cause", cyclic()],
  ["an error with getters that throw", Object.defineProperty(new Error("it broke"), "code", { get: refuse })],
  ["an error whose message is none", Object.assign(new Error("x"), { message: { toString: refuse } })],
  ["an error that wraps a proxy", new Error("it broke", { cause: hostile({}) })],
  ["an answer of proxies", { status: 500, headers: hostile({}), response: hostile({}) }],
  [
    "headers that never end",
    {
      status: 500,
      headers: {
        *[Symbol.iterator]() {
          for (;;) yield ["a", "b"]
        }
      }
    }
  ],
  ["a body that is no JSON", { status: 500, data: { toJSON: refuse } }],
  ["an error of another realm", runInNewContext("new TypeError('it broke')")],
  ["a disposition that throws", Object.defineProperty({}, Disposition.symbol, { get: refuse })]
]

const isWhole = (error: UpstreamError): void => {
  assert.instanceOf(error, UpstreamError)
  assert.isDefined(Disposition.of(error))
  assert.isString(error.message)
  const arrived = Lossless.fromWire(Lossless.toWire(error))
  assert.strictEqual((arrived as UpstreamError).reason._tag, error.reason._tag)
}

describe("Upstream of what is thrown", () => {
  for (const [name, thrown] of oddities) {
    it.effect(`${name} is a failure of the call, however it comes`, () =>
      Effect.gen(function* () {
        isWhole(stock.failure("count", thrown))
        const ways = [
          stock.call("count", () => Promise.reject(thrown)),
          stock.call("count", () => {
            throw thrown
          }),
          // @effect-diagnostics-next-line anyUnknownInErrorContext:off what is thrown is not known: that is the matter
          stock.call("count", Effect.fail(thrown)),
          stock.json("count", () => Promise.reject(thrown))
        ]
        for (const way of ways) isWhole(yield* failing(way))
      })
    )
  }

  it.prop("anything is a failure of the call", { thrown: Schema.Json }, ({ thrown }) => {
    isWhole(stock.failure("count", thrown))
    isWhole(stock.failure("count", Object.assign(new Error("x"), { response: thrown, cause: thrown })))
    isWhole(stock.failure("count", { status: 500, headers: thrown, data: thrown, body: thrown, error: thrown }))
  })

  it.prop(
    "whatever its fields are",
    {
      fields: Schema.Record(
        Schema.Literals(["code", "status", "statusCode", "message", "name", "_tag", "reason", "response", "errors"]),
        Schema.Json
      )
    },
    ({ fields }) => {
      isWhole(stock.failure("count", fields))
      isWhole(stock.failure("count", Object.assign(new Error("x"), { cause: fields })))
    }
  )

  const rows: ReadonlyArray<
    readonly [string, () => unknown, Partial<Record<string, unknown>> & { _tag: UpstreamReason["_tag"] }]
  > = [
    ["a request that is no JSON", () => JSON.stringify({ a: 1n }), { _tag: "RequestEncoding" }],
    [
      "a request that holds itself",
      () => {
        const a: Record<string, unknown> = {}
        a["a"] = a
        return JSON.stringify(a)
      },
      { _tag: "RequestEncoding" }
    ],
    ["a header that cannot be sent", () => new Headers({ a: "b\nc" }), { _tag: "RequestEncoding" }],
    ["an address that is none", () => fetch("nowhere"), { _tag: "Configuration" }],
    ["a scheme that nobody speaks", () => fetch("gopher://127.0.0.1/"), { _tag: "Configuration" }],
    ["an answer that is no JSON", () => JSON.parse('{"a":'), { _tag: "MalformedResponse", issue: "truncated" }],
    [
      "a schema that does not fit",
      () => Schema.decodeUnknownSync(Schema.Finite)("x"),
      { _tag: "MalformedResponse", issue: "wrong-shape" }
    ],
    [
      "a signal that timed out",
      () => Promise.reject(AbortSignal.timeout(0).reason ?? new DOMException("late", "TimeoutError")),
      { _tag: "Timeout" }
    ],
    ["a bug", () => (undefined as unknown as { a: string }).a, { _tag: "ProviderFault" }]
  ]

  for (const [name, run, expected] of rows) {
    it.live(`${name} is told as ${expected._tag}`, () =>
      Effect.gen(function* () {
        const error = yield* failing(stock.call("count", run))
        assert.deepInclude(error.reason, expected)
        assert.isDefined(error.cause)
      })
    )
  }
})
