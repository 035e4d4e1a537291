/**
 * What a call in process has in common with one over a boundary: it ends within its
 * deadline, and a payload that does not fit its schema is a failure of the call.
 */
import type * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcClient from "effect/rpc/RpcClient"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { BoundaryError, DeadlineExceeded, Undecodable } from "../BoundaryError.ts"
import * as CallMetadata from "../CallMetadata.ts"
import * as Redaction from "../Redaction.ts"
import { type CallOptions, isStreaming, untyped } from "./contractClient.ts"
import { excerpt } from "./excerpt.ts"

interface Options {
  readonly boundary: string
  /** For a call whose caller sets no deadline; of a stream, for its first element. */
  readonly deadline: Duration.Duration
}

/** Checks the payload of every call and gives it its deadline; the calls stay as they are otherwise. */
export const guarded = <R extends Rpc.Any, E>(
  group: RpcGroup.RpcGroup<R>,
  flat: RpcClient.RpcClient.Flat<R, E>,
  options: Options
): RpcClient.RpcClient.Flat<R, E | BoundaryError> => {
  const invoke = untyped(flat)
  const effect = (rpc: Rpc.AnyWithProps, input: unknown, call: CallOptions) =>
    Effect.flatMap(
      payloadOf(rpc, input, options),
      (payload) => invoke(rpc._tag, payload, call) as Effect.Effect<unknown>
    )
  const stream = (rpc: Rpc.AnyWithProps, input: unknown, call: CallOptions) =>
    Stream.unwrap(
      Effect.map(payloadOf(rpc, input, options), (payload) => invoke(rpc._tag, payload, call) as Stream.Stream<unknown>)
    )
  const guardedCall: unknown = (tag: string, input: unknown, { asQueue, ...call }: CallOptions) => {
    const rpc = group.requests.get(tag) as R & Rpc.AnyWithProps
    if (!isStreaming(rpc)) return boundEffect(effect(rpc, input, call), options)
    const elements = begun(stream(rpc, input, call), options)
    const capacity = call.streamBufferSize ?? 16
    return asQueue === true ? boundQueue(elements, options, capacity) : boundStream(elements, options, capacity)
  }
  return guardedCall as RpcClient.RpcClient.Flat<R, E | BoundaryError>
}

const payloadOf = (
  { _tag, payloadSchema }: Rpc.AnyWithProps,
  input: unknown,
  { boundary }: Options
): Effect.Effect<unknown, BoundaryError> =>
  Effect.suspend(() =>
    Effect.fromResult(
      Result.try({
        try: (): unknown => payloadSchema.make(input),
        catch: (thrown) => misfit(boundary, _tag, thrown, input)
      })
    )
  )

const misfit = (boundary: string, tag: string, thrown: unknown, input: unknown): BoundaryError => {
  // It may quote the value.
  const issue = Redaction.text(issueOf(thrown))
  return new BoundaryError({
    boundary,
    reason: new Undecodable({
      message: `the payload of ${tag} does not fit its schema: ${issue.replaceAll(/\s+/g, " ").slice(0, shown)}`,
      delivery: "not-sent",
      direction: "request",
      issue,
      raw: excerpt(input)
    })
  })
}

/** More of an issue stands in the field only. */
const shown = 300

/** What a schema says against a value: `make` throws an error that has the issue as its cause. */
const issueOf = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) return String(thrown)
  return SchemaIssue.isIssue(thrown.cause) ? new Schema.SchemaError(thrown.cause).message : thrown.message
}

const exceeded = (boundary: string, limit: Duration.Duration): BoundaryError =>
  new BoundaryError({
    boundary,
    reason: new DeadlineExceeded({
      message: `no answer within ${Duration.format(limit)}`,
      delivery: "may-have-run",
      limit
    })
  })

const boundEffect = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  { boundary, deadline }: Options
): Effect.Effect<A, E | BoundaryError, R> =>
  Effect.flatMap(CallMetadata.remaining, (remaining = deadline) =>
    Effect.timeoutOrElse(self, {
      duration: remaining,
      orElse: () => Effect.fail(exceeded(boundary, remaining))
    })
  )

/** A stream without a deadline of its caller's: its first elements come in time, or it fails. */
const begun = <A, E, R>(
  self: Stream.Stream<A, E, R>,
  { boundary, deadline }: Options
): Stream.Stream<A, E | BoundaryError, R> =>
  Stream.unwrap(
    Effect.map(CallMetadata.remaining, (remaining): Stream.Stream<A, E | BoundaryError, R> => {
      if (remaining !== undefined) return self
      return Stream.transformPull(self, (pull) =>
        Effect.sync(() => {
          let hasBegun = false
          const first = Effect.timeoutOrElse(pull, {
            duration: deadline,
            orElse: () => Effect.fail(exceeded(boundary, deadline))
          }).pipe(Effect.tap(() => Effect.sync(() => void (hasBegun = true))))
          return Effect.suspend(() => (hasBegun ? pull : first))
        })
      )
    })
  )

const boundStream = <A, E, R>(
  self: Stream.Stream<A, E, R>,
  options: Options,
  capacity: number
): Stream.Stream<A, E | BoundaryError, R> =>
  Stream.unwrap(
    Effect.flatMap(
      CallMetadata.remaining,
      (remaining): Effect.Effect<Stream.Stream<A, E | BoundaryError, R>, never, R | Scope.Scope> =>
        remaining === undefined
          ? Effect.succeed(self)
          : Effect.map(boundQueue(self, options, capacity), (queue) => Stream.fromQueue(queue))
    )
  )

/** A fiber fills the queue and keeps the deadline: it passes for a reader too that has stopped reading. */
const boundQueue = <A, E, R>(
  self: Stream.Stream<A, E, R>,
  { boundary }: Options,
  capacity: number
): Effect.Effect<Queue.Dequeue<A, E | BoundaryError | Cause.Done>, never, R | Scope.Scope> =>
  Effect.gen(function* () {
    const remaining = yield* CallMetadata.remaining
    const queue = yield* Queue.bounded<A, E | BoundaryError | Cause.Done>(capacity)
    yield* Effect.addFinalizer(() => Queue.shutdown(queue))
    const filling = Stream.runForEachArray(self, (elements) => Queue.offerAll(queue, elements))
    const bounded =
      remaining === undefined
        ? filling
        : Effect.timeoutOrElse(filling, {
            duration: remaining,
            orElse: () => Effect.fail(exceeded(boundary, remaining))
          })
    yield* Effect.forkScoped(Queue.into(bounded, queue))
    return queue
  })
