/**
 * The rest that an upstream asked for. One caller's `Retry-After` is news for all of
 * them: nobody calls until it is over, and those who waited come back one after the
 * other, by a wait that chance adds to and never shortens.
 *
 * ```mermaid
 * stateDiagram-v2
 *   flowing --> paused: a 429, a Retry-After, no request left
 *   paused --> paused: one that ends later
 *   paused --> flowing: its time is over
 * ```
 *
 * **Example** (Another caller waits too)
 *
 * ```ts
 * import * as Pause from "@causeway/resilience/Pause"
 *
 * const pause = Pause.make()
 * pause.askedUnsafe(0, 2000)
 *
 * pause.untilUnsafe(500) // => 2000
 * pause.untilUnsafe(2000) // => undefined
 * ```
 */
import * as Disposition from "@causeway/core/Disposition"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Random from "effect/Random"
import { restOf } from "./internal/rateLimit.ts"

/** A pause that all callers of an upstream share. */
export interface Pause {
  /** The upstream asked for so many milliseconds of rest, from a moment on. A shorter rest never ends a longer one. */
  readonly askedUnsafe: (now: number, ms: number) => void
  /** The upstream wants rest and does not say how long: a second, doubled with each time in a row, up to 30. */
  readonly wantedUnsafe: (now: number) => void
  /** The upstream served a call, so what it wants next starts at a second again. */
  readonly servedUnsafe: () => void
  /** When the pause ends, in milliseconds on the epoch; `undefined` where there is none. */
  readonly untilUnsafe: (now: number) => number | undefined
  /** Ends the pause. */
  readonly endUnsafe: () => void
}

/** The longest rest that is believed. */
const longestMs = 3_600_000

/** A pause, which is over. `onLonger`: an upstream asked for a rest that ends later than any before. */
export const make = (onLonger?: (now: number) => void): Pause => {
  let until = 0
  let wanted = 0
  const asked = (now: number, ms: number): void => {
    const asked = now + Math.min(ms, longestMs)
    if (asked <= until) return
    until = asked
    onLonger?.(now)
  }
  return {
    askedUnsafe: asked,
    wantedUnsafe: (now) => {
      // Answers that were under way when the pause began say the same thing once more.
      if (until > now) return
      asked(now, Math.min(1000 * 2 ** wanted++, 30_000))
    },
    servedUnsafe: () => {
      wanted = 0
    },
    untilUnsafe: (now) => (until > now ? until : undefined),
    endUnsafe: () => {
      until = 0
    }
  }
}

/** Reads a failure: whether it asks for a rest, in words or by its rate limit's headers. */
export const observeUnsafe = (pause: Pause, now: number, error: unknown): void => {
  const disposition = Disposition.of(error)
  if (disposition === undefined || disposition.health === "ignored") return
  const rest = Math.max(
    disposition.retryAfter === undefined ? 0 : Duration.toMillis(disposition.retryAfter),
    disposition.health === "pauses" && error instanceof UpstreamError ? (restOf(error.evidence.rateLimit, now) ?? 0) : 0
  )
  if (rest > 0) pause.askedUnsafe(now, rest)
  else if (disposition.health === "pauses") pause.wantedUnsafe(now)
}

/** How long those wait beyond a pause who waited for its end, at most: a tenth of it, and never under 50 milliseconds. */
export const spreadMs = (waitMs: number): number => Math.max(50, waitMs / 10)

/**
 * Puts an effect under a pause: it waits until the pause is over, and begins one when
 * it fails with an error that asks for it. The wait has no limit of its own.
 */
export const apply =
  (pause: Pause) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
    const wait: Effect.Effect<void> = Effect.gen(function* () {
      for (let now = yield* Clock.currentTimeMillis; ; now = yield* Clock.currentTimeMillis) {
        const until = pause.untilUnsafe(now)
        if (until === undefined) return
        const random = yield* Random.next
        yield* Effect.sleep(Duration.millis(Math.ceil(until - now + random * spreadMs(until - now))))
      }
    })
    return Effect.andThen(
      wait,
      Effect.onExit(self, (exit) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          if (Exit.isSuccess(exit)) pause.servedUnsafe()
          else observeUnsafe(pause, now, Cause.squash(exit.cause))
        })
      )
    )
  }
