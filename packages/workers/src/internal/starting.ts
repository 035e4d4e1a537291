/**
 * Starts workers: an isolate, and the unit by which the pool knows it.
 */
import type { Dispatcher } from "./dispatcher.ts"
import type * as Isolate from "./isolate.ts"
import * as Outbox from "./outbox.ts"
import * as Recycling from "./recycling.ts"
import * as Unit from "./unit.ts"
import { type FromWorker, toWorker, type ToWorker } from "./wire.ts"

/** Options of {@link make}. */
export interface Options {
  readonly dispatcher: Pick<Dispatcher, "refused">
  /** Starts a thread or a process. */
  readonly startIsolate: Isolate.Start
  readonly isolate: Omit<Isolate.Options, "name" | "env">
  readonly envOf: (slot: number) => Isolate.Options["env"]
  readonly recycle: Recycling.Limits
  /** The pool's clock, in milliseconds. */
  readonly now: () => number
  /** Between 0 and 1. */
  readonly random: () => number
}

/** As an isolate's listener, of a unit. */
export interface Listener {
  readonly onMessages: (unit: Unit.Unit, messages: ReadonlyArray<FromWorker>) => void
  readonly onError: (unit: Unit.Unit, error: unknown) => void
  readonly onExit: (unit: Unit.Unit, end: Isolate.End) => void
}

/** Makes the function that starts a worker, and throws where its isolate cannot be started. */
export const make =
  ({ dispatcher, envOf, isolate: shared, now, random, recycle, startIsolate }: Options, listener: Listener) =>
  (id: number, slot: number): Unit.Unit => {
    let unit: Unit.Unit | undefined
    const withUnit =
      <A>(f: (unit: Unit.Unit, value: A) => void) =>
      (value: A): void => {
        if (unit !== undefined) f(unit, value)
      }
    const isolate = startIsolate(
      { ...shared, name: `causeway worker ${id}`, env: envOf(slot) },
      {
        onMessages: withUnit(listener.onMessages),
        onError: withUnit(listener.onError),
        onExit: withUnit(listener.onExit)
      }
    )
    const outbox = Outbox.make<ToWorker>({
      post: isolate.post,
      moves: isolate.moves,
      onRefused: (message, error) => {
        if (message[0] === toWorker.request) dispatcher.refused(message, error)
      }
    })
    unit = Unit.make(id, slot, isolate, outbox, now(), Recycling.limitsOf(recycle, random()))
    return unit
  }
