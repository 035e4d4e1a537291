/**
 * Tells the operator of a failure, before the client is told less of it.
 */
import * as Attempt from "@causeway/core/Attempt"
import * as Redaction from "@causeway/core/Redaction"
import * as Report from "@causeway/core/Report"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as ErrorReporter from "effect/ErrorReporter"
import * as LogLevel from "effect/LogLevel"
import { hasProperty, isObject } from "effect/Predicate"

/**
 * Reports to the `ErrorReporter`s, and logs what is more than a mistake of the
 * caller's. `status` is what the client is told. An interruption is no failure.
 */
export const report = (
  cause: Cause.Cause<unknown>,
  status: number,
  requestId: string | undefined
): Effect.Effect<void> => {
  if (Cause.hasInterruptsOnly(cause)) return Effect.void
  const failure = cause.reasons.find(Cause.isFailReason)?.error
  const severity = severityOf(failure) ?? (status >= 500 ? "Error" : "Info")
  const reported = ErrorReporter.report(cause)
  if (LogLevel.isLessThan(severity, "Warn")) return reported
  const attempts = Attempt.of(failure).length
  const text = hasProperty(failure, "_tag") ? Report.render(failure) : Redaction.text(Cause.pretty(cause))
  return Effect.andThen(
    reported,
    Effect.logWithLevel(severity)(text).pipe(
      Effect.annotateLogs({
        ...(isObject(failure) && withoutSecrets(ErrorReporter.getAttributes(failure))),
        ...(attempts > 1 && { "causeway.attempts": attempts }),
        "causeway.status": status,
        ...(requestId !== undefined && { "causeway.request_id": requestId })
      })
    )
  )
}

/** An error of somebody else may state anything of itself. */
const withoutSecrets = (attributes: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      Redaction.isCredentialName(name) ? Redaction.mask : typeof value === "string" ? Redaction.text(value) : value
    ])
  )

const severityOf = (failure: unknown): LogLevel.Severity | undefined =>
  isObject(failure) && hasProperty(failure, ErrorReporter.severity) ? ErrorReporter.getSeverity(failure) : undefined
