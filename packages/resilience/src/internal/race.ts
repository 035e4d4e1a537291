/** Waiting for whichever comes first: the end of one of some fibers, or a moment. */
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
        const timer = Effect.runForkWith(waiting.context)(Effect.sleep(Duration.millis(ms)))
        stops.push(() => timer.interruptUnsafe(), timer.addObserver(done))
        if (isOver) stop()
      }
      return Effect.sync(stop)
    })
  )
