/**
 * What workers log, in the loggers of the pool's owner.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import type * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"
import type { Crossing } from "./lossless.ts"
import type { Outbox } from "./outbox.ts"
import { fromWorker, type FromWorker, type Log } from "./wire.ts"

/**
 * How many lines may be on their way that the pool has not taken. What comes beyond is counted and not kept: logging
 * must not wait, nor fill the memory of either side while the pool is slow.
 */
const window = 1024

/** How a worker logs. */
export interface Forwarding {
  /** Sends what it is given to the pool. */
  readonly logger: Logger.Logger<unknown, void>
  /** Tells the pool of what went wrong here. */
  readonly warn: (notice: string) => void
  /** The pool has taken so many lines. */
  readonly taken: (count: number) => void
  /** Tells of what was dropped, at the latest when the worker ends. */
  readonly flush: () => void
}

export const forward = (outbox: Outbox<FromWorker>, { toWire }: Crossing): Forwarding => {
  let room = window
  let dropped = 0

  const warn = (notice: string): void => {
    room--
    outbox.push([fromWorker.log, "Warn", toWire(notice), toWire({}), undefined])
  }

  const flush = (): void => {
    if (dropped === 0) return
    const notice = `${dropped} log lines were dropped: they came faster than the pool could take them`
    dropped = 0
    warn(notice)
  }

  const logger = Logger.make<unknown, void>(({ cause, date, fiber, logLevel, message }) => {
    if (room <= 0) return void dropped++
    room--
    const spans = fiber.getRef(References.CurrentLogSpans)
    const annotations: Record<string, unknown> = { ...fiber.getRef(References.CurrentLogAnnotations) }
    for (const [label, startedAt] of spans) annotations[label] = `${date.getTime() - startedAt}ms`
    outbox.push([
      fromWorker.log,
      logLevel as LogLevel.Severity,
      toWire(message),
      toWire(annotations),
      cause === Cause.empty ? undefined : toWire(cause)
    ])
  })

  return {
    logger,
    warn,
    taken: (count) => {
      room += count
      flush()
    },
    flush
  }
}

/** Logs what a worker sent, with its id. */
export const replay = (
  workerId: number,
  [, level, message, annotations, cause]: Log,
  { fromWire }: Crossing
): Effect.Effect<void> => {
  const sent = fromWire(message)
  const parts: ReadonlyArray<unknown> = Array.isArray(sent) ? sent : [sent]
  const received = cause === undefined ? undefined : fromWire(cause)
  return Effect.logWithLevel(level)(...parts, ...(Cause.isCause(received) ? [received] : [])).pipe(
    Effect.annotateLogs({ ...(fromWire(annotations) as Record<string, unknown>), worker: workerId })
  )
}
