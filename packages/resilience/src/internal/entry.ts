/** One upstream as a call meets it: everything that is known of it, and what it may do now. */
import * as Context from "effect/Context"
import * as Budget from "../Budget.ts"
import * as Concurrency from "../Concurrency.ts"
import * as Health from "../Health.ts"
import * as Latency from "../Latency.ts"
import * as Pause from "../Pause.ts"
import * as Rate from "../Rate.ts"
import * as Shedding from "../Shedding.ts"
import * as Circuit from "./circuit.ts"
import * as Metrics from "./metrics.ts"
import { restOf } from "./rateLimit.ts"
import { type Defined, happened, key, type Known, label, type Registry } from "./registry.ts"
import * as Check from "./options.ts"
import { Remembered } from "./remembered.ts"
import { kinds, type Settings } from "./settings.ts"

/** What an attempt measures: a whole answer, or the way to a stream's first element. */
export type Measure = "answer" | "first-element"

export interface Entry {
  readonly measure: Measure
  /** What `Upstream.Current` is for it; `undefined`: the first one configured. */
  readonly name: string | undefined
  readonly defined: Defined | undefined
  readonly context: Context.Context<never>
  /** Whether there is anything in its context. */
  readonly hasContext: boolean
  readonly circuit: Circuit.Circuit | undefined
  /** The rest that it asked for. */
  readonly pause: Pause.Pause | undefined
  /** Its credential is of no use for now: it is asked after all others. */
  readonly aside: Pause.Pause | undefined
  /** The pace that it states. */
  readonly rate: Rate.Rate | undefined
  /** Of retries. */
  readonly budget: Budget.Budget | undefined
  /** Of hedges where it is slow. */
  readonly hedges: Budget.Budget | undefined
  readonly limiter: Concurrency.Concurrency | undefined
  readonly shedding: Shedding.Shedding | undefined
  readonly latency: Latency.Latency
  readonly known: Known
  /** Takes what an answer says of its rate limit. */
  readonly observed: (now: number, rateLimit: Readonly<Record<string, string>>) => void
}

const caches = new WeakMap<Registry, WeakMap<Settings, Remembered<Entry>>>()

const cacheOf = (registry: Registry, settings: Settings): Remembered<Entry> => {
  let bySettings = caches.get(registry)
  if (bySettings === undefined) caches.set(registry, (bySettings = new WeakMap()))
  let entries = bySettings.get(settings)
  if (entries === undefined) {
    checkNames(registry, settings)
    bySettings.set(settings, (entries = new Remembered()))
  }
  return entries
}

/** A name that no upstream has is found out by the first call, and not by the first that fails. */
const checkNames = ({ defined }: Registry, { fallback }: Settings): void => {
  if (defined.size === 0) return
  Check.together(
    ...kinds.flatMap((kind) =>
      fallback[kind].map((name, index) => () => {
        if (!defined.has(name)) refuseName(`fallback.${kind}[${index}]`, name, defined)
      })
    )
  )
}

const refuseName = (option: string, name: string, defined: Registry["defined"]): never =>
  Check.reject(option, name.slice(0, 100), `an upstream that is defined: ${[...defined.keys()].join(", ")}`)

/** How entries are found in one call. */
export type Find = (name: string | undefined) => Entry

/** Finds entries for calls of a policy, for a model and a measure. */
export const finder = (registry: Registry, settings: Settings, model: string | undefined, measure: Measure): Find => {
  const entries = cacheOf(registry, settings)
  const suffix = `\u0000${key(model)}\u0000${measure}`
  return (name) => entries.get(`${name ?? ""}${suffix}`, () => make(registry, settings, name, model, measure))
}

const make = (
  registry: Registry,
  settings: Settings,
  name: string | undefined,
  model: string | undefined,
  measure: Measure
): Entry => {
  const defined = name === undefined ? undefined : registry.defined.get(name)
  if (name !== undefined && defined === undefined && registry.defined.size > 0) {
    refuseName("Upstream.Current", name, registry.defined)
  }
  const { breaker, budget, concurrency, hedge, pause, shed } = settings
  const known = knownOf(registry, name, model)
  const credential = defined?.credential ?? name
  const entry: Entry = {
    measure,
    name,
    defined,
    context: defined?.context ?? Context.empty(),
    hasContext: defined !== undefined && defined.context.mapUnsafe.size > 0,
    circuit:
      breaker &&
      registry.circuits.get(key(name, model) + JSON.stringify(breaker), () => circuitOf(registry, known, breaker)),
    pause: pause
      ? registry.pauses.get(key("rest", credential, model), () => Pause.make((now) => watched(registry, known, now)))
      : undefined,
    aside: pause ? registry.pauses.get(key("aside", credential), () => Pause.make()) : undefined,
    rate: pause ? registry.rates.get(key(credential, model), () => Rate.make()) : undefined,
    limiter:
      concurrency &&
      registry.limiters.get(key(name, model) + JSON.stringify(concurrency), () => Concurrency.make(concurrency)),
    shedding: shed && registry.sheddings.get(key(name, model) + JSON.stringify(shed), () => Shedding.make(shed)),
    budget: budgetOf(registry, "retries", name, budget),
    hedges: budgetOf(registry, "hedges", name, hedge?.budget),
    latency: registry.latencies.get(key(name, model, measure), () => Latency.make()),
    known,
    observed: (now, rateLimit) => {
      const rest = restOf(rateLimit, now)
      if (rest !== undefined) entry.pause?.askedUnsafe(now, rest)
      entry.rate?.statedUnsafe(now, rateLimit)
    }
  }
  if (entry.circuit !== undefined) known.circuits.add(entry.circuit)
  for (const each of [entry.pause, entry.aside]) if (each !== undefined) known.pauses.add(each)
  if (entry.pause !== undefined) known.rests.add(entry.pause)
  return entry
}

const budgetOf = (
  registry: Registry,
  what: "retries" | "hedges",
  name: string | undefined,
  settings: Budget.Settings | undefined
): Budget.Budget | undefined =>
  settings && registry.budgets.get(key(what, name) + JSON.stringify(settings), () => Budget.make(settings))

/** What is known of an upstream, for a model. */
export const knownOf = (registry: Registry, upstream: string | undefined, model: string | undefined): Known =>
  registry.known.get(key(upstream, model), () => knownAnew(registry, upstream, model))

const knownAnew = (registry: Registry, upstream: string | undefined, model: string | undefined): Known => {
  const { metrics } = registry
  Metrics.upstreamIs(metrics, label(upstream), model, "healthy", false)
  const health = Health.make({}, (change) => {
    Metrics.upstreamIs(metrics, label(upstream), model, change.state, true)
    happened(registry, {
      level: change.state === "down" ? "Warn" : "Info",
      message: `${label(upstream)}${model === undefined ? "" : ` (${model.slice(0, 100)})`} is ${change.state}: ${change.why}`
    })
    for (const listener of registry.listeners) listener({ ...change, upstream, model })
  })
  return { upstream, model, circuits: new Set(), pauses: new Set(), rests: new Set(), health }
}

/** Tells whoever shares it of something that other processes want to know. */
const watched = ({ watchers }: Registry, known: Known, now: number): void => {
  for (const watcher of watchers) watcher(known, now)
}

const circuitOf = (registry: Registry, known: Known, settings: Circuit.Settings): Circuit.Circuit => {
  const circuit = Circuit.make(settings, ({ at, to, why }) => {
    if (!settings.observe) {
      known.health.breakerUnsafe(at, to, why)
      watched(registry, known, at)
    } else
      happened(registry, { level: "Info", message: `the breaker of ${label(known.upstream)} would be ${to}: ${why}` })
  })
  const forced = registry.forced.get(known.upstream)
  if (forced !== undefined) circuit.force(0, forced)
  return circuit
}
