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
