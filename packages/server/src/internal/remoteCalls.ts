/**
 * The calls of a contract as a remote caller makes them: from a message to the lines
 * of its answer. Nothing fails here: whatever becomes of a call is in its last line.
 */
import * as BoundaryError from "@causeway/core/BoundaryError"
import * as CallMetadata from "@causeway/core/CallMetadata"
import type * as Contract from "@causeway/core/Contract"
import type * as Lossless from "@causeway/core/Lossless"
import * as RemoteProtocol from "@causeway/core/RemoteProtocol"
import * as Upstream from "@causeway/core/Upstream"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Rpc from "effect/rpc/Rpc"
import * as Stream from "effect/Stream"
import { isValid } from "../RequestId.ts"
import type { Line } from "./liveAnswer.ts"

/** Makes any call of a contract. */
export type Calls = (request: RemoteProtocol.Request) => Stream.Stream<Line>

/** What a client fails with is known to its contract, and goes through its codec. */
interface CallError {
  readonly _: unique symbol
}

interface CallOptions {
  readonly headers: Readonly<Record<string, string>>
  readonly discard?: true
}

/** A call of the client: what it gives follows from its Rpc. */
interface Invoke {
  readonly one: (payload: unknown, options: CallOptions) => Effect.Effect<unknown, CallError>
  readonly many: (payload: unknown, options: CallOptions) => Stream.Stream<unknown, CallError>
}

/** The calls of a contract, by its client here. */
export const make = <Self, Id extends string, R extends Rpc.Any>(
  contract: Contract.Contract<Self, Id, R>,
  client: Contract.Client<R>,
  services: Context.Context<Rpc.ServicesServer<R>>,
  options: Omit<Lossless.Options, "form"> | undefined
): Calls => {
  const boundary = `${contract.key} over HTTP`
  const codecs = new Map(
    Array.from(contract.group.requests, ([tag, rpc]) => [tag, RemoteProtocol.codecs(rpc, options)])
  )
  const unserved = RemoteProtocol.codecs(Rpc.make("unserved"))
  return (request) => {
    const of = codecs.get(request.tag)
    if (of === undefined) {
      const error = notServed(boundary, `${contract.key}/${request.tag}`)
      return lastly(boundary, unserved, request, Effect.fail(error))
    }
    const invoke = invokeOf(client, request.tag)
    const call = of.isStream ? many(boundary, of, invoke, request) : one(boundary, of, invoke, request)
    return Stream.provideContext(
      Stream.unwrap(
        Effect.withFiber((fiber) =>
          Effect.succeed(Stream.provideContext(call, contextOf(Object.fromEntries(request.headers), fiber)))
        )
      ),
      services
    )
  }
}

const invokeOf = (client: object, tag: string): Invoke => {
  const call: unknown = Reflect.get(client, tag)
  return { one: call as Invoke["one"], many: call as Invoke["many"] }
}

const one = (
  boundary: string,
  codecs: RemoteProtocol.Codecs,
  invoke: Invoke,
  request: RemoteProtocol.Request
): Stream.Stream<Line> =>
  lastly(
    boundary,
    codecs,
    request,
    Effect.flatMap(payloadOf(boundary, codecs, request), (payload) => invoke.one(payload, optionsOf(request)))
  )

const many = (
  boundary: string,
  codecs: RemoteProtocol.Codecs,
  invoke: Invoke,
  request: RemoteProtocol.Request
): Stream.Stream<Line> => {
  const elements = Stream.unwrap(
    Effect.map(payloadOf(boundary, codecs, request), (payload) => invoke.many(payload, optionsOf(request)))
  )
  return elements.pipe(
    Stream.mapArrayEffect((values) =>
      Effect.map(
        written(boundary, codecs.encodeChunk(values), (encoded) => ({
          _tag: "Chunk",
          requestId: request.id,
          values: encoded
        })),
        (text): readonly [Line] => [{ text, isLast: false }]
      )
    ),
    Stream.catchCause((cause) => lastly(boundary, codecs, request, Effect.failCause(cause))),
    Stream.concat(lastly(boundary, codecs, request, Effect.void)),
    // The end of a failed stream is its failure.
    Stream.takeUntil(({ isLast }) => isLast)
  )
}

const payloadOf = (
  boundary: string,
  codecs: RemoteProtocol.Codecs,
  request: RemoteProtocol.Request
): Effect.Effect<unknown, BoundaryError.BoundaryError> =>
  Effect.mapError(codecs.decodePayload(request.payload), (issue) => misfit(boundary, "request", issue))

/** The line of a call's end. What does not fit its schema is a failure of the call. */
const lastly = (
  boundary: string,
  codecs: RemoteProtocol.Codecs,
  request: RemoteProtocol.Request,
  call: Effect.Effect<unknown, CallError | BoundaryError.BoundaryError>
): Stream.Stream<Line> => {
  const write = (exit: Exit.Exit<unknown, unknown>) =>
    written(boundary, codecs.encodeExit(exit), (encoded) => ({ _tag: "Exit", requestId: request.id, exit: encoded }))
  return Stream.fromEffect(
    Effect.exit(call).pipe(
      Effect.flatMap((exit) => (request.discard === true && Exit.isSuccess(exit) ? discarded(request) : write(exit))),
      Effect.catch((error) => Effect.orDie(write(Exit.fail(error)))),
      Effect.map((text): Line => ({ text, isLast: true }))
    )
  )
}

/** The success of a call whose result nobody wants says nothing. */
const discarded = ({ id }: RemoteProtocol.Request): Effect.Effect<string> =>
  Effect.succeed(RemoteProtocol.line({ _tag: "Exit", requestId: id, exit: { _tag: "Success", value: null } }))

const written = (
  boundary: string,
  encoded: Effect.Effect<unknown, string>,
  message: (encoded: unknown) => RemoteProtocol.Response
): Effect.Effect<string, BoundaryError.BoundaryError> =>
  Effect.flatMap(
    Effect.mapError(encoded, (issue) => misfit(boundary, "response", issue)),
    (value) => {
      try {
        return Effect.succeed(RemoteProtocol.line(message(value)))
      } catch {
        return Effect.fail(misfit(boundary, "response", "it is nested too deeply"))
      }
    }
  )

const misfit = (boundary: string, direction: "request" | "response", issue: string): BoundaryError.BoundaryError =>
  new BoundaryError.BoundaryError({
    boundary,
    reason: new BoundaryError.Undecodable({
      message: `the ${direction} does not fit its schema`,
      delivery: direction === "request" ? "not-sent" : "may-have-run",
      direction,
      issue
    })
  })

const notServed = (boundary: string, tag: string): BoundaryError.BoundaryError =>
  new BoundaryError.BoundaryError({
    boundary,
    reason: new BoundaryError.Unreachable({ message: `${tag} is not served here`, status: 404 })
  })

const metadata: ReadonlySet<string> = new Set([
  CallMetadata.timeoutHeader,
  CallMetadata.upstreamHeader,
  CallMetadata.attemptHeader,
  CallMetadata.requestIdHeader,
  CallMetadata.traceparentHeader,
  CallMetadata.tracestateHeader,
  CallMetadata.keyNameHeader
])

/** The caller's own headers go on; its metadata is in the context, from which the next place takes it. */
const optionsOf = ({ discard, headers }: RemoteProtocol.Request): CallOptions => ({
  headers: Object.fromEntries(headers.filter(([name]) => !metadata.has(name))),
  ...(discard === true && { discard })
})

/** What a caller's metadata adds to what this server knows of the request. A deadline can only come nearer. */
const contextOf = (
  headers: Readonly<Record<string, string>>,
  fiber: Fiber.Fiber<unknown, unknown>
): Context.Context<never> => {
  const told = CallMetadata.contextOf(headers, fiber)
  const deadlines = [fiber.getRef(CallMetadata.Deadline), Context.get(told, CallMetadata.Deadline)]
  const nearest = Math.min(...deadlines.map((deadline) => deadline ?? Number.POSITIVE_INFINITY))
  const requestId = Context.get(told, CallMetadata.RequestId)
  return Context.empty().pipe(
    Context.add(
      CallMetadata.TraceContext,
      Context.get(told, CallMetadata.TraceContext) ?? fiber.getRef(CallMetadata.TraceContext)
    ),
    Context.add(CallMetadata.Deadline, Number.isFinite(nearest) ? nearest : undefined),
    Context.add(Upstream.Current, Context.get(told, Upstream.Current)),
    Context.add(Upstream.CurrentAttempt, Context.get(told, Upstream.CurrentAttempt)),
    Context.add(
      CallMetadata.RequestId,
      requestId !== undefined && isValid(requestId) ? requestId : fiber.getRef(CallMetadata.RequestId)
    ),
    // Whose key this server saw, it knows itself; a caller of no name speaks for callers of its own.
    Context.add(CallMetadata.KeyName, fiber.getRef(CallMetadata.KeyName) ?? Context.get(told, CallMetadata.KeyName))
  )
}
