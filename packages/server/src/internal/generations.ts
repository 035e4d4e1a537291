/**
 * The routes that serve, replaced as a whole while they do: who has begun with the
 * former ones ends with them, and they go when the last of those has been answered.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Scope from "effect/Scope"
import * as InFlight from "./inFlight.ts"

/** Routes that are built. */
export type App<E, R> = Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>

interface Generation<E, R> {
  readonly app: App<E, R>
  readonly scope: Scope.Closeable
  readonly inFlight: InFlight.InFlight
}

/** How many former ones may still serve their last requests: each has its own workers. */
export const mostFormer = 4

export interface Generations<E, R> {
  /** What serves: whatever is current when a request comes. */
  readonly app: App<E, R | Scope.Scope>
  /** Builds the next one and lets it serve. Where that fails, nothing has changed. */
  readonly replace: <E2, R2>(
    build: Effect.Effect<App<E, R>, E2, R2>
  ) => Effect.Effect<void, E2, Exclude<R2, Scope.Scope>>
  /** How many former ones still serve. */
  readonly former: () => number
}

/** The first one; all end where this one stands in the scope, after whatever was added to it later. */
export const make = <E, R, E2, R2>(
  build: Effect.Effect<App<E, R>, E2, R2>
): Effect.Effect<Generations<E, R>, E2, Exclude<R2, Scope.Scope> | Scope.Scope> =>
  Effect.gen(function* () {
    // Its own: those that are built later would end before whoever drains them, which was added to the outer one by then.
    const parent = yield* Scope.fork(yield* Effect.scope)
    let former = 0
    const begin = <E2, R2>(build: Effect.Effect<App<E, R>, E2, R2>) =>
      Effect.gen(function* () {
        const scope = yield* Scope.fork(parent)
        const app = yield* Scope.provide(build, scope).pipe(
          Effect.onExit((exit) => (Exit.isSuccess(exit) ? Effect.void : Scope.close(scope, exit)))
        )
        return { app, scope, inFlight: InFlight.make() } satisfies Generation<E, R>
      })
    let current: Generation<E, R> = yield* begin(build)
    const retire = ({ inFlight, scope }: Generation<E, R>): Effect.Effect<void> =>
      inFlight.idle.pipe(Effect.andThen(Scope.close(scope, Exit.void)), Effect.ensuring(Effect.sync(() => former--)))
    return {
      app: Effect.suspend(() => {
        const { app, inFlight } = current
        return Effect.andThen(inFlight.track, app)
      }),
      former: () => former,
      replace: (build) =>
        Effect.uninterruptibleMask((restore) =>
          Effect.gen(function* () {
            const next = yield* restore(begin(build))
            const last = current
            current = next
            former++
            yield* Effect.forkIn(retire(last), parent)
          })
        )
    }
  })
