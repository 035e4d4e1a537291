/**
 * The upstreams of a program: each with a name, a client that is built once, and what
 * makes it preferred to others. What is learnt of them is kept here, once for all
 * policies: their breakers, the rest that they asked for, their budgets, their health.
 *
 * A policy gives each attempt the client of its upstream. So the client is taken where
 * the call is made, inside the effect that the policy is applied to.
 *
 * **Example** (The second one answers)
 *
 * ```ts
 * import { ProviderFault } from "@causeway/core/UpstreamReason"
 * import * as Policy from "@causeway/resilience/Policy"
 * import * as Upstreams from "@causeway/resilience/Upstreams"
 * import * as Context from "effect/Context"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * class Llm extends Context.Service<Llm, { readonly ask: Effect.Effect<string, ProviderFault> }>()("app/Llm") {}
 *
 * const down = Effect.fail(new ProviderFault({ message: "it is down", seenIn: "status" }))
 *
 * const upstreams = Upstreams.layer({
 *   primary: { client: Layer.succeed(Llm, { ask: down }) },
 *   backup: { client: Layer.succeed(Llm, { ask: Effect.succeed("an answer") }) }
 * })
 *
 * const call = Effect.flatMap(Llm, ({ ask }) => ask)
 * const answer = call.pipe(Policy.apply(Policy.make()), Effect.provide(upstreams))
 *
 * await Effect.runPromise(answer) // => "an answer"
 * ```
 */
import * as Upstream from "@causeway/core/Upstream"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Cause from "effect/Cause"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Force } from "./Breaker.ts"
import type * as Health from "./Health.ts"
import * as Check from "./internal/options.ts"
import { reasonOf } from "./internal/record.ts"
import { knownOf } from "./internal/entry.ts"
import { Observed } from "./internal/course.ts"
import * as Registries from "./internal/registries.ts"
import * as Registry from "./internal/registry.ts"

/** What makes an upstream preferred to others, and what it has of its own. */
export interface Options {
  /** The lowest is asked first. Default: its place in the list, or 0 where a weight is given. */
  readonly priority?: number | undefined
  /** Its share of the calls among those of the same priority, above 0. Default: 1. */
  readonly weight?: number | undefined
  /** What a call costs, compared with the others; of several that could help a slow one the cheapest does. Default: 1. */
  readonly cost?: number | undefined
  /** Upstreams with the same one rest together, and are passed over together where it is refused. Default: its name. */
  readonly credential?: string | undefined
  /** Names of models as this upstream has them, by the names that callers use. */
  readonly models?: Readonly<Record<string, string>> | undefined
  /** Optional parameters of a request that it does not know. */
  readonly without?: ReadonlyArray<string> | undefined
}

/** An upstream with a client of its own, whose services are `A`. */
export interface Definition<A, E = never, R = never> extends Options {
  readonly client: Layer.Layer<A, E, R>
  /** Asks it now and then how it is, also while nobody calls it. Default: none, since that may cost money. */
  readonly probe?: Probe<A> | undefined
}

/** How to ask an upstream how it is. */
export interface Probe<A> {
  /** Fails where the upstream does not serve. */
  readonly call: Effect.Effect<unknown, unknown, A>
  /** How long to wait between two of them. Default: 10 seconds. */
  readonly every?: Duration.Input | undefined
  /** How long one may take. Default: 5 seconds. */
  readonly within?: Duration.Input | undefined
}

/** How an upstream is, for one model. */
export interface Status extends Health.Report {
  /** Its name; `undefined`: the first one configured. */
  readonly upstream: string | undefined
  /** The model, where calls name it. */
  readonly model: string | undefined
  /** Until when it rests, in milliseconds on the epoch; `undefined`: it does not. */
  readonly restsUntil: number | undefined
}

/** A change of the health of an upstream. */
export type Change = Registry.UpstreamChange

/**
 * The upstreams by name, for all policies within. Outside of a policy its services are
 * those of the upstream that is preferred.
 *
 * Throws `InvalidPolicy` for an option that does not exist or is not allowed.
 */
export const layer = <A, E = never, R = never>(
  upstreams: Readonly<Record<string, Definition<A, E, R>>>
): Layer.Layer<A, E, R> => {
  const order = read(upstreams, ["client", "probe"])
  const probes = new Map(
    Object.entries(upstreams).flatMap(([name, { probe }]) => (probe ? [[name, readProbe(name, probe)]] : []))
  )
  return Layer.effectContext(
    Effect.gen(function* () {
      const clients = yield* Effect.forEach(Object.entries(upstreams), ([name, { client }]) =>
        Effect.map(Layer.build(client), (context) => [name, context] as const)
      )
      const byName = new Map(clients)
      const registry = Registry.make(
        yield* Effect.context<never>(),
        order.map((defined) => ({ ...defined, context: byName.get(defined.name) ?? defined.context }))
      )
      for (const [name, context] of clients) {
        const probe = probes.get(name)
        // @effect-diagnostics-next-line anyUnknownInErrorContext:off a probe may fail with anything
        if (probe !== undefined) yield* probing(registry, name, Effect.provideContext(probe.call, context), probe)
      }
      const [preferred = clients[0]?.[1]] = order.map(({ name }) => byName.get(name))
      if (preferred === undefined) return yield* Effect.die(new Error("there is no upstream"))
      return Context.add(preferred, Registries.Provided, registry)
    })
  )
}

/**
 * As {@link layer}, for upstreams without clients of their own: calls find them by
 * `Upstream.Current` alone, as those of a worker do.
 */
export const layerNamed = (upstreams: Readonly<Record<string, Options>>): Layer.Layer<never> => {
  const order = read(upstreams, [])
  return Layer.effectContext(
    Effect.map(Effect.context<never>(), (context) =>
      Context.add(Context.empty(), Registries.Provided, Registry.make(context, order))
    )
  )
}

/** Checks upstreams; in the order in which they are preferred. */
const read = (
  upstreams: Readonly<Record<string, Options>>,
  more: ReadonlyArray<"client" | "probe">
): ReadonlyArray<Registry.Defined> => {
  if (typeof upstreams !== "object" || upstreams === null || Array.isArray(upstreams)) {
    return Check.reject("upstreams", upstreams, "an object of upstreams by name")
  }
  const names = Object.keys(upstreams)
  if (names.length === 0) Check.refuse("upstreams", "none", "at least one upstream")
  Check.names("upstreams", names)
  const all: Array<Registry.Defined> = []
  Check.together(
    ...Object.entries(upstreams).map(
      ([name, options], index) =>
        () =>
          all.push(readOne(name, options, index, more))
    )
  )
  return all.toSorted((a, b) => a.priority - b.priority)
}

const readOne = (
  name: string,
  options: Partial<Definition<never, unknown, unknown>>,
  index: number,
  more: ReadonlyArray<"client" | "probe">
): Registry.Defined => {
  const at = `upstreams.${name}`
  const { cost, credential, models, priority, weight, without } = Check.all(at, options, {
    priority: () =>
      Check.number(`${at}.priority`, options.priority ?? (options.weight === undefined ? index : 0), -1e9, 1e9),
    weight: () => Check.number(`${at}.weight`, options.weight ?? 1, Number.MIN_VALUE, 1e9),
    cost: () => Check.number(`${at}.cost`, options.cost ?? 1, 0, 1e9),
    credential: () => Check.text(`${at}.credential`, options.credential ?? name),
    models: () => readModels(`${at}.models`, options.models ?? {}),
    without: () => Check.names(`${at}.without`, options.without ?? [], "parameter"),
    ...Object.fromEntries(more.map((other) => [other, () => undefined]))
  })
  return { name, priority, weight, cost, credential, models, without, context: Context.empty() }
}

const readModels = (at: string, models: NonNullable<Options["models"]>): ReadonlyMap<string, string> => {
  if (typeof models !== "object" || Array.isArray(models))
    return Check.reject(at, models, "names of models by names of models")
  const all = Object.entries(models)
  Check.together(
    ...all.map(
      ([from, to]) =>
        () =>
          Check.text(`${at}.${from}`, to)
    )
  )
  return new Map(all)
}

const readProbe = <A>(name: string, probe: Probe<A>) => {
  const at = `upstreams.${name}.probe`
  return Check.all(at, probe, {
    // @effect-diagnostics-next-line anyUnknownInErrorContext:off a probe may fail with anything
    call: () => (Effect.isEffect(probe.call) ? probe.call : Check.reject(`${at}.call`, probe.call, "an effect")),
    every: () => Check.duration(`${at}.every`, probe.every ?? Duration.seconds(10), "finite"),
    within: () => Check.duration(`${at}.within`, probe.within ?? Duration.seconds(5), "finite")
  })
}

/** Asks an upstream again and again how it is, as long as the layer is there. */
const probing = (
  registry: Registry.Registry,
  name: string,
  call: Effect.Effect<unknown, unknown>,
  { every, within }: { readonly every: Duration.Duration; readonly within: Duration.Duration }
): Effect.Effect<void, never, Scope.Scope> => {
  // @effect-diagnostics-next-line anyUnknownInErrorContext:off a probe may fail with anything
  const once = Effect.flatMap(Effect.exit(Effect.timeout(call, within)), (exit) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      const failure = Exit.isSuccess(exit) ? undefined : reasonOf(Cause.squash(exit.cause))
      const known = [...registry.known.values()].filter(({ upstream }) => upstream === name)
      for (const { circuits, health } of known.length === 0 ? [knownOf(registry, name, undefined)] : known) {
        health.probedUnsafe(now, failure)
        // An open breaker whose time is over needs no caller's call to find out.
        for (const circuit of circuits) {
          if (circuit.state(now) !== "open") continue
          circuit.admit(now)?.end(now, failure === undefined ? "success" : "failure", 0)
        }
      }
    })
  )
  return Effect.asVoid(Effect.forkScoped(Effect.forever(Effect.andThen(once, Effect.sleep(every)))))
}

const registry: Effect.Effect<Registry.Registry | undefined> = Effect.map(Registries.Provided, (provided) => provided)

/**
 * Lets effects that run later, and elsewhere, meet in the layer that is there now: for
 * handlers whose router is built with the upstreams and served without them. Without a
 * layer it changes nothing.
 *
 * **Example** (A handler)
 *
 * ```ts
 * import * as Upstreams from "@causeway/resilience/Upstreams"
 * import * as Effect from "effect/Effect"
 *
 * const built = Effect.map(Upstreams.captured, (meeting) => meeting(Upstreams.force("primary", "open")))
 *
 * const handler = await Effect.runPromise(Effect.provide(built, Upstreams.layerNamed({ primary: {} })))
 *
 * await Effect.runPromise(handler)
 * ```
 */
export const captured: Effect.Effect<<A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>> = Effect.map(
  registry,
  (provided) => (self) => (provided === undefined ? self : Effect.provideService(self, Registries.Provided, provided))
)

/** The names of the upstreams, in the order in which they are preferred. Empty without a layer. */
export const names: Effect.Effect<ReadonlyArray<string>> = Effect.map(registry, (provided) => [
  ...(provided?.defined.keys() ?? [])
])

/** How the upstreams are, of which anything is known. Empty without a layer. */
export const status: Effect.Effect<ReadonlyArray<Status>> = Effect.gen(function* () {
  const now = yield* Clock.currentTimeMillis
  const known = (yield* registry)?.known.values() ?? []
  return [...known].map(({ health, model, pauses, upstream }) => ({
    ...health.reportUnsafe(now),
    upstream,
    model,
    restsUntil: [...pauses].reduce<number | undefined>((latest, pause) => {
      const until = pause.untilUnsafe(now)
      return until === undefined ? latest : Math.max(latest ?? 0, until)
    }, undefined)
  }))
})

/** The changes of the upstreams' health, from now on. A reader that falls behind misses the oldest. */
export const changes: Stream.Stream<Change> = Stream.unwrap(
  Effect.map(registry, (provided) =>
    Stream.callback<Change>((queue) => listening(provided, queue), { bufferSize: 128, strategy: "sliding" })
  )
)

const listening = (provided: Registry.Registry | undefined, queue: Queue.Enqueue<Change>) => {
  const listener = (change: Change): void => void Queue.offerUnsafe(queue, change)
  return Effect.acquireRelease(
    Effect.sync(() => provided?.listeners.add(listener)),
    () => Effect.sync(() => provided?.listeners.delete(listener))
  )
}

/**
 * Takes an upstream's breakers into an operator's hand: `open` keeps calls away from it,
 * `closed` lets them through whatever happens, `auto` takes the hand away. It holds for
 * breakers that come later too.
 */
export const force = (upstream: string, force: Force): Effect.Effect<void> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const provided = yield* registry
    provided?.forced.set(upstream, force)
    for (const known of provided?.known.values() ?? []) {
      if (known.upstream === upstream) for (const circuit of known.circuits) circuit.force(now, force)
    }
  })

/** Closes an upstream's breakers, ends its rest, and takes an operator's hand away. */
export const reset = (upstream: string): Effect.Effect<void> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const provided = yield* registry
    provided?.forced.delete(upstream)
    for (const known of provided?.known.values() ?? []) {
      if (known.upstream !== upstream) continue
      for (const circuit of known.circuits) circuit.reset(now)
      for (const pause of known.pauses) pause.endUnsafe()
    }
  })

/**
 * Tells what the headers of an answer say of the upstream's rate limit, by their names
 * without the common prefix, as in `Evidence.rateLimit`. Failures tell theirs by
 * themselves; of a success only the call knows them. To be used within a policy's call.
 */
export const observe = (rateLimit: Readonly<Record<string, string>>): Effect.Effect<void> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const observed = yield* Observed
    observed?.(now, rateLimit)
  })

/** A request, as far as upstreams differ in it. */
export interface Request {
  readonly model?: string | undefined
}

/**
 * A request as the attempt's upstream takes it: with its own name of the model, and
 * without the parameters that it does not know. Only optional ones may be named there.
 *
 * **Example** (A model of another name)
 *
 * ```ts
 * import * as Upstream from "@causeway/core/Upstream"
 * import * as Upstreams from "@causeway/resilience/Upstreams"
 * import * as Effect from "effect/Effect"
 *
 * const upstreams = Upstreams.layerNamed({
 *   primary: {},
 *   backup: { models: { "gpt-5": "llama-3.3-70b" }, without: ["reasoning_effort"] }
 * })
 *
 * const asked: { readonly model: string; readonly reasoning_effort?: string } = { model: "gpt-5", reasoning_effort: "low" }
 *
 * const request = Upstreams.request(asked).pipe(
 *   Effect.provideService(Upstream.Current, "backup"),
 *   Effect.provide(upstreams)
 * )
 *
 * await Effect.runPromise(request) // => { model: "llama-3.3-70b" }
 * ```
 */
export const request = <A extends Request>(request: A): Effect.Effect<A> =>
  Effect.gen(function* () {
    const name = yield* Upstream.Current
    const defined = (yield* registry)?.defined
    const upstream = name === undefined ? defined?.values().next().value : defined?.get(name)
    if (upstream === undefined) return request
    const { models, without } = upstream
    const mapped = { ...request }
    for (const parameter of without) Reflect.deleteProperty(mapped, parameter)
    const model = request.model === undefined ? undefined : models.get(request.model)
    return model === undefined ? mapped : { ...mapped, model }
  })
