/**
 * A pool's metrics, in the registry of whoever made it. States are read when the
 * metrics are read, and cost nothing before; only the duration of a call is counted
 * as it ends.
 */
import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import type { RestartReason } from "../WorkerPool.ts"
import type { Call, Unit } from "./unit.ts"

/** Options of {@link make}. */
export interface Options {
  /** The pool's name; another pool that lives has the same one with a number behind it. */
  readonly name: string
  readonly context: Context.Context<never>
  readonly queued: () => number
  readonly active: () => number
  readonly restarts: () => Readonly<Record<RestartReason, number>>
}

/** See {@link make}. */
export interface Metrics {
  /** A call has ended for whoever made it. */
  readonly onEnded: (call: Call, durationMs: number) => void
  readonly onStarted: (unit: Unit) => void
  readonly onGone: (unit: Unit) => void
  /** Takes the pool's series away, but for what was counted. */
  readonly close: () => void
}

/** In seconds: from half a millisecond to four minutes. */
const boundaries = Array.from({ length: 20 }, (_, power) => Number((0.0005 * 2 ** power).toPrecision(12)))

/** The names of the pools that live. */
const names = new Set<string>()

const claim = (name: string): string => {
  let claimed = name
  for (let n = 2; names.has(claimed); n++) claimed = `${name}-${n}`
  names.add(claimed)
  return claimed
}

export const make = ({ active, context, name, queued, restarts }: Options): Metrics => {
  const pool = claim(name)
  const durations = new Map<string, Metric.Histogram<number>>()
  const own: Array<Metric.Registration> = []
  const byUnit = new Map<number, ReadonlyArray<Metric.Registration>>()

  const gauge = (id: string, description: string, attributes: Record<string, string>, get: () => number) =>
    Metric.registerUnsafe(Metric.gauge(id, { description, attributes: { pool, ...attributes } }), context, {
      get: () => ({ value: get() }),
      update: () => undefined,
      modify: () => undefined
    })

  const counter = (reason: RestartReason) =>
    Metric.registerUnsafe(
      Metric.counter("causeway.workers.restarts", {
        description: "Workers that were replaced, or did not get ready.",
        attributes: { unit: "{worker}", pool, reason },
        incremental: true
      }),
      context,
      {
        get: () => ({ count: restarts()[reason], incremental: true }),
        update: () => undefined,
        modify: () => undefined
      }
    )

  own.push(
    gauge("causeway.workers.queue.length", "Calls that wait for a worker.", { unit: "{call}" }, queued),
    gauge("causeway.workers.active", "Workers that serve.", { unit: "{worker}" }, active),
    ...reasons.map(counter)
  )

  const durationOf = (rpc: string): Metric.Histogram<number> => {
    const known = durations.get(rpc)
    if (known !== undefined) return known
    const made = Metric.histogram("causeway.workers.call.duration", {
      description: "From a call to its answer or failure, without those that their caller gave up.",
      attributes: { unit: "s", pool, rpc },
      boundaries
    })
    durations.set(rpc, made)
    return made
  }

  return {
    onEnded: ({ request }, durationMs) => durationOf(request[2]).updateUnsafe(durationMs / 1000, context),

    onStarted: (unit) => {
      const worker = String(unit.id)
      byUnit.set(unit.id, [
        gauge(
          "causeway.workers.in_flight",
          "Calls that a worker has.",
          { unit: "{call}", worker },
          () => unit.calls.size
        ),
        gauge(
          "causeway.workers.heap",
          "What a worker's heap held when it last told: objects and buffers.",
          { unit: "By", worker },
          () => unit.vitals?.heapBytes ?? 0
        ),
        gauge(
          "causeway.workers.event_loop.lag",
          "How late a worker's event loop was at most in the second before it last told.",
          { unit: "s", worker },
          () => (unit.vitals?.lagMs ?? 0) / 1000
        )
      ])
    },

    onGone: ({ id }) => {
      for (const registration of byUnit.get(id) ?? []) registration.remove()
      byUnit.delete(id)
    },

    close: () => {
      names.delete(pool)
      for (const registration of [...own, ...Array.from(byUnit.values()).flat()]) registration.remove()
      byUnit.clear()
    }
  }
}

const reasons: ReadonlyArray<RestartReason> = [
  "crashed",
  "unresponsive",
  "start-failed",
  "calls",
  "age",
  "heap",
  "restart"
]
