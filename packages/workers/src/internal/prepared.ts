/**
 * A call before it is submitted: its payload made, its headers and its span with it.
 */
import type { BoundaryError } from "@causeway/core/BoundaryError"
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Clock from "effect/Clock"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Hash from "effect/Hash"
import * as Headers from "effect/http/Headers"
import type * as Rpc from "effect/rpc/Rpc"
import * as RpcMessage from "effect/rpc/RpcMessage"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as Tracer from "effect/Tracer"
import type { Callable, Failure, Options } from "./callable.ts"
import * as failures from "./failures.ts"
import { CurrentHeaders } from "./inherited.ts"
import { inWords } from "./inWords.ts"
import * as Spans from "./spans.ts"
import type { Submission } from "./submission.ts"
import type { Trace } from "./wire.ts"

/** A call on its way: its payload made, not yet encoded. */
export interface Prepared {
  readonly payload: unknown
  readonly headers: Headers.Headers
  readonly discard: boolean
  readonly tracing: Tracing | undefined
}

/** The span of a call, and what records those that begin in its worker. */
export interface Tracing {
  readonly trace: Trace
  readonly recording: Spans.Recording | undefined
}

/** Whether a span is worth its cost: only where somebody records the caller's. */
export const isTraced = ({
  cache
}: {
  readonly cache: { readonly span: { readonly sampled: boolean } | undefined }
}): boolean => cache.span !== undefined && cache.span.sampled

/** `undefined` where nobody records the call's own span: it may be unsampled below one that is not. */
export const tracingOf = (
  span: Tracer.Span,
  fiber: Fiber.Fiber<unknown, unknown>,
  { crossing }: Options
): Tracing | undefined => {
  if (!span.sampled) return undefined
  const tracer = fiber.getRef(Tracer.Tracer)
  // Of the default one, which keeps nothing, nobody sees a span.
  const recording =
    tracer === Tracer.nativeTracer ? undefined : Spans.record(tracer, span, fiber.getRef(Clock.Clock), crossing)
  return { trace: [span.traceId, span.spanId, recording !== undefined], recording }
}

/** The headers of a call, and those that its fiber gives to all calls. */
export const withInherited = (headers: Headers.Headers, fiber: Fiber.Fiber<unknown, unknown>): Headers.Headers => {
  const inherited = fiber.getRef(CurrentHeaders)
  return inherited === Headers.empty ? headers : Headers.merge(inherited, headers)
}

export const makePayload = (
  callable: Callable,
  options: Options,
  input: unknown
): Exit.Exit<unknown, BoundaryError> => {
  try {
    return Exit.succeed(callable.rpc.payloadSchema.make(input))
  } catch (thrown) {
    return Exit.fail(misfit(callable, options, issueOf(thrown), input))
  }
}

/** What a schema says against a value: `make` throws an error that has the issue as its cause. */
const issueOf = (thrown: unknown): string => {
  const cause = thrown instanceof Error ? thrown.cause : undefined
  return SchemaIssue.isIssue(cause) ? new Schema.SchemaError(cause).message : inWords(thrown)
}

export const misfit = (
  { contract, rpc }: Callable,
  { crossing }: Options,
  issue: string,
  value: unknown
): BoundaryError =>
  failures.undecodable(`${contract} pool`, "request", issue, {
    tag: rpc._tag,
    raw: crossing.fromWire(crossing.toExcerpt(value))
  })

export const submissionOf = (
  { codecs, contract, keyOf, lane, wireTag }: Callable,
  { discard, headers, payload: decoded, tracing }: Prepared,
  payload: unknown,
  defaultTimeoutMs: number,
  sink: Submission["sink"]
): Submission => {
  const isBare = headers === Headers.empty || isEmpty(headers)
  const timeoutMs = isBare ? undefined : CallMetadata.timeoutOf(headers)
  return {
    contract,
    tag: wireTag,
    lane,
    key: keyOf === undefined ? undefined : hash(keyOf(decoded)),
    payload,
    isFresh: codecs.isFreshPayload(),
    headers: isBare ? undefined : headers,
    trace: tracing?.trace,
    timeoutMs: timeoutMs ?? defaultTimeoutMs,
    isOpenEnded: codecs.isStream && timeoutMs === undefined,
    discard,
    sink
  }
}

const hash = (key: string | undefined): number | undefined => (key === undefined ? undefined : Hash.string(key))

const isEmpty = (headers: Headers.Headers): boolean => {
  for (const _ in headers) return false
  return true
}

export const throughMiddlewares = (
  { middlewares, rpc }: Callable,
  prepared: Prepared,
  call: (prepared: Prepared) => Effect.Effect<unknown, Failure>
): Effect.Effect<unknown, Failure> => {
  const loop = (index: number, message: RpcMessage.Request<Rpc.Any>): Effect.Effect<unknown, Failure> => {
    const middleware = middlewares[index]
    if (middleware === undefined) return call({ ...prepared, payload: message.payload, headers: message.headers })
    return middleware({ rpc, request: message, next: (next) => loop(index - 1, next) })
  }
  return loop(middlewares.length - 1, {
    _tag: "Request",
    id: RpcMessage.RequestId(0),
    tag: rpc._tag,
    payload: prepared.payload,
    headers: prepared.headers
  } as RpcMessage.Request<Rpc.Any>)
}
