/**
 * The failure of a call to an upstream: which upstream, which operation, why, and
 * what was seen of it. The same model serves any dependency, not only language
 * models.
 *
 * **Example** (Handling one reason)
 *
 * ```ts
 * import { Evidence } from "@causeway/core/Evidence"
 * import { UpstreamError } from "@causeway/core/UpstreamError"
 * import { RateLimited } from "@causeway/core/UpstreamReason"
 * import * as Effect from "effect/Effect"
 *
 * const call: Effect.Effect<string, UpstreamError> = Effect.fail(
 *   new UpstreamError({
 *     upstream: "primary",
 *     operation: "chat.completions.create",
 *     reason: new RateLimited({ message: "20 requests a minute", seenIn: "status" }),
 *     evidence: new Evidence({ attempt: 1, timing: { startedAt: 0, totalMs: 3 } })
 *   })
 * )
 *
 * const answer = call.pipe(
 *   Effect.catchReason("UpstreamError", "RateLimited", (reason) => Effect.succeed(reason.message))
 * )
 *
 * await Effect.runPromise(answer) // => "20 requests a minute"
 * ```
 */
import * as ErrorReporter from "effect/ErrorReporter"
import type * as LogLevel from "effect/LogLevel"
import * as Schema from "effect/Schema"
import * as Disposition from "./Disposition.ts"
import { Evidence } from "./Evidence.ts"
import { guardOf } from "./internal/guard.ts"
import { UpstreamReason } from "./UpstreamReason.ts"

/** A call to an upstream failed. */
export class UpstreamError extends Schema.TaggedError<UpstreamError>("@causeway/core/UpstreamError")("UpstreamError", {
  /** The upstream's name in the configuration, such as `primary`. */
  upstream: Schema.String,
  /** What was asked of it, such as `chat.completions.create`. */
  operation: Schema.String,
  reason: UpstreamReason,
  evidence: Evidence,
  /** `never`: what was asked may have had an effect that must not come twice. Only what certainly did not run is repeated. */
  replay: Schema.optionalKey(Schema.Literal("never")),
  /** What was thrown, where something was. */
  cause: Schema.optional(Schema.Defect())
}) {
  override get message(): string {
    return `${this.upstream} failed at ${this.operation}: ${this.reason._tag}, ${this.reason.message}`
  }

  /**
   * The reason's disposition, except where this failure's own circumstances say
   * otherwise: the upstream states whether to retry, a stream had begun, so that part
   * of the work was done, or a replay is not safe.
   */
  get [Disposition.symbol](): Disposition.Disposition {
    const { retryAfter, ...own } = this.reason[Disposition.symbol]
    const { shouldRetry } = this.evidence
    const delivery = own.delivery === "not-sent" && this.reason.seenIn === "stream" ? "may-have-run" : own.delivery
    if (this.replay === "never" && delivery !== "not-sent") {
      return Disposition.make({ ...own, retry: "never", fallback: "never", delivery })
    }
    return Disposition.make({
      ...own,
      retry: (shouldRetry ?? own.retry !== "never") ? "backoff" : "never",
      retryAfter,
      delivery
    })
  }

  /** A caller's own mistake is no incident; what is ours to mend and does not pass by itself wants somebody now. */
  override get [ErrorReporter.severity](): LogLevel.Severity {
    const { blame, retry } = this[Disposition.symbol]
    return blame === "caller" ? "Info" : blame === "us" && retry === "never" ? "Error" : "Warn"
  }

  override get [ErrorReporter.attributes](): Readonly<Record<string, unknown>> {
    const { blame, delivery, retry } = this[Disposition.symbol]
    return {
      "causeway.upstream": this.upstream,
      "causeway.operation": this.operation,
      "causeway.reason": this.reason._tag,
      "causeway.blame": blame,
      "causeway.retry": retry,
      "causeway.delivery": delivery,
      "causeway.attempt": this.evidence.attempt,
      ...(this.evidence.response !== undefined && { "causeway.upstream_status": this.evidence.response.status }),
      ...(this.evidence.requestId !== undefined && { "causeway.upstream_request_id": this.evidence.requestId })
    }
  }
}

/** Whether a value is a `UpstreamError` with a reason that is known here, whichever copy of this module made it. */
export const isUpstreamError: (u: unknown) => u is UpstreamError = guardOf(UpstreamError, UpstreamReason)
