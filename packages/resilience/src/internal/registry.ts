/** What is remembered of upstreams between calls, shared by all policies that meet in it. */
import type * as Context from "effect/Context"
import type { Budget } from "../Budget.ts"
import type { Concurrency } from "../Concurrency.ts"
import type { Change, Health } from "../Health.ts"
import type { Latency } from "../Latency.ts"
import type { Pause } from "../Pause.ts"
import type { Rate } from "../Rate.ts"
import type { Shedding } from "../Shedding.ts"
import type { Circuit, Force } from "./circuit.ts"
import * as Metrics from "./metrics.ts"
import { Remembered } from "./remembered.ts"

/** An upstream as it was defined. */
export interface Defined {
  readonly name: string
  readonly priority: number
  readonly weight: number
  readonly cost: number
  /** Upstreams with the same one share what is learnt of its limits. */
  readonly credential: string
  readonly models: ReadonlyMap<string, string>
  /** Optional parameters that it does not know. */
  readonly without: ReadonlyArray<string>
  /** Its client; empty where it has none of its own. */
  readonly context: Context.Context<never>
}

/** Something that whoever runs the service wants to know. */
export interface Event {
  readonly level: "Info" | "Warn"
  readonly message: string
}

/** A change of the health of an upstream. */
export interface UpstreamChange extends Change {
  /** Its name; `undefined`: the first one configured. */
  readonly upstream: string | undefined
  /** The model, where calls name it. */
  readonly model: string | undefined
}

/** What is known of one upstream, for one model. */
export interface Known {
  readonly upstream: string | undefined
  readonly model: string | undefined
  readonly health: Health
  readonly circuits: Set<Circuit>
  readonly pauses: Set<Pause>
  /** Those of the pauses that the upstream itself asked for. */
  readonly rests: Set<Pause>
}

export interface Registry {
  /** By name, in the order in which they are preferred; empty where any name will do. */
  readonly defined: ReadonlyMap<string, Defined>
  /** Whether any two have the same priority. */
  readonly hasTies: boolean
  readonly known: Remembered<Known>
  readonly circuits: Remembered<Circuit>
  readonly pauses: Remembered<Pause>
  readonly rates: Remembered<Rate>
  readonly budgets: Remembered<Budget>
  readonly limiters: Remembered<Concurrency>
  readonly sheddings: Remembered<Shedding>
  readonly latencies: Remembered<Latency>
  /** What operators did, by upstream: it also holds for models that come later. */
  readonly forced: Map<string | undefined, Force>
  readonly listeners: Set<(change: UpstreamChange) => void>
  /** Told of what concerns other processes too: a breaker that changed, a rest that was asked for. */
  readonly watchers: Set<(known: Known, now: number) => void>
  /** What has happened and was not told yet. */
  readonly events: Array<Event>
  readonly metrics: Metrics.Metrics
}

/** `context`: whose metrics it writes to. */
export const make = (context: Context.Context<never>, defined: ReadonlyArray<Defined> = []): Registry => ({
  defined: new Map(defined.map((each) => [each.name, each])),
  hasTies: defined.some(({ priority }, index) => index > 0 && priority === defined[index - 1]?.priority),
  known: new Remembered(),
  circuits: new Remembered(),
  pauses: new Remembered(),
  rates: new Remembered(),
  budgets: new Remembered(),
  limiters: new Remembered(),
  sheddings: new Remembered(),
  latencies: new Remembered(),
  forced: new Map(),
  listeners: new Set(),
  watchers: new Set(),
  events: [],
  metrics: Metrics.make(context)
})

/** The most events that are kept until a call tells them. */
const mostEvents = 100

/** Keeps an event until the next call tells it. */
export const happened = (registry: Registry, event: Event): void => {
  if (registry.events.length < mostEvents) registry.events.push(event)
}

/** The key of what is kept for an upstream and a model. Callers choose the model's name, so its length has a bound. */
export const key = (...parts: ReadonlyArray<string | undefined>): string =>
  parts.map((part) => part?.slice(0, 200) ?? "").join("\u0000")

/** An upstream's name for people. */
export const label = (upstream: string | undefined): string => upstream ?? "the first upstream"
