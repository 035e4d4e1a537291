/**
 * The way to an upstream: a `fetch` on undici that records each attempt, bounds
 * every wait and buffer, and fails with a typed reason. Give it to the SDK as its
 * `fetch`, or use {@link Recorder} where speed counts.
 *
 * **Details**
 *
 * What `fetch` rejects with is the `UpstreamReason` itself, while headers or body
 * are awaited; a call that its own signal aborts gets that signal's reason, as from
 * any `fetch`. An error's body is read for at most ten seconds and 64 KiB, and what
 * came by then is the body. Redirects are not followed.
 *
 * **Example** (A recorded request)
 *
 * ```ts no-run
 * import * as Recorder from "@causeway/openai/Recorder"
 * import { Recording } from "@causeway/openai/Recording"
 * import * as Effect from "effect/Effect"
 *
 * export const models = Effect.gen(function* () {
 *   const recorder = yield* Recorder.Recorder
 *   const recording = new Recording()
 *   yield* Effect.promise((signal) =>
 *     recorder.fetch("http://127.0.0.1:8001/v1/models", { signal, [Recorder.recordingKey]: recording })
 *   )
 *   return recording.evidence()
 * }).pipe(Effect.provide(Recorder.layer()))
 * ```
 */
import { Aborted, Connect } from "@causeway/core/UpstreamReason"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { Exchange, type Sink } from "./internal/exchange.ts"
import { type AnyFetch, dispatchOver } from "./internal/foreign.ts"
import { type LimitOptions, limitsOf } from "./internal/limits.ts"
import { type Outgoing, outgoingBy, outgoingOf } from "./internal/request.ts"
import { respond } from "./internal/response.ts"
import { Recording } from "./Recording.ts"

export type { Exchange, Sink } from "./internal/exchange.ts"
export type { AnyFetch } from "./internal/foreign.ts"
export type { LimitOptions, Limits } from "./internal/limits.ts"
export type { Outgoing } from "./internal/request.ts"

/** The key under which a call hands its {@link Recording} to `fetch`; the SDK passes it on from `fetchOptions`. */
export const recordingKey: unique symbol = Symbol.for("@causeway/openai/Recorder/recording")

/** What the recorder's `fetch` takes beside the standard. */
export interface RequestInitRecorded extends RequestInit {
  readonly [recordingKey]?: Recording
}

/** The recorder's `fetch`. */
export type Fetch = (input: string | URL | Request, init?: RequestInitRecorded) => Promise<Response>

/** Options of {@link make}: every limit, and the connections. */
export interface Options extends LimitOptions {
  /** Connections to one origin; a request that would need one more fails as `Connect`, `exhausted`. Default: 1,024. */
  readonly connections?: number | undefined
}

/** The recorder of a process, or of a worker. */
export class Recorder extends Context.Service<
  Recorder,
  {
    readonly fetch: Fetch
    /** Starts an exchange whose answer goes to a sink: no `Response`, no streams, no promises. */
    readonly send: (outgoing: Outgoing, recording: Recording, sink: Sink) => Exchange
  }
>()("@causeway/openai/Recorder") {}

/** Makes a recorder. With the scope's end it gives up what is in flight and closes its connections. */
export const make = (options: Options = {}): Effect.Effect<Recorder["Service"], never, Scope.Scope> =>
  Effect.gen(function* () {
    const connections = options.connections ?? 1024
    const limits = limitsOf(options)
    // Arrays, since a set through which many go keeps them until the next full collection: in V8 its outgrown
    // tables hold each other.
    const inFlight = new Map<string, Array<Exchange>>()
    let isClosed = false
    // Loaded with the first recorder: a third of the time that importing this module would take.
    const { Agent } = yield* Effect.promise(() => import("./internal/agent.ts"))
    const agent = yield* Effect.acquireRelease(
      // HTTP/1.1 only: giving up a call closes its own socket, and no other call hangs on it.
      Effect.sync(
        () => new Agent({ connections, pipelining: 1, connectTimeout: limits.answer.connect, allowH2: false })
      ),
      (agent) =>
        Effect.promise(() => {
          isClosed = true
          for (const exchange of Array.from(inFlight.values()).flat()) exchange.abort(shutdown())
          return agent.destroy()
        })
    )

    const send = (outgoing: Outgoing, recording: Recording, sink: Sink, settled?: () => void): Exchange => {
      const { origin } = outgoing
      const own = recording.options.limits
      const base = outgoing.stream ? limits.stream : limits.answer
      const bound = own === undefined ? base : { ...base, ...own }
      let others = inFlight.get(origin)
      if (others === undefined) inFlight.set(origin, (others = []))
      const here = others
      const exchange = new Exchange(outgoing, bound, recording.next, sink, () => {
        const last = here.pop()
        if (last !== undefined && last !== exchange) here[here.indexOf(exchange)] = last
        if (here.length === 0) inFlight.delete(origin)
        settled?.()
      })
      here.push(exchange)
      recording.add(exchange)
      if (here.length > connections) exchange.abort(exhausted(origin, connections))
      else if (isClosed) exchange.abort(shutdown())
      if (exchange.settled) return exchange
      agent.dispatch(
        {
          origin,
          path: outgoing.path,
          method: outgoing.method,
          headers: [...outgoing.headers],
          body: outgoing.body ?? null,
          // The exchange bounds itself, to the millisecond.
          headersTimeout: 0,
          bodyTimeout: 0
        },
        exchange
      )
      return exchange
    }

    return Recorder.of({ fetch: fetchOver(outgoingOf, send), send })
  })

/** The recorder as a layer. */
export const layer = (options?: Options): Layer.Layer<Recorder> => Layer.effect(Recorder, make(options))

/**
 * Records and bounds another `fetch`: that of a proxy, of a test, of somebody's
 * configured client. What the recorder's own `fetch` promises holds for it too,
 * save that a connection's limit is part of the one to the headers.
 */
export const record = (fetch: AnyFetch, options: LimitOptions = {}): Fetch => {
  const limits = limitsOf(options)
  return fetchOver(outgoingBy, (outgoing, recording, sink, settled, input, init) => {
    const base = outgoing.stream ? limits.stream : limits.answer
    const exchange = new Exchange(outgoing, { ...base, ...recording.options.limits }, recording.next, sink, settled)
    recording.add(exchange)
    if (!exchange.settled) dispatchOver(fetch, input, init, exchange)
    return exchange
  })
}

type Start = (
  outgoing: Outgoing,
  recording: Recording,
  sink: Sink,
  settled: () => void,
  input: string | URL | Request,
  init: RequestInit
) => Exchange

const fetchOver =
  (outgoingOf: (input: string | URL | Request, init: RequestInit, stream: boolean) => Outgoing, start: Start): Fetch =>
  async (input, init = {}) => {
    const signal = init.signal ?? (input instanceof Request ? input.signal : undefined)
    signal?.throwIfAborted()
    const { [recordingKey]: recording = new Recording(), ...rest } = init
    const outgoing = outgoingOf(input, init, recording.options.stream ?? false)
    return respond((sink) => {
      let exchange: Exchange | undefined
      const onAbort = (): void => exchange?.abort(exchange.givenUp(), signal?.reason)
      const settled = (): void => signal?.removeEventListener("abort", onAbort)
      exchange = start(outgoing, recording, sink, settled, input, rest)
      if (!exchange.settled) signal?.addEventListener("abort", onAbort, { once: true })
    })
  }

const shutdown = (): Aborted =>
  new Aborted({ message: "the client is shutting down", seenIn: "socket", by: "shutdown" })

const exhausted = (origin: string, connections: number): Connect =>
  new Connect({
    message: `all ${connections} connections to ${origin} are in use`,
    seenIn: "socket",
    kind: "exhausted",
    addresses: []
  })
