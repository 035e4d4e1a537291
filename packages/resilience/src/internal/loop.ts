/**
 * The one loop that owns all attempts of a call, one after the other.
 */
import { type Attempt, attach } from "@causeway/core/Attempt"
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Disposition from "@causeway/core/Disposition"
import type { PolicyError } from "@causeway/core/PolicyError"
import * as Upstream from "@causeway/core/Upstream"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Random from "effect/Random"
import { cut, type Failed, next, type Retry, type Step } from "./decide.ts"
import { attemptOf, exceeded, isDeadline, nameOf } from "./record.ts"
import { deadlineOf, type Settings } from "./settings.ts"
import { after, within } from "./within.ts"

/** One attempt that is about to be made. */
export interface Turn {
  /** Counts from 1 over all upstreams. */
  readonly number: number
  /** Which upstream it is told to use; `undefined`: the first one configured. */
  readonly upstream: string | undefined
  /** What its calls shall see: upstream, attempt and deadline. */
  readonly context: Context.Context<never>
  /** When it begins, in milliseconds on the epoch. */
  readonly startedAt: number
  /** When its result must have ended too, where that goes on; infinite for no limit. */
  readonly endsAt: number
  /** How long the call may take in all, in milliseconds. */
  readonly totalMs: number
  /** The attempts before this one. */
  readonly before: ReadonlyArray<Attempt>
}

/** What limits one attempt. */
export interface AttemptLimit {
  readonly phase: "attempt" | "first-element"
  readonly limit: Duration.Duration
  /** Whether a result goes on after its attempt, as a stream does: then a deadline by default does not end it. */
  readonly goesOn: boolean
}

/** Whether a cause is a failure of the call and nothing else: a defect or an interruption is nobody's to repeat. */
export const isFailure = <E>(cause: Cause.Cause<E>): boolean =>
  cause.reasons.length > 0 && cause.reasons.every(Cause.isFailReason)

/** What the clocks of two threads may differ by when both keep the same deadline, in milliseconds. */
const slackMs = 50

/**
 * Whether a failure says no more than that the call's deadline has passed: whoever
 * keeps the deadline along the way may be the first to see it, and by chance.
 */
export const isTimeOver = (error: unknown, at: number, endsAt: number): boolean =>
  endsAt - at <= slackMs && isDeadline(error)

/** Fails with a cause, whose errors carry the attempts from now on. */
export const failWith = <E>(cause: Cause.Cause<E>, attempts: ReadonlyArray<Attempt>): Effect.Effect<never, E> => {
  for (const reason of cause.reasons) if (Cause.isFailReason(reason)) attach(reason.error, attempts)
  return Effect.failCause(cause)
}

/** Makes attempts until one succeeds or no other one makes sense. */
export const run = Effect.fnUntraced(function* <A, E, R>(
  settings: Settings,
  attemptLimit: AttemptLimit,
  attempt: (turn: Turn) => Effect.Effect<A, E, R>
): Effect.fn.Return<A, E | PolicyError, R> {
  const clock = yield* Clock.Clock
  const callerEndsAt = (yield* CallMetadata.Deadline) ?? Number.POSITIVE_INFINITY
  const startedAt = clock.currentTimeMillisUnsafe()
  const endsAt = Math.min(callerEndsAt, startedAt + Duration.toMillis(deadlineOf(settings)))
  const resultEndsAt = settings.deadline === undefined && attemptLimit.goesOn ? callerEndsAt : endsAt
  const totalMs = Math.max(0, endsAt - startedAt)
  const attempts: Array<Attempt> = []
  const failures: Array<Failed> = []
  let upstream = yield* Upstream.Current
  let retries = 0
  // The first error that an attempt ended with, and the first that only says that a limit passed.
  let own: Cause.Cause<E> | undefined
  let limited: Cause.Cause<PolicyError> | undefined

  for (let number = 1; ; number++) {
    const beganAt = clock.currentTimeMillisUnsafe()
    const remaining = endsAt - beganAt
    if (remaining <= 0) {
      return yield* failWith<E | PolicyError>(own ?? limited ?? Cause.fail(exceeded("total", totalMs)), attempts)
    }
    const limit = Math.min(remaining, Duration.toMillis(attemptLimit.limit))
    const turn: Turn = {
      number,
      upstream,
      context: contextOf(number, upstream, resultEndsAt),
      startedAt: beganAt,
      endsAt: resultEndsAt,
      totalMs,
      before: attempts
    }
    const exit = yield* within(attempt(turn), Number.isFinite(limit) ? after(limit) : undefined)
    if (exit !== undefined && (Exit.isSuccess(exit) || !isFailure(exit.cause))) return yield* exit

    const at = clock.currentTimeMillisUnsafe()
    const isOver = exit === undefined ? limit === remaining : isTimeOver(Cause.squash(exit.cause), at, endsAt)
    let cause: Cause.Cause<E | PolicyError>
    if (exit === undefined || isOver) {
      const passed = Cause.fail(isOver ? exceeded("total", totalMs) : exceeded(attemptLimit.phase, limit))
      limited ??= passed
      cause = passed
    } else {
      own ??= exit.cause
      cause = exit.cause
    }
    const error: unknown = Cause.squash(exit?.cause ?? cause)
    const disposition = exit === undefined ? cut : Disposition.of(error)
    failures.push({ upstream, name: nameOf(error), disposition, at })

    const step: Step = isOver
      ? { _tag: "End", why: "the deadline has passed", isVerdict: false }
      : fitting(next(settings, failures, retries), at, endsAt)
    const wait = step._tag === "Retry" ? waitOf(step, at, endsAt, yield* Random.next) : 0
    const made = attemptOf(
      { number, upstream, elapsedMs: at - beganAt, error, disposition },
      describe(step, wait, upstream)
    )
    attempts.push(made)
    if (step._tag === "End") {
      return yield* failWith<E | PolicyError>(step.isVerdict ? cause : (own ?? limited ?? cause), attempts)
    }
    // Whoever runs the service wants to know even where the call succeeds in the end.
    yield* Effect.logInfo(report(made))
    upstream = step.upstream
    if (step._tag === "Retry") {
      retries++
      yield* Effect.sleep(Duration.millis(wait))
    }
  }
})

const report = ({ message, next, number }: Attempt): string => `attempt ${number} failed, ${next}: ${message}`

/** An effect under a policy: an attempt is the whole of it. */
export const effect = <A, E, R>(
  settings: Settings,
  self: Effect.Effect<A, E, R>
): Effect.Effect<A, E | PolicyError, R> =>
  run(settings, { phase: "attempt", limit: settings.attempt, goesOn: false }, (turn) =>
    Effect.provideContext(self, turn.context)
  )

const contextOf = (number: number, upstream: string | undefined, endsAt: number): Context.Context<never> =>
  Context.empty().pipe(
    Context.add(Upstream.Current, upstream),
    Context.add(Upstream.CurrentAttempt, { number }),
    Context.add(CallMetadata.Deadline, Number.isFinite(endsAt) ? endsAt : undefined)
  )

/** How long an upstream wants to be left alone from now on, in milliseconds. */
const leastWait = (step: Retry, at: number): number => Math.max(0, step.notBefore - at)

/** A wait that would pass the deadline is not begun. */
const fitting = (step: Step, at: number, endsAt: number): Step => {
  if (step._tag !== "Retry" || leastWait(step, at) < endsAt - at) return step
  const wait = Duration.format(Duration.millis(leastWait(step, at)))
  return { _tag: "End", why: `a wait of ${wait} would pass the deadline`, isVerdict: false }
}

/**
 * The wait before a retry, in whole milliseconds: never fewer than were asked for,
 * and what chance adds leaves half of the time for the attempt itself.
 */
const waitOf = (step: Retry, at: number, endsAt: number, random: number): number => {
  const least = leastWait(step, at)
  return Math.ceil(least + random * Math.min(step.spread, (endsAt - at - least) / 2))
}

const describe = (step: Step, wait: number, last: string | undefined): string => {
  if (step._tag === "End") return `nothing: ${step.why}`
  if (step._tag === "Fallback") return `fallback to ${step.upstream}`
  const where = step.upstream === last ? "" : ` at ${step.upstream ?? "the first upstream"}`
  return `retry${where} after ${Duration.format(Duration.millis(wait))}`
}
