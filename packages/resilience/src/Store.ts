/**
 * Where several processes tell each other what they have found out of their upstreams:
 * whose breaker is open, who is back, and who asked for rest. Each keeps its own counts
 * in memory, and decides by them alone; the store only carries verdicts, beside the
 * calls. So no call ever waits for it: while it fails or is slow, each process knows
 * what it has seen itself, and the log says so once.
 *
 * ```mermaid
 * flowchart LR
 *   one["a breaker opens here"] -- put --> store[(the store)]
 *   store -- "get, twice a second" --> other["it opens there too"]
 *   other -- "a probe succeeds, put" --> store
 *   store -- get --> back["it lets calls through step by step, here too"]
 * ```
 *
 * A hand on a breaker (`Upstreams.force`), budgets and limits stay with their process. The
 * processes that `CAUSEWAY_PROCS` starts share nothing of all this: `causeway serve` has no
 * store, and each of them finds out for itself.
 *
 * Moments are those of each process's own clock: clocks that differ by more than a
 * breaker's open time make the news late, and no longer than its `maxOpen` or a pause of
 * an hour is ever believed.
 *
 * **Example** (Two processes of one machine)
 *
 * ```ts
 * import * as Store from "@causeway/resilience/Store"
 * import * as Upstreams from "@causeway/resilience/Upstreams"
 * import * as Layer from "effect/Layer"
 * import * as KeyValueStore from "effect/persistence/KeyValueStore"
 *
 * const store = Store.layerKeyValueStore.pipe(Layer.provide(KeyValueStore.layerMemory))
 *
 * export const upstreams = Store.layerShared().pipe(
 *   Layer.provide(store),
 *   Layer.provideMerge(Upstreams.layerNamed({ primary: {}, backup: {} }))
 * )
 * ```
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Schema from "effect/Schema"
import * as Check from "./internal/options.ts"
import { Provided } from "./internal/registries.ts"
import { sharing } from "./internal/sharing.ts"

/** What a process has found out of an upstream, for a model. Moments are milliseconds on the epoch. */
export const News = Schema.Struct({
  /** The process that says so. */
  by: Schema.String,
  /** When it found out. */
  at: Schema.Finite,
  /** Whether its breaker is open. */
  isOpen: Schema.Boolean,
  /** Until when, at first. */
  openUntil: Schema.Finite,
  /** Until when the upstream wants rest; 0 where it does not. */
  restsUntil: Schema.Finite,
  /** What the breaker says of it. */
  why: Schema.String
})

/** See {@link News}. */
export type News = typeof News.Type

/** A store could not be read or written, or holds what is no news. */
export class StoreError extends Schema.TaggedError<StoreError>("@causeway/resilience/StoreError")("StoreError", {
  operation: Schema.Literals(["get", "put"]),
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {}

/** Keeps the last news of each upstream and model, by a key. What was put last counts. */
export class Store extends Context.Service<
  Store,
  {
    readonly get: (key: string) => Effect.Effect<News | undefined, StoreError>
    readonly put: (key: string, news: News) => Effect.Effect<void, StoreError>
  }
>()("@causeway/resilience/Store") {}

/** In the memory of this process: for several layers of `Upstreams` in it, and for tests. */
export const layerMemory: Layer.Layer<Store> = Layer.sync(Store, () => {
  const kept = new Map<string, News>()
  return {
    get: (key) => Effect.sync(() => kept.get(key)),
    put: (key, news) => Effect.sync(() => void kept.set(key, news))
  }
})

const Text = Schema.fromJsonString(News)

const failed = (operation: StoreError["operation"]) => (cause: { readonly message: string }) =>
  new StoreError({ operation, message: cause.message, cause })

/** In one of Effect's key-value stores: a directory, a database, Redis. */
export const layerKeyValueStore: Layer.Layer<Store, never, KeyValueStore.KeyValueStore> = Layer.effect(
  Store,
  Effect.map(KeyValueStore.KeyValueStore, (store) => ({
    get: (key) =>
      Effect.mapError(
        Effect.flatMap(store.get(key), (text) =>
          text === undefined ? Effect.undefined : Schema.decodeEffect(Text)(text)
        ),
        failed("get")
      ),
    put: (key, news) =>
      Effect.mapError(
        Effect.flatMap(Schema.encodeEffect(Text)(news), (text) => store.set(key, text)),
        failed("put")
      )
  }))
)

/** Options of {@link layerShared}. */
export interface Options {
  /** How often the store is asked, once for each upstream and model. Default: 500 milliseconds. */
  readonly every?: Duration.Input | undefined
  /** How long the store may take for one of them. Default: 1 second. */
  readonly within?: Duration.Input | undefined
}

/**
 * Shares what a layer of `Upstreams` finds out with others, as long as the layer is
 * there. Nothing is shared where there is no layer of `Upstreams`. Throws `InvalidPolicy`.
 */
export const layerShared = (options: Options = {}): Layer.Layer<never, never, Store> => {
  const times = Check.all("store", options, {
    every: () => Check.duration("store.every", options.every ?? "500 millis", "finite"),
    within: () => Check.duration("store.within", options.within ?? "1 second", "finite")
  })
  return Layer.effectDiscard(
    Effect.gen(function* () {
      const store = yield* Store
      const registry = yield* Provided
      if (registry !== undefined) yield* sharing(registry, store, times)
    })
  )
}
