/**
 * What is kept of an attempt, and the errors that only say that a limit passed.
 */
import { type Attempt, messageLimit } from "@causeway/core/Attempt"
import type * as Disposition from "@causeway/core/Disposition"
import { DeadlineExceeded, PolicyError } from "@causeway/core/PolicyError"
import * as Redaction from "@causeway/core/Redaction"
import * as Duration from "effect/Duration"
import { hasProperty } from "effect/Predicate"

/** An attempt that failed. */
interface Tried {
  readonly number: number
  /** What it was told to use. */
  readonly upstream: string | undefined
  readonly elapsedMs: number
  readonly error: unknown
  readonly disposition: Disposition.Disposition | undefined
  readonly kind: Attempt["kind"]
  /** Upstreams that were passed over for its own, and why. */
  readonly passed: ReadonlyArray<string>
}

/** An attempt as data, with what followed it. */
export const attemptOf = (
  { disposition, elapsedMs, error, kind, number, passed, upstream }: Tried,
  next: string
): Attempt => {
  const name = upstream ?? nameOf(error)
  return {
    number,
    ...(name === undefined ? {} : { upstream: name }),
    reason: reasonOf(error),
    message: Redaction.text(messageOf(error) || reasonOf(error)).slice(0, messageLimit),
    elapsedMs,
    delivery: disposition?.delivery ?? "may-have-run",
    ...(kind === undefined ? {} : { kind }),
    ...(passed.length === 0 ? {} : { passed }),
    next
  }
}

/** What an error calls the upstream that it is about. */
export const nameOf = (error: unknown): string | undefined =>
  hasProperty(error, "upstream") && typeof error.upstream === "string" ? error.upstream : undefined

const tagOf = (value: unknown): string | undefined =>
  hasProperty(value, "_tag") && typeof value._tag === "string" ? value._tag : undefined

/** The tag of an error's reason, or of the error itself. */
export const reasonOf = (error: unknown): string =>
  (hasProperty(error, "reason") ? tagOf(error.reason) : undefined) ??
  tagOf(error) ??
  (error instanceof Error ? error.name : typeof error)

/** Whether an error is that of a deadline, of a boundary, of a client, or of a policy around which this one is. */
export const isDeadline = (error: unknown): boolean => {
  const reason: unknown = hasProperty(error, "reason") ? error.reason : undefined
  const tag = tagOf(reason)
  return tag === "DeadlineExceeded" || (tag === "Aborted" && hasProperty(reason, "by") && reason.by === "deadline")
}

const messageOf = (error: unknown): string => {
  if (typeof error === "string") return error
  return hasProperty(error, "message") && typeof error.message === "string" ? error.message : ""
}

type Phase = DeadlineExceeded["phase"]

const messages: { readonly [P in Phase]: (limit: string) => string } = {
  total: (limit) => `the call did not end within ${limit}`,
  attempt: (limit) => `the attempt did not end within ${limit}`,
  "first-element": (limit) => `no first element came within ${limit}`,
  idle: (limit) => `no further element came within ${limit}`
}

/** One of a policy's own limits passed. */
export const exceeded = (phase: Phase, limitMs: number, message?: string): PolicyError => {
  const limit = Duration.millis(limitMs)
  return new PolicyError({
    reason: new DeadlineExceeded({ message: message ?? messages[phase](Duration.format(limit)), phase, limit })
  })
}
