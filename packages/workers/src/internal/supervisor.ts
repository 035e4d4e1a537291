/**
 * Keeps a pool's workers alive: starts them, watches them, replaces those that
 * ended, hang or have served long enough, and ends them all when the pool closes.
 *
 * A worker that is lost is replaced by the spare in the same moment, and its calls
 * are failed before its isolate is ended, so that nothing that it still sends can
 * reach them.
 */
import type { BoundaryError } from "@causeway/core/BoundaryError"
import type { RestartReason } from "../WorkerPool.ts"
import * as Backoff from "./backoff.ts"
import type { Dispatcher } from "./dispatcher.ts"
import * as Ending from "./ending.ts"
import * as failures from "./failures.ts"
import type * as Isolate from "./isolate.ts"
import type { Crossing } from "./lossless.ts"
import * as Outage from "./outage.ts"
import * as Recycling from "./recycling.ts"
import * as Restarts from "./restarts.ts"
import { takenAfter } from "./spans.ts"
import * as Starting from "./starting.ts"
import * as Succession from "./succession.ts"
import * as Unit from "./unit.ts"
import * as Watching from "./watching.ts"
import { fromWorker, type FromWorker, type Log, toWorker } from "./wire.ts"

/** Options of {@link make}; times are in milliseconds. */
export interface Options
  extends
    Omit<Starting.Options, "dispatcher">,
    Pick<Watching.Options, "size" | "unresponsiveMs" | "graceMs" | "startMs"> {
  readonly dispatcher: Dispatcher
  readonly crossing: Crossing
  readonly spare: number
  /** Told when anything changed that a status shows, beside the number of calls. */
  readonly onChange: () => void
  readonly onStarted: (unit: Unit.Unit) => void
  readonly onGone: (unit: Unit.Unit) => void
  readonly onLog: (unit: Unit.Unit, log: Log) => void
  /** Something that an operator wants to know. */
  readonly onWarning: (message: string) => void
}

export const make = (options: Options) => {
  const { crossing, dispatcher, graceMs, now, onChange, onWarning, size, spare } = options
  const units = new Set<Unit.Unit>()
  const isolates = new Set<Isolate.Isolate>()
  const backoff = Backoff.make(now, size + spare + 2)
  const outage = Outage.make(dispatcher)
  const tally = { crashed: 0, unresponsive: 0, "start-failed": 0, calls: 0, age: 0, heap: 0, restart: 0 }
  let lastId = 0
  let isClosing = false
  let onGone: (() => void) | undefined
  /** When a pool that closes waits no longer for its isolates. */
  let giveUpAt = Number.POSITIVE_INFINITY

  const having = (predicate: (unit: Unit.Unit) => boolean): ReadonlyArray<Unit.Unit> =>
    Array.from(units).filter(predicate)

  // ---------------------------------------------------------------------------
  // Starting
  // ---------------------------------------------------------------------------

  /** Puts every worker where it belongs, and starts what is missing. */
  const maintain = (): void => {
    if (isClosing) return
    succession.advance()
    restarts.check()
    const missing = succession.missing()
    if (missing > 0) watch()
    for (let i = 0; i < missing && backoff.isOver(); i++) {
      // While the entry fails, one attempt at a time is enough to see whether it still does.
      if (backoff.isSuspicious() && having(isStarting).length > 0) return
      start()
    }
  }

  const start = (): void => {
    const id = ++lastId
    try {
      const unit = startUnit(id, succession.freeSlot())
      units.add(unit)
      isolates.add(unit.isolate)
      options.onStarted(unit)
      watch()
      onChange()
    } catch (error) {
      tally["start-failed"]++
      backoff.failed()
      cannotRun(`worker ${id} could not be started: ${failures.oneLine(error)}`, { error: redacted(error) })
    }
  }

  const onReady = (unit: Unit.Unit): void => {
    if (unit.state !== "starting" || isClosing) return
    unit.state = "ready"
    unit.readyAt = now()
    outage.end()
    maintain()
    onChange()
  }

  /** The entry cannot be started, or ends soon after it was: the next attempt waits. */
  const cannotRun = (message: string, thrown: failures.Thrown | undefined): void => {
    outage.begin(message, thrown)
    watch()
    onWarning(message)
    restarts.fail(() => failures.unreachable("worker pool", `not all workers were replaced: ${message}`, thrown))
    if (!isClosing && having(Unit.isHopeful).length === 0) outage.refuseCalls()
    onChange()
  }

  // ---------------------------------------------------------------------------
  // Listening
  // ---------------------------------------------------------------------------

  const receive = (unit: Unit.Unit, messages: ReadonlyArray<FromWorker>): void => {
    let logged = 0
    for (const message of messages) {
      switch (message[0]) {
        case fromWorker.ready:
          onReady(unit)
          break
        case fromWorker.bootFailed:
        case fromWorker.uncaught:
          ending.doom(unit, crossing.fromWire(message[1]))
          break
        case fromWorker.log:
          options.onLog(unit, message)
          logged++
          break
        case fromWorker.vitals:
          unit.vitals = { heapBytes: message[1], lagMs: message[2] }
          checkUse(unit)
          break
        default:
          dispatcher.receive(unit, message)
          if (message[0] === fromWorker.spanStarted) unit.spansTaken++
      }
    }
    if (logged > 0) unit.outbox.push([toWorker.logged, logged])
    if (unit.spansTaken < takenAfter) return
    unit.outbox.push([toWorker.recorded, unit.spansTaken])
    unit.spansTaken = 0
  }

  const redacted = (error: unknown): unknown => crossing.fromWire(crossing.toWire(error))

  const startUnit = Starting.make(options, {
    onMessages: receive,
    // Node itself reports what was thrown.
    onError: (unit, error) => ending.doom(unit, redacted(error)),
    onExit: (unit, end) => {
      isolates.delete(unit.isolate)
      ending.exited(unit, end)
      if (isolates.size === 0) onGone?.()
    }
  })

  // ---------------------------------------------------------------------------
  // Replacing
  // ---------------------------------------------------------------------------

  const ending = Ending.make({
    dispatcher,
    units,
    now,
    onWithdrawn: () => {
      watch()
      onChange()
    },
    onLost: (unit) => {
      options.onGone(unit)
      restarts.check()
      onChange()
    },
    onFault: (unit, fault, why, before) => {
      if (isClosing) return
      const { callsDone, calls, id, readyAt, thrown } = unit
      // One that retires was counted when it was replaced.
      if (before !== "retiring") tally[readyAt === undefined ? "start-failed" : fault]++
      const readyMs = readyAt === undefined ? undefined : now() - readyAt
      const blame = backoff.ended({ readyMs, callsDone, inFlight: calls.size })
      if (blame !== undefined) cannotRun(`worker ${id} ${blame}: ${why}`, thrown)
      else onWarning(`worker ${id} is replaced: ${why}`)
      maintain()
    }
  })

  /** Counts a worker that leaves service because it is due. */
  const relieved = ({ due }: Unit.Unit): void => {
    if (due !== undefined) tally[due]++
  }

  const succession = Succession.make({
    units,
    dispatcher,
    size,
    spare,
    retire: (unit) => {
      relieved(unit)
      ending.withdraw(unit, "retiring")
    },
    stop: (unit) => {
      relieved(unit)
      ending.stop(unit)
    }
  })

  const restarts = Restarts.make(units, () => dispatcher.active.size >= size)

  /** Whether a worker has served long enough. */
  const checkUse = (unit: Unit.Unit): void => {
    if (unit.state !== "ready" || unit.due !== undefined || dispatcher.isDraining()) return
    unit.due = Recycling.dueOf(unit, unit.limits, now())
    if (unit.due !== undefined) maintain()
  }

  /** Replaces every worker by a new one; gives a function that waits no longer. */
  const restart = (onEnd: (error?: BoundaryError) => void): (() => void) => {
    if (isClosing || dispatcher.isDraining()) {
      onEnd(failures.draining("worker pool"))
      return () => undefined
    }
    const cancel = restarts.begin(onEnd)
    // Whoever restarts a pool may have mended its entry.
    backoff.reset()
    maintain()
    return cancel
  }

  const ticker = Watching.make({
    ...options,
    ending,
    units,
    onServing: checkUse,
    onStuck: (unit, why) => {
      tally.unresponsive++
      ending.withdraw(unit, "retiring")
      onWarning(`worker ${unit.id} is replaced: ${why}`)
      maintain()
    },
    onRetired: (unit) => {
      ending.stop(unit)
      maintain()
    },
    onTick: (time) => {
      if (backoff.lapse()) maintain()
      if (time >= giveUpAt) {
        onWarning(`${isolates.size} workers could not be ended: they are in native code that does not return`)
        onGone?.()
      }
      return backoff.isSet() || onGone !== undefined
    }
  })

  const watch = (): void => ticker.start()

  // ---------------------------------------------------------------------------
  // Closing
  // ---------------------------------------------------------------------------

  /** Ends all workers. What still runs in them fails. */
  const close = (): Promise<void> => {
    isClosing = true
    backoff.reset()
    restarts.fail(() => failures.draining("worker pool"))
    for (const unit of Array.from(units)) {
      for (const call of unit.calls.inOrder()) {
        const boundary = `${call.contract} worker ${unit.id}`
        dispatcher.fail(call, failures.closed(boundary, Math.round(now() - unit.startedAt), unit.callsDone))
      }
      if (unit.state === "ready" || unit.state === "retiring") ending.stop(unit)
      else unit.isolate.terminate()
    }
    giveUpAt = now() + graceMs + Watching.dyingMs
    watch()
    return new Promise<void>((resolve) => {
      onGone = resolve
      if (isolates.size === 0) resolve()
    }).finally(ticker.stop)
  }

  /** Nothing can be started, now or later. */
  const disable = (message: string): void => {
    cannotRun(message, undefined)
    isClosing = true
  }

  return {
    close,
    disable,
    maintain,
    problem: outage.message,
    restart,
    restarts: (): Readonly<Record<RestartReason, number>> => ({ ...tally }),
    units,
    watch
  }
}

const isStarting = ({ state }: Unit.Unit): boolean => state === "starting"
