/**
 * An upstream that speaks OpenAI's protocol on a loopback socket, answers the
 * same request always with the same answer, says that it is a simulator, and
 * fails on demand: the model `fault:<name>` asks for one of the faults in
 * `Fault`, `fault:<name>*<n>` for `n` failures and the right answer from then on.
 *
 * **Example** (Two failures, then an answer)
 *
 * ```ts
 * import { Simulator } from "@causeway/simulator/Simulator"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function* () {
 *   const simulator = yield* Simulator
 *   const status = Effect.promise(async () => {
 *     const response = await fetch(`${simulator.url}/chat/completions`, {
 *       method: "POST",
 *       body: JSON.stringify({ model: "fault:no-healthy-upstream*2", messages: [{ role: "user", content: "hello" }] })
 *     })
 *     await response.text()
 *     return response.status
 *   })
 *   return [yield* status, yield* status, yield* status]
 * })
 *
 * await Effect.runPromise(Effect.provide(program, Simulator.layer())) // => [503, 503, 200]
 * ```
 */
import * as NodeHttp from "node:http"
import type { AddressInfo, Socket } from "node:net"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Exchange from "./internal/exchange.ts"
import * as Journal from "./internal/journal.ts"
import { identity } from "./internal/protocol.ts"
import * as Routes from "./internal/routes.ts"
import * as Turns from "./internal/turns.ts"
import type { SeenRequest } from "./SeenRequest.ts"

/** It listens on loopback only. */
const host = "127.0.0.1"

/** How a simulator is set up. */
export interface Options {
  /** 0, the default, takes a free one. */
  readonly port?: number | undefined
  /** The wait between two events of a stream; none by default. */
  readonly tokenDelay?: Duration.Input | undefined
  /** How many requests are remembered; 1,000 by default. */
  readonly requestLog?: number | undefined
}

/** The simulator could not start: an option was wrong, or the port could not be had. */
export class SimulatorError extends Data.TaggedError("SimulatorError")<{
  readonly message: string
  /** Node's code, such as `EADDRINUSE`. */
  readonly code?: string | undefined
  readonly cause?: unknown
}> {}

/** A running simulator, and what a test can see of it. */
export interface Shape {
  /** The base URL, with `/v1`. */
  readonly url: string
  readonly port: number
  /** The requests that are remembered, the oldest first. */
  readonly requests: Effect.Effect<ReadonlyArray<SeenRequest>>
  /** How many requests there were since the start. */
  readonly requestCount: Effect.Effect<number>
  /** How many connections are open. */
  readonly openSockets: Effect.Effect<number>
  /**
   * Waits until a request is as the predicate says: one of those remembered, or
   * one that arrives or changes later.
   */
  readonly awaitRequest: (predicate: (request: SeenRequest) => boolean) => Effect.Effect<SeenRequest>
  /** Waits until the connection of the request with this number is closed. */
  readonly awaitClosed: (number: number) => Effect.Effect<SeenRequest>
  /** Lets the faults that happen `n` times start anew. */
  readonly resetFaults: Effect.Effect<void>
}

/** An open connection. */
interface Connection {
  readonly number: number
  /** What ends each exchange that is under way on it; a client may send requests ahead. */
  readonly exchanges: Set<() => void>
}

const isAddressInfo = (address: AddressInfo | string | null): address is AddressInfo =>
  typeof address === "object" && address !== null

const listen = (server: NodeHttp.Server, port: number): Effect.Effect<number, SimulatorError> =>
  Effect.callback((resume) => {
    const fail = (cause: NodeJS.ErrnoException) => {
      const message = `The simulator cannot listen on ${host}:${port}: ${cause.message}`
      resume(Effect.fail(new SimulatorError({ message, code: cause.code, cause })))
    }
    server.once("error", fail)
    server.listen(port, host, () => {
      server.off("error", fail)
      const address = server.address()
      resume(Effect.succeed(isAddressInfo(address) ? address.port : port))
    })
  })

const checked = Effect.fnUntraced(function* ({ port = 0, requestLog = 1_000, tokenDelay = 0 }: Options) {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    return yield* new SimulatorError({ message: `port must be an integer from 0 to 65535, not ${port}` })
  }
  if (!Number.isSafeInteger(requestLog) || requestLog < 1) {
    return yield* new SimulatorError({ message: `requestLog must be an integer of at least 1, not ${requestLog}` })
  }
  const pause = Option.filter(Duration.fromInput(tokenDelay), Duration.isFinite)
  if (Option.isNone(pause)) return yield* new SimulatorError({ message: "tokenDelay must be a finite duration" })
  return { port, requestLog, pause: pause.value }
})

/** The answer to one request. */
const serve = Effect.fnUntraced(function* (
  request: NodeHttp.IncomingMessage,
  response: NodeHttp.ServerResponse,
  arrival: Journal.Arrival,
  entry: Journal.Entry,
  options: { readonly isDue: Turns.Turns["isDue"]; readonly pause: Duration.Duration }
) {
  const start = yield* Clock.currentTimeMillis
  const body = yield* Exchange.readBody(request)
  const { content, reply } =
    body === undefined
      ? Routes.tooLarge
      : Routes.answer({ ...arrival, number: entry.number, body, isDue: options.isDue })
  entry.describe(content)
  const headers = {
    server: identity,
    "x-causeway-simulator": content.fault ?? "no-fault",
    "x-request-id": entry.id,
    "openai-processing-ms": String((yield* Clock.currentTimeMillis) - start)
  }
  yield* Exchange.play(response, reply, { entry, headers, pause: options.pause })
})

const make = Effect.fnUntraced(function* (options: Options = {}): Effect.fn.Return<Shape, SimulatorError, Scope.Scope> {
  const { pause, port: wanted, requestLog } = yield* checked(options)
  const fork = Effect.runForkWith(yield* Effect.context())
  const connections = new Map<Socket, Connection>()
  const open = new Set<number>()
  const journal = Journal.make(requestLog, (connection) => open.has(connection))
  const turns = Turns.make()
  let connectionCount = 0
  let isClosing = false

  const server = NodeHttp.createServer({ keepAliveTimeout: 60_000 })
  server.on("connection", (socket) => {
    const connection = ++connectionCount
    connections.set(socket, { number: connection, exchanges: new Set() })
    open.add(connection)
    socket.once("close", () => {
      // Before anybody is told of it: each exchange on this connection has its outcome when it shows as closed.
      for (const end of connections.get(socket)?.exchanges ?? []) end()
      connections.delete(socket)
      open.delete(connection)
      journal.connectionClosed(connection)
    })
  })
  server.on("request", (request, response) => {
    const { authorization = "" } = request.headers
    const connection = connections.get(request.socket)
    const arrival: Journal.Arrival = {
      method: request.method ?? "GET",
      path: request.url?.split("?", 1)[0] ?? "/",
      bearer: /^bearer ./i.test(authorization),
      connection: connection?.number ?? 0
    }
    const entry = journal.arrived(arrival)
    // A client that leaves shows as an error of the request as well; the close of the connection says it.
    request.on("error", () => {})
    const fiber = fork(serve(request, response, arrival, entry, { isDue: turns.isDue, pause }))
    let isOver = false
    const end = () => {
      if (isOver) return
      isOver = true
      connection?.exchanges.delete(end)
      fiber.interruptUnsafe()
      entry.settle(response.writableFinished ? "answered" : isClosing ? "broken" : "abandoned")
    }
    connection?.exchanges.add(end)
    response.once("close", end)
    // Nothing in a reply fails on purpose; should it, the client must not wait for ever.
    fiber.addObserver(() => {
      if (!isOver && !response.writableEnded) request.socket.destroySoon()
    })
  })

  const port = yield* Effect.acquireRelease(listen(server, wanted), () =>
    Effect.callback<void>((resume) => {
      isClosing = true
      server.close(() => resume(Effect.void))
      for (const socket of connections.keys()) socket.destroy()
    })
  )

  return {
    url: `http://${host}:${port}/v1`,
    port,
    requests: Effect.sync(journal.list),
    requestCount: Effect.sync(journal.count),
    openSockets: Effect.sync(() => connections.size),
    awaitRequest: journal.awaitRequest,
    awaitClosed: (number) => journal.awaitRequest((request) => request.number === number && !request.socketOpen),
    resetFaults: Effect.sync(turns.reset)
  }
})

/** The running simulator. */
export class Simulator extends Context.Service<Simulator, Shape>()("@causeway/simulator/Simulator") {
  /** Starts a simulator; it is closed at once, with every connection, when the scope ends. */
  static readonly make = make

  /** A simulator for as long as the layer lives. */
  static readonly layer = (options: Options = {}): Layer.Layer<Simulator, SimulatorError> =>
    Layer.effect(Simulator, make(options))
}
