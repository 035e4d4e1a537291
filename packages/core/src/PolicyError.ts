/**
 * The failure of a policy: no attempt was made, or none ended in time, so that
 * there is no error of the call itself to give. Otherwise a policy fails with the
 * call's own error, unchanged.
 */
import * as ErrorReporter from "effect/ErrorReporter"
import type * as LogLevel from "effect/LogLevel"
import * as Schema from "effect/Schema"
import * as Disposition from "./Disposition.ts"
import { guardOf } from "./internal/guard.ts"
import * as Reason from "./Reason.ts"

/** Every upstream's breaker is open. */
export class CircuitOpen extends Reason.make<CircuitOpen>("@causeway/core/PolicyError/CircuitOpen")(
  "CircuitOpen",
  {
    message: Schema.String,
    retryAfter: Schema.Duration
  },
  {
    when: "The breaker is open; of a policy's own breakers, those of all upstreams were opened by hand.",
    recognisedBy: "The state of the breakers, before an attempt is made.",
    toDo: "Wait until the upstream is well again, or close the breaker if it was opened by hand.",
    since: "0.1.0"
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({
      blame: "upstream",
      retry: "backoff",
      retryAfter: this.retryAfter,
      fallback: "any",
      delivery: "not-sent"
    })
  }
}

/** The policy's deadline passed before any attempt had ended. */
export class DeadlineExceeded extends Reason.make<DeadlineExceeded>("@causeway/core/PolicyError/DeadlineExceeded")(
  "DeadlineExceeded",
  {
    message: Schema.String,
    /** Which of the policy's limits: the whole call, one attempt, the first element, or the wait between two elements. */
    phase: Schema.Literals(["total", "attempt", "first-element", "idle"]),
    limit: Schema.Duration
  },
  {
    when: "The policy's limit passed before any attempt had ended.",
    recognisedBy: "The policy's clock; `phase` says which limit.",
    toDo: "Allow more time, or find out what took so long.",
    since: "0.1.0"
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "upstream" })
  }
}

/** The call was refused so that others can be served. */
export class Shed extends Reason.make<Shed>("@causeway/core/PolicyError/Shed")(
  "Shed",
  {
    message: Schema.String,
    retryAfter: Schema.Duration
  },
  {
    when: "The call was refused so that others can be served.",
    recognisedBy:
      "What is known of the upstreams, before an attempt is made: each asked for a rest, has an open breaker, or would be too late.",
    toDo: "Try again later.",
    since: "0.1.0"
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "us", retry: "backoff", retryAfter: this.retryAfter, delivery: "not-sent" })
  }
}

/** Every reason, as a schema. */
export const PolicyReason = Schema.Union([CircuitOpen, DeadlineExceeded, Shed])

/** Every reason, as a type. */
export type PolicyReason = typeof PolicyReason.Type

/**
 * A policy ended a call that has no error of its own.
 *
 * **Example** (A policy's deadline)
 *
 * ```ts
 * import { DeadlineExceeded, PolicyError } from "@causeway/core/PolicyError"
 * import * as Duration from "effect/Duration"
 *
 * const error = new PolicyError({
 *   reason: new DeadlineExceeded({ message: "nothing came in 5 seconds", phase: "total", limit: Duration.seconds(5) })
 * })
 *
 * error.message // => "DeadlineExceeded: nothing came in 5 seconds"
 * ```
 */
export class PolicyError extends Schema.TaggedError<PolicyError>("@causeway/core/PolicyError")("PolicyError", {
  reason: PolicyReason
}) {
  override get message(): string {
    return `${this.reason._tag}: ${this.reason.message}`
  }

  get [Disposition.symbol](): Disposition.Disposition {
    return this.reason[Disposition.symbol]
  }

  override get [ErrorReporter.severity](): LogLevel.Severity {
    return "Warn"
  }

  override get [ErrorReporter.attributes](): Readonly<Record<string, unknown>> {
    const { blame, delivery, retry } = this.reason[Disposition.symbol]
    return {
      "causeway.reason": this.reason._tag,
      "causeway.blame": blame,
      "causeway.retry": retry,
      "causeway.delivery": delivery
    }
  }
}

/** Whether a value is a `PolicyError` with a reason that is known here, whichever copy of this module made it. */
export const isPolicyError: (u: unknown) => u is PolicyError = guardOf(PolicyError, PolicyReason)
