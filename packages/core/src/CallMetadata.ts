/**
 * What travels with a call beside its payload: the time it has left, the upstream
 * it shall use, the attempt it is, the id of the request it serves and its trace. Sent in
 * message headers, so every place and transport carries it the same way.
 *
 * The time left is sent as a duration, since clocks of two machines differ, and
 * becomes a point in time again on arrival.
 *
 * **Example** (A call gets five seconds)
 *
 * ```ts
 * import * as CallMetadata from "@causeway/core/CallMetadata"
 * import * as Effect from "effect/Effect"
 *
 * const headers = CallMetadata.headers.pipe(CallMetadata.withTimeout("5 seconds"))
 *
 * Number((await Effect.runPromise(headers))[CallMetadata.timeoutHeader]) > 4000 // => true
 * ```
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import type * as Tracer from "effect/Tracer"
import * as Upstream from "./internal/upstream/current.ts"

/** The time a call has left, in milliseconds. */
export const timeoutHeader = "causeway-timeout-ms"
/** The upstream to use. */
export const upstreamHeader = "causeway-upstream"
/** The number of the policy's attempt. */
export const attemptHeader = "causeway-attempt"
/** The id of the request that the call serves. */
export const requestIdHeader = "causeway-request-id"
/** The trace that the call belongs to, as W3C's `traceparent` has it. */
export const traceparentHeader = "causeway-traceparent"
/** What the systems of that trace say of it, as W3C's `tracestate` has it. */
export const tracestateHeader = "causeway-tracestate"
/** The name of the key that the request showed. */
export const keyNameHeader = "causeway-key-name"

/** When the call must have ended, in milliseconds on the epoch. */
export const Deadline = Context.Reference<number | undefined>("@causeway/core/CallMetadata/Deadline", {
  defaultValue: () => undefined
})

/**
 * The deadline of the boundary that serves the call, in milliseconds on the epoch.
 * The boundary keeps it: it ends the call and interrupts its handler.
 */
const BoundaryDeadline = Context.Reference<number | undefined>("@causeway/core/CallMetadata/BoundaryDeadline", {
  defaultValue: () => undefined
})

/** The id of the request that is being served, for logs and upstreams. */
export const RequestId = Context.Reference<string | undefined>("@causeway/core/CallMetadata/RequestId", {
  defaultValue: () => undefined
})

/**
 * The name of the key that the request showed which is being served, never the key
 * itself; `undefined` where it showed none, or one without a name.
 */
export const KeyName = Context.Reference<string | undefined>("@causeway/core/CallMetadata/KeyName", {
  defaultValue: () => undefined
})

/** The trace of a caller, see {@link TraceContext}. */
export interface Trace {
  /** As its caller sent it, such as `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01`. */
  readonly traceparent: string
  readonly tracestate?: string | undefined
}

/**
 * The trace of whoever called this program, for upstreams: where no span of its own
 * is recorded, they are told this one. Source: https://www.w3.org/TR/trace-context/.
 */
export const TraceContext = Context.Reference<Trace | undefined>("@causeway/core/CallMetadata/TraceContext", {
  defaultValue: () => undefined
})

/**
 * An annotation of a span: the one that upstreams are told in its place. A tracer gives each
 * span an id of its own, so that what is recorded elsewhere, such as the spans of a worker by
 * the tracer of its caller, has another one there.
 */
export const ToldAs = Context.Reference<Tracer.AnySpan | undefined>("@causeway/core/CallMetadata/ToldAs", {
  defaultValue: () => undefined
})

const now = (fiber: Fiber.Fiber<unknown, unknown>): number => fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()

const earlier = (fiber: Fiber.Fiber<unknown, unknown>, timeout: Duration.Input): number =>
  Math.min(
    fiber.getRef(Deadline) ?? Number.POSITIVE_INFINITY,
    now(fiber) + Duration.toMillis(Duration.fromInputUnsafe(timeout))
  )

/** Gives the calls of an effect at most this long. Never prolongs a deadline that is set already. */
export const withTimeout =
  (timeout: Duration.Input) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.withFiber((fiber) => Effect.provideService(self, Deadline, earlier(fiber, timeout)))

/** As {@link withTimeout}, for the calls of a stream. */
export const withTimeoutStream =
  (timeout: Duration.Input) =>
  <A, E, R>(self: Stream.Stream<A, E, R>): Stream.Stream<A, E, R> =>
    Stream.unwrap(
      Effect.withFiber((fiber) => Effect.succeed(Stream.provideService(self, Deadline, earlier(fiber, timeout))))
    )

/** The time left until the deadline, never below zero; `undefined` where none is set. */
export const remaining: Effect.Effect<Duration.Duration | undefined> = Effect.withFiber((fiber) => {
  const deadline = fiber.getRef(Deadline)
  return Effect.succeed(deadline === undefined ? undefined : Duration.millis(Math.max(0, deadline - now(fiber))))
})

/**
 * The time left until a deadline that whoever asks has to keep; `undefined` where none
 * is set, and in a handler whose boundary keeps it. So that one clock ends a call, by
 * one error.
 */
export const remainingToKeep: Effect.Effect<Duration.Duration | undefined> = Effect.withFiber((fiber) =>
  fiber.getRef(Deadline) === fiber.getRef(BoundaryDeadline) ? Effect.undefined : remaining
)

/** The metadata of a fiber as headers. */
export const headersOf = (fiber: Fiber.Fiber<unknown, unknown>): Record<string, string> => {
  const headers: Record<string, string> = {}
  const deadline = fiber.getRef(Deadline)
  const upstream = fiber.getRef(Upstream.Current)
  const attempt = fiber.getRef(Upstream.CurrentAttempt)
  const requestId = fiber.getRef(RequestId)
  const keyName = fiber.getRef(KeyName)
  if (deadline !== undefined) headers[timeoutHeader] = String(Math.max(0, deadline - now(fiber)))
  if (upstream !== undefined) headers[upstreamHeader] = upstream
  if (attempt !== undefined) headers[attemptHeader] = String(attempt.number)
  if (requestId !== undefined) headers[requestIdHeader] = requestId
  if (keyName !== undefined) headers[keyNameHeader] = keyName
  const trace = fiber.getRef(TraceContext)
  if (trace === undefined) return headers
  headers[traceparentHeader] = trace.traceparent
  if (trace.tracestate !== undefined) headers[tracestateHeader] = trace.tracestate
  return headers
}

/** The metadata of the current fiber as headers. */
export const headers: Effect.Effect<Record<string, string>> = Effect.withFiber((fiber) =>
  Effect.succeed(headersOf(fiber))
)

/** The time a call has left by its headers, in milliseconds; `undefined` where they state none that can be read. */
export const timeoutOf = (headers: Readonly<Record<string, string | undefined>>): number | undefined => {
  const timeout = Number(headers[timeoutHeader] ?? Number.NaN)
  return timeout >= 0 && Number.isFinite(timeout) ? timeout : undefined
}

/**
 * The context that received headers stand for. What is absent or unreadable is
 * left unset, since metadata may come from a peer of another version.
 */
export const contextOf = (
  headers: Readonly<Record<string, string | undefined>>,
  fiber: Fiber.Fiber<unknown, unknown>
): Context.Context<never> => change(headers, fiber, Context.add)(Context.empty())

/**
 * What received headers change in a context, as {@link contextOf} has it. To merge the two
 * would copy both, and what a call is made in is as large as its program.
 */
export const receiving = (
  headers: Readonly<Record<string, string | undefined>>,
  fiber: Fiber.Fiber<unknown, unknown>
): (<R>(context: Context.Context<R>) => Context.Context<R>) => change(headers, fiber, setIfOther)

type Set = <A, R>(context: Context.Context<R>, reference: Context.Reference<A>, value: A) => Context.Context<R>

const setIfOther: Set = (context, reference, value) =>
  Context.get(context, reference) === value ? context : Context.add(context, reference, value)

const change = (
  headers: Readonly<Record<string, string | undefined>>,
  fiber: Fiber.Fiber<unknown, unknown>,
  set: Set
) => {
  const timeout = timeoutOf(headers)
  const deadline = timeout === undefined ? undefined : now(fiber) + timeout
  const number = Number(headers[attemptHeader] ?? Number.NaN)
  const attempt = Number.isInteger(number) && number > 0 ? { number } : undefined
  const traceparent = headers[traceparentHeader]
  const trace = traceparent === undefined ? undefined : { traceparent, tracestate: headers[tracestateHeader] }
  return <R>(context: Context.Context<R>): Context.Context<R> => {
    let changed = set(context, TraceContext, trace)
    changed = set(changed, Deadline, deadline)
    changed = set(changed, BoundaryDeadline, deadline)
    changed = set(changed, Upstream.Current, headers[upstreamHeader])
    changed = set(changed, Upstream.CurrentAttempt, attempt)
    changed = set(changed, RequestId, headers[requestIdHeader])
    return set(changed, KeyName, headers[keyNameHeader])
  }
}
