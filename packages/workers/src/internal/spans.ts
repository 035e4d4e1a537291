/**
 * The spans of a call that begin in a worker, in the tracer of its caller: they are
 * told when they begin and when they end, so that what was begun is known of a worker
 * that crashes as well. Only of calls that somebody records, and where the worker has
 * no tracer of its own.
 */
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import type { Crossing } from "./lossless.ts"
import type { Outbox } from "./outbox.ts"
import { fromWorker, type FromWorker, type SpanEnd, type SpanEnded, type SpanStart, type SpanStarted } from "./wire.ts"

/**
 * How many spans may be on their way that the pool has not taken. What begins beyond is not recorded, with what is
 * below it: a handler must not wait for a tracer, nor fill the memory of the pool, nor keep answers waiting behind.
 */
const window = 4096
/** How many the pool takes before it says so. */
export const takenAfter = 512

/** Room for the spans of a worker. */
export interface Room {
  /** Whether one more may begin. */
  readonly take: () => boolean
  /** The pool has taken so many. */
  readonly give: (count: number) => void
  /** How many found no room, since this was asked last. */
  readonly dropped: () => number
}

export const makeRoom = (): Room => {
  let left = window
  let dropped = 0
  return {
    take: () => {
      if (left <= 0) {
        dropped++
        return false
      }
      left--
      return true
    },
    give: (count) => {
      left += count
    },
    dropped: () => {
      const count = dropped
      dropped = 0
      return count
    }
  }
}

/** The tracer of one call in a worker. `client`: its caller's span. */
export const forwarding = (
  id: number,
  client: Tracer.AnySpan,
  outbox: Outbox<FromWorker>,
  crossing: Crossing,
  room: Room
): Tracer.Tracer => {
  const told = Context.make(CallMetadata.ToldAs, client)
  return Tracer.make({
    span: (options) => {
      if (!options.sampled) return new Tracer.NativeSpan(options)
      // The ids of this thread are known to nobody else.
      const annotations = Context.merge(options.annotations, told)
      if (!room.take()) return new Tracer.NativeSpan({ ...options, annotations, sampled: false })
      const span = new Forwarded({ ...options, annotations }, (ended) => {
        const end = endOf(ended, crossing)
        // Most spans have none below them and end at once: what told of their beginning tells of their end.
        if (outbox.last() === started) started[4] = end
        else outbox.push([fromWorker.spanEnded, id, ended.spanId, end])
      })
      const started: SpanStarted = [fromWorker.spanStarted, id, span.spanId, startOf(span, client.traceId)]
      outbox.push(started)
      return span
    }
  })
}

class Forwarded extends Tracer.NativeSpan {
  readonly #onEnd: (span: Tracer.NativeSpan) => void

  constructor(options: ConstructorParameters<typeof Tracer.NativeSpan>[0], onEnd: (span: Tracer.NativeSpan) => void) {
    super(options)
    this.#onEnd = onEnd
  }

  override end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    if (this.status._tag === "Ended") return
    super.end(endTime, exit)
    this.#onEnd(this)
  }
}

const startOf = ({ kind, links, name, parent, status, traceId }: Tracer.Span, callTraceId: string): SpanStart => {
  const start: SpanStart = [name, kind, status.startTime, Option.getOrUndefined(parent)?.spanId]
  if (traceId !== callTraceId || links.length > 0) start.push(traceId === callTraceId ? undefined : traceId)
  if (links.length > 0) start.push(links.map(({ span }) => [span.traceId, span.spanId]))
  return start
}

const endOf = ({ attributes, events, status }: Tracer.NativeSpan, { toWire }: Crossing): SpanEnd => {
  if (status._tag !== "Ended") return [status.startTime]
  const { endTime, exit } = status
  if (attributes.size === 0 && events.length === 0 && Exit.isSuccess(exit)) return [endTime]
  return [
    endTime,
    attributes.size === 0 ? undefined : toWire(Object.fromEntries(attributes)),
    events.length === 0 ? undefined : toWire(events),
    Exit.isSuccess(exit) ? undefined : toWire(exit.cause)
  ]
}

/** The spans of one call, as its caller records them. */
export interface Recording {
  readonly receive: (message: SpanStarted | SpanEnded) => void
  /** The call has ended: what is still open ends with it. */
  readonly close: (exit: Exit.Exit<unknown, unknown>) => void
}

/** How many spans of a call may be open at a time; what is more is not recorded. Of those that ended as many are known. */
const maxKnown = 1000

/** Records what a worker tells of a call, below the span that the call has here. */
export const record = (
  tracer: Tracer.Tracer,
  client: Tracer.Span,
  clock: Clock.Clock,
  { fromWire }: Crossing
): Recording => {
  /** By their ids in the worker, since a tracer gives each span an id of its own. */
  const open = new Map<string, Tracer.Span>()
  /** Those that others may still begin below, such as a finalizer's, or be linked to. */
  const ended = new Map<string, Tracer.Span>()

  const spanOf = (traceId: string, spanId: string): Tracer.AnySpan =>
    spanId === client.spanId
      ? client
      : (open.get(spanId) ?? ended.get(spanId) ?? Tracer.externalSpan({ traceId, spanId, sampled: client.sampled }))

  const remember = (spanId: string, span: Tracer.Span): void => {
    if (ended.size >= maxKnown) ended.clear()
    ended.set(spanId, span)
  }

  const start = ([, , spanId, begin, theEnd]: SpanStarted): void => {
    if (open.size >= maxKnown) return
    const [name, kind, startTime, parentId, traceId = client.traceId, links = []] = begin
    const span = tracer.span({
      name,
      kind,
      startTime,
      parent: parentId === undefined ? Option.none() : Option.some(spanOf(traceId, parentId)),
      links: links.map(([traceId, spanId]) => ({ span: spanOf(traceId, spanId), attributes: {} })),
      annotations: Context.empty(),
      root: parentId === undefined,
      sampled: true
    })
    if (theEnd === undefined) open.set(spanId, span)
    else end(spanId, span, theEnd)
  }

  const end = (spanId: string, span: Tracer.Span, [endTime, attributes, events, cause]: SpanEnd): void => {
    remember(spanId, span)
    if (attributes !== undefined) {
      for (const [key, value] of Object.entries(fromWire(attributes) as Record<string, unknown>)) {
        span.attribute(key, value)
      }
    }
    if (events !== undefined) {
      for (const [name, time, more] of fromWire(events) as Tracer.NativeSpan["events"]) span.event(name, time, more)
    }
    const received = cause === undefined ? undefined : fromWire(cause)
    span.end(endTime, received === undefined ? Exit.void : Exit.failCause(causeOf(received)))
  }

  return {
    receive: (message) => {
      try {
        if (message[0] === fromWorker.spanStarted) return start(message)
        const [, , spanId, theEnd] = message
        const span = open.get(spanId)
        if (span === undefined) return
        open.delete(spanId)
        end(spanId, span, theEnd)
      } catch {
        // Posted by somebody else's code, or refused by the tracer: it is not recorded, and the call goes on.
      }
    },
    close: (exit) => {
      for (const span of open.values()) span.end(clock.currentTimeNanosUnsafe(), exit)
      open.clear()
      ended.clear()
    }
  }
}

const causeOf = (received: unknown): Cause.Cause<unknown> => (Cause.isCause(received) ? received : Cause.die(received))
