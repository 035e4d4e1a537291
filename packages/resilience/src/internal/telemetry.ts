/** What of a policy's work can be seen from outside: lines of the log, events of the span, metrics. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Tracer from "effect/Tracer"
import type { Attempt } from "@causeway/core/Attempt"
import * as CallMetadata from "@causeway/core/CallMetadata"
import { label, type Registry } from "./registry.ts"

const attempts = Metric.counter("causeway_policy_failed_attempts", {
  description: "Attempts that failed, by upstream and reason",
  incremental: true
})
const hedges = Metric.counter("causeway_policy_hedges", {
  description: "Attempts made beside a slow one, by the upstream that was slow",
  incremental: true
})

/** An attempt failed. */
export const failed = (
  context: Context.Context<never>,
  { kind, message, next, number, reason, upstream }: Attempt
): void => {
  Metric.withAttributes(attempts, { upstream: label(upstream), reason }).updateUnsafe(1, context)
  const span = Context.getOrUndefined(context, Tracer.ParentSpan)
  if (span?._tag !== "Span") return
  span.event(`attempt ${number} failed`, Context.get(context, Clock.Clock).currentTimeNanosUnsafe(), {
    "causeway.upstream": label(upstream),
    "causeway.reason": reason,
    "causeway.message": message,
    "causeway.next": next,
    ...(kind !== undefined && { "causeway.kind": kind })
  })
}

/** Another upstream is asked beside a slow one. */
export const hedged = (slow: string | undefined, other: string | undefined): Effect.Effect<void> =>
  Effect.andThen(
    Metric.update(Metric.withAttributes(hedges, { upstream: label(slow) }), 1),
    Effect.logDebug(`${label(slow)} takes longer than usual, ${label(other)} is asked too`)
  )

/**
 * A failed attempt beside others: the call itself may succeed in the end. One that failed by
 * configuration, such as a misspelt name, fails each time, and other attempts hide it.
 */
export const log = (attempt: Attempt): Effect.Effect<void> => {
  const { message, next, number } = attempt
  const line = `attempt ${number} failed, ${next}: ${message}`
  const logged = isConfiguration(attempt) ? Effect.logWarning(line) : Effect.logInfo(line)
  return Effect.flatMap(CallMetadata.RequestId, (id) =>
    id === undefined ? logged : Effect.annotateLogs(logged, "causeway.request_id", id)
  )
}

/** Whether an attempt failed because the client is configured wrongly. */
export const isConfiguration = ({ reason }: Attempt): boolean => reason === "Configuration"

/** Tells what has happened to upstreams since the last time. */
export const tell = ({ events }: Registry): Effect.Effect<void> =>
  Effect.forEach(
    events.splice(0),
    ({ level, message }) => (level === "Warn" ? Effect.logWarning(message) : Effect.logInfo(message)),
    { discard: true }
  )
