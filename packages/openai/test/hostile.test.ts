/** What upstreams and programs throw and say to be believed, or to be repeated. */
import { Evidence } from "@causeway/core/Evidence"
import { UpstreamError } from "@causeway/core/UpstreamError"
import { Authentication, Timeout } from "@causeway/core/UpstreamReason"
import { fromSdkError, toSdkError } from "@causeway/openai/SdkError"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Redaction from "@causeway/core/Redaction"
import { inspect } from "node:util"
import { APIConnectionTimeoutError, APIError } from "openai"
import { relaying, upstreamError } from "./fixtures/relaying.ts"

const refuse = (): never => {
  throw new Error("nobody looks at this")
}

const evidence = new Evidence({ attempt: 1, timing: { startedAt: 0, totalMs: 0 } })

describe("a value that lets nobody look at it", () => {
  const closed = new Proxy(new Error("x"), { get: refuse, has: refuse, getPrototypeOf: refuse })
  const values: ReadonlyArray<readonly [string, unknown]> = [
    ["a proxy that throws", closed],
    ["a name that throws", Object.defineProperty(new Error("x"), "name", { get: refuse })],
    ["prototypes without a constructor", Object.create(Object.create(null))]
  ]
  it.each(values)("is no trouble to toSdkError as a cause: %s", (_, cause) => {
    const reason = new Timeout({ message: "m", seenIn: "socket", phase: "headers" })
    const error = new UpstreamError({ upstream: "u", operation: "o", reason, evidence, cause })
    assert.instanceOf(toSdkError(error), APIConnectionTimeoutError)
  })

  it("is no reason because it says yes to every question", () => {
    const yes: object = new Proxy({}, { get: () => yes, has: () => true })
    assert.isUndefined(fromSdkError(yes))
    assert.isUndefined(fromSdkError(new Proxy({}, { get: () => undefined, has: () => true })))
  })

  it("may change its mind", () => {
    const error = new APIError(500, { message: "x" }, "x", new Headers())
    for (const most of [1, 2, 3, 4, 5, 6]) {
      let reads = 0
      Object.defineProperty(error, "status", { get: () => (++reads > most ? refuse() : 500), configurable: true })
      assert.doesNotThrow(() => fromSdkError(error))
    }
  })
})

describe("a key that an upstream repeats", () => {
  const key = "Zq7vT2xkP9mWb4Lc8RyN"

  it.effect("is not in what the HTTP parser keeps of its bytes", () =>
    relaying(
      (socket) => socket.end(`HTTP?? ${key}\r\n\r\n`),
      (relay) =>
        Effect.gen(function* () {
          const failed = yield* Effect.flip(relay.complete({ path: "/models", method: "GET" }))
          const error = upstreamError(failed)
          assert.strictEqual(error.reason._tag, "Protocol")
          assert.notInclude(inspect(error, { depth: 9 }), key)
          assert.notInclude(JSON.stringify(error), key)
        }),
      { config: { apiKey: Redacted.make(key) } }
    )
  )

  it.effect("is not in the SDK's error, though the answer spells it in escapes of JSON", () =>
    Effect.scoped(
      Effect.gen(function* () {
        yield* Redaction.known(Redacted.make(key))
        const spelt = [...key].map((each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")
        const response = { status: 401, headers: [], body: `{"error":{"message":"${spelt}"}}`, bodyBytes: 1 }
        const error = new UpstreamError({
          upstream: "u",
          operation: "o",
          reason: new Authentication({ message: "m", seenIn: "status" }),
          evidence: new Evidence({ attempt: 1, timing: { startedAt: 0, totalMs: 0 }, response })
        })
        assert.notInclude(inspect(toSdkError(error), { depth: 1 }).replaceAll(spelt, ""), key)
      })
    )
  )
})
