/**
 * Keeps a pool's workers alive: starts them, watches them, replaces those that
 * ended or hang, and ends them all when the pool closes.
 *
 * A worker that is lost is replaced by the spare in the same moment, and its calls
 * are failed before its isolate is ended, so that nothing that it still sends can
 * reach them.
 */
import type { Dispatcher, Refusal } from "./dispatcher.ts"
import * as failures from "./failures.ts"
import type * as Isolate from "./isolate.ts"
import type { Crossing } from "./lossless.ts"
import * as Outbox from "./outbox.ts"
import * as Unit from "./unit.ts"
import { fromWorker, isFromWorker, type Log, toWorker, type ToWorker } from "./wire.ts"

/** Options of {@link make}; times are in milliseconds. */
export interface Options {
  readonly dispatcher: Dispatcher
  readonly crossing: Crossing
  /** Starts a thread or a process. */
  readonly startIsolate: Isolate.Start
  readonly isolate: Omit<Isolate.Options, "name">
  readonly size: number
  readonly spare: number
  /** Longer than this a worker's event loop must not stand still; infinite for no limit. */
  readonly unresponsiveMs: number
  /** How long a handler may go on when nobody waits for it any more. */
  readonly graceMs: number
  /** How long a worker may take to get ready. */
  readonly startMs: number
  readonly now: () => number
  /** Told when anything changed that a status shows, beside the number of calls. */
  readonly onChange: () => void
  readonly onLog: (unit: Unit.Unit, log: Log) => void
  /** Something that an operator wants to know. */
  readonly onWarning: (message: string) => void
}

const backoff = { baseMs: 100, limitMs: 30_000 }
/** A worker that ends by itself sooner than this after it got ready counts as one that cannot run. */
const youngMs = 1000
/** How long an isolate may take to be gone once it is about to. */
const dyingMs = 1000

export const make = (options: Options) => {
  const { crossing, dispatcher, graceMs, now, unresponsiveMs } = options
  const tickMs = Math.min(20, Math.max(5, unresponsiveMs / 20))
  /** Those that are not gone for the pool, though the isolate of a lost one may take a moment longer. */
  const units = new Set<Unit.Unit>()
  const isolates = new Set<Isolate.Isolate>()
  let lastId = 0
  let failed = 0
  let notBefore = 0
  /** Why no worker can be had. */
  let problem: { readonly message: string; readonly thrown: failures.Thrown | undefined } | undefined
  let isClosing = false
  let onGone: (() => void) | undefined
  /** When a pool that closes waits no longer for its isolates. */
  let giveUpAt = Number.POSITIVE_INFINITY
  let timer: ReturnType<typeof setInterval> | undefined
  let lastTick = now()

  const having = (predicate: (unit: Unit.Unit) => boolean): ReadonlyArray<Unit.Unit> =>
    Array.from(units).filter(predicate)

  // ---------------------------------------------------------------------------
  // Starting
  // ---------------------------------------------------------------------------

  /** Starts what is missing, the spares when the others are ready. */
  const maintain = (): void => {
    if (isClosing) return
    promote()
    const active = dispatcher.active.size
    const starting = having((unit) => unit.state === "starting").length
    const wanted = active < options.size ? options.size - active : options.spare - having(isSpare).length
    if (wanted > starting) watch()
    if (now() < notBefore) return
    // While the entry fails, one attempt at a time is enough to see whether it still does.
    const missing = failed > 0 ? Math.min(wanted, 1) - starting : wanted - starting
    for (let i = 0; i < missing && now() >= notBefore; i++) start()
  }

  /** Lets a spare serve where a worker is missing. */
  const promote = (): void => {
    for (const unit of units) {
      if (dispatcher.active.size >= options.size) return
      if (!isSpare(unit)) continue
      unit.isActive = true
      dispatcher.add(unit)
    }
  }

  const start = (): void => {
    const id = ++lastId
    let unit: Unit.Unit | undefined
    const withUnit =
      <A>(f: (unit: Unit.Unit, value: A) => void) =>
      (value: A): void => {
        if (unit !== undefined) f(unit, value)
      }
    try {
      const isolate = options.startIsolate(
        { ...options.isolate, name: `causeway worker ${id}` },
        { onMessages: withUnit(receive), onError: withUnit(onError), onExit: withUnit(onExit) }
      )
      const outbox = Outbox.make<ToWorker>({
        post: isolate.post,
        onRefused: (message, error) => {
          if (message[0] === toWorker.request) dispatcher.refused(message, error)
        }
      })
      unit = Unit.make(id, isolate, outbox, now())
    } catch (error) {
      return cannotRun(`worker ${id} could not be started: ${failures.oneLine(error)}`, {
        error: redacted(error)
      })
    }
    units.add(unit)
    isolates.add(unit.isolate)
    watch()
    options.onChange()
  }

  const onReady = (unit: Unit.Unit): void => {
    if (unit.state !== "starting" || isClosing) return
    unit.state = "ready"
    unit.readyAt = now()
    if (problem !== undefined) dispatcher.refuse(undefined)
    problem = undefined
    maintain()
    options.onChange()
  }

  /** The entry cannot be started, or ends as soon as it is ready: the next attempt waits, longer each time. */
  const cannotRun = (message: string, thrown: failures.Thrown | undefined): void => {
    problem = { message, thrown }
    notBefore = now() + Math.min(backoff.limitMs, backoff.baseMs * 2 ** Math.min(failed, 20))
    failed++
    watch()
    options.onWarning(message)
    giveUp()
    options.onChange()
  }

  /** Without a worker, and with an entry that fails, nothing is gained by waiting. */
  const giveUp = (): void => {
    if (isClosing || problem === undefined || having(isHopeful).length > 0) return
    const { message, thrown } = problem
    const refusal: Refusal = (boundary) => failures.unreachable(boundary, message, thrown)
    dispatcher.refuse(refusal)
    dispatcher.clearQueue(refusal)
  }

  // ---------------------------------------------------------------------------
  // Ending
  // ---------------------------------------------------------------------------

  const receive = (unit: Unit.Unit, messages: unknown): void => {
    if (!Array.isArray(messages)) return
    for (const message of messages) {
      if (!isFromWorker(message)) continue
      switch (message[0]) {
        case fromWorker.ready:
          onReady(unit)
          break
        case fromWorker.bootFailed:
        case fromWorker.uncaught:
          doom(unit, crossing.fromWire(message[1]))
          break
        case fromWorker.log:
          options.onLog(unit, message)
          break
        default:
          dispatcher.receive(unit, message)
      }
    }
  }

  /** Node itself reports what was thrown. */
  const onError = (unit: Unit.Unit, error: unknown): void => doom(unit, redacted(error))

  const redacted = (error: unknown): unknown => crossing.fromWire(crossing.toWire(error))

  /** Something was thrown that the worker will not survive. */
  const doom = (unit: Unit.Unit, error: unknown): void => {
    unit.thrown ??= { error }
    if (unit.readyAt === undefined) unit.isolate.terminate()
    fall(unit, failures.oneLine(error))
  }

  const onExit = (unit: Unit.Unit, end: Isolate.End): void => {
    isolates.delete(unit.isolate)
    fall(unit, failures.describe({ ...end, thrown: unit.thrown }))
    gone(unit, end)
    if (isolates.size === 0) onGone?.()
  }

  /** A worker leaves service by a fault, and another one takes its place. */
  const fall = (unit: Unit.Unit, why: string): void => {
    const { calls, callsDone, readyAt, state, thrown } = unit
    if (state === "dying" || state === "stopping" || state === "gone") return
    withdraw(unit, "dying")
    dispatcher.reclaim(unit)
    if (isClosing) return
    if (readyAt === undefined) {
      cannotRun(`the entry did not get ready: ${why}`, thrown)
    } else if (now() - readyAt < youngMs && callsDone === 0 && calls.size === 0) {
      cannotRun(`worker ${unit.id} ended as soon as it was ready: ${why}`, thrown)
    } else {
      // The entry did run: another attempt is worth it at once, whatever became of the last one.
      failed = 0
      notBefore = 0
      options.onWarning(`worker ${unit.id} is replaced: ${why}`)
    }
    maintain()
  }

  const withdraw = (unit: Unit.Unit, state: Unit.State): void => {
    unit.state = state
    unit.since = now()
    unit.isActive = false
    dispatcher.remove(unit)
    watch()
    options.onChange()
  }

  /** A worker that went by its own doing, or that takes too long over it. */
  const gone = (unit: Unit.Unit, end: Isolate.End): void => {
    const ending: failures.Ending = {
      ...end,
      thrown: unit.thrown,
      stderr: unit.isolate.stderr(),
      uptimeMs: Math.round(now() - unit.startedAt),
      callsDone: unit.callsDone
    }
    lose(unit, (boundary) => failures.crashed(boundary, ending))
  }

  const lose = (unit: Unit.Unit, errorOf: Refusal): void => {
    if (!units.delete(unit)) return
    unit.state = "gone"
    dispatcher.lose(unit, errorOf)
    options.onChange()
  }

  /** Ends a worker by force. */
  const kill = (unit: Unit.Unit, why: string, silentMs: number): void => {
    fall(unit, why)
    void unit.isolate.stopSampling().then((sample) => {
      lose(unit, (boundary) => failures.unresponsive(boundary, why, silentMs, sample))
      unit.isolate.terminate()
    })
  }

  /** Asks a worker to end by itself. */
  const stop = (unit: Unit.Unit): void => {
    withdraw(unit, "stopping")
    unit.outbox.push([toWorker.stop])
    unit.outbox.flush()
    maintain()
  }

  /** Ends all workers. What still runs in them fails. */
  const close = (): Promise<void> => {
    isClosing = true
    notBefore = 0
    for (const unit of Array.from(units)) {
      for (const call of unit.calls.inOrder()) {
        const boundary = `${call.contract} worker ${unit.id}`
        dispatcher.fail(call, failures.closed(boundary, Math.round(now() - unit.startedAt), unit.callsDone))
      }
      if (unit.state === "ready" || unit.state === "retiring") stop(unit)
      else unit.isolate.terminate()
    }
    giveUpAt = now() + graceMs + dyingMs
    watch()
    return new Promise<void>((resolve) => {
      onGone = resolve
      if (isolates.size === 0) resolve()
    }).finally(() => {
      clearInterval(timer)
      timer = undefined
    })
  }

  // ---------------------------------------------------------------------------
  // Watching
  // ---------------------------------------------------------------------------

  const watch = (): void => {
    if (timer !== undefined) return
    lastTick = now()
    for (const unit of units) unit.silentMs = 0
    timer = setInterval(tick, tickMs)
    // The workers themselves keep the process alive.
    timer.unref()
  }

  const tick = (): void => {
    const time = now()
    // A process that was asleep must not take its own silence for that of its workers.
    const elapsed = Math.min(time - lastTick, 3 * tickMs)
    lastTick = time
    dispatcher.expire()
    for (const unit of Array.from(units)) examine(unit, time, elapsed)
    if (notBefore > 0 && time >= notBefore) {
      notBefore = 0
      maintain()
    }
    if (time >= giveUpAt) {
      options.onWarning(`${isolates.size} workers could not be ended: they are in native code that does not return`)
      return onGone?.()
    }
    if (dispatcher.calls.size > 0 || notBefore > 0 || having(isPassing).length > 0 || onGone !== undefined) return
    clearInterval(timer)
    timer = undefined
  }

  const examine = (unit: Unit.Unit, time: number, elapsed: number): void => {
    const age = time - unit.since
    switch (unit.state) {
      case "starting":
        if (age < options.startMs) return
        unit.isolate.terminate()
        return fall(unit, `it took longer than ${options.startMs} ms`)
      case "dying":
        if (age < dyingMs) return
        unit.isolate.terminate()
        return gone(unit, { exitCode: undefined, signal: undefined })
      case "stopping":
        if (age >= graceMs) unit.isolate.terminate()
        return
      case "ready":
      case "retiring":
        return listen(unit, time, elapsed)
      case "gone":
        return
    }
  }

  /** Whether a worker with calls still reacts. */
  const listen = (unit: Unit.Unit, time: number, elapsed: number): void => {
    if (unit.calls.size === 0) {
      calm(unit)
      return unit.state === "retiring" ? stop(unit) : undefined
    }
    const since = Unit.abandonedSince(unit)
    if (since !== undefined && time - since >= graceMs) retire(unit, time - since)
    if (unit.state === "dying") return
    const heartbeat = unit.isolate.heartbeat()
    if (heartbeat !== unit.heartbeat || Unit.servesExclusively(unit)) {
      unit.heartbeat = heartbeat
      return calm(unit)
    }
    unit.silentMs += elapsed
    if (unit.silentMs >= unresponsiveMs) {
      const silent = Math.round(unit.silentMs)
      return kill(unit, `its event loop stood still for ${silent} ms; it was terminated`, silent)
    }
    if (unit.silentMs < unresponsiveMs / 2 || unit.isSampled) return
    unit.isSampled = true
    unit.isolate.startSampling()
  }

  /** A handler goes on although nobody waits for it: its worker ends its other calls, and then itself. */
  const retire = (unit: Unit.Unit, ignoredMs: number): void => {
    const why = `a handler went on for ${Math.round(ignoredMs)} ms after it was interrupted`
    if (unit.state === "ready") {
      withdraw(unit, "retiring")
      options.onWarning(`worker ${unit.id} is replaced: ${why}`)
      maintain()
    }
    const retiring = having(({ state }) => state === "retiring")
    // Those that wait for a long stream must not pile up.
    const isOneTooMany = retiring.length > options.size && retiring[0] === unit
    if (!Unit.isAwaited(unit) || isOneTooMany) kill(unit, `${why}; it was terminated`, ignoredMs)
  }

  /** Nothing can be started, now or later. */
  const disable = (message: string): void => {
    cannotRun(message, undefined)
    isClosing = true
  }

  return { close, disable, maintain, problem: () => problem?.message, units, watch }
}

/** It reacts, or has nothing to react to: what was begun against its silence ends. */
const calm = (unit: Unit.Unit): void => {
  unit.silentMs = 0
  if (unit.isSampled) void unit.isolate.stopSampling()
  unit.isSampled = false
}

const isSpare = (unit: Unit.Unit): boolean => unit.state === "ready" && !unit.isActive

const isHopeful = ({ state }: Unit.Unit): boolean => state === "ready" || state === "starting"

const isPassing = ({ state }: Unit.Unit): boolean => state !== "ready"
