/**
 * Waiting for an effect with a limit that holds whatever the effect does: what
 * takes longer is interrupted, but its clean-up is not waited for.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"

/** Something that calls back unless it is stopped first. */
export interface Timer {
  /** Starts it. What it returns stops it. */
  readonly start: (fire: () => void) => Effect.Effect<() => void>
}

/** One fiber that keeps the time of many waits in a row, of which each ends no earlier than the one before it. */
export interface Watch {
  /** A timer that fires at this moment, in milliseconds on the epoch. */
  readonly until: (moment: number) => Timer
  /** Ends the fiber. */
  readonly stop: () => void
}

/** Makes a watch. Its fiber starts with the first timer. */
export const makeWatch = (): Watch => {
  let wait: { readonly moment: number; readonly fire: () => void } | undefined
  let keeper: Fiber.Fiber<void> | undefined
  const keep: Effect.Effect<void> = Effect.flatMap(Clock.currentTimeMillis, (now) => {
    if (wait !== undefined && wait.moment > now) {
      return Effect.andThen(Effect.sleep(Duration.millis(wait.moment - now)), keep)
    }
    keeper = undefined
    wait?.fire()
    return Effect.void
  })
  return {
    until: (moment) => ({
      start: (fire) => {
        const started = { moment, fire }
        wait = started
        const stop = () => {
          if (wait === started) wait = undefined
        }
        return keeper === undefined
          ? Effect.map(Effect.forkDetach(keep, { startImmediately: true }), (fiber) => {
              if (fiber.pollUnsafe() === undefined) keeper = fiber
              return stop
            })
          : Effect.succeed(stop)
      }
    }),
    stop: () => keeper?.interruptUnsafe()
  }
}

/** How an effect ended, or `undefined` if the timer was faster. Without a timer it is waited for. */
export const within = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  timer: Timer | undefined
): Effect.Effect<Exit.Exit<A, E> | undefined, never, R> =>
  timer === undefined
    ? Effect.exit(self)
    : Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(Effect.forkDetach(self, { startImmediately: true }), (fiber) => {
          const exit = fiber.pollUnsafe()
          return exit === undefined ? race(fiber, timer, restore) : Effect.succeed(exit)
        })
      )

const race = <A, E>(
  fiber: Fiber.Fiber<A, E>,
  timer: Timer,
  restore: <B>(effect: Effect.Effect<B>) => Effect.Effect<B>
): Effect.Effect<Exit.Exit<A, E> | undefined> => {
  let isOver = false
  let expire = (): void => {
    isOver = true
  }
  return Effect.flatMap(
    timer.start(() => expire()),
    (stop) =>
      Effect.onInterrupt(
        restore(
          Effect.callback<Exit.Exit<A, E> | undefined>((resume) => {
            const unobserve = fiber.addObserver((exit) => {
              stop()
              resume(Effect.succeed(exit))
            })
            expire = () => {
              unobserve()
              fiber.interruptUnsafe()
              resume(Effect.succeed(undefined))
            }
            if (isOver) expire()
            return Effect.sync(unobserve)
          })
        ),
        () => {
          stop()
          return Fiber.interrupt(fiber)
        }
      )
  )
}
