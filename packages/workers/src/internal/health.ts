/**
 * Whether a worker still reacts: to the turns of its event loop, and to being told
 * that nobody waits.
 */
import * as Unit from "./unit.ts"

/** Options of {@link make}; times are in milliseconds. */
export interface Options {
  /** Longer than this a worker's event loop must not stand still; infinite for no limit. */
  readonly unresponsiveMs: number
  /** How long a handler may go on when nobody waits for it any more. */
  readonly graceMs: number
  /** A handler goes on although nobody has waited for it for so long. */
  readonly onIgnored: (unit: Unit.Unit, ignoredMs: number) => void
  /** The event loop has stood still for so long. */
  readonly onSilent: (unit: Unit.Unit, silentMs: number) => void
}

/** Makes the function that looks at a worker that is ready, `elapsedMs` after it last did. */
export const make =
  ({ graceMs, onIgnored, onSilent, unresponsiveMs }: Options) =>
  (unit: Unit.Unit, time: number, elapsedMs: number): void => {
    const since = Unit.abandonedSince(unit)
    if (since !== undefined && time - since >= graceMs) onIgnored(unit, time - since)
    if (unit.state === "dying") return
    const heartbeat = unit.isolate.heartbeat()
    if (heartbeat !== unit.heartbeat || Unit.servesExclusively(unit)) {
      unit.heartbeat = heartbeat
      return calm(unit)
    }
    unit.silentMs += elapsedMs
    if (unit.silentMs >= unresponsiveMs) return onSilent(unit, Math.round(unit.silentMs))
    if (unit.silentMs < unresponsiveMs / 2 || unit.isSampled) return
    unit.isSampled = true
    unit.isolate.startSampling()
  }

/** It reacts, or has nothing to react to: what was begun against its silence ends. */
const calm = (unit: Unit.Unit): void => {
  unit.silentMs = 0
  if (unit.isSampled) void unit.isolate.stopSampling()
  unit.isSampled = false
}
