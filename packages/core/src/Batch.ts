/**
 * A handler that takes many calls at once, such as a model that answers 32 questions
 * in the time of one. Callers notice nothing of it: each makes one call and gets one
 * answer, and the handler serves in every place: in process, by workers, over HTTP.
 *
 * **Example** (A batched handler)
 *
 * ```ts
 * import * as Batch from "@causeway/core/Batch"
 * import * as Contract from "@causeway/core/Contract"
 * import * as Local from "@causeway/core/Local"
 * import * as Effect from "effect/Effect"
 * import * as Exit from "effect/Exit"
 * import * as Rpc from "effect/rpc/Rpc"
 * import * as Schema from "effect/Schema"
 *
 * const Root = Rpc.make("root", {
 *   payload: { of: Schema.Finite },
 *   success: Schema.Finite,
 *   error: Schema.Union([Schema.String, Batch.BatchError])
 * }).annotate(Contract.Concurrency, 64)
 *
 * class Roots extends Contract.Service<Roots>()("app/Roots", Root) {}
 *
 * const root = Batch.make(
 *   (payloads: Batch.Payloads<typeof Root>) =>
 *     Effect.succeed(payloads.map(({ of }) => (of < 0 ? Exit.fail("negative") : Exit.succeed(Math.sqrt(of))))),
 *   { maxSize: 32, maxWait: "5 millis" }
 * )
 * const handlers = Roots.toLayer(Effect.map(root, (root) => ({ root })))
 *
 * const program = Effect.gen(function* () {
 *   const roots = yield* Roots
 *   const root = (of: number) => Effect.catch(roots.root({ of }), (error) => Effect.succeed(`no: ${error}`))
 *   const calls = [9, -1, 16].map(root)
 *   return yield* Effect.all(calls, { concurrency: "unbounded" })
 * }).pipe(Effect.provide(Local.layer(Roots, handlers)))
 *
 * await Effect.runPromise(program) // => [3, "no: negative", 4]
 * ```
 */
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberSet from "effect/FiberSet"
import type * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import * as Disposition from "./Disposition.ts"
import * as Batcher from "./internal/batcher.ts"
import * as Upstream from "./Upstream.ts"

/** How calls are put together. */
export interface Options {
  /** How many calls a batch has at most. */
  readonly maxSize: number
  /**
   * How long a call waits for others while a batch runs. Then its own batch begins beside
   * it. `Duration.infinity` waits until no batch runs, or `maxSize` is reached.
   */
  readonly maxWait: Duration.Input
  /**
   * How many batches run at a time at most, however long a call waits for that: 1 for a
   * model that takes one after the other. Default: no limit, but that of the calls.
   */
  readonly concurrency?: number | undefined
}

/** The payloads of a batch, at least one, in the order in which the calls came. */
export type Payloads<R extends Rpc.Any> = Arr.NonEmptyReadonlyArray<Rpc.Payload<R>>

/**
 * A batch did not do what it is for: it gave another number of outcomes than it had
 * calls, which fails each of them, or it died, which is the defect of each of them.
 */
export class BatchError extends Schema.TaggedError<BatchError>("@causeway/core/Batch/BatchError")("BatchError", {
  message: Schema.String,
  /** How many calls the batch had. */
  size: Schema.Finite,
  /** What it died of. */
  cause: Schema.optional(Schema.Defect())
}) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "us" })
  }
}

/**
 * Makes a handler of one call out of a function of many. It gives how each call ended,
 * in their order: a call whose `Exit` is a failure fails alone. Where the function
 * itself fails, each call of the batch fails so.
 *
 * Calls that come in one turn while no batch runs are a batch at once: an idle handler
 * makes nobody wait. While one runs, the next is collected, until none runs any more,
 * `maxSize` is reached, or its first call has waited for `maxWait`.
 *
 * A call that is interrupted, or whose deadline passes, leaves its batch, which goes on
 * for the others; when the last one leaves, the batch is interrupted. A batch has the
 * services that were there when the handler was made, and `Upstream.Current`, by which
 * calls are kept apart; of a single call it sees the payload only. Its span is linked to
 * the spans of its calls.
 *
 * Throws a `RangeError` where an option makes no sense.
 */
export const make = <P, A, E, E2 = never, R = never>(
  run: (payloads: Arr.NonEmptyReadonlyArray<P>) => Effect.Effect<ReadonlyArray<Exit.Exit<A, E>>, E2, R>,
  options: Options
): Effect.Effect<(payload: P) => Effect.Effect<A, E | E2 | BatchError>, never, R | Scope.Scope> => {
  const resolved = resolve(options)
  type Failure = E | E2 | BatchError
  return Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const fork = yield* FiberSet.makeRuntime<R>()
    // By the name of their upstream, since a batch goes to one of them.
    const batchers = new Map<string | undefined, Batcher.Batcher<P, A, Failure>>()
    let isClosed = false
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        isClosed = true
        for (const { close } of Array.from(batchers.values())) close()
      })
    )

    const batcherOf = (upstream: string | undefined): Batcher.Batcher<P, A, Failure> => {
      const known = batchers.get(upstream)
      if (known !== undefined) return known
      const made: Batcher.Batcher<P, A, Failure> = Batcher.make<P, A, Failure>({
        ...resolved,
        clock,
        fork,
        run: (items) => fork(Effect.provideService(outcomes(items, run), Upstream.Current, upstream)),
        onIdle: () => {
          if (batchers.get(upstream) === made) batchers.delete(upstream)
        }
      })
      batchers.set(upstream, made)
      return made
    }

    return (payload: P) =>
      Effect.withFiber((fiber) =>
        Effect.callback<A, Failure>((resume) => {
          if (isClosed) return resume(Exit.interrupt())
          const since = clock.currentTimeMillisUnsafe()
          const batcher = batcherOf(fiber.getRef(Upstream.Current))
          const item = {
            payload,
            span: fiber.cache.span,
            tracer: fiber.getRef(Tracer.Tracer),
            since,
            resume,
            batch: undefined
          }
          batcher.add(item)
          return batcher.leave(item)
        })
      )
  })
}

const resolve = ({ concurrency = Number.POSITIVE_INFINITY, maxSize, maxWait }: Options) => {
  const maxWaitMs = Duration.toMillis(Duration.fromInputUnsafe(maxWait))
  // A number below zero, or none, would become zero as a duration.
  if (typeof maxWait === "number" && !(maxWait >= 0)) {
    throw new RangeError(`Batch: maxWait is a duration of at least 0, not ${maxWait}`)
  }
  if (!isCount(maxSize)) throw new RangeError(`Batch: maxSize is a whole number of at least 1, not ${maxSize}`)
  if (concurrency !== Number.POSITIVE_INFINITY && !isCount(concurrency)) {
    throw new RangeError(`Batch: concurrency is a whole number of at least 1, not ${concurrency}`)
  }
  return { concurrency, maxSize, maxWaitMs }
}

const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 1

/** Runs a batch, and gives how each of its calls ended; fails only where it is interrupted. */
const outcomes = <P, A, E, E2, R>(
  items: Batcher.Items<P, A, E | E2 | BatchError>,
  run: (payloads: Arr.NonEmptyReadonlyArray<P>) => Effect.Effect<ReadonlyArray<Exit.Exit<A, E>>, E2, R>
): Effect.Effect<ReadonlyArray<Exit.Exit<A, E | E2 | BatchError>>, never, R> =>
  Effect.suspend(() => run(Arr.map(items, ({ payload }) => payload))).pipe(
    (batch) => traced(items, batch),
    Effect.matchCause({
      onFailure: (cause) => Array.from(items, () => Exit.failCause(withSize(cause, items.length))),
      onSuccess: (exits) => complete(exits, items.length)
    })
  )

/** One outcome for each call, or none for any. */
const complete = <A, E>(
  exits: ReadonlyArray<Exit.Exit<A, E>>,
  size: number
): ReadonlyArray<Exit.Exit<A, E | BatchError>> => {
  if (exits.length === size) return exits
  const message = `a batch of ${size} gave ${exits.length} outcomes`
  return Array.from({ length: size }, () => Exit.fail(new BatchError({ message, size })))
}

/** Says of a defect that it was the whole batch's. */
const withSize = <E>(cause: Cause.Cause<E>, size: number): Cause.Cause<E> =>
  Cause.fromReasons(
    cause.reasons.map((reason) => {
      if (!Cause.isDieReason(reason)) return reason
      const message = `a batch of ${size} died: ${Cause.prettyErrors(Cause.die(reason.defect))[0]?.message ?? ""}`
      return Cause.makeDieReason(new BatchError({ message, size, cause: reason.defect }))
    })
  )

/** A span of its own, where somebody records that of a call, for whoever does. */
const traced = <P, A, E, B, E2, R>(
  items: Batcher.Items<P, A, E>,
  batch: Effect.Effect<B, E2, R>
): Effect.Effect<B, E2, R> => {
  const links: Array<Tracer.SpanLink> = []
  let tracer: Tracer.Tracer | undefined
  for (const item of items) {
    if (item.span?.sampled !== true) continue
    links.push({ span: item.span, attributes: {} })
    tracer ??= item.tracer
  }
  if (tracer === undefined) return batch
  const attributes = { "causeway.batch.size": items.length }
  return Effect.withTracer(Effect.withSpan(batch, "Batch", { root: true, links, attributes }), tracer)
}
