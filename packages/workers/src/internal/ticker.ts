/**
 * A timer that runs only while there is something to watch over.
 */

/** See {@link make}. */
export interface Ticker {
  /** Starts it, where it does not run. */
  readonly start: () => void
  readonly stop: () => void
}

/** Options of {@link make}. */
export interface Options {
  readonly intervalMs: number
  readonly now: () => number
  readonly onStart: () => void
  /** Whether there is more to watch. `elapsedMs` is what passed since the last time. */
  readonly onTick: (time: number, elapsedMs: number) => boolean
}

export const make = ({ intervalMs, now, onStart, onTick }: Options): Ticker => {
  let timer: ReturnType<typeof setInterval> | undefined
  let last = now()

  const stop = (): void => {
    clearInterval(timer)
    timer = undefined
  }

  const tick = (): void => {
    const time = now()
    // A process that was asleep must not take its own silence for that of its workers.
    const elapsed = Math.min(time - last, 3 * intervalMs)
    last = time
    if (!onTick(time, elapsed)) stop()
  }

  return {
    start: () => {
      if (timer !== undefined) return
      last = now()
      onStart()
      timer = setInterval(tick, intervalMs)
      // The workers themselves keep the process alive.
      timer.unref()
    },
    stop
  }
}
