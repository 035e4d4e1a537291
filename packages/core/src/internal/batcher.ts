/**
 * The state of a batched handler: calls that wait, and batches that run. Effect's
 * own `RequestResolver` collects as well, but a batch of it goes on when nobody
 * waits for it any more, and runs with the services and the span of the call that
 * happened to be its first.
 */
import type * as Arr from "effect/Array"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Tracer from "effect/Tracer"

/** A call in a batch, or on its way into one. */
export interface Item<in out P, in out A, in out E> {
  readonly payload: P
  /** Its span, and who records that. */
  readonly span: Tracer.AnySpan | undefined
  readonly tracer: Tracer.Tracer
  /** When it came, in milliseconds. */
  readonly since: number
  /** Ends the call. */
  readonly resume: (outcome: Effect.Effect<A, E>) => void
  batch: Batch | undefined
}

interface Batch {
  /** How many calls still wait for it. */
  awaited: number
  interrupt: Effect.Effect<void>
}

/** Calls, at least one. */
export type Items<P, A, E> = Arr.NonEmptyReadonlyArray<Item<P, A, E>>

/** Options of {@link make}. */
export interface Options<in out P, in out A, in out E> {
  readonly maxSize: number
  readonly maxWaitMs: number
  readonly concurrency: number
  readonly clock: Clock.Clock
  /** Starts a batch, which gives how each of its calls ended. */
  readonly run: (items: Items<P, A, E>) => Fiber.Fiber<ReadonlyArray<Exit.Exit<A, E>>>
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  /** Told when no call is left. */
  readonly onIdle: () => void
}

/** Collects calls into batches. */
export interface Batcher<in out P, in out A, in out E> {
  readonly add: (item: Item<P, A, E>) => void
  /** The caller no longer waits. Ends when the batch has, where nobody else waits for it either. */
  readonly leave: (item: Item<P, A, E>) => Effect.Effect<void>
  /** Interrupts what waits. */
  readonly close: () => void
}

export const make = <P, A, E>(options: Options<P, A, E>): Batcher<P, A, E> => {
  const { clock, concurrency, fork, maxSize, maxWaitMs, onIdle, run } = options
  const waiting: Array<Item<P, A, E>> = []
  let running = 0
  let isStarting = false
  /** The end of the turn in which calls came: all of it are one batch. */
  let isTurnAwaited = false
  /** What waits until the first call has waited long enough. */
  let timer: { readonly item: Item<P, A, E>; readonly fiber: Fiber.Fiber<void> } | undefined

  const add = (item: Item<P, A, E>): void => {
    waiting.push(item)
    if (waiting.length >= maxSize) return start()
    if (isTurnAwaited || timer !== undefined) return
    isTurnAwaited = true
    fork(
      Effect.andThen(
        Effect.yieldNow,
        Effect.sync(() => {
          isTurnAwaited = false
          start()
        })
      )
    )
  }

  /** Takes the batch whose time has come. */
  const takeDue = (): Items<P, A, E> | undefined => {
    const [first] = waiting
    if (first === undefined || running >= concurrency) return undefined
    const waited = clock.currentTimeMillisUnsafe() - first.since
    if (running > 0 && waiting.length < maxSize && waited < maxWaitMs) return undefined
    const [, ...others] = waiting.splice(0, maxSize)
    return [first, ...others]
  }

  /** Starts the batches whose time has come. */
  const start = (): void => {
    // A batch that ends at once comes here again: one by one, however many follow.
    if (isStarting) return
    isStarting = true
    for (let items = takeDue(); items !== undefined; items = takeDue()) begin(items)
    isStarting = false
    watch()
    if (running === 0 && waiting.length === 0) onIdle()
  }

  /** While a batch runs, the first of those that wait waits no longer than it should. */
  const watch = (): void => {
    const [first] = waiting
    if (timer?.item === first) return
    const outdated = timer
    timer = undefined
    outdated?.fiber.interruptUnsafe()
    // Where there is no room, the end of a batch makes some.
    if (first === undefined || maxWaitMs === Number.POSITIVE_INFINITY || running >= concurrency) return
    const leftMs = Math.max(0, first.since + maxWaitMs - clock.currentTimeMillisUnsafe())
    const fiber = fork(
      Effect.andThen(
        Effect.sleep(leftMs),
        Effect.sync(() => {
          timer = undefined
          start()
        })
      )
    )
    timer = { item: first, fiber }
  }

  const begin = (items: Items<P, A, E>): void => {
    const batch: Batch = { awaited: items.length, interrupt: Effect.void }
    for (const item of items) item.batch = batch
    running++
    const fiber = run(items)
    batch.interrupt = Fiber.interrupt(fiber)
    fiber.addObserver((exit) => end(items, exit))
  }

  const end = (items: Items<P, A, E>, exit: Exit.Exit<ReadonlyArray<Exit.Exit<A, E>>>): void => {
    running--
    // It failed as a whole where it was interrupted, or where the function gave what is no list of outcomes.
    for (const [at, { resume }] of items.entries()) {
      const outcome = Exit.isSuccess(exit) ? exit.value[at] : Exit.failCause(exit.cause)
      resume(Exit.isExit(outcome) ? outcome : Exit.die(new TypeError("a batch gave what is no outcome")))
    }
    start()
  }

  const leave = (item: Item<P, A, E>): Effect.Effect<void> =>
    Effect.suspend(() => {
      const { batch } = item
      if (batch === undefined) {
        const at = waiting.indexOf(item)
        if (at >= 0) waiting.splice(at, 1)
        start()
        return Effect.void
      }
      batch.awaited--
      return batch.awaited > 0 ? Effect.void : batch.interrupt
    })

  const close = (): void => {
    for (const { resume } of waiting.splice(0)) resume(Exit.interrupt())
    watch()
  }

  return { add, close, leave }
}
