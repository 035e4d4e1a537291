/** Waiting for whichever comes first: the end of one of some fibers, or a moment. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

/**
 * Waits until one of the fibers has ended or so many milliseconds have passed, with
 * infinitely many for no limit. Whoever waits can be interrupted; the fibers go on.
 */
export const firstOf = (fibers: ReadonlyArray<Fiber.Fiber<unknown, unknown>>, ms: number): Effect.Effect<void> =>
  Effect.withFiber((waiting) =>
    Effect.callback((resume) => {
      const stops: Array<() => void> = []
      let isOver = false
      const stop = (): void => {
        isOver = true
        for (const each of stops) each()
      }
      const done = (): void => {
        if (isOver) return
        stop()
        resume(Effect.void)
      }
      for (const fiber of fibers) if (!isOver) stops.push(fiber.addObserver(done))
      if (!isOver && Number.isFinite(ms)) {
        stops.push(after(waiting, ms, done))
        if (isOver) stop()
      }
      return Effect.sync(stop)
    })
  )

/** Calls back after so many milliseconds by the clock of a fiber. What it returns stops that. */
const after = (waiting: Fiber.Fiber<unknown, unknown>, ms: number, then: () => void): (() => void) => {
  if (ms < longest && waiting.getRef(Clock.Clock) === system) {
    const timer = setTimeout(then, ms)
    return () => clearTimeout(timer)
  }
  const sleeping = Effect.runForkWith(waiting.context)(Effect.sleep(Duration.millis(ms)))
  const unobserve = sleeping.addObserver(then)
  return () => {
    sleeping.interruptUnsafe()
    unobserve()
  }
}

/** The clock of the machine, for which a timer needs no fiber. */
const system = Context.get(Context.empty(), Clock.Clock)

/** Node waits no longer than this, in milliseconds. */
const longest = 2 ** 31 - 1
