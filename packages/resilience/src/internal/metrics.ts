/** The health of upstreams as metrics: a gauge for each state, which is 1 for the one that holds. */
import * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import type { State } from "../Health.ts"

const states = ["healthy", "degraded", "down"] as const satisfies ReadonlyArray<State>

const health = Metric.gauge("causeway_upstream_health", {
  description: "1 for the state that an upstream was last seen in for a model, 0 for the others"
})

const changes = Metric.counter("causeway_upstream_health_changes", {
  description: "Changes of the health of upstreams, by the state they came into",
  incremental: true
})

const degraded = Metric.gauge("causeway_degraded_mode", {
  description: "1 while all upstreams are down for a model, and calls are answered by answers of last resort"
})

/** The most models that have series of their own: callers choose their names, and series stay. */
const mostModels = 100

/** What is written to, and the models that have series of their own. */
export interface Metrics {
  readonly context: Context.Context<never>
  readonly models: Set<string>
}

/** Metrics in the registry of a context: probes change them too, where no call is there to take them from. */
export const make = (context: Context.Context<never>): Metrics => ({
  context: Context.make(Metric.MetricRegistry, Context.get(context, Metric.MetricRegistry)),
  models: new Set()
})

/** Those beyond the bound go by one name together. */
const labelOf = ({ models }: Metrics, model: string | undefined): string => {
  if (model === undefined) return ""
  const name = model.slice(0, 100)
  if (!models.has(name)) {
    if (models.size >= mostModels) return "others"
    models.add(name)
  }
  return name
}

/** How an upstream is. `hasChanged`: it was otherwise before. */
export const upstreamIs = (
  metrics: Metrics,
  upstream: string,
  model: string | undefined,
  state: State,
  hasChanged: boolean
): void => {
  const named = { upstream, model: labelOf(metrics, model) }
  for (const each of states) {
    Metric.withAttributes(health, { ...named, state: each }).updateUnsafe(each === state ? 1 : 0, metrics.context)
  }
  if (hasChanged) Metric.withAttributes(changes, { ...named, state }).updateUnsafe(1, metrics.context)
}

/** Whether calls for a model are answered by answers of last resort. */
export const degradedIs = (metrics: Metrics, model: string | undefined, isDegraded: boolean): void =>
  Metric.withAttributes(degraded, { model: labelOf(metrics, model) }).updateUnsafe(isDegraded ? 1 : 0, metrics.context)
