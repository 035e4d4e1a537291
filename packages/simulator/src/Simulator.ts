/**
 * An upstream that speaks OpenAI's protocol on a loopback socket, answers the
 * same request always with the same answer, says that it is a simulator, and
 * fails on demand.
 *
 * A request asks for a fault by its model, `fault:<name>`, or by the header
 * `x-simulator-fault: <name>`, and has precedence. For all others the simulator's
 * behaviour decides: a fault, a latency, a rate limit, set by the options, by
 * `behave`, or by the phases of a script. Times are measured by Effect's `Clock`.
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
import type { IncomingMessage, ServerResponse } from "node:http"
import * as Redaction from "@causeway/core/Redaction"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import type { AddressName } from "./Address.ts"
import type { Behaviour } from "./Behaviour.ts"
import * as Addresses from "./internal/addresses.ts"
import * as Control from "./internal/control.ts"
import * as Director from "./internal/director.ts"
import * as Exchange from "./internal/exchange.ts"
import * as Journal from "./internal/journal.ts"
import { identity } from "./internal/protocol.ts"
import * as Respond from "./internal/respond.ts"
import * as Server from "./internal/server.ts"
import * as Settings from "./internal/settings.ts"
import * as Store from "./internal/store.ts"
import * as Turns from "./internal/turns.ts"
import type { Script } from "./Script.ts"
import type { SeenRequest } from "./SeenRequest.ts"
import type { SimulatorError } from "./SimulatorError.ts"

export { SimulatorError } from "./SimulatorError.ts"

/** How a simulator is set up, and how it behaves. */
export interface Options extends Behaviour {
  /** 0, the default, takes a free one. */
  readonly port?: number | undefined
  /** How many requests are remembered; 1,000 by default. */
  readonly requestLog?: number | undefined
  /** Whether the record holds the requests' bodies; not by default. */
  readonly recordBodies?: boolean | undefined
  /** What happens in a row, from the start. */
  readonly script?: Script | undefined
  /** Of the chances: shares, and waits that vary. The same seed, the same chances. Default: 0. */
  readonly seed?: number | undefined
}

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
  /** Each request from now on, when it has its outcome. */
  readonly settled: Stream.Stream<SeenRequest>
  /** The name of the script's phase that holds now; `undefined` where there is no script, or it is over. */
  readonly phase: Effect.Effect<string | undefined>
  /** Takes the place of how it behaved, and ends the script. */
  readonly behave: (behaviour: Behaviour) => Effect.Effect<void, SimulatorError>
  /** Starts a script, in the place of the one that runs. */
  readonly run: (script: Script) => Effect.Effect<void, SimulatorError>
  /**
   * As if it had just started: behaviour and script of the options, faults that happen
   * `n` times, limits, stored responses and files, and the record.
   */
  readonly reset: Effect.Effect<void>
  /** The base URL at which connections fail in this way; opened when it is first asked for. */
  readonly address: (name: AddressName) => Effect.Effect<string, SimulatorError>
}

const make = Effect.fnUntraced(function* (options: Options = {}): Effect.fn.Return<Shape, SimulatorError, Scope.Scope> {
  const settings = yield* Settings.checked(options)
  const context = yield* Effect.context()
  const fork = Effect.runForkWith(context)
  const clock = yield* Clock.Clock
  const now = () => clock.currentTimeMillisUnsafe()
  const random = yield* Random.withSeed(Random.Random, settings.seed)
  const turns = Turns.make()
  const store = Store.make()
  const { connections, server } = Server.make((connection) => journal.connectionClosed(connection))
  const journal = Journal.make({
    limit: settings.requestLog,
    recordBodies: settings.recordBodies,
    isOpen: connections.isOpen,
    now
  })

  /** The reply to a request that is no steering. */
  const answer = Effect.fnUntraced(function* (
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    entry: Journal.Entry
  ) {
    const start = now()
    const body = yield* Exchange.readBody(request)
    const wish = request.headers[Respond.faultHeader]
    const call = {
      number: entry.number,
      method: request.method ?? "GET",
      path: url.pathname,
      query: url.searchParams,
      origin,
      contentType: request.headers["content-type"] ?? "",
      store,
      wish: typeof wish === "string" ? wish : undefined
    }
    const { content, delay, headers, holding, reply, takesTime } =
      body === undefined
        ? Respond.tooLarge(director, now())
        : yield* Respond.respond({ director, turns, random }, { ...call, body }, now())
    entry.describe({ ...content, status: reply.head?.status })
    yield* Exchange.play(response, reply, {
      entry,
      headers: {
        server: identity,
        "x-causeway-simulator": content.fault ?? "no-fault",
        "x-request-id": entry.id,
        "openai-processing-ms": String(now() - start),
        ...headers
      },
      wait: delay + (takesTime ? holding.latency.answer() : 0),
      pause: content.stream ? holding.latency.event : () => 0
    })
  })

  const steer = Effect.fnUntraced(function* (request: IncomingMessage, response: ServerResponse, url: URL) {
    const body = (yield* Exchange.readBody(request)) ?? new Uint8Array()
    const reply = yield* Control.respond(steering, {
      method: request.method ?? "GET",
      path: url.pathname,
      query: url.searchParams,
      body
    })
    yield* Exchange.play(response, reply, {
      entry: { settle: () => {} },
      headers: { server: identity },
      wait: 0,
      pause: () => 0
    })
  })

  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const url = Server.urlOf(request, origin)
    const connection = connections.of(request.socket)
    const entry = Control.isControl(url.pathname)
      ? undefined
      : journal.arrived({
          method: request.method ?? "GET",
          path: url.pathname,
          headers: Redaction.headers(Server.headersOf(request)),
          bearer: /^bearer ./i.test(request.headers.authorization ?? ""),
          connection: connection?.number ?? 0
        })
    // A client that leaves shows as an error of the request as well; the close of the connection says it.
    request.on("error", () => {})
    const fiber = fork(entry === undefined ? steer(request, response, url) : answer(request, response, url, entry))
    let isOver = false
    const end = () => {
      if (isOver) return
      isOver = true
      connection?.exchanges.delete(end)
      fiber.interruptUnsafe()
      entry?.settle(response.writableFinished ? "answered" : connection?.isBroken === true ? "broken" : "abandoned")
    }
    connection?.exchanges.add(end)
    response.once("close", end)
    // Nothing in a reply fails on purpose; should it, the client must not wait for ever.
    fiber.addObserver(() => {
      if (!isOver && !response.writableEnded) request.socket.destroySoon()
    })
  })

  const port = yield* Effect.acquireRelease(Server.listen(server, settings.port), () =>
    Effect.callback<void>((resume) => {
      server.close(() => resume(Effect.void))
      connections.breakAll()
    })
  )
  const origin = `http://${Server.host}:${port}`
  const address = yield* Addresses.make(port)

  const door = yield* Semaphore.make(1)
  let isRefusing = false
  /** Brings the door into the state that was last wished for. */
  const turnDoor = door.withPermit(
    Effect.suspend(() => {
      if (isRefusing === !server.listening) return Effect.void
      if (!isRefusing) return Effect.asVoid(Server.listen(server, port))
      server.close()
      connections.breakAll()
      return Effect.void
    })
  )
  const phase = Effect.sync((): string | undefined => director.phase(now()))
  let waking: Fiber.Fiber<unknown> | undefined
  yield* Effect.addFinalizer(() => Effect.sync(() => waking?.interruptUnsafe()))
  const director = Director.make({ ...settings, now: now() }, random, {
    refuse(next) {
      isRefusing = next
      fork(Effect.catch(turnDoor, (error) => Effect.logError(error)))
    },
    wake(millis) {
      waking?.interruptUnsafe()
      waking = millis === undefined ? undefined : fork(Effect.andThen(Effect.sleep(millis), phase))
    }
  })

  const behave = (behaviour: unknown) =>
    Effect.map(Settings.behaviour(behaviour), (checked) => director.behave(checked, now()))
  const run = (script: unknown) => Effect.map(Settings.checkedScript(script), (checked) => director.run(checked, now()))

  const shape: Shape = {
    url: `${origin}/v1`,
    port,
    requests: Effect.sync(journal.list),
    requestCount: Effect.sync(journal.count),
    openSockets: Effect.sync(connections.size),
    awaitRequest: journal.awaitRequest,
    awaitClosed: (number) => journal.awaitRequest((request) => request.number === number && !request.socketOpen),
    settled: Stream.callback((queue) =>
      Effect.acquireRelease(
        Effect.sync(() => journal.onSettled((request) => Queue.offerUnsafe(queue, request))),
        (off) => Effect.sync(off)
      )
    ),
    phase,
    behave,
    run,
    reset: Effect.sync(() => {
      turns.reset()
      store.clear()
      journal.clear()
      director.behave(settings.behaviour, now())
      if (settings.script !== undefined) director.run(settings.script, now())
    }),
    address
  }
  const steering: Control.Steering = { ...shape, behave, run, clear: Effect.sync(journal.clear) }
  return shape
})

/** The running simulator. */
export class Simulator extends Context.Service<Simulator, Shape>()("@causeway/simulator/Simulator") {
  /** Starts a simulator; it is closed at once, with every connection, when the scope ends. */
  static readonly make = make

  /** A simulator for as long as the layer lives. */
  static readonly layer = (options: Options = {}): Layer.Layer<Simulator, SimulatorError> =>
    Layer.effect(Simulator, make(options))
}
