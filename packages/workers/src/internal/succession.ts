/**
 * Who serves: spares take the places of workers that are lost, and of those that
 * are due to be replaced. One of those goes only when a new one is ready, so that
 * no call ever lacks a worker.
 */
import type { Dispatcher } from "./dispatcher.ts"
import { isHopeful, isRetiring, type Unit } from "./unit.ts"

/** Options of {@link make}. */
export interface Options {
  readonly units: ReadonlySet<Unit>
  readonly dispatcher: Pick<Dispatcher, "active" | "add">
  readonly size: number
  readonly spare: number
  /** Gives a worker no more calls, and ends it when those that it has are done. */
  readonly retire: (unit: Unit) => void
  /** Ends a worker that has no calls. */
  readonly stop: (unit: Unit) => void
}

export const make = ({ dispatcher, retire, size, spare, stop, units }: Options) => {
  const having = (predicate: (unit: Unit) => boolean): ReadonlyArray<Unit> => Array.from(units).filter(predicate)

  const serve = (unit: Unit): void => {
    unit.isActive = true
    dispatcher.add(unit)
  }

  /** Lets spares serve where workers are missing, those that are due last. */
  const fill = (): void => {
    for (const unit of [...having(isFreshSpare), ...having(isDueSpare)]) {
      if (dispatcher.active.size >= size) return
      serve(unit)
    }
  }

  /** Lets new spares take the places of those that are due, one for one. */
  const relieve = (): void => {
    for (;;) {
      const [fresh] = having(isFreshSpare)
      const [due] = having(isDueActive)
      // Those that wait for a long stream must not pile up.
      if (fresh === undefined || due === undefined || having(isRetiring).length >= size) break
      retire(due)
      serve(fresh)
    }
    if (having(isDueActive).length > 0) return
    for (const due of having(isDueSpare)) if (having(isFreshSpare).length >= spare) stop(due)
  }

  return {
    /** Puts every worker where it belongs. */
    advance: (): void => {
      fill()
      relieve()
    },

    /** The lowest that no worker has which stays: one that goes gives its own to whom takes its place. */
    freeSlot: (): number => {
      const taken = new Set(having((unit) => isHopeful(unit) && unit.due === undefined).map(({ slot }) => slot))
      let slot = 0
      while (taken.has(slot)) slot++
      return slot
    },

    /** How many workers are to be started; the spares when the others are ready. */
    missing: (): number => {
      const starting = having(({ state }) => state === "starting").length
      const active = dispatcher.active.size
      if (active < size) return size - active - starting
      // Those that are due go one after the other.
      const wanted = Math.max(spare, having(isDueActive).length > 0 ? 1 : 0)
      return wanted - having(isFreshSpare).length - starting
    }
  }
}

const isSpare = ({ isActive, state }: Unit): boolean => state === "ready" && !isActive

const isFreshSpare = (unit: Unit): boolean => isSpare(unit) && unit.due === undefined

const isDueSpare = (unit: Unit): boolean => isSpare(unit) && unit.due !== undefined

const isDueActive = ({ due, isActive, state }: Unit): boolean => state === "ready" && isActive && due !== undefined
