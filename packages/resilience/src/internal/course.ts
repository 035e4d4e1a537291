/** What holds for one call from its beginning to its end. */
import type { Attempt } from "@causeway/core/Attempt"
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Upstream from "@causeway/core/Upstream"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Call from "../Call.ts"
import type { Asking } from "./admission.ts"
import * as Candidates from "./candidates.ts"
import type { Failed } from "./decide.ts"
import * as Entry from "./entry.ts"
import { providing } from "./provided.ts"
import { current } from "./registries.ts"
import type { Registry } from "./registry.ts"
import { deadlineOf, type Settings } from "./settings.ts"

/** One attempt that is about to be made. */
export interface Turn {
  /** Counts from 1 over all upstreams. */
  readonly number: number
  /** Which upstream it is told to use; `undefined`: the first one configured. */
  readonly upstream: string | undefined
  /** Lets an effect see what its calls shall see: upstream, attempt, deadline, and the upstream's client. */
  readonly provide: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** When it begins, in milliseconds on the epoch. */
  readonly startedAt: number
  /** When its result must have ended too, where that goes on; infinite for no limit. */
  readonly endsAt: number
  /** How long the call may take in all, in milliseconds. */
  readonly totalMs: number
  /** The attempts before this one. */
  readonly before: ReadonlyArray<Attempt>
  /** Gives its place among the calls under way back. A result that goes on keeps it until it has ended. */
  readonly release: () => void
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

export interface Course {
  /** Until when the first attempt may wait for upstreams that rest, in milliseconds on the epoch; infinite for no limit. */
  readonly restsUntil: number
  readonly settings: Settings
  readonly caller: Context.Context<never>
  readonly registry: Registry
  readonly find: Entry.Find
  readonly candidates: Candidates.Candidates
  readonly priority: Call.Priority
  readonly replay: "safe" | "never"
  readonly now: () => number
  readonly random: () => number
  /** When the call must have ended, in milliseconds on the epoch. */
  readonly endsAt: number
  /** When its result must have ended too, where that goes on. */
  readonly resultEndsAt: number
  readonly totalMs: number
  readonly limitMs: number
  /** Those that have failed, as they are told. */
  readonly attempts: Array<Attempt>
  /** The same, as they are decided by. */
  readonly failures: Array<Failed>
}

/** The course of a call that begins now. */
export const make = <A, E, R>(
  settings: Settings,
  { goesOn, limit, phase }: Pick<Making<A, E, R>, "goesOn" | "limit" | "phase">,
  caller: Context.Context<never>
): Course => {
  const clock = Context.get(caller, Clock.Clock)
  const chance = Context.get(caller, Random.Random)
  const random = () => chance.nextDoubleUnsafe()
  const said = Context.get(caller, Call.Current)
  const registry = current(caller, settings)
  const callerEndsAt = Context.get(caller, CallMetadata.Deadline) ?? Number.POSITIVE_INFINITY
  const startedAt = clock.currentTimeMillisUnsafe()
  const endsAt = Math.min(callerEndsAt, startedAt + Duration.toMillis(deadlineOf(settings)))
  return {
    settings,
    caller,
    registry,
    find: Entry.finder(registry, settings, said.model, phase === "attempt" ? "answer" : "first-element"),
    candidates: Candidates.of(registry, settings, Context.get(caller, Upstream.Current), random),
    priority: said.priority ?? "normal",
    replay: said.replay ?? settings.replay,
    now: () => clock.currentTimeMillisUnsafe(),
    random,
    endsAt,
    restsUntil: startedAt + Duration.toMillis(settings.retry.maxRetryAfter),
    resultEndsAt: settings.deadline === undefined && goesOn ? callerEndsAt : endsAt,
    totalMs: Math.max(0, endsAt - startedAt),
    limitMs: Duration.toMillis(limit),
    attempts: [],
    failures: []
  }
}

/** Whoever asks for leave in this call, at this moment. */
export const asking = ({ endsAt, priority, random }: Course, now: number): Asking => ({
  now,
  remainingMs: endsAt - now,
  priority,
  random
})

/** Takes what an attempt's answers say of a rate limit. */
export const Observed = Context.Reference<
  ((now: number, rateLimit: Readonly<Record<string, string>>) => void) | undefined
>("@causeway/resilience/Upstreams/Observed", { defaultValue: () => undefined })

/** Lets effects see what the calls of an attempt shall see. */
export const provideOf = ({ resultEndsAt }: Course, number: number, entry: Entry.Entry): Turn["provide"] =>
  providing((context) =>
    // A merge copies both; most upstreams have no client of their own.
    (entry.hasContext ? Context.merge(context, entry.context) : context).pipe(
      Context.add(Upstream.Current, entry.name),
      Context.add(Upstream.CurrentAttempt, { number }),
      Context.add(Observed, entry.observed),
      Context.add(CallMetadata.Deadline, Number.isFinite(resultEndsAt) ? resultEndsAt : undefined)
    )
  )
