/**
 * How many calls an upstream gets at once: a limit that finds itself.
 *
 * Where answers come as streams it follows the time to their first element, by the
 * gradient of Envoy's adaptive concurrency filter: the limit is multiplied by the least
 * time of the last ten minutes over that of the last second, both as medians, and gets
 * the root of itself on top. So it grows while calls are as fast as ever, and settles
 * where they begin to wait for one another. Envoy measures the least time in windows that
 * refuse healthy calls; here it is what was seen. (Netflix's Gradient2 takes a moving
 * average in its place, which follows a slow overload up.) The time of a whole answer says
 * nothing of the kind, since it grows with the answer: there the limit grows by one for
 * each limit's worth of successes and falls to nine tenths with each sign of overload
 * (AIMD), as it does for streams.
 *
 * **Example** (A tenth less after an overload)
 *
 * ```ts
 * import * as Concurrency from "@causeway/resilience/Concurrency"
 *
 * const limiter = Concurrency.make({ initial: 20 })
 * limiter.takeUnsafe()?.endUnsafe("overload")
 *
 * limiter.limitUnsafe() // => 18
 * ```
 */
import { PolicyError, Shed } from "@causeway/core/PolicyError"
import * as Disposition from "@causeway/core/Disposition"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Priority } from "./Call.ts"
import * as Check from "./internal/options.ts"

/** What {@link make} takes. */
export interface Options {
  /** Calls at once at first. Default: 20. */
  readonly initial?: number | undefined
  /** Default: 1. */
  readonly min?: number | undefined
  /** Default: 200. */
  readonly max?: number | undefined
  /** How many calls may wait for a place; of more, the least important one is refused. Default: 100. */
  readonly queue?: number | undefined
}

/** Checked options. */
export interface Settings {
  readonly initial: number
  readonly min: number
  readonly max: number
  readonly queue: number
}

/**
 * How a call ended. `firstElementMs`: the time to its first element, which came at the
 * moment `at`. `ignored`: it says nothing of the load.
 */
export type End = { readonly firstElementMs: number; readonly at: number } | "answer" | "overload" | "ignored"

/** A place among the calls under way, which must be given back. */
export interface Place {
  /** What the call says of the load; the place is kept. */
  readonly sawUnsafe: (end: End) => void
  /** Gives the place back, with what the call says of the load. Only the first time counts. */
  readonly endUnsafe: (end?: End) => void
}

/** A limit of calls at once. */
export interface Concurrency {
  /** A place, or `undefined` where none is free. */
  readonly takeUnsafe: () => Place | undefined
  /**
   * Waits for a place, behind those of the same or a higher priority. It is told of its
   * end at once: with `undefined` where too many wait, and it is the least important of
   * them. What is returned ends the wait.
   */
  readonly waitUnsafe: (priority: Priority, done: (place: Place | undefined) => void) => () => void
  /** How many calls may be under way. */
  readonly limitUnsafe: () => number
  readonly underWayUnsafe: () => number
  readonly waitingUnsafe: () => number
}

/** Checks options. Throws `InvalidPolicy`. */
export const read = (options: Options, name = "concurrency"): Settings => {
  const given = (option: "initial" | "max") => {
    const value = options[option]
    return value === undefined ? undefined : Check.whole(`${name}.${option}`, value, 1, 1e6)
  }
  const parts = Check.all(
    name,
    options,
    {
      initial: () => given("initial"),
      min: () => Check.whole(`${name}.min`, options.min ?? 1, 1, 1e6),
      max: () => given("max"),
      queue: () => Check.whole(`${name}.queue`, options.queue ?? 100, 0, 1e6)
    },
    Check.orOff
  )
  const { min, queue } = parts
  const max = parts.max ?? Math.max(200, min)
  if (min > max) Check.reject(`${name}.min`, min, `at most ${name}.max, which is ${max}`)
  const initial = parts.initial ?? Math.min(max, Math.max(min, 20))
  if (initial < min || initial > max) {
    Check.reject(`${name}.initial`, initial, `from ${name}.min to ${name}.max, which are ${min} and ${max}`)
  }
  return { initial, min, max, queue }
}

/** How much slower than at its fastest an upstream may be, since no two requests are alike, and the least gradient. */
const gradient = { tolerance: 1.5, least: 0.5, floorMs: 600_000 } as const
/** What a median is taken of. */
const windowed = { ms: 1000, samples: 10 } as const
const backoff = 0.9

const ranks: Readonly<Record<Priority, number>> = { critical: 0, normal: 1, batch: 2 }

/** A limit. Throws `InvalidPolicy`. */
export const make = (options: Options = {}): Concurrency => {
  const { initial, max, min, queue } = read(options)
  let limit = initial
  let underWay = 0
  const floors: Array<{ readonly at: number; readonly ms: number }> = []
  const recent: Array<number> = []
  let since = 0
  const waiting: Array<Array<(place: Place | undefined) => void>> = [[], [], []]
  const waitingUnsafe = () => waiting.reduce((sum, { length }) => sum + length, 0)

  const become = (next: number): void => {
    limit = Math.min(max, Math.max(min, next))
  }
  const saw = (end: End): void => {
    if (end === "ignored") return
    if (end === "overload") return become(limit * backoff)
    // A limit that nobody reaches says nothing about where it should be.
    if (underWay < limit / 2) return
    if (end === "answer") return become(limit + 1 / limit)
    if (recent.length === 0) since = end.at
    recent.push(end.firstElementMs)
    if (recent.length < windowed.samples || end.at - since < windowed.ms) return
    follow(end.at, Math.max(0.01, recent.toSorted((a, b) => a - b)[recent.length >> 1] ?? 0))
    recent.length = 0
  }
  /** The end of a window, whose median is `ms`. */
  const follow = (at: number, ms: number): void => {
    // Only what is less than all that came later can still become the least.
    while ((floors.at(-1)?.ms ?? 0) >= ms) floors.pop()
    floors.push({ at, ms })
    while (at - (floors[0]?.at ?? at) > gradient.floorMs) floors.shift()
    const slope = (gradient.tolerance * (floors[0]?.ms ?? ms)) / ms
    become(limit * Math.max(gradient.least, Math.min(1, slope)) + Math.sqrt(limit))
  }
  const place = (): Place => {
    underWay++
    let isOver = false
    return {
      sawUnsafe: saw,
      endUnsafe: (end = "ignored") => {
        if (isOver) return
        isOver = true
        saw(end)
        underWay--
        admit()
      }
    }
  }
  const admit = (): void => {
    while (underWay < Math.floor(limit)) {
      const next = waiting.find(({ length }) => length > 0)?.shift()
      if (next === undefined) return
      next(place())
    }
  }
  const takeUnsafe = () => (underWay < Math.floor(limit) && waitingUnsafe() === 0 ? place() : undefined)

  return {
    takeUnsafe,
    waitUnsafe: (priority, done) => {
      const free = takeUnsafe()
      if (free !== undefined) {
        done(free)
        return () => undefined
      }
      const line = waiting[ranks[priority]]
      line?.push(done)
      if (waitingUnsafe() > queue) waiting.findLast(({ length }) => length > 0)?.pop()?.(undefined)
      return () => {
        const at = line?.indexOf(done) ?? -1
        if (at >= 0) line?.splice(at, 1)
      }
    },
    limitUnsafe: () => limit,
    underWayUnsafe: () => underWay,
    waitingUnsafe
  }
}

/** What a call says of the load, by how it ended. A refusal for load is a 429, a 503, or silence. */
export const endOf = (exit: Exit.Exit<unknown, unknown>): End => {
  if (Exit.isSuccess(exit)) return "answer"
  const health = Disposition.of(Cause.squash(exit.cause))?.health
  return health === "counts" || health === "pauses" ? "overload" : "ignored"
}

/** The refusal of a call so that others are served. */
export const shed = (message: string, retryAfterMs: number): PolicyError =>
  new PolicyError({ reason: new Shed({ message, retryAfter: Duration.millis(Math.ceil(retryAfterMs)) }) })

/**
 * Puts an effect under a limit: it waits for a place, behind those that matter more,
 * and fails with `Shed` where too many wait.
 */
export const apply =
  (limiter: Concurrency, priority: Priority = "normal") =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | PolicyError, R> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(waitFor(limiter, priority, restore), (place): Effect.Effect<A, E | PolicyError, R> => {
        if (typeof place === "string") {
          return Effect.fail(shed(`${limiter.underWayUnsafe()} calls are under way, and too many wait`, 1000))
        }
        return Effect.onExit(restore(self), (exit) => Effect.sync(() => place.endUnsafe(endOf(exit))))
      })
    )

/**
 * Waits for a place, for so many milliseconds. It is given back where whoever waits has
 * gone meanwhile. `refused`: too many wait. To be used where nothing can be interrupted.
 */
export const waitFor = (
  limiter: Concurrency,
  priority: Priority,
  restore: <A>(effect: Effect.Effect<A>) => Effect.Effect<A>,
  ms: number = Number.POSITIVE_INFINITY
): Effect.Effect<Place | "refused" | "late"> =>
  Effect.suspend(() => {
    let got: Place | "refused" | "late" = "late"
    const waiting = Effect.callback<void>((resume) =>
      Effect.sync(
        limiter.waitUnsafe(priority, (place) => {
          got = place ?? "refused"
          resume(Effect.void)
        })
      )
    )
    const limited = Number.isFinite(ms) ? Effect.raceFirst(waiting, Effect.sleep(Duration.millis(ms))) : waiting
    return Effect.onInterrupt(
      Effect.map(restore(limited), () => got),
      () => Effect.sync(() => (typeof got === "string" ? undefined : got.endUnsafe()))
    )
  })
