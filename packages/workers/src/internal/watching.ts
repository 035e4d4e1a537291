/**
 * Looks at every worker: many times a second as long as one of them has calls or does
 * something that must not last, and now and then otherwise, so that one that hangs
 * without a call is found before it gets one.
 */
import type { Dispatcher } from "./dispatcher.ts"
import type { Ending } from "./ending.ts"
import * as Health from "./health.ts"
import * as Ticker from "./ticker.ts"
import * as Unit from "./unit.ts"

/** Options of {@link make}; times are in milliseconds. */
export interface Options {
  readonly dispatcher: Pick<Dispatcher, "calls" | "expire">
  readonly ending: Ending
  readonly units: ReadonlySet<Unit.Unit>
  readonly size: number
  /** Longer than this a worker's event loop must not stand still; infinite for no limit. */
  readonly unresponsiveMs: number
  /** How long a handler may go on when nobody waits for it any more, and a worker that was asked to end. */
  readonly graceMs: number
  /** How long a worker may take to get ready. */
  readonly startMs: number
  readonly now: () => number
  /** Looks at a worker that serves. */
  readonly onServing: (unit: Unit.Unit) => void
  /** A worker that serves has a handler that does not end when it should. */
  readonly onStuck: (unit: Unit.Unit, why: string) => void
  /** A worker that retires has no calls any more. */
  readonly onRetired: (unit: Unit.Unit) => void
  /** Comes after every look; whether there is more to wait for than calls and workers. */
  readonly onTick: (time: number) => boolean
}

/** How long an isolate may take to be gone once it is about to. */
export const dyingMs = 1000

export const make = (options: Options): Ticker.Ticker => {
  const { dispatcher, ending, graceMs, now, onTick, size, startMs, units, unresponsiveMs } = options

  const examineHealth = Health.make({
    unresponsiveMs,
    graceMs,
    onSilent: (unit, silentMs) =>
      ending.kill(unit, `its event loop stood still for ${silentMs} ms; it was terminated`, silentMs),
    onIgnored: (unit, ignoredMs) => {
      const why = `a handler went on for ${Math.round(ignoredMs)} ms after it was interrupted`
      // Its worker ends its other calls, and then itself.
      if (unit.state === "ready") options.onStuck(unit, why)
      const retiring = Array.from(units).filter(Unit.isRetiring)
      // Those that wait for a long stream must not pile up.
      const isOneTooMany = retiring.length > size && retiring[0] === unit
      if (!Unit.isAwaited(unit) || isOneTooMany) ending.kill(unit, `${why}; it was terminated`, ignoredMs)
    }
  })

  const examine = (unit: Unit.Unit, time: number, elapsedMs: number): void => {
    const age = time - unit.since
    switch (unit.state) {
      case "starting":
        if (age < startMs) return
        unit.isolate.terminate()
        return ending.fall(unit, "crashed", `it took longer than ${startMs} ms`)
      case "dying":
        if (age < dyingMs) return
        unit.isolate.terminate()
        return ending.gone(unit, { exitCode: undefined, signal: undefined })
      case "stopping":
        if (age >= graceMs) unit.isolate.terminate()
        return
      case "ready":
      case "retiring":
        options.onServing(unit)
        if (Unit.isRetiring(unit) && unit.calls.size === 0) return options.onRetired(unit)
        return examineHealth(unit, time, elapsedMs)
      case "gone":
        return
    }
  }

  return Ticker.make({
    fastMs: Math.min(20, Math.max(5, unresponsiveMs / 20)),
    slowMs: Math.min(1000, Math.max(20, unresponsiveMs / 4)),
    now,
    onTick: (time, elapsedMs) => {
      dispatcher.expire()
      for (const unit of Array.from(units)) examine(unit, time, elapsedMs)
      return onTick(time) || dispatcher.calls.size > 0 || Array.from(units).some(isPassing)
    }
  })
}

const isPassing = ({ state }: Unit.Unit): boolean => state !== "ready"
