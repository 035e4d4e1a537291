/** From what an exchange came to, to the error of its call. */
import * as Classification from "@causeway/core/Classification"
import type { Rule } from "@causeway/core/Rule"
import { UpstreamError } from "@causeway/core/UpstreamError"
import type { UpstreamReason } from "@causeway/core/UpstreamReason"
import { Evidence } from "@causeway/core/Evidence"
import type { Attempt, Progress, Recording } from "../Recording.ts"
import { headersOf } from "../Recording.ts"

/** Which call it was. */
export interface Call {
  readonly upstream: string
  readonly operation: string
  /** `never`: a call that may have run must not be made again. */
  readonly replay?: "never"
}

/** Why a call failed. */
export interface Verdict extends Classification.Classified {
  /** What was thrown, where something was. */
  readonly cause?: unknown
  /** How far a stream had come. */
  readonly stream?: Progress
}

/** The error of a call, with the evidence of an attempt. Default: the last one. */
export const errorOf = (call: Call, verdict: Verdict, recording: Recording, attempt?: Attempt): UpstreamError =>
  new UpstreamError({
    upstream: call.upstream,
    operation: call.operation,
    ...(call.replay !== undefined && { replay: call.replay }),
    reason: verdict.reason,
    evidence: recording.evidence(attempt, {
      ...(verdict.provider !== undefined && { provider: verdict.provider }),
      ...(verdict.stream !== undefined && { stream: verdict.stream })
    }),
    ...(verdict.cause !== undefined && { cause: verdict.cause })
  })

/** The error of a call of which nothing was sent. */
export const unsent = (
  call: Call,
  reason: UpstreamReason,
  startedAt: number,
  attempt = 1,
  cause?: unknown
): UpstreamError =>
  new UpstreamError({
    ...call,
    reason,
    evidence: new Evidence({ attempt, timing: { startedAt, totalMs: 0 } }),
    ...(cause !== undefined && { cause })
  })

/** An answer's status and headers. */
export type Head = Pick<Attempt, "status" | "headers" | "header"> & {
  readonly outgoing?: { readonly rules?: ReadonlyArray<Rule> | undefined }
}

/** Why an answer's status is a failure. */
export const ofStatus = (head: Head, body: string): Verdict =>
  classified(head, body, "status") ?? { reason: Classification.malformed("empty", body) }

/** What an answer, or an event of a stream, says of a failure of its own. */
export const classified = (
  head: Head,
  body: string,
  seenIn: "status" | "body" | "stream"
): Classification.Classified | undefined =>
  Classification.classify(
    { status: head.status, headers: headersOf(head), body, seenIn, now: Date.now() },
    head.outgoing?.rules
  )
