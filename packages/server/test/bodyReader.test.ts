import { Readable } from "node:stream"
import { assert, describe, it } from "@effect/vitest"
import * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as BodyReader from "../src/internal/bodyReader.ts"

/** A request of Node's, as far as its body goes. */
const requestOf = (headers: Readonly<Record<string, string>> = {}) => {
  const source = Object.assign(new Readable({ read: () => undefined }), { headers, rawHeaders: [], socket: {} })
  const request: unknown = { source }
  return { source, request: request as HttpServerRequest }
}

const reading = (request: HttpServerRequest) => {
  const read = BodyReader.read(request)
  assert.isDefined(read)
  return Effect.map(read, (bytes) => Buffer.from(bytes).toString())
}

const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

describe("bodyReader", () => {
  it.live("gives who reads again what was read", () =>
    Effect.gen(function* () {
      const { request, source } = requestOf()
      source.push("one ")
      source.push("two")
      source.push(null)
      assert.deepStrictEqual([yield* reading(request), yield* reading(request)], ["one two", "one two"])
    })
  )

  it.live("goes on with what came in one turn together, in its order", () =>
    Effect.gen(function* () {
      const requests = [requestOf(), requestOf()]
      const seen: Array<string> = []
      // What is queued by the first one comes after the second one: nothing else was between them.
      for (const [index, { request }] of requests.entries()) {
        yield* Effect.forkChild(
          Effect.map(reading(request), () => {
            seen.push(`request ${index}`)
            queueMicrotask(() => seen.push(`after ${index}`))
          }),
          { startImmediately: true }
        )
      }
      for (const { source } of requests) source.resume()
      // Each in a callback of its own, as sockets are.
      for (const { source } of requests) setImmediate(() => source.push(null))
      while (seen.length < 4) yield* turn
      assert.deepStrictEqual(seen, ["request 0", "request 1", "after 0", "after 1"])
    })
  )

  it.live("fails at the limit, and lets the rest come so that its client sees the answer", () =>
    Effect.gen(function* () {
      const { request, source } = requestOf()
      source.push("far too much")
      const failure = yield* Effect.flip(reading(request)).pipe(
        Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(4))
      )
      assert.deepInclude(failure.reason, { _tag: "BodyTooLarge", limit: 4 })
      assert.strictEqual(failure, yield* Effect.flip(reading(request)))
      assert.isTrue(source.readableFlowing)
      assert.isFalse(source.destroyed)
    })
  )

  it.live("fails where the body breaks off, before or while it is read, and hears what comes later", () =>
    Effect.gen(function* () {
      const [before, meanwhile] = [requestOf(), requestOf()]
      before.source.destroy(new Error("gone"))
      const failures = Effect.all([before, meanwhile].map(({ request }) => Effect.flip(reading(request))))
      const fiber = yield* Effect.forkChild(failures, { startImmediately: true })
      meanwhile.source.push("half")
      yield* turn
      meanwhile.source.destroy(new Error("gone"))
      for (const { reason } of yield* Fiber.join(fiber)) {
        assert.deepInclude(reason, { _tag: "MalformedBody", issue: "incomplete" })
      }
    })
  )

  it.live("keeps nothing for a reader that is interrupted, and leaves the connection for an answer", () =>
    Effect.gen(function* () {
      const { request, source } = requestOf()
      const fiber = yield* Effect.forkChild(reading(request), { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      assert.isFalse(source.destroyed)
      assert.isTrue(source.readableFlowing)
      assert.strictEqual(source.listenerCount("data"), 0)
    })
  )

  it("leaves alone what others have begun to read, and who waits for leave", () => {
    const { request, source } = requestOf()
    source.resume()
    source.push("a")
    source.read()
    assert.isUndefined(BodyReader.read(request))
    assert.isUndefined(BodyReader.read(requestOf({ expect: "100-continue" }).request))
    assert.isUndefined(BodyReader.read({ source: {} } as HttpServerRequest))
  })
})
