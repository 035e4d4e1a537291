import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Upstream from "@causeway/core/Upstream"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { request as undiciRequest } from "undici"
import { afterRequest, serve } from "./sockets.ts"

const never = new Promise<never>(() => undefined)

const feed = Upstream.make({ name: "feed", timeout: "5 seconds", idleTimeout: "3 seconds" })

const failure = <A>(stream: Stream.Stream<A, UpstreamError>) => Effect.flip(Stream.runDrain(stream))

async function* elements<A>(these: ReadonlyArray<A>, end?: () => unknown) {
  yield* these
  await end?.()
}

const read = (...these: ReadonlyArray<string>) =>
  feed.stream("read", () => elements(these), { isLast: (element) => element === "done" })

describe("Upstream.stream", () => {
  it.effect("gives what comes, one at a time and no faster than it is taken", () =>
    Effect.gen(function* () {
      let made = 0
      const counted = async function* () {
        for (;;) yield made++
      }
      const taken = yield* Stream.runCollect(Stream.take(feed.stream("read", counted), 3))
      assert.deepStrictEqual(taken, [0, 1, 2])
      assert.isAtMost(made, 4)
    })
  )

  it.effect("is cut off where it ends without its last element", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* Stream.runCollect(read("a", "done")), ["a", "done"])
      const cut = yield* failure(read("a", "b"))
      assert.deepInclude(cut.reason, {
        _tag: "StreamTruncated",
        missing: "final-event",
        events: 2,
        partial: "ab",
        seenIn: "stream"
      })
      assert.deepStrictEqual(cut.evidence.stream, { events: 2, bytes: 0, partial: "ab" })
      assert.deepInclude((yield* failure(read())).reason, { _tag: "StreamTruncated", missing: "first-event" })
    })
  )

  it.effect("that is cut off tells no secret of what had come", () =>
    Effect.gen(function* () {
      const error = yield* failure(read("the key is sk-1234567890abcdefgh"))
      assert.deepInclude(error.reason, { _tag: "StreamTruncated", partial: "the key is <redacted>" })
      assert.deepStrictEqual(error.evidence.stream?.partial, "the key is <redacted>")
    })
  )

  it.effect("ends by its limits: to its opening, to its first element, between two", () =>
    Effect.gen(function* () {
      const rows = [
        [() => never, "5 seconds", { phase: "headers" }],
        [() => elements<string>([], () => never), "3 seconds", { phase: "idle" }],
        [() => elements(["a"], () => never), "3 seconds", { phase: "idle" }]
      ] as const
      for (const [open, after, expected] of rows) {
        let seen: AbortSignal | undefined
        const stream = feed.stream("read", (signal): AsyncIterable<string> | Promise<AsyncIterable<string>> => {
          seen = signal
          return open()
        })
        const fiber = yield* Effect.forkChild(failure(stream))
        yield* TestClock.adjust(after)
        const { reason } = yield* Fiber.join(fiber)
        assert.deepInclude(reason, { _tag: "Timeout", limit: Duration.fromInputUnsafe(after), ...expected })
        assert.isTrue(seen?.aborted)
      }
    })
  )

  it.effect("ends at the caller's deadline, with what had come", () =>
    Effect.gen(function* () {
      const stream = feed.stream("read", () => elements(["a"], () => never))
      const fiber = yield* Effect.forkChild(failure(CallMetadata.withTimeoutStream("2 seconds")(stream)))
      yield* TestClock.adjust("2 seconds")
      const error = yield* Fiber.join(fiber)
      assert.deepInclude(error.reason, { _tag: "Aborted", by: "deadline", seenIn: "stream" })
      assert.deepInclude(error.evidence.stream, { events: 1, partial: "a" })
    })
  )

  it.effect("lets go of an iterator that is stuck, and closes one that is not", () =>
    Effect.gen(function* () {
      let isClosed = false
      let seen: AbortSignal | undefined
      const closing = feed.stream("read", async function* (signal) {
        seen = signal
        try {
          for (;;) yield 1
        } finally {
          isClosed = true
        }
      })
      yield* Stream.runDrain(Stream.take(closing, 1))
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      assert.deepStrictEqual([isClosed, seen?.aborted], [true, true])

      const stuck = yield* Deferred.make<void>()
      const fiber = yield* Effect.forkChild(
        Stream.runDrain(
          feed.stream("read", () =>
            elements([1], () => {
              Deferred.doneUnsafe(stuck, Effect.void)
              return never
            })
          )
        )
      )
      yield* Deferred.await(stuck)
      yield* Fiber.interrupt(fiber)
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(exit._tag === "Failure" && Cause.hasInterruptsOnly(exit.cause))
    })
  )

  it.effect("tells what is thrown between elements as the stream's failure", () =>
    Effect.gen(function* () {
      const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" })
      const error = yield* failure(feed.stream("read", () => elements(["a"], () => Promise.reject(reset))))
      assert.deepInclude(error.reason, { _tag: "ConnectionLost", phase: "stream", seenIn: "stream" })
      const odd: ReadonlyArray<unknown> = [
        undefined,
        null,
        {},
        { [Symbol.asyncIterator]: 1 },
        { [Symbol.asyncIterator]: () => ({ next: () => undefined }) },
        { [Symbol.asyncIterator]: () => ({}) }
      ]
      for (const iterable of odd) {
        const { reason } = yield* failure(feed.stream("read", () => iterable as AsyncIterable<string>))
        assert.strictEqual(reason._tag, "ProviderFault")
      }
    })
  )

  it.effect("takes a failing answer of HTTP for no stream", () =>
    Effect.gen(function* () {
      const answer = new Response("no healthy upstream", { status: 503, headers: { server: "envoy" } })
      const read = feed.stream("read", () => answer as unknown as AsyncIterable<string>)
      assert.strictEqual((yield* failure(read)).reason._tag, "Gateway")
    })
  )
})

const body = (text: string, length = text.length) =>
  afterRequest((socket) => void socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n\r\n${text}`))

describe("Upstream.bytes", () => {
  const clients = {
    fetch: (url: string) => feed.bytes("read", (signal) => fetch(url, { signal })),
    "undici.request": (url: string) => feed.bytes("read", (signal) => undiciRequest(url, { signal })),
    "effect/http": (url: string) => Stream.provide(feed.bytes("read", HttpClient.get(url)), FetchHttpClient.layer)
  }

  for (const [name, read] of Object.entries(clients)) {
    it.live(`gives the whole body by ${name}, and tells one that is cut off`, () =>
      Effect.scoped(
        Effect.gen(function* () {
          const whole = yield* serve(body("hello"))
          const pieces = yield* Stream.runCollect(read(`http://127.0.0.1:${whole.port}/`))
          assert.strictEqual(Buffer.concat(pieces).toString(), "hello")
          const cut = yield* serve(body("hello", 50))
          const error = yield* failure(read(`http://127.0.0.1:${cut.port}/`))
          assert.deepInclude(error.reason, {
            _tag: "ConnectionLost",
            phase: "stream",
            bytesReceived: 5,
            bytesPromised: 50
          })
          const refused = yield* serve(
            afterRequest((socket) => void socket.end("HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}"))
          )
          const { reason } = yield* failure(read(`http://127.0.0.1:${refused.port}/`))
          assert.strictEqual(reason._tag, "NotFound")
        })
      )
    )

    it.live(`closes the connection by ${name} when nobody reads on`, () =>
      Effect.scoped(
        Effect.gen(function* () {
          const closed = yield* Deferred.make<void>()
          const { port } = yield* serve((socket) => {
            socket.once("close", () => Deferred.doneUnsafe(closed, Effect.void))
            socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nhello"))
          })
          yield* Stream.runDrain(Stream.take(read(`http://127.0.0.1:${port}/`), 1))
          yield* Deferred.await(closed)
        })
      )
    )
  }
})
