/** How many requests are being answered. */
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"
import * as Leaving from "./leaving.ts"

export interface InFlight {
  readonly count: () => number
  /** Counts a request until its scope ends, by when its answer has gone out. */
  readonly track: Effect.Effect<void, never, Scope.Scope>
  /** Waits until there is none. */
  readonly idle: Effect.Effect<void>
}

export const make = (): InFlight => {
  const idle = Latch.makeUnsafe(true)
  let count = 0
  const leave = (): void => {
    if (--count === 0) idle.openUnsafe()
  }
  return {
    count: () => count,
    idle: idle.await,
    track: Effect.flatMap(Effect.scope, (scope) => {
      if (++count === 1) idle.closeUnsafe()
      return Leaving.whenOver(scope, leave)
    })
  }
}
