/**
 * A policy for a stream: all attempts are made before its first element; from then
 * on only the limits hold, and a failure passes through.
 */
import type { PolicyError } from "@causeway/core/PolicyError"
import * as Disposition from "@causeway/core/Disposition"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Cause from "effect/Cause"
import * as Channel from "effect/Channel"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Turn } from "./course.ts"
import { failWith, isFailure, isTimeOver, run } from "./loop.ts"
import { attemptOf, exceeded } from "./record.ts"
import type { Settings } from "./settings.ts"
import { makeWatch, type Watch, within } from "./within.ts"

type Elements<A> = NonEmptyReadonlyArray<A>

/** An attempt that has succeeded. */
interface Opened<A, E, R> {
  readonly turn: Turn
  /** `undefined`: the stream ended without any. */
  readonly first: Elements<A> | undefined
  readonly pull: Pull.Pull<Elements<A>, E, void, R>
  readonly watch: Watch
  /** Closes what the attempt opened without being waited for. */
  readonly abandon: Effect.Effect<unknown>
}

/** The stream under a policy. */
export const stream = <A, E, R>(
  settings: Settings,
  self: Stream.Stream<A, E, R>
): Stream.Stream<A, E | PolicyError, R> =>
  Stream.fromChannel(
    Channel.fromTransformBracket((_upstream, _scope, reader) =>
      Effect.map(Clock.Clock, (clock) => {
        let following: Pull.Pull<Elements<A>, E | PolicyError, void, R> | undefined
        const start = Effect.flatMap(
          run(settings, {
            phase: "first-element",
            limit: settings.firstElement,
            goesOn: true,
            attempt: (turn) => open(self, turn, reader),
            discard: ({ abandon }) => void Effect.runFork(abandon)
          }),
          (opened): Pull.Pull<Elements<A>> => {
            following = follow(settings, opened, clock)
            return opened.first === undefined ? Cause.done() : Effect.succeed(opened.first)
          }
        )
        return Effect.suspend(() => following ?? start)
      })
    )
  )

/**
 * One attempt. What it opens is closed when it fails, else with the reader's scope;
 * that is settled before the attempt ends, so nothing is left open between the two.
 */
const open = <A, E, R>(
  self: Stream.Stream<A, E, R>,
  turn: Turn,
  reader: Scope.Scope
): Effect.Effect<Opened<A, E, R>, E, R> =>
  Effect.suspend(() => {
    const scope = Scope.makeUnsafe()
    const watch = makeWatch()
    const close = (exit: Exit.Exit<unknown, unknown>) =>
      Effect.suspend(() => {
        watch.stop()
        return Scope.close(scope, exit)
      })
    /** What has begun keeps its place to its end; of an attempt that failed it is given back when that is known. */
    const end = (exit: Exit.Exit<unknown, unknown>) => Effect.ensuring(close(exit), Effect.sync(turn.release))
    // A scope that is being closed already is not waited for by whoever closes it next.
    const abandon = Effect.forkDetach(end(Exit.interrupt()), { startImmediately: true })
    return Channel.toPullScoped(Stream.toChannel(self), scope).pipe(
      Effect.flatMap((pull) => {
        const opened = { turn, pull: turn.provide(pull), watch, abandon }
        return Pull.matchEffect(pull, {
          onSuccess: (first): Effect.Effect<Opened<A, E, R>> => Effect.succeed({ ...opened, first }),
          onFailure: (cause) => Effect.failCause(cause),
          onDone: () => Effect.succeed({ ...opened, first: undefined })
        })
      }),
      Effect.onExit((exit) => (Exit.isSuccess(exit) ? Scope.addFinalizerExit(reader, end) : close(exit)))
    )
  })

/** The rest of a stream: its pull, within the limits. */
const follow = <A, E, R>(
  settings: Settings,
  { abandon, pull, turn, watch }: Opened<A, E, R>,
  clock: Clock.Clock
): Pull.Pull<Elements<A>, E | PolicyError, void, R> => {
  const idleMs = Duration.toMillis(settings.idle)

  /** Ends the stream; `seen` is what the attempt itself failed with, where it is not that. */
  const fail = <F>(cause: Cause.Cause<F>, seen: Cause.Cause<unknown> = cause): Effect.Effect<never, F> => {
    const error: unknown = Cause.squash(seen)
    const now = clock.currentTimeMillisUnsafe()
    turn.failedLater(now, error)
    const attempt = attemptOf(
      {
        ...turn,
        elapsedMs: now - turn.startedAt,
        error,
        disposition: Disposition.of(error),
        kind: undefined,
        passed: []
      },
      "nothing: the stream had begun"
    )
    return failWith(cause, [...turn.before, attempt])
  }
  const timeIsOver = () => Cause.fail(exceeded("total", turn.totalMs))

  return Effect.suspend(() => {
    const until = Math.min(clock.currentTimeMillisUnsafe() + idleMs, turn.endsAt)
    return Effect.flatMap(
      within(pull, Number.isFinite(until) ? watch.until(until) : undefined),
      (exit): Pull.Pull<Elements<A>, E | PolicyError> => {
        if (exit === undefined) {
          const limit = until === turn.endsAt ? timeIsOver() : Cause.fail(exceeded("idle", idleMs))
          return Effect.andThen(abandon, fail(limit))
        }
        if (Exit.isSuccess(exit) || Pull.isDoneCause(exit.cause) || !isFailure(exit.cause)) return exit
        return isTimeOver(Cause.squash(exit.cause), clock.currentTimeMillisUnsafe(), turn.endsAt)
          ? fail(timeIsOver(), exit.cause)
          : fail(exit.cause)
      }
    )
  })
}
