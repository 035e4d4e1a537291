/**
 * What is done when a request is over, by several who stand around it: as one finalizer
 * of its scope, since a scope with several of them takes a generator to close.
 */
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"

interface Leaving {
  readonly scope: Scope.Scope
  /** `undefined`: it is over. */
  steps: Array<() => void> | undefined
}

/** Of the request that came last. Who stands around one does so in one turn, before the next one comes. */
let latest: Leaving | undefined

/** Does something when a scope closes, in the opposite order. It must not throw. */
export const whenOver = (scope: Scope.Scope, step: () => void): Effect.Effect<void> => {
  if (latest?.scope === scope && latest.steps !== undefined) {
    latest.steps.push(step)
    return Effect.void
  }
  const leaving: Leaving = { scope, steps: [step] }
  latest = leaving
  return Scope.addFinalizer(
    scope,
    Effect.sync(() => {
      const { steps = [] } = leaving
      leaving.steps = undefined
      if (latest === leaving) latest = undefined
      for (const each of steps.toReversed()) each()
    })
  )
}
