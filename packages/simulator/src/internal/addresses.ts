/** Opens the addresses at which connections fail, each when it is first asked for. */
import * as NodeNet from "node:net"
import * as NodeTls from "node:tls"
import * as Cache from "effect/Cache"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as Address from "../Address.ts"
import { SimulatorError } from "../SimulatorError.ts"
import { selfSigned } from "./certificate.ts"
import { host, listen } from "./server.ts"

export type Addresses = (name: Address.AddressName) => Effect.Effect<string, SimulatorError>

const url = (scheme: "http" | "https", port: number): string => `${scheme}://${host}:${port}/v1`

/** A server on a free port, closed with the scope. */
const serving = (server: NodeNet.Server): Effect.Effect<number, SimulatorError, Scope.Scope> => {
  const sockets = new Set<NodeNet.Socket>()
  server.on("connection", (socket) => {
    sockets.add(socket)
    socket.on("error", () => {}).once("close", () => sockets.delete(socket))
  })
  return Effect.acquireRelease(listen(server, 0), () =>
    Effect.callback<void>((resume) => {
      server.close(() => resume(Effect.void))
      for (const socket of sockets) socket.destroy()
    })
  )
}

/**
 * A port that refuses for certain: it is the near end of a connection to ourselves,
 * so that nobody else can be given it, and nobody listens there.
 */
const refusing = (port: number): Effect.Effect<number, SimulatorError, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<NodeNet.Socket, SimulatorError>((resume) => {
        const socket = NodeNet.connect(port, host)
        socket.once("connect", () => resume(Effect.succeed(socket)))
        socket.once("error", (cause: NodeJS.ErrnoException) => {
          const message = `The simulator cannot reserve a port: ${cause.message}`
          resume(Effect.fail(new SimulatorError({ message, code: cause.code, cause })))
        })
      }),
      (socket) => Effect.sync(() => void socket.destroy())
    ),
    (socket) => socket.localPort ?? 0
  )

const opened = (name: Address.AddressName, port: number): Effect.Effect<string, SimulatorError, Scope.Scope> => {
  switch (name) {
    case "refused":
      return Effect.flatMap(serving(NodeNet.createServer()), (own) =>
        Effect.map(refusing(own), (free) => url("http", free))
      )
    case "unknown-host":
      return Effect.succeed("http://simulator.invalid/v1")
    case "no-tls":
      return Effect.succeed(url("https", port))
    case "tls-handshake":
      return Effect.map(serving(NodeTls.createServer({})), (port) => url("https", port))
    case "tls-certificate":
      return Effect.map(serving(NodeTls.createServer(selfSigned())), (port) => url("https", port))
    case "tls-stall":
      return Effect.map(serving(NodeNet.createServer()), (port) => url("https", port))
  }
}

/** `port` is the simulator's own. */
export const make = Effect.fnUntraced(function* (port: number): Effect.fn.Return<Addresses, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const cache = yield* Cache.make({
    capacity: Address.all.length,
    lookup: (name: Address.AddressName) => Scope.provide(opened(name, port), scope)
  })
  return (name) => Cache.get(cache, name)
})
