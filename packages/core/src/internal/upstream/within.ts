/** The frame of every call: its limits, its signal, its span. */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as CallMetadata from "../../CallMetadata.ts"
import type { UpstreamError } from "../../UpstreamError.ts"
import { Aborted } from "../../UpstreamReason.ts"
import { Call } from "./call.ts"
import type { Operation, Settings } from "./options.ts"

/** How a call that nobody waits for any longer ends, for whoever listens to its signal. */
export const givenUp = (): Aborted => new Aborted({ message: "the call was given up", seenIn: "socket", by: "caller" })

/** The word for a failure on spans: OpenTelemetry's `error.type`. */
export const typeOf = (cause: Cause.Cause<UpstreamError>): UpstreamError["reason"]["_tag"] | "Aborted" | "_OTHER" => {
  const error = Cause.findErrorOption(cause)
  if (error._tag === "Some") return error.value.reason._tag
  return Cause.hasInterruptsOnly(cause) ? "Aborted" : "_OTHER"
}

/**
 * Ends what a call waits for at a limit of its own, or at its caller's deadline where
 * that comes first. Whatever ends it but a success aborts its signal.
 */
export const limited = <A, R>(
  call: Call,
  limit: Duration.Duration,
  wait: Effect.Effect<A, UpstreamError, R>
): Effect.Effect<A, UpstreamError, R> =>
  Effect.flatMap(CallMetadata.remaining, (remaining) => {
    // A deadline that has passed already is no reason to ask.
    if (remaining !== undefined && Duration.isZero(remaining)) return Effect.suspend(() => Effect.fail(call.overdue()))
    const watched = Effect.onExit(wait, (exit) =>
      Effect.sync(() => (Exit.isFailure(exit) ? call.abort(givenUp()) : undefined))
    )
    return Effect.flatMap(CallMetadata.remainingToKeep, (keep) => {
      const isDeadline = keep !== undefined && Duration.isLessThanOrEqualTo(keep, limit)
      return Effect.timeoutOrElse(watched, {
        duration: isDeadline ? keep : limit,
        orElse: () => Effect.fail(isDeadline ? call.overdue() : call.late(limit))
      })
    })
  })

/** The frames of this module are no part of where a call was made. */
export const noStack = { captureStackTrace: false } as const

/** Makes a call within its limits and in a span of its own. */
export const within = <Name extends string, A, R>(
  settings: Settings<Name>,
  operation: string | Operation,
  work: (call: Call<Name>) => Effect.Effect<A, UpstreamError, R>
): Effect.Effect<A, UpstreamError, R> =>
  Effect.withFiber((fiber) => {
    const call = new Call(settings, operation, fiber)
    const { attributes } = call
    return Effect.useSpan(call.operation.name, { kind: "client", attributes }, (span) =>
      Effect.suspend(() => limited(call, call.timeout, work(call))).pipe(
        Effect.onExit((exit) =>
          Effect.sync(() => call.tell(span, Exit.isFailure(exit) ? typeOf(exit.cause) : undefined))
        ),
        Effect.withParentSpan(span, noStack)
      )
    )
  })
