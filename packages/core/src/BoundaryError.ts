/**
 * The failure of a boundary: the thread, process or connection between a caller
 * and its handler broke, was full, or took too long. The handler's own failures
 * cross as they are and are never one of these.
 *
 * **Example** (A worker that died)
 *
 * ```ts
 * import { BoundaryError, Crashed } from "@causeway/core/BoundaryError"
 * import * as Effect from "effect/Effect"
 *
 * const call: Effect.Effect<number, BoundaryError> = Effect.fail(
 *   new BoundaryError({
 *     boundary: "app/Squares worker 1",
 *     reason: new Crashed({
 *       message: "the worker exited with code 7", exitCode: 7, delivery: "may-have-run", uptimeMs: 10, callsDone: 0
 *     })
 *   })
 * )
 *
 * const code = call.pipe(Effect.catchReason("BoundaryError", "Crashed", (r) => Effect.succeed(r.exitCode)))
 *
 * await Effect.runPromise(code) // => 7
 * ```
 */
import * as ErrorReporter from "effect/ErrorReporter"
import type * as LogLevel from "effect/LogLevel"
import * as Schema from "effect/Schema"
import * as Disposition from "./Disposition.ts"
import { guardOf } from "./internal/guard.ts"
import * as Reason from "./Reason.ts"

const common = {
  /** One sentence for people. */
  message: Schema.String
} as const

const delivery = {
  /** `not-sent`: the handler certainly did not see the call. */
  delivery: Schema.Literals(["not-sent", "may-have-run"])
} as const

/** The other side is gone: it exited, threw outside of any call, or ran out of memory. */
export class Crashed extends Reason.make<Crashed>("@causeway/core/BoundaryError/Crashed")(
  "Crashed",
  {
    ...common,
    ...delivery,
    exitCode: Schema.optional(Schema.Finite),
    /** The signal that ended a process. */
    signal: Schema.optional(Schema.String),
    /** What it threw, where something was thrown. */
    cause: Schema.optional(Schema.Defect()),
    /** The last lines it wrote to its standard error, redacted. */
    stderr: Schema.optional(Schema.String),
    uptimeMs: Schema.Finite,
    /** How many calls it had served. */
    callsDone: Schema.Finite
  },
  {
    when: "The other side is gone: it exited, threw outside of any call, or ran out of memory.",
    recognisedBy: "The worker's exit or error event; `exitCode`, `cause` and `stderr` say more.",
    toDo: "Look at the cause and at the worker's last lines; the pool replaces the worker by itself.",
    since: "0.1.0"
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "us", retry: "backoff", delivery: this.delivery })
  }
}

/** The other side is there but no longer reacts. */
export class Unresponsive extends Reason.make<Unresponsive>("@causeway/core/BoundaryError/Unresponsive")(
  "Unresponsive",
  {
    ...common,
    ...delivery,
    /** How long it had been silent. */
    silentFor: Schema.Duration,
    /** What it was doing, where that could be sampled: function and place, innermost first. */
    sample: Schema.optional(Schema.Array(Schema.String))
  },
  {
    when: "The other side is there but no longer reacts, and was ended.",
    recognisedBy: "No answer to a sign of life for `silentFor`.",
    toDo: "Look at what the handler was doing; annotate it as blocking if it works without yielding.",
    since: "0.1.0"
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "us", retry: "never", delivery: this.delivery })
  }
}

/** The queue in front of the boundary is full. */
export class Overloaded extends Reason.make<Overloaded>("@causeway/core/BoundaryError/Overloaded")(
  "Overloaded",
  {
    ...common,
    /** Estimated from the rate of service. */
    retryAfter: Schema.Duration,
    queued: Schema.Finite
  },
  {
    when: "The queue in front of the workers is full.",
    recognisedBy: "The length of the queue, before the call is sent.",
    toDo: "Try again later, or give the pool more workers or concurrency.",
    since: "0.1.0"
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({
      blame: "us",
      retry: "backoff",
      retryAfter: this.retryAfter,
      delivery: "not-sent"
    })
  }
}

/** The call's deadline passed on the way or in the handler. */
export class DeadlineExceeded extends Reason.make<DeadlineExceeded>("@causeway/core/BoundaryError/DeadlineExceeded")(
  "DeadlineExceeded",
  {
    ...common,
    ...delivery,
    limit: Schema.Duration
  },
  {
    when: "The call's deadline passed on the way or in the handler.",
    recognisedBy: "The clock of the caller's side.",
    toDo: "Allow more time, or find out what took so long.",
    since: "0.1.0"
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "caller", delivery: this.delivery })
  }
}

/** The other side is shutting down and takes no new calls. */
export class Draining extends Reason.make<Draining>("@causeway/core/BoundaryError/Draining")("Draining", common, {
  when: "The other side is shutting down and takes no new calls.",
  recognisedBy: "The state of the pool or the server.",
  toDo: "Send the call to another instance.",
  since: "0.1.0"
}) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "us", retry: "backoff", delivery: "not-sent" })
  }
}

/** A value did not fit its schema, or could not be posted. Only its own call fails. */
export class Undecodable extends Reason.make<Undecodable>("@causeway/core/BoundaryError/Undecodable")(
  "Undecodable",
  {
    ...common,
    ...delivery,
    direction: Schema.Literals(["request", "response"]),
    /** The schema's issue, with the path to the value. */
    issue: Schema.String,
    /** The value as it came, redacted and bounded. */
    raw: Schema.optional(Schema.Unknown)
  },
  {
    when: "A value did not fit its schema, or could not be posted. Only its own call fails.",
    recognisedBy: "The schema's issue, in `issue`; `direction` says whose value it was.",
    toDo: "Correct the value that the issue names; if it is right, make both sides use the same schema.",
    since: "0.1.0"
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: this.direction === "request" ? "caller" : "us", delivery: this.delivery })
  }
}

/** The other side cannot be reached, never got ready, does not let the caller in, or was lost on the way. */
export class Unreachable extends Reason.make<Unreachable>("@causeway/core/BoundaryError/Unreachable")(
  "Unreachable",
  {
    ...common,
    /** `may-have-run`: the connection was lost after the call was sent. Left out: `not-sent`. */
    delivery: Schema.optional(delivery.delivery),
    /** The HTTP status by which the other side, or something before it, refused the call. */
    status: Schema.optional(Schema.Finite),
    cause: Schema.optional(Schema.Defect())
  },
  {
    when: "The other side cannot be reached, never got ready, does not let the caller in, or was lost on the way.",
    recognisedBy: "The start of the worker, the connection, or the HTTP status in `status`.",
    toDo: "Look at why the other side does not start or cannot be reached; with a `status` of 401 or 403 correct the token, with 404 the URL, or what is served there.",
    since: "0.1.0"
  }
) {
  get [Reason.advice](): string | undefined {
    switch (this.status) {
      case undefined:
        return this.delivery === "may-have-run"
          ? "Try again if the call may run twice; if it stays, look at what stands between here and the other side."
          : undefined
      case 401:
      case 403:
      case 407:
        return "Correct the token: the other side does not let this caller in."
      case 404:
      case 405:
        return "Correct the URL, or serve this contract there."
    }
    return this.status < 400
      ? "Correct the URL: it leads to another one."
      : "Look at what stands between here and the other side: it answered in its place."
  }

  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({
      blame: "us",
      // A token that is not known, or a path that is not served, stays so.
      retry: this.status !== undefined && this.status >= 300 && this.status < 500 ? "never" : "backoff",
      delivery: this.delivery ?? "not-sent"
    })
  }
}

/** Every reason, as a schema. */
export const BoundaryReason = Schema.Union([
  Crashed,
  Unresponsive,
  Overloaded,
  DeadlineExceeded,
  Draining,
  Undecodable,
  Unreachable
])

/** Every reason, as a type. */
export type BoundaryReason = typeof BoundaryReason.Type

/** A call failed at the boundary between caller and handler. */
export class BoundaryError extends Schema.TaggedError<BoundaryError>("@causeway/core/BoundaryError")("BoundaryError", {
  /** Which boundary, such as `app/Summaries worker 2`. */
  boundary: Schema.String,
  reason: BoundaryReason
}) {
  override get message(): string {
    return `${this.boundary}: ${this.reason._tag}, ${this.reason.message}`
  }

  get [Disposition.symbol](): Disposition.Disposition {
    return this.reason[Disposition.symbol]
  }

  /** A request that does not fit, or comes while we end, is no incident; one that took too long may be a sign of one. */
  override get [ErrorReporter.severity](): LogLevel.Severity {
    if (this.reason._tag === "DeadlineExceeded") return "Warn"
    if (this.reason._tag === "Draining") return "Info"
    return this.reason[Disposition.symbol].blame === "caller" ? "Info" : "Error"
  }

  override get [ErrorReporter.attributes](): Readonly<Record<string, unknown>> {
    const { blame, delivery, retry } = this.reason[Disposition.symbol]
    return {
      "causeway.boundary": this.boundary,
      "causeway.reason": this.reason._tag,
      "causeway.blame": blame,
      "causeway.retry": retry,
      "causeway.delivery": delivery
    }
  }
}

/** Whether a value is a `BoundaryError` with a reason that is known here, whichever copy of this module made it. */
export const isBoundaryError: (u: unknown) => u is BoundaryError = guardOf(BoundaryError, BoundaryReason)
