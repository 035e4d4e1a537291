/**
 * The one loop that owns all attempts of a call. They follow one another, but where
 * a second one is asked beside a slow first one, and then one answer counts.
 */
import { type Attempt, attach } from "@causeway/core/Attempt"
import * as Disposition from "@causeway/core/Disposition"
import type { PolicyError } from "@causeway/core/PolicyError"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Outcome } from "../Breaker.ts"
import * as Call from "../Call.ts"
import { spreadMs } from "../Pause.ts"
import { admit, givenUp, type Leave, settle } from "./admission.ts"
import { asking, type Course, make, type Making } from "./course.ts"
import { cut, end, isVerdict, next, type Retry, type World } from "./decide.ts"
import type { Entry } from "./entry.ts"
import { again, first, spareMs } from "./first.ts"
import { hedge } from "./hedge.ts"
import { firstOf } from "./race.ts"
import { attemptOf, exceeded, isDeadline, nameOf, reasonOf } from "./record.ts"
import { abandon, abandonAndWait, interrupt, type Running, start, type Starting } from "./running.ts"
import type { Settings } from "./settings.ts"
import { describe, fitting, waitOf } from "./steps.ts"
import * as Telemetry from "./telemetry.ts"

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

/** An effect under a policy: an attempt is the whole of it. */
export const effect = <A, E, R>(
  settings: Settings,
  self: Effect.Effect<A, E, R>
): Effect.Effect<A, E | PolicyError, R> =>
  run(settings, {
    phase: "attempt",
    limit: settings.attempt,
    goesOn: false,
    attempt: () => self,
    discard: () => undefined
  })

/** Makes attempts until one succeeds or no other one makes sense. */
export const run = <A, E, R>(settings: Settings, making: Making<A, E, R>): Effect.Effect<A, E | PolicyError, R> =>
  Effect.uninterruptibleMask((restore) => loop(settings, making, restore))

/** Notes how a call ended, where somebody wants to know. */
const note = ({ caller }: Course, upstream: string | undefined, attempts: number): void =>
  Context.get(caller, Call.Note)?.({ upstream, attempts })

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

const loop = Effect.fnUntraced(function* <A, E, R>(
  settings: Settings,
  making: Making<A, E, R>,
  restore: Restore
): Effect.fn.Return<A, E | PolicyError, R> {
  const course = make(settings, making, yield* Effect.context<never>())
  const { attempts, endsAt, now, registry } = course
  const running: Array<Running<A, E>> = []
  const ends: Ends<E> = { own: undefined, limited: undefined }
  let number = 0
  let retries = 0
  /** Ends the call by the error of its first attempt that had one. */
  const over = (last: Cause.Cause<E | PolicyError>) => {
    const named = attempts.find((attempt) => attempt.number === ends.own?.number) ?? attempts[0]
    note(course, named?.upstream, number)
    return failWith(ends.own?.cause ?? ends.limited ?? last, attempts)
  }

  const chosen = yield* Effect.tapError(first(course, restore), () => Effect.sync(() => note(course, undefined, 0)))
  chosen.entry.budget?.earnUnsafe(now())
  chosen.entry.hedges?.earnUnsafe(now())
  let starting: Starting | undefined = { ...chosen, kind: chosen.isLastDoor ? "last-open-door" : undefined }
  for (;;) {
    if (starting !== undefined) running.push(yield* start(course, making, ++number, starting))
    starting = undefined
    const event = yield* wait(course, making, running, restore)
    if (event._tag === "Slow") {
      starting = hedge(course, running, event.run)
      if (starting !== undefined) yield* Telemetry.hedged(event.run.entry.name, starting.entry.name)
      continue
    }
    if (event._tag === "Ended") {
      abandon(course, making, running)
      note(course, event.upstream, number)
      if (registry.events.length > 0) yield* Telemetry.tell(registry)
      return yield* event.exit
    }
    const failure = failed(course, making, event, ends)
    if (running.length > 0 && !failure.isFinal) {
      yield* Telemetry.log(keep(course, failure, `nothing: attempt ${running[0]?.turn.number} is under way`))
      continue
    }
    abandon(course, making, running)
    let leave: { readonly entry: Entry; readonly leave: Leave } | undefined
    const step =
      failure.at >= endsAt || failure.isOver
        ? end("the deadline has passed")
        : fitting(
            next(
              settings,
              worldOf(course, (given) => (leave = given)),
              course.failures,
              retries
            ),
            course,
            failure.at
          )
    const ms = step._tag === "Retry" ? waitOf(step, course, failure.at, course.random()) : 0
    const made = keep(
      course,
      failure,
      describe(step, ms, event.run.turn.upstream),
      step._tag === "End" && step.isGivenUp
    )
    // Whoever runs the service wants to know even where the call succeeds in the end.
    if (step._tag !== "End" || (attempts.length > 1 && Telemetry.isConfiguration(made))) yield* Telemetry.log(made)
    if (registry.events.length > 0) yield* Telemetry.tell(registry)
    if (step._tag === "End") {
      if (!step.isVerdict) return yield* over(failure.cause)
      note(course, made.upstream, number)
      return yield* failWith(failure.cause, attempts)
    }
    if (step._tag === "Retry") {
      if (!step.isFirst) retries++
      yield* rest(course, step, ms, restore)
      if (now() >= endsAt) return yield* over(failure.cause)
    }
    const entry = leave?.entry ?? course.find(step.upstream)
    const given = leave?.leave ?? (yield* again(course, entry, restore))
    if (given === undefined) return yield* over(failure.cause)
    starting = {
      entry,
      leave: given,
      kind: step._tag === "Fallback" && step.isLastDoor ? "last-open-door" : undefined,
      passed: step._tag === "Fallback" ? step.passed : []
    }
  }
})

/** The error of the first attempt that ended with one, and the first that only says that a limit passed. */
interface Ends<E> {
  own: { readonly number: number; readonly cause: Cause.Cause<E> } | undefined
  limited: Cause.Cause<PolicyError> | undefined
}

/** What comes next of the attempts that are under way. */
type Event<A, E> =
  /** One ended as the call does: with a success, a defect, or an interruption. */
  | { readonly _tag: "Ended"; readonly upstream: string | undefined; readonly exit: Exit.Exit<A, E> }
  /** One failed; `undefined`: its limit passed. */
  | { readonly _tag: "Failed"; readonly run: Running<A, E>; readonly cause: Cause.Cause<E> | undefined }
  /** It is time to ask another upstream too. */
  | { readonly _tag: "Slow"; readonly run: Running<A, E> }

/** Waits for what comes first: an end, a limit, or the time to ask another one. What has ended is settled. */
const wait = <A, E, R>(
  course: Course,
  making: Making<A, E, R>,
  running: Array<Running<A, E>>,
  restore: Restore
): Effect.Effect<Event<A, E>> =>
  Effect.suspend(() => {
    for (const run of running) {
      const exit = run.fiber.pollUnsafe()
      if (exit !== undefined) return Effect.succeed(ended(course, making, running, run, exit))
    }
    const at = course.now()
    let moment = Number.POSITIVE_INFINITY
    for (const run of running) {
      if (run.limitAt <= at) {
        running.splice(running.indexOf(run), 1)
        interrupt(making, run)
        return Effect.succeed({ _tag: "Failed", run, cause: undefined })
      }
      if (run.hedgeAt <= at) {
        run.hedgeAt = Number.POSITIVE_INFINITY
        run.isSlow = true
        return Effect.succeed({ _tag: "Slow", run })
      }
      moment = Math.min(moment, run.limitAt, run.hedgeAt)
    }
    const fibers = running.map(({ fiber }) => fiber)
    return Effect.flatMap(
      Effect.onInterrupt(restore(firstOf(fibers, Math.ceil(moment - at))), () =>
        abandonAndWait(course, making, running)
      ),
      () => wait(course, making, running, restore)
    )
  })

const ended = <A, E, R>(
  course: Course,
  making: Making<A, E, R>,
  running: Array<Running<A, E>>,
  run: Running<A, E>,
  exit: Exit.Exit<A, E>
): Event<A, E> => {
  running.splice(running.indexOf(run), 1)
  if (Exit.isFailure(exit) && isFailure(exit.cause)) return { _tag: "Failed", run, cause: exit.cause }
  const at = course.now()
  const outcome: Outcome = Exit.isSuccess(exit) ? "success" : "ignored"
  settle(run.entry, run.leave, at, { outcome, elapsedMs: at - run.turn.startedAt })
  if (!making.goesOn || Exit.isFailure(exit)) run.turn.release()
  return { _tag: "Ended", upstream: run.turn.upstream, exit }
}

/** Keeps what is known of an attempt that failed, and what the call ends with if it ends now. */
const failed = <A, E, R>(
  { endsAt, failures, now, totalMs }: Course,
  { phase }: Making<A, E, R>,
  { cause, run }: Extract<Event<A, E>, { readonly _tag: "Failed" }>,
  ends: Ends<E>
) => {
  const { entry, leave, limitAt, turn } = run
  const at = now()
  const elapsedMs = at - turn.startedAt
  const isOver = cause === undefined ? limitAt >= endsAt : isTimeOver(Cause.squash(cause), at, endsAt)
  let endsWith: Cause.Cause<E | PolicyError>
  if (cause === undefined || isOver) {
    const passed = Cause.fail(isOver ? exceeded("total", totalMs) : exceeded(phase, limitAt - turn.startedAt))
    ends.limited ??= passed
    endsWith = passed
  } else {
    if (ends.own === undefined || turn.number < ends.own.number) ends.own = { number: turn.number, cause }
    endsWith = cause
  }
  const error: unknown = Cause.squash(cause ?? endsWith)
  const disposition = cause === undefined ? cut : Disposition.of(error)
  const outcome: Outcome = isOver
    ? givenUp(entry, at, elapsedMs)
    : disposition?.health === "counts"
      ? "failure"
      : "ignored"
  const reason = reasonOf(error)
  settle(
    entry,
    leave,
    at,
    cause === undefined || isOver ? { outcome, elapsedMs, reason } : { outcome, elapsedMs, reason, error }
  )
  // Whoever waits for its place goes on at once, and must know by then that the upstream wants rest.
  if (cause !== undefined) turn.release()
  failures.push({ upstream: turn.upstream, name: nameOf(error), disposition, at })
  const isFinal = isOver || (disposition !== undefined && isVerdict(disposition))
  return { at, cause: endsWith, disposition, elapsedMs, error, isFinal, isOver, run }
}

/** Writes an attempt down, with what followed it. */
const keep = <A, E>(
  { attempts, caller }: Course,
  {
    disposition,
    elapsedMs,
    error,
    run
  }: {
    readonly disposition: Disposition.Disposition | undefined
    readonly elapsedMs: number
    readonly error: unknown
    readonly run: Running<A, E>
  },
  what: string,
  isGivenUp = false
): Attempt => {
  const made = {
    ...attemptOf({ ...run.turn, elapsedMs, error, disposition, kind: run.kind, passed: run.passed }, what),
    ...(isGivenUp && { isGivenUp })
  }
  attempts.push(made)
  Telemetry.failed(caller, made)
  return made
}

/** What a decision depends on in this call. `given`: it got leave to ask another upstream. */
const worldOf = (course: Course, given: (leave: { readonly entry: Entry; readonly leave: Leave }) => void): World => ({
  first: course.candidates.first,
  lists: course.candidates.lists,
  replay: course.replay,
  ask: (upstream) => {
    const entry = course.find(upstream)
    const leave = admit(entry, asking(course, course.now()))
    if (leave._tag === "Blocked") return leave
    given({ entry, leave })
    return undefined
  },
  spend: (upstream) => course.find(upstream).budget?.spendUnsafe(course.now()) ?? true
})

/** The wait before a retry, and for the rest that others were asked for meanwhile, as far as there is time. */
const rest = Effect.fnUntraced(function* (
  course: Course,
  { notBefore, spread, upstream }: Retry,
  ms: number,
  restore: Restore
) {
  yield* restore(Effect.sleep(Duration.millis(ms)))
  const at = course.now()
  const entry = course.find(upstream)
  const until = entry.pause?.untilUnsafe(at)
  if (until === undefined || until <= notBefore + spread || until >= course.endsAt) return
  const least = until - at
  const spare = spareMs(course, entry, at)
  if (least > spare || least > Duration.toMillis(course.settings.retry.maxRetryAfter)) return
  yield* restore(Effect.sleep(Duration.millis(Math.min(spare, Math.ceil(least + course.random() * spreadMs(least))))))
})
