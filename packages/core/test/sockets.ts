/** Upstreams of raw sockets, for tests. */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { once } from "node:events"
import * as Net from "node:net"

/** A server of raw sockets on a free port; closed with the scope. */
export const serve = (onSocket: (socket: Net.Socket) => void) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const sockets = new Set<Net.Socket>()
      const server = Net.createServer((socket) => {
        sockets.add(socket)
        // What the client does to the socket is not this test's matter.
        socket.on("error", () => socket.destroy())
        socket.on("close", () => sockets.delete(socket))
        onSocket(socket)
      })
      server.listen(0, "127.0.0.1")
      await once(server, "listening")
      const address = server.address()
      assert(typeof address === "object" && address !== null)
      return { server, sockets, port: address.port }
    }),
    ({ server, sockets }) =>
      Effect.sync(() => {
        for (const socket of sockets) socket.destroy()
        server.close()
      })
  )

/** A port on which nobody listens. */
export const unused = Effect.scoped(
  Effect.map(
    serve(() => undefined),
    ({ port }) => port
  )
)

/** Answers a request once it has begun to come. */
export const afterRequest = (answer: (socket: Net.Socket) => void) => (socket: Net.Socket) =>
  void socket.once("data", () => answer(socket))
