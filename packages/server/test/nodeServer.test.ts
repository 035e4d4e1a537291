import type { RequestListener, Server, ServerResponse } from "node:http"
import * as NodeNet from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as NodeServer from "../src/internal/nodeServer.ts"

const limits = {
  headersTimeout: Duration.minutes(1),
  requestTimeout: Duration.minutes(1),
  keepAlive: Duration.minutes(1)
}

const listening = (options: Partial<NodeServer.Options>, answer: RequestListener) =>
  Effect.acquireRelease(
    Effect.callback<number>((resume) => {
      const server = NodeServer.make({ ...limits, ...options }).on("request", answer)
      servers.add(server)
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed((server.address() as NodeNet.AddressInfo).port)))
    }),
    () =>
      Effect.sync(() => {
        for (const server of servers) server.close().closeAllConnections()
        servers.clear()
      })
  )
const servers = new Set<Server>()

/** A client that asks, and then reads nothing. */
const deaf = (port: number) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const socket = NodeNet.connect(port, "127.0.0.1").pause()
      socket.on("error", () => {})
      socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      return socket
    }),
    (socket) => Effect.sync(() => socket.destroy())
  )

describe("a client that reads nothing", () => {
  it.live("loses its connection where an answer waits for it", () =>
    Effect.gen(function* () {
      const closed = yield* Effect.scoped(
        Effect.gen(function* () {
          const closed = yield* Deferred.make<void>()
          const port = yield* listening({ readLimit: Duration.millis(200) }, (request, response) => {
            request.socket.once("close", () => Deferred.doneUnsafe(closed, Effect.void))
            response.end(Buffer.alloc(64 * 1024 * 1024))
          })
          yield* deaf(port)
          return yield* Effect.timeoutOption(Deferred.await(closed), "20 seconds")
        })
      )
      assert.strictEqual(closed._tag, "Some")
    })
  )

  it.live("keeps it for as long as there is nothing to read", () =>
    Effect.gen(function* () {
      let waiting: ServerResponse | undefined
      const port = yield* listening({ readLimit: Duration.millis(50) }, (_, response) => {
        waiting = response
      })
      const socket = yield* deaf(port)
      yield* Effect.sleep("300 millis")
      waiting?.end("late")
      const text = yield* Effect.callback<string>((resume) => {
        socket.on("data", (chunk: Buffer) => resume(Effect.succeed(chunk.toString())))
        socket.on("close", () => resume(Effect.succeed("closed")))
        socket.resume()
      })
      assert.match(text, /^HTTP\/1\.1 200 OK\r\n/)
    })
  )
})

/** What comes on a connection until it ends, whichever way. */
const spoken = (port: number, text: string) =>
  Effect.callback<string>((resume) => {
    const socket = NodeNet.connect(port, "127.0.0.1")
    let read = ""
    socket.on("data", (chunk: Buffer) => (read += chunk.toString()))
    socket.on("error", () => {})
    socket.on("close", () => resume(Effect.succeed(read)))
    socket.write(text)
    return Effect.sync(() => socket.destroy())
  })

/** A connection that is open, and sends nothing. */
const idle = (port: number) =>
  Effect.acquireRelease(
    Effect.callback<NodeNet.Socket>((resume) => {
      const socket = NodeNet.connect(port, "127.0.0.1", () => resume(Effect.succeed(socket)))
      socket.on("error", () => {})
    }),
    (socket) => Effect.sync(() => socket.destroy())
  )

const request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

describe("more connections than are allowed", () => {
  it.live("get 503 and are closed, while those that there are go on; one that ends makes room", () =>
    Effect.gen(function* () {
      const port = yield* listening({ maxConnections: 2 }, (_, response) => response.end("served"))
      const first = yield* idle(port)
      const second = yield* idle(port)
      const refused = yield* spoken(port, request)
      assert.match(refused, /^HTTP\/1\.1 503 Service Unavailable\r\n/)
      for (const part of [
        "retry-after: 1",
        "x-should-retry: true",
        '"code":"too_many_connections"',
        "connection: close"
      ]) {
        assert.include(refused, part)
      }
      const answer = Effect.callback<string>((resume) => {
        first.on("data", (chunk: Buffer) => resume(Effect.succeed(chunk.toString())))
        first.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      })
      assert.match(yield* answer, /^HTTP\/1\.1 200/)
      second.destroy()
      let text = ""
      while (!text.startsWith("HTTP/1.1 200")) text = yield* spoken(port, request)
      assert.include(text, "served")
    })
  )

  it.live("are closed unanswered where they are far more, and nothing of them stays", () =>
    Effect.gen(function* () {
      const port = yield* listening({ maxConnections: 1 }, (_, response) => response.end("served"))
      const kept = yield* idle(port)
      const answers = yield* Effect.all(
        Array.from({ length: 400 }, () => spoken(port, request)),
        { concurrency: "unbounded" }
      )
      for (const answer of answers) assert.isTrue(answer === "" || answer.startsWith("HTTP/1.1 503"), answer)
      assert.isTrue(answers.some((answer) => answer !== ""))
      kept.destroy()
      let text = ""
      while (!text.startsWith("HTTP/1.1 200")) text = yield* spoken(port, request)
    })
  )
})

const withHeader = (length: number) => request.replace("Host", `X: ${"x".repeat(length)}\r\nHost`)

describe("headers that are too large", () => {
  it.live("get 431, by the limit that is set", () =>
    Effect.gen(function* () {
      const port = yield* listening({ maxHeaders: 1000 }, (_, response) => response.end("served"))
      assert.match(yield* spoken(port, withHeader(500)), /^HTTP\/1\.1 200/)
      const refused = yield* spoken(port, withHeader(2000))
      assert.match(refused, /^HTTP\/1\.1 431/)
      assert.include(refused, '"code":"headers_too_large"')
    })
  )
})

const taken = (options: Partial<typeof limits>) => {
  const server = NodeServer.make({ ...limits, ...options })
  const { headersTimeout, keepAliveTimeout, requestTimeout } = server
  server.close()
  NodeServer.configure(server, { ...limits, ...options })
  assert.deepStrictEqual(
    [server.headersTimeout, server.requestTimeout, server.keepAliveTimeout],
    [headersTimeout, requestTimeout, keepAliveTimeout]
  )
  return [headersTimeout, requestTimeout, keepAliveTimeout]
}

describe("limits in time", () => {
  it("are taken where Node itself would throw", () => {
    // The whole request has less time than its headers would have.
    assert.deepStrictEqual(taken({ requestTimeout: Duration.seconds(10) }), [10_000, 10_000, 60_000])
    assert.deepStrictEqual(
      taken({ headersTimeout: Duration.millis(1.5), keepAlive: Duration.millis(0.5) }),
      [2, 60_000, 1]
    )
    // 0 is without a limit.
    const never = Duration.infinity
    assert.deepStrictEqual(taken({ requestTimeout: never, keepAlive: never }), [60_000, 0, 0])
    assert.deepStrictEqual(taken({ requestTimeout: never, headersTimeout: never }), [0, 0, 60_000])
  })
})
