/** The upstream that a call asks first, and the wait for it. */
import { type PolicyError } from "@causeway/core/PolicyError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { circuitOpen } from "../Breaker.ts"
import * as Concurrency from "../Concurrency.ts"
import { spreadMs } from "../Pause.ts"
import { admit, admitLast } from "./admission.ts"
import { choose, type Chosen, type Nobody } from "./candidates.ts"
import { asking, type Course } from "./course.ts"
import type { Entry } from "./entry.ts"
import { exceeded } from "./record.ts"

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/**
 * The upstream to ask first. Where all of them rest or are full, it waits as long as
 * that can help; where nothing can, the call fails without an attempt.
 */
export const first = (course: Course, restore: Restore): Effect.Effect<Chosen, PolicyError> =>
  Effect.suspend(() => {
    const { candidates, endsAt, find, now, restsUntil, totalMs } = course
    const at = now()
    if (at >= endsAt) return Effect.fail(exceeded("total", totalMs))
    const choice = choose(candidates, find, asking(course, at), restsUntil)
    if (choice._tag === "Chosen") return Effect.succeed(choice)
    const busy = choice.blocked.find(({ refusal }) => refusal.kind === "busy")?.entry
    return Effect.flatMap(
      busy === undefined ? rest(course, choice, restore) : place(course, choice, busy, restore),
      (found) => (found === undefined ? first(course, restore) : Effect.succeed(found))
    )
  })

/** Waits until the first of them has rested. */
const rest = (
  { endsAt, now, random, restsUntil, totalMs }: Course,
  { blocked, why }: Nobody,
  restore: Restore
): Effect.Effect<undefined, PolicyError> => {
  const at = now()
  const [soonest] = blocked
    .filter(({ refusal }) => refusal.kind === "rest")
    .toSorted((a, b) => a.refusal.until - b.refusal.until)
  if (soonest === undefined || soonest.refusal.until >= endsAt || soonest.refusal.until > restsUntil) {
    return Effect.fail(nobody(blocked, why, at, totalMs))
  }
  const { rate } = soonest.entry
  const ms = soonest.refusal.until - at
  const wait = Math.min(endsAt - at, Math.ceil(ms + random() * spreadMs(ms)))
  return Effect.suspend(() => {
    rate?.waitUnsafe(1)
    return Effect.as(
      Effect.onExit(restore(Effect.sleep(Duration.millis(wait))), () => Effect.sync(() => rate?.waitUnsafe(-1))),
      undefined
    )
  })
}

/** The failure of a call for which nobody could be asked. */
const nobody = (blocked: Nobody["blocked"], why: string, now: number, totalMs: number): PolicyError => {
  if (blocked.every(({ refusal }) => refusal.kind === "forced")) return circuitOpen(why, Number.POSITIVE_INFINITY)
  const until = Math.min(...blocked.map(({ refusal }) => refusal.until))
  return Number.isFinite(until)
    ? Concurrency.shed(why, until - now)
    : exceeded("total", totalMs, `no upstream would answer in time (${why})`)
}

/** Waits for a place at an upstream where too many calls are under way. */
const place = Effect.fnUntraced(function* (
  course: Course,
  { why }: Nobody,
  entry: Entry,
  restore: Restore
): Effect.fn.Return<Chosen | undefined, PolicyError> {
  const { limiter } = entry
  if (limiter === undefined) return undefined
  const got = yield* Concurrency.waitFor(limiter, course.priority, restore, course.endsAt - course.now())
  const at = course.now()
  if (got === "late") return undefined
  if (got === "refused") return yield* Effect.fail(Concurrency.shed(`too many calls wait (${why})`, 1000))
  const leave = admit(entry, asking(course, at), got)
  if (leave._tag === "Leave") return { _tag: "Chosen", entry, leave, passed: [], isLastDoor: false }
  got.endUnsafe()
  return undefined
})

/**
 * Leave to ask an upstream once more, whatever is known of it; a limit of calls under way
 * holds all the same. `undefined`: it had no place as long as there was time.
 */
export const again = Effect.fnUntraced(function* (course: Course, entry: Entry, restore: Restore) {
  const { limiter } = entry
  const place = limiter?.takeUnsafe()
  if (limiter === undefined || place !== undefined) return admitLast(entry, course.now(), place)
  const got = yield* Concurrency.waitFor(limiter, course.priority, restore, course.endsAt - course.now())
  if (got === "late" || got === "refused") return undefined
  const at = course.now()
  if (at < course.endsAt) return admitLast(entry, at, got)
  got.endUnsafe()
  return undefined
})
