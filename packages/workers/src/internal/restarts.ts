/**
 * Restarts of a whole pool: which workers are to go, and who waits for it.
 */
import type { BoundaryError } from "@causeway/core/BoundaryError"
import type { Unit } from "./unit.ts"

/** A restart that has not ended. */
interface Restart {
  readonly former: ReadonlyArray<Unit>
  readonly onEnd: (error?: BoundaryError) => void
}

export const make = (units: ReadonlySet<Unit>, isComplete: () => boolean) => {
  const pending = new Set<Restart>()

  return {
    /** Marks every worker; gives a function that waits no longer. */
    begin: (onEnd: Restart["onEnd"]): (() => void) => {
      const former = Array.from(units)
      for (const unit of former) unit.due = "restart"
      const restart = { former, onEnd }
      pending.add(restart)
      return () => void pending.delete(restart)
    },

    /** Ends those restarts whose last worker is gone. */
    check: (): void => {
      if (pending.size === 0 || !isComplete()) return
      for (const restart of Array.from(pending)) {
        if (restart.former.some((unit) => units.has(unit))) continue
        pending.delete(restart)
        restart.onEnd()
      }
    },

    /** Ends all restarts, and leaves those workers alone that have not gone yet. */
    fail: (error: () => BoundaryError): void => {
      if (pending.size === 0) return
      for (const unit of units) if (unit.due === "restart") unit.due = undefined
      for (const restart of Array.from(pending)) {
        pending.delete(restart)
        restart.onEnd(error())
      }
    }
  }
}
