/** Attempts that are under way. */
import type { Attempt } from "@causeway/core/Attempt"
import * as Disposition from "@causeway/core/Disposition"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { givenUp, type Leave, settle } from "./admission.ts"
import { provideOf, type Course, type Making, type Turn } from "./course.ts"
import type { Entry } from "./entry.ts"
import { hedgeAfter } from "./hedge.ts"
import { reasonOf } from "./record.ts"

/** An attempt that is under way. */
export interface Running<A, E> {
  readonly turn: Turn
  readonly entry: Entry
  readonly leave: Leave
  readonly fiber: Fiber.Fiber<A, E>
  /** When its own limit passes, in milliseconds on the epoch. */
  readonly limitAt: number
  /** When another upstream is asked too; infinite for never. */
  hedgeAt: number
  /** Whether that time came. */
  isSlow: boolean
  readonly kind: Attempt["kind"]
  /** Upstreams that were passed over for its own, and why. */
  readonly passed: ReadonlyArray<string>
}

/** What is about to be asked, and why. */
export interface Starting {
  readonly entry: Entry
  readonly leave: Leave
  readonly kind: Attempt["kind"]
  readonly passed: ReadonlyArray<string>
}

/** Starts the attempt of this number. */
export const start = <A, E, R>(
  course: Course,
  making: Making<A, E, R>,
  number: number,
  { entry, kind, leave, passed }: Starting
): Effect.Effect<Running<A, E>, never, R> => {
  const beganAt = course.now()
  const turn: Turn = {
    number,
    upstream: entry.name,
    provide: provideOf(course, number, entry),
    startedAt: beganAt,
    endsAt: course.resultEndsAt,
    totalMs: course.totalMs,
    before: course.attempts,
    release: () => leave.place?.endUnsafe(),
    failedLater: (at, error) => failedLater(entry, at, error)
  }
  const shown = kind ?? (leave.permit.isProbe ? "probe" : undefined)
  return Effect.map(
    Effect.forkDetach(turn.provide(making.attempt(turn)), { startImmediately: true }),
    (fiber): Running<A, E> => ({
      turn,
      entry,
      leave,
      fiber,
      limitAt: Math.min(course.endsAt, beganAt + course.limitMs),
      hedgeAt:
        shown === "hedge" ? Number.POSITIVE_INFINITY : beganAt + hedgeAfter(course, entry, leave.permit, beganAt),
      isSlow: false,
      kind: shown,
      passed
    })
  )
}

/** A stream broke that had begun: its upstream is no better for having begun it. */
const failedLater = ({ circuit, known }: Entry, at: number, error: unknown): void => {
  if (Disposition.of(error)?.health !== "counts") return
  circuit?.admit(at)?.end(at, "failure", 0)
  known.health.sawUnsafe(at, "failure", reasonOf(error))
}

/** Interrupts an attempt whose result nobody waits for, nor for its clean-up. What it brings all the same is discarded. */
export const interrupt = <A, E, R>({ discard }: Making<A, E, R>, { fiber, turn }: Running<A, E>): void => {
  fiber.addObserver((exit) => {
    if (Exit.isSuccess(exit)) discard(exit.value)
    turn.release()
  })
  fiber.interruptUnsafe()
}

/** Gives up all attempts that are under way. */
export const abandon = <A, E, R>({ now }: Course, making: Making<A, E, R>, running: Array<Running<A, E>>): void => {
  for (const each of running.splice(0)) {
    const { entry, isSlow, leave, turn } = each
    const at = now()
    const elapsedMs = at - turn.startedAt
    settle(entry, leave, at, { outcome: isSlow ? "slow" : givenUp(entry, at, elapsedMs), elapsedMs })
    interrupt(making, each)
  }
}

/** As {@link abandon}, and waits until they have cleaned up. */
export const abandonAndWait = <A, E, R>(
  course: Course,
  making: Making<A, E, R>,
  running: Array<Running<A, E>>
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const fibers = running.map(({ fiber }) => fiber)
    abandon(course, making, running)
    return Fiber.interruptAll(fibers)
  })
