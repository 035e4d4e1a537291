/**
 * The client of a contract over a pool's dispatcher: encodes, submits, and decodes
 * in the fiber of the caller. Starts no fiber of its own.
 */
import type { BoundaryError } from "@causeway/core/BoundaryError"
import * as CallMetadata from "@causeway/core/CallMetadata"
import type * as Contract from "@causeway/core/Contract"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { constVoid } from "effect/Function"
import * as Hash from "effect/Hash"
import * as Headers from "effect/http/Headers"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcClient from "effect/rpc/RpcClient"
import * as RpcMessage from "effect/rpc/RpcMessage"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import { type Callable, callableOf, type Failure, type Options as CallableOptions } from "./callable.ts"
import * as Codecs from "./codecs.ts"
import type { Dispatcher } from "./dispatcher.ts"
import * as failures from "./failures.ts"
import { CurrentHeaders } from "./inherited.ts"
import { inWords } from "./inWords.ts"
import type { Opaque } from "./opaque.ts"
import * as Spans from "./spans.ts"
import { receive } from "./streamClient.ts"
import type { Submission } from "./submission.ts"
import type { Sink } from "./unit.ts"
import type { SpanEnded, SpanStarted, Trace } from "./wire.ts"

/** What a client needs of its pool. */
export interface Options extends CallableOptions {
  readonly dispatcher: Dispatcher
  /** Of a call whose caller sets no deadline, or of a stream's first element, in milliseconds. */
  readonly deadlineMs: number
}

interface CallOptions {
  readonly headers?: Headers.Headers | undefined
  readonly discard?: boolean | undefined
  readonly asQueue?: boolean | undefined
  readonly streamBufferSize?: number | undefined
}

/** A call on its way: its payload made, not yet encoded. */
interface Prepared {
  readonly payload: unknown
  readonly headers: Headers.Headers
  readonly discard: boolean
  readonly tracing: Tracing | undefined
}

/** The span of a call, and what records those that begin in its worker. */
interface Tracing {
  readonly trace: Trace
  readonly recording: Spans.Recording | undefined
}

/** Makes the function that makes any call of a contract. */
export const make = <Self, Id extends string, R extends Rpc.Any>(
  contract: Contract.Contract<Self, Id, R>,
  options: Options
): RpcClient.RpcClient.Flat<R, BoundaryError> => {
  const callables = new Map<string, Callable>()
  for (const [tag, rpc] of contract.group.requests) {
    callables.set(tag, callableOf(contract.key, tag, rpc as R & Rpc.AnyWithProps, options))
  }
  const invoke: unknown = (tag: string, input: unknown, call: CallOptions = {}) => {
    const callable = callables.get(tag)
    if (callable === undefined) return Effect.die(new Error(`${contract.key} has no call ${tag}`))
    if (!callable.codecs.isStream) return unary(callable, options, input, call)
    const elements = stream(callable, options, input, call)
    return call.asQueue === true ? Stream.toQueue(elements, { capacity: call.streamBufferSize ?? 16 }) : elements
  }
  // The types of a single call follow from its tag, which is known here only as a string.
  return invoke as RpcClient.RpcClient.Flat<R, BoundaryError>
}

// -----------------------------------------------------------------------------
// Calls with one answer
// -----------------------------------------------------------------------------

const unary = (
  callable: Callable,
  options: Options,
  input: unknown,
  { discard = false, headers = Headers.empty }: CallOptions
): Effect.Effect<unknown, Failure> =>
  Effect.withFiber((fiber) => {
    const payload = makePayload(callable, options, input)
    if (Exit.isFailure(payload)) return payload
    const prepared: Prepared = {
      payload: payload.value,
      headers: withInherited(headers, fiber),
      discard,
      tracing: undefined
    }
    if (!isTraced(fiber)) return callOnce(callable, options, prepared)
    return Effect.useSpan(callable.wireTag, { kind: "client" }, (span) => {
      const tracing = tracingOf(span, fiber, options)
      const call = callOnce(callable, options, { ...prepared, tracing })
      const { recording } = tracing
      return recording === undefined ? call : Effect.onExit(call, (exit) => Effect.sync(() => recording.close(exit)))
    })
  })

const callOnce = (callable: Callable, options: Options, prepared: Prepared): Effect.Effect<unknown, Failure> =>
  callable.middlewares.length === 0
    ? // What was just made holds by its schema, and shares no object with anything else.
      callable.codecs.isPlainPayload()
      ? send(callable, options, prepared, prepared.payload)
      : request(callable, options, prepared)
    : throughMiddlewares(callable, prepared, (prepared) => request(callable, options, prepared))

/** Whether a span is worth its cost: only where somebody records the caller's. */
const isTraced = ({
  cache
}: {
  readonly cache: { readonly span: { readonly sampled: boolean } | undefined }
}): boolean => cache.span !== undefined && cache.span.sampled

const tracingOf = (span: Tracer.Span, fiber: Fiber.Fiber<unknown, unknown>, { crossing }: Options): Tracing => {
  const tracer = fiber.getRef(Tracer.Tracer)
  // Of the default one, which keeps nothing, nobody sees a span.
  const recording =
    tracer === Tracer.nativeTracer ? undefined : Spans.record(tracer, span, fiber.getRef(Clock.Clock), crossing)
  return { trace: [span.traceId, span.spanId, recording !== undefined], recording }
}

/** The headers of a call, and those that its fiber gives to all calls. */
const withInherited = (headers: Headers.Headers, fiber: Fiber.Fiber<unknown, unknown>): Headers.Headers => {
  const inherited = fiber.getRef(CurrentHeaders)
  return inherited === Headers.empty ? headers : Headers.merge(inherited, headers)
}

const makePayload = (callable: Callable, options: Options, input: unknown): Exit.Exit<unknown, BoundaryError> => {
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

const misfit = ({ contract, rpc }: Callable, { crossing }: Options, issue: string, value: unknown): BoundaryError =>
  failures.undecodable(`${contract} pool`, "request", issue, {
    tag: rpc._tag,
    raw: crossing.fromWire(crossing.toExcerpt(value))
  })

const request = (callable: Callable, options: Options, prepared: Prepared): Effect.Effect<unknown, Failure> => {
  const encoded = callable.codecs.encodePayload(prepared.payload)
  return Codecs.isDone(encoded)
    ? send(callable, options, prepared, encoded.value)
    : Effect.matchEffect(encoded, {
        onFailure: (issue) => Effect.fail(misfit(callable, options, issue, prepared.payload)),
        onSuccess: (payload) => send(callable, options, prepared, payload)
      })
}

const send = (
  callable: Callable,
  options: Options,
  prepared: Prepared,
  payload: unknown
): Effect.Effect<unknown, Failure> =>
  Effect.callback((resume) => {
    const { deadlineMs, dispatcher } = options
    const sink = new Answer(callable, prepared.tracing?.recording, resume)
    const id = dispatcher.submit(submissionOf(callable, prepared, payload, deadlineMs, sink))
    if (typeof id !== "number") return resume(Effect.fail(id))
    return Effect.sync(() => dispatcher.interrupt(id))
  })

/** Resumes who waits for a call that is no stream. A class, since its methods are then made once and not with each call. */
class Answer implements Sink {
  readonly #callable: Callable
  readonly #recording: Spans.Recording | undefined
  readonly #resume: (effect: Effect.Effect<unknown, Failure>) => void

  constructor(
    callable: Callable,
    recording: Spans.Recording | undefined,
    resume: (effect: Effect.Effect<unknown, Failure>) => void
  ) {
    this.#callable = callable
    this.#recording = recording
    this.#resume = resume
  }

  success(encoded: unknown): void {
    this.#resume(success(this.#callable, encoded))
  }

  failure(encoded: unknown): void {
    this.#resume(failure(this.#callable, encoded))
  }

  ended(): void {
    this.#resume(Effect.void)
  }

  chunk(): void {
    // A worker that sends one answers something else than it was asked.
  }

  span(message: SpanStarted | SpanEnded): void {
    this.#recording?.receive(message)
  }

  fail(error: BoundaryError): void {
    this.#resume(Effect.fail(error))
  }
}

const submissionOf = (
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

const spansOf = ({ tracing }: Prepared): Submission["sink"]["span"] => tracing?.recording?.receive ?? constVoid

const isEmpty = (headers: Headers.Headers): boolean => {
  for (const _ in headers) return false
  return true
}

const success = (callable: Callable, encoded: unknown): Effect.Effect<unknown, Failure> => {
  const decoded = callable.codecs.decodeSuccess(encoded)
  return Codecs.isDone(decoded) ? decoded : Effect.mapError(decoded, unreadable(callable))
}

/** What a failure decodes to is an exit, by its schema. */
const failure = (callable: Callable, encoded: unknown): Effect.Effect<never, Failure> =>
  // Suspended, so that the codec sees the options of the caller's fiber.
  Effect.matchEffect(
    Effect.suspend(() => callable.codecs.decodeExit(encoded)),
    {
      onFailure: (issue) => Effect.fail(unreadable(callable)(issue)),
      onSuccess: (exit) => exit as Exit.Exit<never, Opaque>
    }
  )

const unreadable =
  ({ contract, rpc }: Callable) =>
  (issue: string): BoundaryError =>
    failures.undecodable(`${contract} pool`, "response", issue, { tag: rpc._tag })

// -----------------------------------------------------------------------------
// Streams
// -----------------------------------------------------------------------------

const stream = (
  callable: Callable,
  options: Options,
  input: unknown,
  { headers = Headers.empty }: CallOptions
): Stream.Stream<unknown, Failure> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const payload = yield* makePayload(callable, options, input)
      const fiber = yield* Effect.withFiber(Effect.succeed)
      const span = isTraced(fiber) ? yield* Effect.makeSpanScoped(callable.wireTag, { kind: "client" }) : undefined
      const tracing = span === undefined ? undefined : tracingOf(span, fiber, options)
      if (tracing?.recording !== undefined) {
        const { close } = tracing.recording
        yield* Effect.addFinalizer((exit) => Effect.sync(() => close(exit)))
      }
      const sent = { payload, headers: withInherited(headers, fiber), discard: false, tracing }
      const open =
        callable.middlewares.length === 0
          ? openStream(callable, options, sent)
          : throughMiddlewares(callable, sent, (prepared) => openStream(callable, options, prepared))
      // A middleware gives back what it was given, or fails.
      return (yield* open) as Stream.Stream<unknown, Failure>
    })
  )

const openStream = (callable: Callable, options: Options, prepared: Prepared) =>
  Effect.matchEffect(callable.codecs.encodePayload(prepared.payload), {
    onFailure: (issue) => Effect.fail(misfit(callable, options, issue, prepared.payload)),
    onSuccess: (payload) =>
      Effect.succeed(
        receive({
          dispatcher: options.dispatcher,
          submission: (sink) => submissionOf(callable, prepared, payload, options.deadlineMs, sink),
          span: spansOf(prepared),
          decodeChunk: callable.codecs.decodeChunk,
          failure: (encoded) => failure(callable, encoded),
          unreadable: unreadable(callable)
        })
      )
  })

// -----------------------------------------------------------------------------
// Middleware
// -----------------------------------------------------------------------------

const throughMiddlewares = (
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
