/**
 * The client of a contract over a pool's dispatcher: encodes, submits, and decodes
 * in the fiber of the caller. Starts no fiber of its own.
 */
import type { BoundaryError } from "@causeway/core/BoundaryError"
import type * as Contract from "@causeway/core/Contract"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { constVoid } from "effect/Function"
import * as Headers from "effect/http/Headers"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcClient from "effect/rpc/RpcClient"
import * as Stream from "effect/Stream"
import { Answer, failure, unreadable } from "./answer.ts"
import { type Callable, callableOf, type Failure, type Options as CallableOptions } from "./callable.ts"
import * as Codecs from "./codecs.ts"
import type { Dispatcher } from "./dispatcher.ts"
import {
  isTraced,
  makePayload,
  misfit,
  type Prepared,
  submissionOf,
  throughMiddlewares,
  tracingOf,
  withInherited
} from "./prepared.ts"
import { receive } from "./streamClient.ts"
import type { Submission } from "./submission.ts"

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
      const recording = tracing?.recording
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

const spansOf = ({ tracing }: Prepared): Submission["sink"]["span"] => tracing?.recording?.receive ?? constVoid

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
