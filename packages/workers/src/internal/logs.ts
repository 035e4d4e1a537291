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

/** The logger of a worker: sends what it is given to the pool. */
export const forward = (outbox: Outbox<FromWorker>, { toWire }: Crossing): Logger.Logger<unknown, void> =>
  Logger.make(({ cause, date, fiber, logLevel, message }) => {
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
