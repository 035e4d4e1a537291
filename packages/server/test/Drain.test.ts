import * as NodeHttp from "node:http"
import { Drain } from "@causeway/server/Drain"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { happened, open, serve } from "./fixtures/Calls.ts"
import { call, connect, head, post } from "./fixtures/client.ts"

/** A server in a scope of its own, so that a test can end it and look on. */
const started = Effect.gen(function* () {
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(serve(), scope)
  return { context, end: Effect.forkChild(Scope.close(scope, Exit.void)) }
})

/** Waits until the server is draining. */
const begun = Effect.gen(function* () {
  const drain = yield* Drain
  while (!(yield* drain.isDraining)) yield* Effect.yieldNow
})

/** Of a client that would come again over the same connection. */
const keepAlive = { connection: "keep-alive" }

describe("Drain", () => {
  it.effect("refuses new requests on the open listener, answers those in flight, and then ends", () =>
    Effect.gen(function* () {
      const { context, end } = yield* started
      yield* Effect.gen(function* () {
        const inFlight = yield* Effect.forkChild(post("/predict/wait", {}, keepAlive))
        assert.strictEqual(yield* happened, "wait began")
        assert.strictEqual(yield* (yield* Drain).inFlight, 1)
        const ended = yield* end
        yield* begun

        const ready = yield* call("/health/ready")
        assert.strictEqual(ready.status, 503)
        assert.deepStrictEqual(JSON.parse(ready.text), { status: "draining", reasons: ["the server is shutting down"] })
        assert.strictEqual((yield* call("/health/live")).status, 200)

        const refused = yield* post("/predict/square", { x: 3 }, keepAlive)
        assert.strictEqual(refused.status, 503)
        assert.strictEqual(refused.headers["connection"], "close")
        assert.strictEqual(refused.headers["x-should-retry"], "true")
        assert.include(refused.error, { type: "service_unavailable_error", code: "draining" })

        yield* open
        const answer = yield* Fiber.join(inFlight)
        assert.deepStrictEqual([answer.status, answer.text], [200, '"done"'])
        assert.strictEqual(answer.headers["connection"], "close")
        yield* Fiber.join(ended)
      }).pipe(Effect.provide(context))
    })
  )

  it.effect("answers what is not done within the grace with 503, and interrupts it", () =>
    Effect.gen(function* () {
      const { context, end } = yield* started
      yield* Effect.gen(function* () {
        const inFlight = yield* Effect.forkChild(post("/predict/hang", {}))
        assert.strictEqual(yield* happened, "hang began")
        const ended = yield* end
        yield* begun
        yield* TestClock.adjust("10 seconds")
        const answer = yield* Fiber.join(inFlight)
        assert.deepStrictEqual([answer.status, answer.error?.code], [503, "interrupted"])
        assert.strictEqual(yield* happened, "hang ended")
        yield* Fiber.join(ended)
      }).pipe(Effect.provide(context))
    })
  )

  it.effect("answers one whose body has not come by then as well", () =>
    Effect.gen(function* () {
      const { context, end } = yield* started
      yield* Effect.gen(function* () {
        const socket = yield* connect
        socket.send(`${head("POST", "/predict/square", "content-length: 7")}{"x"`)
        const drain = yield* Drain
        while ((yield* drain.inFlight) === 0) yield* Effect.yieldNow
        const ended = yield* end
        yield* begun
        yield* TestClock.adjust("10 seconds")
        yield* Effect.forkChild(TestClock.adjust("1 second"))
        const text = yield* socket.closed
        assert.match(text, /^HTTP\/1\.1 503 /)
        assert.include(text, '"code":"interrupted"')
        yield* Fiber.join(ended)
      }).pipe(Effect.provide(context))
    })
  )

  it.effect("lets a stream end that is in flight", () =>
    Effect.gen(function* () {
      const { context, end } = yield* started
      yield* Effect.gen(function* () {
        const socket = yield* connect
        socket.send(head("POST", "/predict/waitStream", "content-length: 0"))
        yield* socket.until("data: 1\n\n")
        const ended = yield* end
        yield* begun
        yield* open
        assert.include(yield* socket.closed, "data: [DONE]\n\n")
        yield* Fiber.join(ended)
      }).pipe(Effect.provide(context), Effect.scoped)
    })
  )

  it.effect.each([
    ["an error event", "text/event-stream", "data: 1\n\n", "event: error\ndata: "],
    ["a line that says so", "application/x-ndjson", "\r\n1\n", '{"error":']
  ] as const)("ends a stream that is not done within the grace with %s", ([, accept, first, failed]) =>
    Effect.gen(function* () {
      const { context, end } = yield* started
      yield* Effect.gen(function* () {
        const socket = yield* connect
        socket.send(head("POST", "/predict/trickle", "content-length: 0", `accept: ${accept}`))
        yield* socket.until(first)
        const ended = yield* end
        yield* begun
        yield* TestClock.adjust("10 seconds")
        const text = yield* socket.closed
        assert.include(text, failed)
        assert.include(text, '"code":"interrupted"')
        assert.notInclude(text, "[DONE]")
        // The last chunk of a body that came to its normal end.
        assert.match(text, /0\r\n\r\n$/)
        yield* Fiber.join(ended)
      }).pipe(Effect.provide(context), Effect.scoped)
    })
  )

  it.effect("closes connections that are idle", () =>
    Effect.gen(function* () {
      const { context, end } = yield* started
      yield* Effect.gen(function* () {
        const agent = new NodeHttp.Agent({ keepAlive: true })
        yield* call("/health/live", { agent })
        const socket = yield* connect
        const ended = yield* end
        yield* begun
        // One that has never sent anything is not told from one that is about to.
        while (ended.pollUnsafe() === undefined) yield* TestClock.adjust("500 millis")
        yield* socket.closed
        agent.destroy()
      }).pipe(Effect.provide(context), Effect.scoped)
    })
  )

  it.effect("is not held up by a client that does not read its answer", () =>
    Effect.gen(function* () {
      const { context, end } = yield* started
      yield* Effect.gen(function* () {
        const socket = yield* connect
        socket.send(head("POST", "/predict/square", "content-length: 100"))
        const ended = yield* end
        yield* begun
        yield* TestClock.adjust("10 seconds")
        yield* TestClock.adjust("10 seconds")
        yield* Fiber.join(ended)
        yield* socket.closed
      }).pipe(Effect.provide(context), Effect.scoped)
    })
  )
})
