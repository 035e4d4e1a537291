/** Opens the addresses at which connections fail, each when it is first asked for. */
import * as NodeNet from "node:net"
import * as NodeTls from "node:tls"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import type { AddressName } from "../Address.ts"
import { SimulatorError } from "../SimulatorError.ts"
import { selfSigned } from "./certificate.ts"
import { host, listen } from "./server.ts"

export type Addresses = (name: AddressName) => Effect.Effect<string, SimulatorError>

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

const opened = (name: AddressName, port: number): Effect.Effect<string, SimulatorError, Scope.Scope> => {
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
  const known = new Map<AddressName, Effect.Effect<string, SimulatorError>>()
  return (name) =>
    Effect.suspend(() => {
      const before = known.get(name)
      if (before !== undefined) return before
      return Effect.flatMap(Effect.cached(Scope.provide(opened(name, port), scope)), (address) => {
        const first = known.get(name) ?? address
        known.set(name, first)
        return first
      })
    })
})
