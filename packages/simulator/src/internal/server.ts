/** The listening socket, its connections, and what ends an exchange that is under way on one. */
import * as NodeHttp from "node:http"
import type { AddressInfo, Server as NetServer, Socket } from "node:net"
import * as Effect from "effect/Effect"
import { SimulatorError } from "../SimulatorError.ts"

/** It listens on loopback only. */
export const host = "127.0.0.1"

/** An open connection. */
export interface Connection {
  readonly number: number
  /** What ends each exchange that is under way on it; a client may send requests ahead. */
  readonly exchanges: Set<() => void>
  /** Whether the simulator breaks it off. */
  isBroken: boolean
}

/** The connections that are open. */
export interface Connections {
  readonly of: (socket: Socket) => Connection | undefined
  readonly isOpen: (number: number) => boolean
  readonly size: () => number
  readonly breakAll: () => void
}

const isAddressInfo = (address: AddressInfo | string | null): address is AddressInfo =>
  typeof address === "object" && address !== null

/** What Node's codes say, in words. */
const refusals: ReadonlyMap<string | undefined, string> = new Map([
  ["EADDRINUSE", "the port is in use"],
  ["EACCES", "it is not permitted"]
])

/** Listens, and says on which port. */
export const listen = (server: NetServer, port: number): Effect.Effect<number, SimulatorError> =>
  Effect.callback((resume) => {
    const fail = (cause: NodeJS.ErrnoException) => {
      server.off("listening", done)
      const why = refusals.get(cause.code) ?? cause.message
      const message = `cannot listen on ${host}:${port}: ${why}`
      resume(Effect.fail(new SimulatorError({ message, code: cause.code, cause })))
    }
    const done = () => {
      server.off("error", fail)
      const address = server.address()
      resume(Effect.succeed(isAddressInfo(address) ? address.port : port))
    }
    server.once("error", fail).once("listening", done).listen(port, host)
  })

/** An HTTP server that keeps account of its connections; `onClosed` is told when one is closed. */
export const make = (onClosed: (connection: number) => void) => {
  const connections = new Map<Socket, Connection>()
  const open = new Set<number>()
  let count = 0
  const server = NodeHttp.createServer({ keepAliveTimeout: 60_000 })
  server.on("connection", (socket) => {
    const connection: Connection = { number: ++count, exchanges: new Set(), isBroken: false }
    connections.set(socket, connection)
    open.add(connection.number)
    socket.once("close", () => {
      // Before anybody is told of it: each exchange on this connection has its outcome when it shows as closed.
      for (const end of connection.exchanges) end()
      connections.delete(socket)
      open.delete(connection.number)
      onClosed(connection.number)
    })
  })
  const all: Connections = {
    of: (socket) => connections.get(socket),
    isOpen: (number) => open.has(number),
    size: () => connections.size,
    breakAll: () => {
      for (const [socket, connection] of connections) {
        connection.isBroken = true
        socket.destroy()
      }
    }
  }
  return { server, connections: all }
}

/** The address that was asked for; what cannot be one is taken for a path. */
export const urlOf = ({ url = "/" }: NodeHttp.IncomingMessage, origin: string): URL =>
  URL.parse(url, origin) ?? new URL(origin)

/** The headers in the order in which they came. */
export const headersOf = ({ rawHeaders }: NodeHttp.IncomingMessage): ReadonlyArray<readonly [string, string]> =>
  rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1] ?? ""] as const] : []
  )
