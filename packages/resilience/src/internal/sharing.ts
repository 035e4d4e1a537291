/** Carries what is found out of upstreams between a registry and a store, beside the calls. */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import type { News, Store } from "../Store.ts"
import type { Known, Registry } from "./registry.ts"

interface Times {
  readonly every: Duration.Duration
  readonly within: Duration.Duration
}

/** How many keys are asked for at once. */
const concurrency = 16

/** How much waits to be written at most, since callers choose the names of models. */
const most = 1000

const keyOf = ({ model, upstream }: Known): string =>
  ["causeway", upstream ?? "", model ?? ""]
    .map((part) => encodeURIComponent(part.slice(0, 100).toWellFormed()))
    .join(":")

/** Starts to share; it ends with the scope. */
export const sharing = (
  registry: Registry,
  store: Store["Service"],
  times: Times
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    // Not of Effect's generator: one that is seeded would give two processes the same name.
    // @effect-diagnostics-next-line cryptoRandomUUIDInEffect:off
    const by = crypto.randomUUID()
    /** When there was news last, of this process or another one: what is older says nothing. */
    const seen = new Map<Known, number>()
    const changed = new Set<Known>()
    const wake = yield* Queue.sliding<void>(1)
    let isFollowing = false
    let isFailing = false
    let asking = 0
    let servedFrom = 0

    /** Asks the store, within its time. What was asked before it served again says nothing of how it is now. */
    const told = <A, E>(asked: Effect.Effect<A, E>): Effect.Effect<Exit.Exit<A, unknown>> =>
      Effect.suspend(() => {
        const number = ++asking
        return Effect.flatMap(Effect.exit(Effect.timeout(asked, times.within)), (exit) => {
          if (Exit.isSuccess(exit)) servedFrom = Math.max(servedFrom, number)
          else if (Cause.hasInterruptsOnly(exit.cause)) return Effect.interrupt
          if (Exit.isFailure(exit) === isFailing || number < servedFrom) return Effect.succeed(exit)
          isFailing = !isFailing
          const line = Exit.isFailure(exit)
            ? Effect.logWarning("the store of what is known of upstreams fails, each process knows its own", exit.cause)
            : Effect.logInfo("the store of what is known of upstreams serves again")
          return Effect.as(line, exit)
        })
      })

    /** Writes down what has changed. What cannot be written is tried again later, as it is then. */
    const write = Effect.gen(function* () {
      for (const known of changed) {
        const at = yield* Clock.currentTimeMillis
        changed.delete(known)
        const exit = yield* told(store.put(keyOf(known), newsOf(known, at, by)))
        if (Exit.isSuccess(exit)) continue
        changed.add(known)
        Queue.offerUnsafe(wake, undefined)
        return yield* Effect.sleep(times.every)
      }
    })

    const follow = (known: Known, news: News, now: number): void => {
      if (news.by === by || news.at <= (seen.get(known) ?? Number.NEGATIVE_INFINITY)) return
      seen.set(known, news.at)
      isFollowing = true
      for (const circuit of known.circuits) circuit.follow(now, news.isOpen, news.openUntil, news.why)
      if (news.restsUntil > now) for (const rest of known.rests) rest.askedUnsafe(now, news.restsUntil - now)
      isFollowing = false
    }

    const read = Effect.gen(function* () {
      const all = [...registry.known.values()]
      const isKnown = new Set(all)
      for (const known of seen.keys()) if (!isKnown.has(known)) seen.delete(known)
      yield* Effect.forEach(
        all,
        (known) =>
          Effect.flatMap(told(store.get(keyOf(known))), (exit) => {
            const news = Exit.isSuccess(exit) ? exit.value : undefined
            return news === undefined
              ? Effect.void
              : Effect.map(Clock.currentTimeMillis, (now) => follow(known, news, now))
          }),
        { concurrency, discard: true }
      )
    })

    const watcher = (known: Known, at: number): void => {
      if (isFollowing) return
      seen.set(known, at)
      changed.add(known)
      const [oldest] = changed
      if (oldest !== undefined && changed.size > most) changed.delete(oldest)
      Queue.offerUnsafe(wake, undefined)
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => registry.watchers.add(watcher)),
      () => Effect.sync(() => registry.watchers.delete(watcher))
    )
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(Queue.take(wake), write)))
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(read, Effect.sleep(times.every))))
  })

const newsOf = ({ circuits, rests }: Known, at: number, by: string): News => {
  const open = [...circuits].filter(
    (circuit) => circuit.forced() === "auto" && ["open", "probing"].includes(circuit.state(at))
  )
  return {
    by,
    at,
    isOpen: open.length > 0,
    openUntil: Math.max(0, ...open.map((circuit) => at + circuit.retryInMs(at))),
    restsUntil: Math.max(0, ...[...rests].map((rest) => rest.untilUnsafe(at) ?? 0)),
    why: open.length > 0 ? "another process found it so" : "another process found it back"
  }
}
