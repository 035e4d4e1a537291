/**
 * A pool: the dispatcher of its calls, the supervisor of its workers, and the
 * clients of its contracts.
 */
import type { BoundaryError } from "@causeway/core/BoundaryError"
import * as Contract from "@causeway/core/Contract"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import * as Random from "effect/Random"
import * as References from "effect/References"
import type * as Rpc from "effect/rpc/Rpc"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { blocking } from "../Blocking.ts"
import type { Options, Status, WorkerPool, WorkerStatus } from "../WorkerPool.ts"
import * as Client from "./client.ts"
import * as Dispatcher from "./dispatcher.ts"
import * as failures from "./failures.ts"
import { replay } from "./logs.ts"
import * as Lossless from "./lossless.ts"
import * as Metrics from "./metrics.ts"
import { problemOf } from "./nodeVersion.ts"
import { integer, resolve } from "./options.ts"
import * as Process from "./process.ts"
import * as Supervisor from "./supervisor.ts"
import * as Thread from "./thread.ts"
import type { Lane, Unit } from "./unit.ts"

// Threads follow the real clock, whatever clock an effect is given.
const now = (): number => performance.now()

/** Of messages: with fewer a post costs more than it brings, and more cost no less. */
const leastTogether = 8
const mostTogether = 32

/** Starts a pool, which ends with its scope. */
export const make = (options: Options): Effect.Effect<WorkerPool["Service"], never, Scope.Scope> => {
  const resolved = resolve(options)
  return Effect.gen(function* () {
    const context = yield* Effect.context<never>()
    const runFork = Effect.runForkWith(context)
    const changed = yield* Effect.acquireRelease(PubSub.sliding<void>(1), PubSub.shutdown)
    const emptied = new Set<() => void>()
    let isChanging = false
    /** Tells whoever watches, once the books are in order: they run as soon as they are told. */
    const onChange = (): void => {
      if (isChanging) return
      isChanging = true
      queueMicrotask(() => {
        isChanging = false
        PubSub.publishUnsafe(changed, undefined)
      })
    }

    const crossing = Lossless.make(options.lossless)
    const dispatcher = Dispatcher.make({
      fromWire: crossing.fromWire,
      queue: resolved.queue,
      now,
      onBusy: () => supervisor.watch(),
      onEnded: (call, durationMs) => metrics.onEnded(call, durationMs),
      onEmpty: () => {
        for (const resume of emptied) resume()
      }
    })
    const supervisor = Supervisor.make({
      ...resolved,
      crossing,
      dispatcher,
      now,
      random: () => Context.get(context, Random.Random).nextDoubleUnsafe(),
      startIsolate: resolved.isolation === "process" ? Process.start : Thread.start,
      envOf: (slot) => (typeof options.env === "function" ? options.env(slot) : options.env),
      isolate: {
        entry: options.entry,
        resourceLimits: options.resourceLimits,
        data: options.data,
        boot: {
          heartbeatMs: Math.min(250, Math.max(5, resolved.unresponsiveMs / 10)),
          logLevel: Context.get(context, References.MinimumLogLevel),
          together: Math.min(mostTogether, Math.max(leastTogether, Math.ceil(resolved.concurrency / 2)))
        }
      },
      onChange,
      onStarted: (unit) => metrics.onStarted(unit),
      onGone: (unit) => metrics.onGone(unit),
      onLog: (unit, log) => void runFork(replay(unit.id, log, crossing)),
      onWarning: (message) => void runFork(Effect.logWarning(message))
    })

    const metrics = yield* Effect.acquireRelease(
      Effect.sync(() =>
        Metrics.make({
          name: resolved.name,
          context,
          queued: dispatcher.queued,
          active: () => dispatcher.active.size,
          restarts: supervisor.restarts
        })
      ),
      ({ close }) => Effect.sync(close)
    )

    const status = Effect.sync((): Status => {
      const reason = supervisor.problem()
      const queued = dispatcher.queued()
      return {
        state: dispatcher.isDraining()
          ? "draining"
          : dispatcher.active.size > 0
            ? "ready"
            : reason === undefined
              ? "starting"
              : "not-ready",
        ...(reason === undefined ? {} : { reason }),
        workers: Array.from(supervisor.units, statusOf),
        queued,
        restarts: supervisor.restarts(),
        inFlight: dispatcher.calls.size - queued
      }
    })

    const changes = Stream.unwrap(
      Effect.map(PubSub.subscribe(changed), (subscription) =>
        Stream.concat(Stream.succeed(undefined), Stream.fromSubscription(subscription)).pipe(
          Stream.mapEffect(() => status)
        )
      )
    )

    const drain = Effect.callback<void>((resume) => {
      dispatcher.drain()
      onChange()
      const done = (): void => {
        emptied.delete(done)
        resume(Effect.void)
      }
      if (dispatcher.calls.size === 0) return done()
      emptied.add(done)
      return Effect.sync(() => void emptied.delete(done))
    })

    const restart = Effect.callback<void, BoundaryError>((resume) => {
      const cancel = supervisor.restart((error) => resume(error === undefined ? Effect.void : Effect.fail(error)))
      return Effect.sync(cancel)
    })

    const standard = dispatcher.lane(resolved.concurrency, false)
    const lanes = new Map<string, Lane>()
    const laneOf = (wireTag: string, rpc: Rpc.Any): Lane => {
      const isBlocking = Context.get(rpc.annotations, blocking)
      const limit = Context.get(rpc.annotations, Contract.Concurrency)
      if (!isBlocking && limit === undefined) return standard
      // One for all that block, since they take turns anyway; but for those that go together, as a batch does.
      const key = isBlocking && limit === undefined ? "" : wireTag
      if (limit !== undefined) integer(`Contract.Concurrency of ${wireTag}`, limit, 1)
      const lane = lanes.get(key) ?? dispatcher.lane(limit ?? 1, isBlocking)
      lanes.set(key, lane)
      return lane
    }

    yield* Effect.addFinalizer(() =>
      Effect.promise(() => {
        dispatcher.drain()
        dispatcher.clearQueue(failures.draining)
        return supervisor.close()
      })
    )
    const problem = problemOf(process.versions.node)
    if (problem === undefined) supervisor.maintain()
    else supervisor.disable(problem)

    return {
      status,
      changes,
      drain,
      restart,
      client: <Self, Id extends string, R extends Rpc.Any>(contract: Contract.Contract<Self, Id, R>) =>
        Effect.map(Effect.context<Rpc.MiddlewareClient<R>>(), (services) =>
          Contract.makeClient(
            contract,
            Client.make(contract, { crossing, dispatcher, deadlineMs: resolved.deadlineMs, laneOf, services })
          )
        )
    }
  })
}

const statusOf = ({ calls, callsDone, id, isActive, startedAt, state, vitals }: Unit): WorkerStatus => ({
  id,
  state: state === "starting" ? "starting" : state !== "ready" ? "ending" : isActive ? "ready" : "spare",
  inFlight: calls.size,
  callsDone,
  uptimeMs: Math.round(now() - startedAt),
  ...(vitals === undefined ? {} : { heapBytes: vitals.heapBytes, eventLoopLagMs: Math.round(vitals.lagMs) })
})
