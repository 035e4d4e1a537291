/** One upstream as a call meets it: everything that is known of it, and what it may do now. */
import * as Disposition from "@causeway/core/Disposition"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Budget from "../Budget.ts"
import type { Permit, Outcome } from "../Breaker.ts"
import * as Health from "../Health.ts"
import { InvalidPolicy } from "../InvalidPolicy.ts"
import * as Latency from "../Latency.ts"
import * as Pause from "../Pause.ts"
import * as Circuit from "./circuit.ts"
import { type Defined, happened, key, type Known, label, type Registry } from "./registry.ts"
import { Remembered } from "./remembered.ts"
import type { Settings } from "./settings.ts"

/** What an attempt measures: a whole answer, or the way to a stream's first element. */
export type Measure = "answer" | "first-element"

export interface Entry {
  /** What `Upstream.Current` is for it; `undefined`: the first one configured. */
  readonly name: string | undefined
  readonly defined: Defined | undefined
  readonly context: Context.Context<never>
  readonly circuit: Circuit.Circuit | undefined
  /** The rest that it asked for. */
  readonly pause: Pause.Pause | undefined
  /** Its credential is of no use for now: it is asked after all others. */
  readonly aside: Pause.Pause | undefined
  readonly budget: Budget.Budget | undefined
  readonly latency: Latency.Latency
  readonly known: Known
}

/** Why an upstream is not asked now. */
export interface Blocked {
  readonly _tag: "Blocked"
  /** `rest`: it serves again at a known time. `open`: it may be asked where all others are no better. */
  readonly kind: "forced" | "rest" | "open" | "late"
  readonly why: string
  /** When that may end, in milliseconds on the epoch. */
  readonly until: number
}

const caches = new WeakMap<Registry, WeakMap<Settings, Remembered<Entry>>>()

const cacheOf = (registry: Registry, settings: Settings): Remembered<Entry> => {
  let bySettings = caches.get(registry)
  if (bySettings === undefined) caches.set(registry, (bySettings = new WeakMap()))
  let entries = bySettings.get(settings)
  if (entries === undefined) bySettings.set(settings, (entries = new Remembered()))
  return entries
}

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
    throw new InvalidPolicy({
      option: "fallback",
      actual: JSON.stringify(name.slice(0, 100)),
      allowed: `an upstream that is defined: ${[...registry.defined.keys()].join(", ")}`
    })
  }
  const { breaker, budget, pause } = settings
  const known = knownOf(registry, name, model)
  const credential = defined?.credential ?? name
  const entry: Entry = {
    name,
    defined,
    context: defined?.context ?? Context.empty(),
    circuit:
      breaker &&
      registry.circuits.get(key(name, model) + JSON.stringify(breaker), () => circuitOf(registry, known, breaker)),
    pause: pause ? registry.pauses.get(key("rest", credential, model), () => Pause.make()) : undefined,
    aside: pause ? registry.pauses.get(key("aside", credential), () => Pause.make()) : undefined,
    budget: budget && registry.budgets.get(key(name) + JSON.stringify(budget), () => Budget.make(budget)),
    latency: registry.latencies.get(key(name, model, measure), () => Latency.make()),
    known
  }
  if (entry.circuit !== undefined) known.circuits.add(entry.circuit)
  for (const each of [entry.pause, entry.aside]) if (each !== undefined) known.pauses.add(each)
  return entry
}

/** What is known of an upstream, for a model. */
export const knownOf = (registry: Registry, upstream: string | undefined, model: string | undefined): Known =>
  registry.known.get(key(upstream, model), () => knownAnew(registry, upstream, model))

const knownAnew = (registry: Registry, upstream: string | undefined, model: string | undefined): Known => ({
  upstream,
  model,
  circuits: new Set(),
  pauses: new Set(),
  health: Health.make({}, (change) => {
    happened(registry, {
      level: change.state === "down" ? "Warn" : "Info",
      message: `${label(upstream)}${model === undefined ? "" : ` (${model.slice(0, 100)})`} is ${change.state}: ${change.why}`
    })
    for (const listener of registry.listeners) listener({ ...change, upstream, model })
  })
})

const circuitOf = (registry: Registry, known: Known, settings: Circuit.Settings): Circuit.Circuit => {
  const circuit = Circuit.make(settings, ({ at, to, why }) => {
    if (!settings.observe) known.health.breakerUnsafe(at, to, why)
    else
      happened(registry, { level: "Info", message: `the breaker of ${label(known.upstream)} would be ${to}: ${why}` })
  })
  const forced = registry.forced.get(known.upstream)
  if (forced !== undefined) circuit.force(0, forced)
  return circuit
}

/** Leave of an upstream without a breaker. */
const free: Permit = { isProbe: false, end: () => undefined }

const blocked = (kind: Blocked["kind"], why: string, until: number): Blocked => ({ _tag: "Blocked", kind, why, until })

const time = (ms: number): string => Duration.format(Duration.millis(Math.ceil(ms)))

/** Leave to make an attempt that has so many milliseconds, or why there is none. Leave must be ended. */
export const admit = (entry: Entry, now: number, remainingMs: number): Permit | Blocked => {
  const { aside, circuit, latency, pause } = entry
  if (circuit?.forced() === "open") return blocked("forced", "it is closed by hand", Number.POSITIVE_INFINITY)
  const median = Number.isFinite(remainingMs) ? latency.medianUnsafe(now) : undefined
  if (median !== undefined && median > remainingMs) {
    return blocked("late", `it takes ${time(median)}, and ${time(remainingMs)} are left`, Number.POSITIVE_INFINITY)
  }
  const rest = pause?.untilUnsafe(now)
  if (rest !== undefined) return blocked("rest", `it wants rest for another ${time(rest - now)}`, rest)
  const put = aside?.untilUnsafe(now)
  if (put !== undefined) return blocked("open", `its credential was refused`, put)
  if (circuit === undefined) return free
  return circuit.admit(now) ?? blocked("open", `its breaker is ${circuit.state(now)}`, now + circuit.retryInMs(now))
}

/** Leave where nobody else is any better, whatever is known of it. */
export const admitLast = (entry: Entry, now: number): Permit => entry.circuit?.admit(now) ?? free

/** How long a credential that was refused is asked after all others, in milliseconds. */
const asideMs = 30_000

/** How an attempt ended, as far as it tells of its upstream. */
export interface Ended {
  readonly outcome: Outcome
  readonly elapsedMs: number
  readonly error?: unknown
  /** The tag of the error's reason. */
  readonly reason?: string
}

/** An attempt ended: everything that is known of its upstream learns from it. */
export const settle = (
  entry: Entry,
  permit: Permit,
  now: number,
  { elapsedMs, error, outcome, reason }: Ended
): void => {
  permit.end(now, outcome, elapsedMs)
  entry.known.health.sawUnsafe(now, outcome, reason)
  if (outcome === "success") {
    // Not what was given up: a wait that grows with what it cut short itself would never stop growing.
    entry.latency.addUnsafe(now, elapsedMs)
    entry.pause?.servedUnsafe()
    entry.aside?.endUnsafe()
  }
  if (error === undefined) return
  if (entry.pause !== undefined) Pause.observeUnsafe(entry.pause, now, error)
  if (Disposition.of(error)?.fallback === "other-credential") entry.aside?.askedUnsafe(now, asideMs)
}

/** How much slower than usual an attempt must have been that nobody waited for any longer. */
const slowTimes = 2.5
/** What is too long for a first answer, where nothing is known of its upstream. */
const foreverMs = 10_000

/** What an attempt says that was given up: whether its upstream was slower than it usually is. */
export const givenUp = (entry: Entry, now: number, elapsedMs: number): Outcome => {
  const median = entry.latency.medianUnsafe(now)
  return elapsedMs >= (median === undefined ? foreverMs : slowTimes * median) ? "slow" : "ignored"
}
