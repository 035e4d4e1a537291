/** An async iterable as a stream that can be left at any time, whether or not the iterable ever answers. */
import * as Cause from "effect/Cause"
import * as Channel from "effect/Channel"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/** Anything that was thrown; its type says that nothing is known of it. */
export class Thrown {
  readonly value: unknown
  constructor(value: unknown) {
    this.value = value
  }
}

/** A promise's outcome, whatever promised it. `late`: what becomes of a value for which nobody waits any longer. */
export const settle = <A>(run: () => A | PromiseLike<A>, late?: (value: A) => void): Effect.Effect<A, Thrown> =>
  Effect.callback((resume) => {
    let isLeft = false
    // The promise is our own: one of another kind could throw here.
    new Promise<A>((resolve) => resolve(run())).then(
      (value) => (isLeft ? late?.(value) : resume(Effect.succeed(value))),
      (thrown: unknown) => resume(Effect.fail(new Thrown(thrown)))
    )
    return Effect.sync(() => {
      isLeft = true
    })
  })

const ignore = (): void => undefined

/** Lets go of an iterator. Nobody waits for it: one that is stuck in its next element would never come back. */
const leave = (iterator: AsyncIterator<unknown>): void => {
  new Promise((resolve) => resolve(iterator.return?.())).then(ignore, ignore)
}

/** A stream of Node that is given up says so by an event that must have a listener. */
export const silence = (source: unknown): void => {
  try {
    if (typeof source === "object" && source !== null && "on" in source && typeof source.on === "function") {
      source.on("error", ignore)
    }
  } catch {
    // It is none.
  }
}

/** The elements of an iterable, one at a time. */
export const elements = <A>(iterable: AsyncIterable<A>): Stream.Stream<A, Thrown> =>
  Stream.fromChannel(
    Channel.fromTransform((_upstream: unknown, scope: Scope.Scope) =>
      Effect.gen(function* () {
        silence(iterable)
        const iterator = yield* Effect.try({
          try: () => iterable[Symbol.asyncIterator](),
          catch: (thrown) => new Thrown(thrown)
        })
        let isOver = false
        yield* Scope.addFinalizer(
          scope,
          Effect.sync(() => (isOver ? undefined : leave(iterator)))
        )
        const next = settle(async () => {
          const { done, value } = await iterator.next()
          return { isDone: done === true, value }
        })
        return Effect.flatMap(
          Effect.onExit(next, (exit) =>
            Effect.sync(() => {
              isOver = Exit.isFailure(exit) ? !Cause.hasInterrupts(exit.cause) : exit.value.isDone
            })
          ),
          ({ isDone, value }) => (isDone ? Cause.done() : Effect.succeed([value as A] as const))
        )
      })
    )
  )
