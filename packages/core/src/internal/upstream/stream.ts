/** A call whose answer comes in elements. */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as CallMetadata from "../../CallMetadata.ts"
import { bodyLimit } from "../../Evidence.ts"
import * as Redaction from "../../Redaction.ts"
import type { UpstreamError } from "../../UpstreamError.ts"
import { StreamTruncated } from "../../UpstreamReason.ts"
import { bytesOf, notBytes, short } from "./body.ts"
import { Call } from "./call.ts"
import type { Incoming } from "./incoming.ts"
import type { Operation, Settings, StreamOptions } from "./options.ts"
import { givenUp, limited, noStack, typeOf } from "./within.ts"

/** Opens a stream: its elements, with the errors of this call. */
export type Open<Name extends string, A, R> = (
  call: Call<Name>
) => Effect.Effect<Stream.Stream<A, UpstreamError>, UpstreamError, R>

/** A stream that is opened when it is run, in a span of its own, and given up with its scope. */
export const streamed = <Name extends string, A, R>(
  settings: Settings<Name>,
  operation: string | Operation,
  options: StreamOptions<A>,
  open: Open<Name, A, R>
): Stream.Stream<A, UpstreamError, R> =>
  Stream.unwrap(
    Effect.withFiber((fiber): Effect.Effect<Stream.Stream<A, UpstreamError>, UpstreamError, R | Scope.Scope> => {
      const call = new Call(settings, operation, fiber)
      const { attributes } = call
      return Effect.flatMap(Effect.makeSpanScoped(call.operation.name, { kind: "client", attributes }), (span) => {
        const close = Effect.sync(() => {
          call.tell(span, undefined)
          call.abort(givenUp())
        })
        const failed = (cause: Cause.Cause<UpstreamError>): Effect.Effect<void> =>
          Effect.sync(() => call.tell(span, typeOf(cause)))
        return Effect.addFinalizer(() => close).pipe(
          Effect.andThen(
            limited(
              call,
              call.timeout,
              Effect.suspend(() => open(call))
            )
          ),
          Effect.flatMap((elements) =>
            Effect.map(CallMetadata.remainingToKeep, (keep) => watched(call, options, elements, keep))
          ),
          Effect.map(Stream.tapCause(failed)),
          Effect.tapCause(failed),
          Effect.withParentSpan(span, noStack)
        )
      })
    })
  )

type Elements<A> = Pull.Pull<NonEmptyReadonlyArray<A>, UpstreamError>

/** Counts elements, bounds the wait for each, and checks the end. */
const watched = <A>(
  call: Call,
  options: StreamOptions<A>,
  elements: Stream.Stream<A, UpstreamError>,
  keep: Duration.Duration | undefined
): Stream.Stream<A, UpstreamError> => {
  call.phase = "stream"
  const idle =
    options.idleTimeout === undefined ? call.settings.idleTimeout : Duration.fromInputUnsafe(options.idleTimeout)
  const endsAt = keep === undefined ? Number.POSITIVE_INFINITY : call.now + Duration.toMillis(keep)
  const { isLast, partial = textOf } = options
  let isWhole = isLast === undefined
  const take = (these: NonEmptyReadonlyArray<A>): void => {
    for (const element of these) {
      call.events++
      if (isLast?.(element) === true) isWhole = true
      if (call.partial.length < bodyLimit) call.partial = (call.partial + partial(element)).slice(0, bodyLimit)
    }
  }
  return Stream.transformPull(elements, (pull) => {
    const bounded: Elements<A> = Effect.suspend(() => {
      const left = Duration.millis(Math.max(0, endsAt - call.now))
      const isDeadline = Duration.isLessThan(left, idle)
      return Effect.timeoutOrElse(pull, {
        duration: isDeadline ? left : idle,
        orElse: () => Effect.suspend(() => Effect.fail(isDeadline ? call.overdue() : call.late(idle)))
      })
    })
    const checked = Effect.tap(bounded, (these) => Effect.sync(() => take(these)))
    const end = Effect.suspend((): Elements<A> =>
      isWhole ? Cause.done() : Effect.fail(call.error({ reason: cutOff(call) }))
    )
    return Effect.succeed(Pull.catchDone(checked, () => end))
  })
}

const textOf = (element: unknown): string => (typeof element === "string" ? element : "")

const cutOff = ({ bytes, events, partial }: Call): StreamTruncated =>
  new StreamTruncated({
    message:
      events === 0
        ? "the stream ended before its first element"
        : `the stream ended after ${events} elements, without a last one`,
    seenIn: "stream",
    events,
    bytes,
    partial: Redaction.text(partial),
    missing: events === 0 ? "first-event" : "final-event"
  })

/** A body as bytes, counted; one that is shorter than its answer promised was cut off. */
export const bytesIn = (call: Call, body: Incoming["body"]): Stream.Stream<Uint8Array, UpstreamError> =>
  Stream.mapError(body, ({ value }) => call.errorOf(value)).pipe(
    Stream.mapEffect((piece) => {
      const bytes = bytesOf(piece)
      if (bytes === undefined) return call.fail({ reason: notBytes() })
      call.received(bytes)
      return Effect.succeed(bytes)
    }),
    Stream.concat(Stream.drain(Stream.fromEffect(Effect.suspend(() => short(call)))))
  )
