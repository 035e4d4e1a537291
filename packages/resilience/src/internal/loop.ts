/**
 * The one loop that owns all attempts of a call. They follow one another, but where
 * a second one is asked beside a slow first one, and then one answer counts.
 */
import { type Attempt, attach } from "@causeway/core/Attempt"
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Disposition from "@causeway/core/Disposition"
import { PolicyError, Shed } from "@causeway/core/PolicyError"
import * as Upstream from "@causeway/core/Upstream"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import { circuitOpen, type Outcome, type Permit } from "../Breaker.ts"
import * as Call from "../Call.ts"
import { spreadMs } from "../Pause.ts"
import * as Candidates from "./candidates.ts"
import { cut, end, type Failed, isVerdict, next, type Retry, type Step, type World } from "./decide.ts"
import * as Entry from "./entry.ts"
import { firstOf } from "./race.ts"
import { attemptOf, exceeded, isDeadline, nameOf, reasonOf } from "./record.ts"
import { label } from "./registry.ts"
import { current as currentRegistry } from "./registries.ts"
import { deadlineOf, type Settings } from "./settings.ts"
import * as Telemetry from "./telemetry.ts"

/** One attempt that is about to be made. */
export interface Turn {
  /** Counts from 1 over all upstreams. */
  readonly number: number
  /** Which upstream it is told to use; `undefined`: the first one configured. */
  readonly upstream: string | undefined
  /** What its calls shall see: upstream, attempt, deadline, and the upstream's client. */
  readonly context: Context.Context<never>
  /** When it begins, in milliseconds on the epoch. */
  readonly startedAt: number
  /** When its result must have ended too, where that goes on; infinite for no limit. */
  readonly endsAt: number
  /** How long the call may take in all, in milliseconds. */
  readonly totalMs: number
  /** The attempts before this one. */
  readonly before: ReadonlyArray<Attempt>
  /** Its upstream failed after all, later than the attempt had ended. */
  readonly failedLater: (now: number, error: unknown) => void
}

/** How attempts are made. */
export interface Making<A, E, R> {
  readonly phase: "attempt" | "first-element"
  readonly limit: Duration.Duration
  /** Whether a result goes on after its attempt, as a stream does: then a deadline by default does not end it. */
  readonly goesOn: boolean
  readonly attempt: (turn: Turn) => Effect.Effect<A, E, R>
  /** What becomes of a result that another one came before. */
  readonly discard: (result: A) => void
}

/** An attempt that is under way. */
interface Running<A, E> {
  readonly turn: Turn
  readonly entry: Entry.Entry
  readonly permit: Permit
  readonly fiber: Fiber.Fiber<A, E>
  /** When its own limit passes, in milliseconds on the epoch. */
  readonly limitAt: number
  /** When another upstream is asked too; infinite for never. */
  hedgeAt: number
  /** Whether that time came. */
  isSlow: boolean
  readonly kind: Attempt["kind"]
  readonly passed: ReadonlyArray<string>
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
export const run = <A, E, R>(settings: Settings, making: Making<A, E, R>): Effect.Effect<A, E | PolicyError, R> =>
  Effect.uninterruptibleMask((restore) => course(settings, making, restore))

const course = Effect.fnUntraced(function* <A, E, R>(
  settings: Settings,
  making: Making<A, E, R>,
  restore: <B, F, S>(effect: Effect.Effect<B, F, S>) => Effect.Effect<B, F, S>
): Effect.fn.Return<A, E | PolicyError, R> {
  const caller = yield* Effect.context<R>()
  const clock = Context.get(caller, Clock.Clock)
  const random = () => Context.get(caller, Random.Random).nextDoubleUnsafe()
  const said = Context.get(caller, Call.Current)
  const registry = currentRegistry(caller, settings)
  const callerEndsAt = Context.get(caller, CallMetadata.Deadline) ?? Number.POSITIVE_INFINITY
  const startedAt = clock.currentTimeMillisUnsafe()
  const endsAt = Math.min(callerEndsAt, startedAt + Duration.toMillis(deadlineOf(settings)))
  const resultEndsAt = settings.deadline === undefined && making.goesOn ? callerEndsAt : endsAt
  const totalMs = Math.max(0, endsAt - startedAt)
  const limitMs = Duration.toMillis(making.limit)
  const find = Entry.finder(registry, settings, said.model, making.phase === "attempt" ? "answer" : "first-element")
  const candidates = Candidates.of(registry, settings, Context.get(caller, Upstream.Current), random)
  const replay = said.replay ?? settings.replay
  const attempts: Array<Attempt> = []
  const failures: Array<Failed> = []
  const running: Array<Running<A, E>> = []
  let retries = 0
  let number = 0
  // The error of the first attempt that ended with one, and the first that only says that a limit passed.
  let own: { readonly number: number; readonly cause: Cause.Cause<E> } | undefined
  let limited: Cause.Cause<PolicyError> | undefined

  const now = () => clock.currentTimeMillisUnsafe()
  const failAll = (otherwise: Cause.Cause<E | PolicyError>) =>
    failWith<E | PolicyError>(own?.cause ?? limited ?? otherwise, attempts)

  const start = (
    entry: Entry.Entry,
    permit: Permit,
    kind: Attempt["kind"],
    passed: ReadonlyArray<string>
  ): Effect.Effect<void, never, R> => {
    const beganAt = now()
    number++
    const turn: Turn = {
      number,
      upstream: entry.name,
      context: contextOf(number, entry, resultEndsAt),
      startedAt: beganAt,
      endsAt: resultEndsAt,
      totalMs,
      before: attempts,
      failedLater: (at, error) => {
        if (Disposition.of(error)?.health !== "counts") return
        entry.circuit?.admit(at)?.end(at, "failure", at - beganAt)
        entry.known.health.sawUnsafe(at, "failure", reasonOf(error))
      }
    }
    return Effect.map(
      Effect.forkDetach(Effect.provideContext(making.attempt(turn), turn.context), { startImmediately: true }),
      (fiber) => {
        const shown = kind ?? (permit.isProbe ? "probe" : undefined)
        const hedgeAt = shown === "hedge" ? Infinity : beganAt + hedgeAfter(settings, entry, permit, beganAt, replay)
        const limitAt = Math.min(endsAt, beganAt + limitMs)
        running.push({ turn, entry, permit, fiber, limitAt, hedgeAt, isSlow: false, kind: shown, passed })
      }
    )
  }

  /** Attempts that nobody waits for any longer. */
  const abandon = (those: ReadonlyArray<Running<A, E>>): void => {
    for (const { entry, fiber, isSlow, permit, turn } of those) {
      const elapsedMs = now() - turn.startedAt
      Entry.settle(entry, permit, now(), {
        outcome: isSlow ? "slow" : Entry.givenUp(entry, now(), elapsedMs),
        elapsedMs
      })
      fiber.addObserver((exit) => {
        if (Exit.isSuccess(exit)) making.discard(exit.value)
      })
      fiber.interruptUnsafe()
    }
    running.length = 0
  }
  const abandonAndWait = Effect.suspend(() => {
    const fibers = running.map(({ fiber }) => fiber)
    abandon([...running])
    return Fiber.interruptAll(fibers)
  })

  /** Keeps what is known of an attempt that failed, and says what the call would end with if it ended now. */
  const failed = (run: Running<A, E>, exit: Exit.Failure<A, E> | undefined) => {
    running.splice(running.indexOf(run), 1)
    const at = now()
    const elapsedMs = at - run.turn.startedAt
    const isOver = exit === undefined ? at >= endsAt : isTimeOver(Cause.squash(exit.cause), at, endsAt)
    let cause: Cause.Cause<E | PolicyError>
    if (exit === undefined || isOver) {
      const passed = Cause.fail(
        isOver ? exceeded("total", totalMs) : exceeded(making.phase, run.limitAt - run.turn.startedAt)
      )
      limited ??= passed
      cause = passed
    } else {
      if (own === undefined || run.turn.number < own.number) own = { number: run.turn.number, cause: exit.cause }
      cause = exit.cause
    }
    const error: unknown = Cause.squash(exit?.cause ?? cause)
    const disposition = exit === undefined ? cut : Disposition.of(error)
    const outcome: Outcome = isOver
      ? Entry.givenUp(run.entry, at, elapsedMs)
      : disposition?.health === "counts"
        ? "failure"
        : "ignored"
    Entry.settle(run.entry, run.permit, at, {
      outcome,
      elapsedMs,
      ...(isOver || exit === undefined ? {} : { error }),
      reason: reasonOf(error)
    })
    failures.push({ upstream: run.turn.upstream, name: nameOf(error), disposition, at })
    return { at, cause, disposition, elapsedMs, error, isOver, run }
  }
  const keep = ({ disposition, elapsedMs, error, run }: ReturnType<typeof failed>, what: string): Attempt => {
    const { kind, passed, turn } = run
    const made = attemptOf({ ...turn, elapsedMs, error, disposition, kind, passed }, what)
    attempts.push(made)
    Telemetry.failed(caller, made)
    return made
  }

  let chosen: Candidates.Chosen | undefined
  // -- The first upstream ---------------------------------------------------------------------------------------------
  while (chosen === undefined) {
    const at = now()
    if (endsAt - at <= 0) return yield* failAll(Cause.fail(exceeded("total", totalMs)))
    const choice = Candidates.choose(candidates, find, at, endsAt - at)
    if (choice._tag === "Chosen") {
      chosen = choice
      choice.entry.budget?.earnUnsafe(at)
      break
    }
    const wait = Math.ceil(choice.until - at + random() * spreadMs(choice.until - at))
    if (choice.until - at >= endsAt - at) return yield* Effect.fail(nobody(choice, at, totalMs))
    yield* restore(Effect.sleep(Duration.millis(Math.min(wait, endsAt - at))))
  }
  yield* start(chosen.entry, chosen.permit, chosen.isLastDoor ? "last-open-door" : undefined, chosen.passed)

  for (;;) {
    // -- What comes first: an end, a limit, or the time to ask another one ---------------------------------------------
    let ended = running.find(({ fiber }) => fiber.pollUnsafe() !== undefined)
    if (ended === undefined) {
      const moment = Math.min(...running.map(({ hedgeAt, limitAt }) => Math.min(hedgeAt, limitAt)))
      const fibers = running.map(({ fiber }) => fiber)
      yield* Effect.onInterrupt(restore(firstOf(fibers, Math.max(0, moment - now()))), () => abandonAndWait)
      ended = running.find(({ fiber }) => fiber.pollUnsafe() !== undefined)
    }
    const exit = ended?.fiber.pollUnsafe()
    if (ended !== undefined && exit !== undefined && (Exit.isSuccess(exit) || !isFailure(exit.cause))) {
      running.splice(running.indexOf(ended), 1)
      const elapsedMs = now() - ended.turn.startedAt
      Entry.settle(ended.entry, ended.permit, now(), {
        outcome: Exit.isSuccess(exit) ? "success" : "ignored",
        elapsedMs
      })
      if (running.length > 0) abandon([...running])
      if (registry.events.length > 0) yield* Telemetry.tell(registry)
      return yield* exit
    }
    const at = now()
    const late = ended ?? running.find(({ limitAt }) => limitAt <= at)
    if (late === undefined) {
      const slow = running.find(({ hedgeAt }) => hedgeAt <= at)
      if (slow === undefined) continue
      slow.hedgeAt = Infinity
      slow.isSlow = true
      const other = hedge(candidates, find, running, failures, slow, at, endsAt - at)
      if (other === undefined) continue
      yield* start(other.entry, other.permit, "hedge", other.passed)
      yield* Telemetry.hedged(slow.turn.upstream, other.entry.name, at - slow.turn.startedAt)
      continue
    }
    if (ended === undefined) {
      late.fiber.addObserver((exit) => {
        if (Exit.isSuccess(exit)) making.discard(exit.value)
      })
      late.fiber.interruptUnsafe()
    }
    const failure = failed(late, exit !== undefined && Exit.isFailure(exit) ? exit : undefined)

    // -- What follows --------------------------------------------------------------------------------------------------
    const isFinal = failure.isOver || (failure.disposition !== undefined && isVerdict(failure.disposition))
    if (running.length > 0 && !isFinal) {
      yield* Telemetry.log(keep(failure, `nothing: attempt ${running[0]?.turn.number} is under way`))
      continue
    }
    abandon([...running])
    let asked: { readonly entry: Entry.Entry; readonly permit: Permit } | undefined
    const world: World = {
      first: candidates.first,
      lists: candidates.lists,
      replay,
      ask: (upstream) => {
        const entry = find(upstream)
        const leave = Entry.admit(entry, now(), endsAt - now())
        if ("_tag" in leave) return leave
        asked = { entry, permit: leave }
        return undefined
      },
      spend: (upstream) => find(upstream).budget?.spendUnsafe(now()) ?? true
    }
    const step: Step =
      failure.isOver || failure.at >= endsAt
        ? end("the deadline has passed")
        : fitting(next(settings, world, failures, retries), find, failure.at, endsAt)
    const wait = step._tag === "Retry" ? waitOf(step, failure.at, endsAt, random()) : 0
    const made = keep(failure, describe(step, wait, failure.run.turn.upstream))
    if (step._tag === "End") {
      if (registry.events.length > 0) yield* Telemetry.tell(registry)
      return yield* step.isVerdict ? failWith(failure.cause, attempts) : failAll(failure.cause)
    }
    // Whoever runs the service wants to know even where the call succeeds in the end.
    yield* Telemetry.log(made)
    if (registry.events.length > 0) yield* Telemetry.tell(registry)
    if (step._tag === "Retry") {
      if (!step.isFirst) retries++
      yield* restore(Effect.sleep(Duration.millis(wait)))
      // What others learnt meanwhile: an upstream that wants more rest gets it, if there is time.
      const entry = find(step.upstream)
      const rest = entry.pause?.untilUnsafe(now())
      if (rest !== undefined && rest > step.notBefore + step.spread && rest < endsAt) {
        yield* restore(
          Effect.sleep(Duration.millis(Math.ceil(Math.min(endsAt, rest + random() * spreadMs(rest - now())) - now())))
        )
      }
      if (now() >= endsAt) return yield* failAll(Cause.fail(exceeded("total", totalMs)))
      yield* start(entry, Entry.admitLast(entry, now()), undefined, [])
    } else {
      const entry = asked?.entry ?? find(step.upstream)
      const permit = asked?.permit ?? Entry.admitLast(entry, now())
      yield* start(entry, permit, step.isLastDoor ? "last-open-door" : undefined, step.passed)
    }
  }
})

const contextOf = (number: number, entry: Entry.Entry, endsAt: number): Context.Context<never> =>
  entry.context.pipe(
    Context.add(Upstream.Current, entry.name),
    Context.add(Upstream.CurrentAttempt, { number }),
    Context.add(CallMetadata.Deadline, Number.isFinite(endsAt) ? endsAt : undefined)
  )

/** Times the running median after which a probe is too slow, where the policy does not hedge by itself. */
const patience = 2.5
/** How long a probe is waited for where no median is known. */
const patienceMs = 1000

/** After how many milliseconds another upstream is asked beside this one; infinite for never. */
const hedgeAfter = (
  { hedge }: Settings,
  { latency }: Entry.Entry,
  { isProbe }: Permit,
  now: number,
  replay: "safe" | "never"
): number => {
  if (replay === "never" || (hedge === undefined && !isProbe)) return Number.POSITIVE_INFINITY
  const median = latency.medianUnsafe(now)
  return median === undefined
    ? Duration.toMillis(hedge?.otherwise ?? Duration.millis(patienceMs))
    : (hedge?.medianTimes ?? patience) * median
}

/** Another upstream to ask beside a slow one, which is idle, well, and within the budget; a probe needs none. */
const hedge = <A, E>(
  candidates: Candidates.Candidates,
  find: Entry.Find,
  running: ReadonlyArray<Running<A, E>>,
  failures: ReadonlyArray<Failed>,
  slow: Running<A, E>,
  now: number,
  remainingMs: number
): { readonly entry: Entry.Entry; readonly permit: Permit; readonly passed: ReadonlyArray<string> } | undefined => {
  const passed: Array<string> = []
  for (const name of [candidates.first, ...candidates.lists.any]) {
    if (name === undefined && slow.turn.upstream === undefined) continue
    if (running.some(({ turn }) => turn.upstream === name)) continue
    if (failures.some((failed) => failed.upstream === name || failed.name === name)) continue
    const entry = find(name)
    const leave = Entry.admit(entry, now, remainingMs)
    if ("_tag" in leave) {
      passed.push(`${label(name)}: ${leave.why}`)
    } else if (leave.isProbe) {
      // Whoever is late already is not made to wait for a probe.
      leave.end(now, "ignored", 0)
      passed.push(`${label(name)}: its breaker is open`)
    } else if (slow.permit.isProbe || (slow.entry.budget?.spendUnsafe(now) ?? true)) {
      return { entry, permit: leave, passed }
    } else {
      leave.end(now, "ignored", 0)
      return undefined
    }
  }
  return undefined
}

/** The failure of a call for which nobody could be asked. */
const nobody = ({ blocked, until, why }: Candidates.Nobody, now: number, totalMs: number): PolicyError => {
  if (blocked.every(({ kind }) => kind === "forced")) return circuitOpen(why, Number.POSITIVE_INFINITY)
  if (!Number.isFinite(until)) return exceeded("total", totalMs, `no upstream would answer in time (${why})`)
  return new PolicyError({ reason: new Shed({ message: why, retryAfter: Duration.millis(Math.ceil(until - now)) }) })
}

/** How long an upstream wants to be left alone from now on, in milliseconds. */
const leastWait = (step: Retry, at: number): number => Math.max(0, step.notBefore - at)

/** A wait that would pass the deadline is not begun, nor one that leaves too little time for the answer. */
const fitting = (step: Step, find: Entry.Find, at: number, endsAt: number): Step => {
  if (step._tag !== "Retry") return step
  const least = leastWait(step, at)
  if (least >= endsAt - at) return end(`a wait of ${Duration.format(Duration.millis(least))} would pass the deadline`)
  const median = find(step.upstream).latency.medianUnsafe(at)
  return median === undefined || least + median <= endsAt - at
    ? step
    : end(`${label(step.upstream)} takes ${Duration.format(Duration.millis(Math.ceil(median)))}, and less is left`)
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
  if (step._tag === "Fallback") {
    const passed = step.passed.length === 0 ? "" : ` (${step.passed.join("; ")})`
    return `fallback to ${label(step.upstream)}${step.isLastDoor ? ", the last open door" : ""}${passed}`
  }
  const after = `after ${Duration.format(Duration.millis(wait))}`
  if (step.isFirst) return `fallback to ${label(step.upstream)} ${after}`
  return `retry${step.upstream === last ? "" : ` at ${label(step.upstream)}`} ${after}`
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
