/**
 * How workers end: by themselves, by force, or asked to. Whichever it is, its calls
 * end with it, once, and before its isolate does.
 */
import type { Dispatcher, Refusal } from "./dispatcher.ts"
import * as failures from "./failures.ts"
import type * as Isolate from "./isolate.ts"
import type * as Unit from "./unit.ts"
import { toWorker } from "./wire.ts"

/** What takes a worker down. */
export type Fault = "crashed" | "unresponsive"

/** Options of {@link make}. */
export interface Options {
  readonly dispatcher: Pick<Dispatcher, "lose" | "reclaim" | "remove">
  /** Those that are not gone for the pool, though the isolate of a lost one may take a moment longer. */
  readonly units: Set<Unit.Unit>
  /** The pool's clock, in milliseconds. */
  readonly now: () => number
  /** Told when a worker is out of service. */
  readonly onWithdrawn: () => void
  /** Told when a worker is no more. */
  readonly onLost: (unit: Unit.Unit) => void
  /** Told of a worker that was not asked to end, when it is out of service and before its calls have failed. */
  readonly onFault: (unit: Unit.Unit, fault: Fault, why: string, before: Unit.State) => void
}

export const make = ({ dispatcher, now, onFault, onLost, onWithdrawn, units }: Options) => {
  /** A worker leaves service. */
  const withdraw = (unit: Unit.Unit, state: Unit.State): void => {
    unit.state = state
    unit.since = now()
    unit.isActive = false
    dispatcher.remove(unit)
    onWithdrawn()
  }

  /** A worker leaves service by a fault. What was not posted to it yet moves to another one. */
  const fall = (unit: Unit.Unit, fault: Fault, why: string): void => {
    const before = unit.state
    if (before === "dying" || before === "stopping" || before === "gone") return
    withdraw(unit, "dying")
    dispatcher.reclaim(unit)
    onFault(unit, fault, why, before)
  }

  /** A worker is no more: what it had fails. */
  const lose = (unit: Unit.Unit, errorOf: Refusal): void => {
    if (!units.delete(unit)) return
    unit.state = "gone"
    dispatcher.lose(unit, errorOf)
    onLost(unit)
  }

  /** A worker that went by its own doing, or that takes too long over it. */
  const gone = (unit: Unit.Unit, end: Isolate.End): void => {
    const ending: failures.Ending = {
      ...end,
      thrown: unit.thrown,
      stderr: unit.isolate.stderr(),
      uptimeMs: Math.round(now() - unit.startedAt),
      callsDone: unit.callsDone
    }
    lose(unit, (boundary) => failures.crashed(boundary, ending))
  }

  return {
    fall,
    gone,
    withdraw,

    /** Something was thrown that the worker will not survive. */
    doom: (unit: Unit.Unit, error: unknown): void => {
      unit.thrown ??= { error }
      if (unit.readyAt === undefined) unit.isolate.terminate()
      fall(unit, "crashed", failures.oneLine(error))
    },

    exited: (unit: Unit.Unit, end: Isolate.End): void => {
      const ending = { ...end, thrown: unit.thrown }
      fall(unit, "crashed", unit.readyAt === undefined ? failures.describeStart(ending) : failures.describe(ending))
      gone(unit, end)
    },

    /** Ends a worker by force, with a sample of what it was doing. */
    kill: (unit: Unit.Unit, why: string, silentMs: number): void => {
      fall(unit, "unresponsive", why)
      void unit.isolate.stopSampling().then((sample) => {
        lose(unit, (boundary) => failures.unresponsive(boundary, why, silentMs, sample))
        unit.isolate.terminate()
      })
    },

    /** Asks a worker to end by itself. */
    stop: (unit: Unit.Unit): void => {
      withdraw(unit, "stopping")
      unit.outbox.push([toWorker.stop])
      unit.outbox.flush()
    }
  }
}

/** See {@link make}. */
export type Ending = ReturnType<typeof make>
