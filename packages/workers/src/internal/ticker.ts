/**
 * A timer that runs fast while there is something to watch over, and slowly
 * otherwise.
 */

/** See {@link make}. */
export interface Ticker {
  /** Makes it run fast. */
  readonly start: () => void
  /** Ends it for good. */
  readonly stop: () => void
}

/** Options of {@link make}. */
export interface Options {
  readonly fastMs: number
  readonly slowMs: number
  readonly now: () => number
  /** Whether there is reason to run fast. `elapsedMs` is what passed since the last time. */
  readonly onTick: (time: number, elapsedMs: number) => boolean
}

export const make = ({ fastMs, now, onTick, slowMs }: Options): Ticker => {
  let timer: ReturnType<typeof setInterval> | undefined
  let intervalMs = 0
  let last = now()
  let isStopped = false

  const run = (ms: number): void => {
    if (isStopped || intervalMs === ms) return
    clearInterval(timer)
    if (timer === undefined) last = now()
    intervalMs = ms
    timer = setInterval(tick, ms)
    // The workers themselves keep the process alive.
    timer.unref()
  }

  const tick = (): void => {
    const time = now()
    // A process that was asleep must not take its own silence for that of its workers.
    const elapsed = Math.min(time - last, Math.max(3 * fastMs, intervalMs))
    last = time
    run(onTick(time, elapsed) ? fastMs : slowMs)
  }

  return {
    start: () => run(fastMs),
    stop: () => {
      isStopped = true
      clearInterval(timer)
    }
  }
}
