/**
 * A call's span in its worker, below that of its caller.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"
import type { Entry } from "./entries.ts"
import type { Crossing } from "./lossless.ts"
import type { Opaque } from "./opaque.ts"
import type { Outbox } from "./outbox.ts"
import * as Spans from "./spans.ts"
import type { FromWorker, Trace } from "./wire.ts"

/** The call of an effect. */
export interface Call {
  readonly id: number
  readonly entry: Entry
  readonly trace: Trace | undefined
  readonly outbox: Outbox<FromWorker>
  readonly crossing: Crossing
  readonly room: Spans.Room
}

/** Continues the caller's span, where it is sampled: in the worker's own tracer, or else in the caller's. */
export const continued = (effect: Effect.Effect<unknown, Opaque>, call: Call): Effect.Effect<unknown, Opaque> => {
  const { crossing, entry, id, outbox, room, trace } = call
  if (trace === undefined) return effect
  const [traceId, spanId, isRecorded] = trace
  const hasTracer = Context.get(entry.context, Tracer.Tracer) !== Tracer.nativeTracer
  // A span that nobody records, and that no code can look at.
  if (!hasTracer && !isRecorded && hasEnded(effect)) return effect
  const parent = Tracer.externalSpan({ traceId, spanId, sampled: true })
  if (hasTracer || !isRecorded) return withSpan(effect, entry, parent)
  const tracer = Spans.forwarding(id, parent, outbox, crossing, room)
  if (!hasEnded(effect) || !isUsual(entry.context)) return Effect.withTracer(withSpan(effect, entry, parent), tracer)
  recordEnded(effect, entry, parent, tracer)
  return effect
}

export const hasEnded = (effect: Effect.Effect<unknown, Opaque>): effect is Exit.Exit<unknown, Opaque> =>
  Exit.isExit(effect)

const withSpan = (effect: Effect.Effect<unknown, Opaque>, { wireTag }: Entry, parent: Tracer.AnySpan) =>
  // Its stack would be this one's, always the same.
  Effect.withSpan(effect, wireTag, { kind: "server", parent, captureStackTrace: false })

/** As `withSpan`, of what has ended: without the fiber in which it would run, which takes longer than all else. */
const recordEnded = (
  exit: Exit.Exit<unknown, Opaque>,
  { context, wireTag }: Entry,
  parent: Tracer.AnySpan,
  tracer: Tracer.Tracer
): void => {
  const clock = Context.get(context, Clock.Clock)
  const span = tracer.span({
    name: wireTag,
    parent: Option.some(parent),
    annotations: Context.empty(),
    links: [],
    startTime: clock.currentTimeNanosUnsafe(),
    kind: "server",
    root: false,
    sampled: true
  })
  span.end(clock.currentTimeNanosUnsafe(), exit)
}

/** Whether spans are made in a context as where nothing is said of them. */
const isUsual = ({ mapUnsafe }: Context.Context<never>): boolean => settings.every(({ key }) => !mapUnsafe.has(key))

const settings = [
  References.TracerEnabled,
  References.TracerSpanAnnotations,
  References.TracerSpanLinks,
  References.TracerTimingEnabled,
  Tracer.MinimumTraceLevel,
  Tracer.CurrentTraceLevel
]
