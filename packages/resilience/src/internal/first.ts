/** The upstream that a call asks first, and the wait for it. */
import { type PolicyError } from "@causeway/core/PolicyError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { circuitOpen } from "../Breaker.ts"
import * as Concurrency from "../Concurrency.ts"
import { spreadMs } from "../Pause.ts"
import { admit, admitLast } from "./admission.ts"
import { choose, type Chosen, type Nobody, type Refused } from "./candidates.ts"
import { asking, type Course } from "./course.ts"
import type { Entry } from "./entry.ts"
import { exceeded } from "./record.ts"

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** How much of a call's time is left for waits before an attempt that takes as long as usual, in milliseconds. */
export const spareMs = ({ endsAt }: Pick<Course, "endsAt">, { latency }: Entry, at: number): number =>
  endsAt - at - (latency.medianUnsafe(at) ?? 0)

/**
 * The upstream to ask first. Where all of them rest or are full, it waits as long as
 * that can help; where nothing can, the call fails without an attempt.
 */
export const first = (course: Course, restore: Restore): Effect.Effect<Chosen, PolicyError> =>
  Effect.suspend(() => {
    const { candidates, endsAt, find, now, restsUntil, totalMs } = course
    const at = now()
    if (at >= endsAt) return Effect.fail(exceeded("total", totalMs))
    const canWaitFor = ({ entry, refusal: { kind, until } }: Refused): boolean => {
      const spare = spareMs(course, entry, at)
      if (kind === "busy") return spare > 0
      return kind === "rest" && until <= restsUntil && until - at <= spare && until < endsAt
    }
    const choice = choose(candidates, find, asking(course, at), canWaitFor)
    if (choice._tag === "Chosen") return Effect.succeed(choice)
    const { lastDoor } = choice
    if (lastDoor !== undefined) {
      return Effect.flatMap(again(course, lastDoor, restore), (leave) =>
        leave === undefined
          ? Effect.fail(nobody(choice, now(), totalMs))
          : Effect.succeed({ _tag: "Chosen", entry: lastDoor, leave, passed: choice.passed, isLastDoor: true })
      )
    }
    const waits = choice.blocked.filter(canWaitFor).toSorted((a, b) => a.refusal.until - b.refusal.until)
    const busy = waits.find(({ refusal }) => refusal.kind === "busy")?.entry
    if (busy !== undefined) {
      return Effect.flatMap(place(course, choice, busy, restore), (found) =>
        found === undefined ? first(course, restore) : Effect.succeed(found)
      )
    }
    const [soonest] = waits
    return soonest === undefined
      ? Effect.fail(nobody(choice, at, totalMs))
      : Effect.andThen(rest(course, soonest, restore), first(course, restore))
  })

/** Waits until an upstream has rested. */
const rest = (course: Course, { entry, refusal }: Refused, restore: Restore): Effect.Effect<void> =>
  Effect.suspend(() => {
    const at = course.now()
    const ms = refusal.until - at
    const wait = Math.min(spareMs(course, entry, at), Math.ceil(ms + course.random() * spreadMs(ms)))
    entry.rate?.waitUnsafe(1)
    return Effect.onExit(restore(Effect.sleep(Duration.millis(wait))), () =>
      Effect.sync(() => entry.rate?.waitUnsafe(-1))
    )
  })

/** The failure of a call for which nobody could be asked. */
const nobody = ({ blocked, why }: Nobody, now: number, totalMs: number): PolicyError => {
  if (blocked.every(({ refusal }) => refusal.kind === "forced")) return circuitOpen(why, Number.POSITIVE_INFINITY)
  // When a place comes free nobody knows.
  const until = Math.min(...blocked.map(({ refusal }) => (refusal.kind === "busy" ? Infinity : refusal.until)))
  return Number.isFinite(until)
    ? Concurrency.shed(why, until - now)
    : exceeded("total", totalMs, `no upstream would answer in time (${why})`)
}

/**
 * Waits for a place at an upstream where too many calls are under way, as long as there is
 * time. `undefined`: none came, or one came and something else speaks against it.
 */
const place = Effect.fnUntraced(function* (
  course: Course,
  { why }: Nobody,
  entry: Entry,
  restore: Restore
): Effect.fn.Return<Chosen | undefined, PolicyError> {
  const { limiter } = entry
  if (limiter === undefined) return undefined
  const got = yield* Concurrency.waitFor(limiter, course.priority, restore, spareMs(course, entry, course.now()))
  const at = course.now()
  if (got === "late") return undefined
  if (got === "refused") return yield* Effect.fail(Concurrency.shed(`too many calls wait (${why})`, 1000))
  const leave = at < course.endsAt ? admit(entry, asking(course, at), got) : undefined
  if (leave?._tag === "Leave") return { _tag: "Chosen", entry, leave, passed: [], isLastDoor: false }
  got.endUnsafe()
  return undefined
})

/**
 * Leave to ask an upstream once more, whatever is known of it; a limit of calls under way
 * holds all the same. `undefined`: it had no place as long as there was time, or less of
 * it is left than an attempt takes.
 */
export const again = Effect.fnUntraced(function* (course: Course, entry: Entry, restore: Restore) {
  const { limiter } = entry
  const spare = spareMs(course, entry, course.now())
  if (spare < 0) return undefined
  const place = limiter?.takeUnsafe()
  if (limiter === undefined || place !== undefined) return admitLast(entry, course.now(), place)
  const got = yield* Concurrency.waitFor(limiter, course.priority, restore, spare)
  if (got === "late" || got === "refused") return undefined
  const at = course.now()
  if (at < course.endsAt) return admitLast(entry, at, got)
  got.endUnsafe()
  return undefined
})
