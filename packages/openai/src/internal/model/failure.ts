/** What a model of one's own fails with, as the failure of an upstream of its name. */
import * as Disposition from "@causeway/core/Disposition"
import { Evidence } from "@causeway/core/Evidence"
import * as Redaction from "@causeway/core/Redaction"
import * as Upstream from "@causeway/core/Upstream"
import { isUpstreamError, UpstreamError } from "@causeway/core/UpstreamError"
import {
  InvalidRequest,
  NotFound,
  OutputUnusable,
  Overloaded,
  ProviderFault,
  type UpstreamReason
} from "@causeway/core/UpstreamReason"
import * as Clock from "effect/Clock"
import type * as Fiber from "effect/Fiber"
import { hasProperty } from "effect/Predicate"
import { refused } from "./request.ts"

/** Which call it is. */
export interface Call {
  readonly model: string
  readonly operation: string
  readonly attempt: number
  readonly startedAt: number
  readonly now: () => number
}

/** The call of a fiber. */
export const callOf = (fiber: Fiber.Fiber<unknown, unknown>, model: string, operation: string): Call => {
  const clock = fiber.getRef(Clock.Clock)
  return {
    model,
    operation,
    attempt: fiber.getRef(Upstream.CurrentAttempt)?.number ?? 1,
    startedAt: clock.currentTimeMillisUnsafe(),
    now: () => clock.currentTimeMillisUnsafe()
  }
}

interface More {
  readonly cause?: unknown
  readonly shouldRetry?: boolean
  readonly code?: string
  readonly param?: string
}

/** The error of a call, for a reason. */
export const failedBy = (call: Call, reason: UpstreamReason, { cause, code, param, shouldRetry }: More = {}) =>
  new UpstreamError({
    upstream: call.model,
    operation: call.operation,
    reason,
    evidence: new Evidence({
      attempt: call.attempt,
      timing: { startedAt: call.startedAt, totalMs: Math.max(0, call.now() - call.startedAt) },
      ...(code !== undefined && { provider: { message: reason.message, code, ...(param !== undefined && { param }) } }),
      ...(shouldRetry !== undefined && { shouldRetry })
    }),
    ...(cause !== undefined && { cause })
  })

/** The error of a call, for what its model failed with. */
export const failureOf = (call: Call, error: unknown, seenIn: "body" | "stream"): UpstreamError => {
  if (isUpstreamError(error)) return error
  const message = messageOf(error)
  const disposition = Disposition.of(error)
  if (disposition === undefined) return failedBy(call, new ProviderFault({ message, seenIn }), { cause: error })
  const { blame, health, retry, retryAfter } = disposition
  const wait = retryAfter === undefined ? {} : { retryAfter }
  const reason =
    blame === "caller"
      ? new InvalidRequest({ message, seenIn })
      : retry === "after" || health === "pauses"
        ? new Overloaded({ message, seenIn, ...wait })
        : new ProviderFault({ message, seenIn, ...wait })
  return failedBy(call, reason, { cause: error, shouldRetry: retry !== "never" })
}

const messageOf = (error: unknown): string => {
  const message = hasProperty(error, "message") && typeof error.message === "string" ? error.message : ""
  const tag = hasProperty(error, "_tag") && typeof error._tag === "string" ? error._tag : "it did not say why"
  return Redaction.text((message === "" ? tag : message).slice(0, 4_096)).slice(0, 1_000)
}

/** Of a model that is not served here. */
export const unknownModel = (call: Call, known: ReadonlyArray<string>): UpstreamError => {
  const named = Redaction.text(call.model.slice(0, 200))
  const message = `there is no model ${JSON.stringify(named)} here; there is ${known.join(", ").slice(0, 1_000)}`
  return failedBy(call, new NotFound({ message, seenIn: "request", what: "model" }), {
    code: "model_not_found",
    param: "model"
  })
}

/** Of a whole output that does not fit what was asked for. */
export const unusable = (call: Call, output: string, message: string, seenIn: "body" | "stream"): UpstreamError =>
  failedBy(
    call,
    new OutputUnusable({ message, seenIn, issue: "unparsable", output: Redaction.text(output.slice(0, 16_384)) })
  )

/** Of what a model cannot do. */
export const lacking = (call: Call, what: string): UpstreamReason =>
  refused(`the model ${JSON.stringify(call.model)} does not serve ${what}`, "model", "unsupported_model")
