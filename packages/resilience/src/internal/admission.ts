/** Leave to ask an upstream, and what is learnt of it when that has ended. */
import * as Disposition from "@causeway/core/Disposition"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as Duration from "effect/Duration"
import type { Outcome, Permit } from "../Breaker.ts"
import type { Priority } from "../Call.ts"
import type * as Concurrency from "../Concurrency.ts"
import * as Pause from "../Pause.ts"
import type { Refusal } from "./decide.ts"
import type { Entry } from "./entry.ts"

/** Why an upstream is not asked now. */
export interface Blocked extends Refusal {
  readonly _tag: "Blocked"
}

/** Leave to make an attempt, which must be settled, and released. */
export interface Leave {
  readonly _tag: "Leave"
  readonly permit: Permit
  /** Its place among the calls under way. */
  readonly place: Concurrency.Place | undefined
}

/** Who asks for leave. */
export interface Asking {
  readonly now: number
  /** How much time an attempt has, in milliseconds. */
  readonly remainingMs: number
  readonly priority: Priority
  readonly random: () => number
}

/** Leave of an upstream without a breaker. */
const free: Permit = { isProbe: false, end: () => undefined }

const blocked = (kind: Blocked["kind"], why: string, until: number): Blocked => ({ _tag: "Blocked", kind, why, until })

const time = (ms: number): string => Duration.format(Duration.millis(Math.ceil(ms)))

/**
 * Leave to make an attempt, or why there is none. `place`: one among the calls under way
 * that whoever asks has waited for.
 */
export const admit = (entry: Entry, asking: Asking, place?: Concurrency.Place): Leave | Blocked => {
  const refusal = refusalOf(entry, asking)
  if (refusal !== undefined) return refusal
  const { circuit, limiter, rate } = entry
  const { now } = asking
  if (circuit !== undefined && circuit.peek(now) === "no") {
    // Of those that it does not let through it counts how many they are.
    circuit.admit(now)
    return blocked("open", `its breaker is ${circuit.state(now)}`, now + circuit.retryInMs(now))
  }
  // What is taken first can be given back, and what cannot be is only taken to be used.
  const taken = place ?? limiter?.takeUnsafe()
  if (limiter !== undefined && taken === undefined) {
    return blocked("busy", `${limiter.underWayUnsafe()} calls are under way there`, now)
  }
  const due = rate?.takeUnsafe(now)
  if (due !== undefined) {
    if (place === undefined) taken?.endUnsafe()
    return blocked("rest", `it takes no more than ${rate?.perSecondUnsafe(now)?.toPrecision(2)} calls a second`, due)
  }
  return { _tag: "Leave", permit: circuit?.admit(now) ?? free, place: taken }
}

/** What speaks against an upstream before it is asked for a place. */
const refusalOf = (entry: Entry, { now, priority, random, remainingMs }: Asking): Blocked | undefined => {
  const { aside, circuit, latency, pause, shedding } = entry
  if (circuit?.forced() === "open") return blocked("forced", "it is closed by hand", Number.POSITIVE_INFINITY)
  const median = Number.isFinite(remainingMs) ? latency.medianUnsafe(now) : undefined
  if (median !== undefined && median > remainingMs) {
    return blocked("late", `it takes ${time(median)}, and ${time(remainingMs)} are left`, Number.POSITIVE_INFINITY)
  }
  const rest = pause?.untilUnsafe(now)
  if (rest !== undefined) return blocked("rest", `it wants rest for another ${time(rest - now)}`, rest)
  const put = aside?.untilUnsafe(now)
  if (put !== undefined) return blocked("open", "its credential was refused", put)
  const chance = shedding?.chanceUnsafe(now, priority) ?? 0
  if (chance > 0 && random() < chance) {
    shedding?.requestedUnsafe(now)
    return blocked("shed", `it fails ${Math.round(chance * 100)} % more than it serves`, now + shedMs)
  }
  return undefined
}

/** Leave where nobody else is any better, whatever is known of it. */
export const admitLast = ({ circuit, limiter }: Entry, now: number, place?: Concurrency.Place): Leave => ({
  _tag: "Leave",
  permit: circuit?.admit(now) ?? free,
  place: place ?? limiter?.takeUnsafe()
})

/** When to come back after a refusal that is a matter of chance, in milliseconds. */
const shedMs = 1000

/** How long a credential that was refused is asked after all others, in milliseconds. */
const asideMs = 30_000

/** How an attempt ended, as far as it tells of its upstream. */
export interface Ended {
  readonly outcome: Outcome
  readonly elapsedMs: number
  readonly error?: unknown
  /** The tag of the error's reason. */
  readonly reason?: string
}

/**
 * An attempt ended: everything that is known of its upstream learns from it. Its place
 * among the calls under way is kept until it is given back.
 */
export const settle = (entry: Entry, leave: Leave, now: number, { elapsedMs, error, outcome, reason }: Ended): void => {
  leave.permit.end(now, outcome, elapsedMs)
  entry.known.health.sawUnsafe(now, outcome, reason)
  if (outcome !== "ignored") entry.shedding?.requestedUnsafe(now)
  if (outcome === "success") {
    // Not what was given up: a wait that grows with what it cut short itself would never stop growing.
    entry.latency.addUnsafe(now, elapsedMs)
    entry.pause?.servedUnsafe()
    entry.aside?.endUnsafe()
    entry.shedding?.acceptedUnsafe(now)
    leave.place?.sawUnsafe(entry.measure === "answer" ? "answer" : { firstElementMs: elapsedMs, at: now })
  }
  if (outcome === "failure" || outcome === "slow") leave.place?.sawUnsafe("overload")
  if (error === undefined) return
  const disposition = Disposition.of(error)
  if (disposition?.fallback === "other-credential") entry.aside?.askedUnsafe(now, asideMs)
  if (entry.pause === undefined) return
  Pause.observeUnsafe(entry.pause, now, error)
  if (disposition?.health !== "pauses") return
  leave.place?.sawUnsafe("overload")
  if (error instanceof UpstreamError) entry.rate?.statedUnsafe(now, error.evidence.rateLimit)
}

/** How much slower than usual an attempt must have been that nobody waited for any longer. */
const slowTimes = 2.5
/** What is too long for a first answer, where nothing is known of its upstream. */
const foreverMs = 10_000

/** What an attempt says that was given up: whether its upstream was slower than it usually is. */
export const givenUp = (entry: Entry, now: number, elapsedMs: number): Outcome => {
  const median = entry.latency.medianUnsafe(now)
  return elapsedMs >= (median === undefined ? foreverMs : slowTimes * median) ? "slow" : "ignored"
}
