/**
 * The routes that one reading of the configuration serves.
 */
import type * as Contract from "@causeway/core/Contract"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import type { OpenAiClient } from "@causeway/openai/OpenAiClient"
import { Relay } from "@causeway/openai/Relay"
import type { Upstreams } from "@causeway/openai/UpstreamConfig"
import * as Known from "@causeway/resilience/Upstreams"
import * as OpenAiApi from "@causeway/server/OpenAiApi"
import * as PredictApi from "@causeway/server/PredictApi"
import type * as Health from "@causeway/server/Health"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import * as Effect from "effect/Effect"
import type * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import type * as Rpc from "effect/rpc/Rpc"
import type * as Service from "../Service.ts"
import type { ServiceError } from "../ServiceError.ts"
import type { Settings } from "../Settings.ts"
import type { WorkersError } from "../WorkersError.ts"
import { Backend } from "./backend.ts"
import * as Operations from "./operations.ts"
import * as Ready from "./ready.ts"

/** What has to be so before the routes are there. */
export type Gate = (pool: WorkerPool.WorkerPool["Service"]) => Effect.Effect<void, WorkersError>

/** Calls that come before the workers are ready wait for them. */
export const atOnce: Gate = () => Effect.void

/** Nothing is served before a worker is ready; fails where none gets ready. */
export const onceReady: Gate = Ready.onceReady

/** Why it cannot be built. */
export type Failure = ServiceError | UpstreamError | WorkersError

/** The routes, in front of what is behind them. */
export const layer = (settings: Settings, gate: Gate): Layer.Layer<never, Failure, HttpRouter.HttpRouter | Backend> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { models, pool, upstreams } = yield* Backend
      const http = yield* mounted(settings)
      const own: Layer.Layer<never, Failure, HttpRouter.HttpRouter> =
        pool === undefined ? yield* inProcess(settings, upstreams) : pooled(settings, pool, gate)
      const operations = Operations.layer(settings, { upstreams, pool, models }, http.checks)
      return Layer.provide(Layer.mergeAll(own, operations, http.routes), known(upstreams))
    })
  )

/** Lets all policies of the main thread meet in what is known of these upstreams; the first one is preferred. */
const known = (upstreams: Upstreams): Layer.Layer<never> =>
  Known.layerNamed(Object.fromEntries(Object.keys(upstreams).map((name) => [name, {}])))

/** Those of REST APIs are loaded where there are any. */
const mounted = Effect.fnUntraced(function* (settings: Settings) {
  if (settings.http.length === 0) return { routes: Layer.empty, checks: [] as ReadonlyArray<Health.Check> }
  const Mounts = yield* Effect.promise(() => import("./mounts.ts"))
  return yield* Mounts.make(settings.http, Operations.requiresUpstream(settings))
})

const relayed = ({ degraded, policy, server }: Settings) =>
  OpenAiApi.layer({ policy, degraded, forward: server.forward })

/** The routes, whose calls are served by worker threads. */
const pooled = (
  settings: Settings,
  pool: WorkerPool.WorkerPool["Service"],
  gate: Gate
): Layer.Layer<never, WorkersError, HttpRouter.HttpRouter> => {
  const services = settings.services.map((service) =>
    predict<never, WorkerPool.WorkerPool>(service, settings, (contract) => WorkerPool.client(contract))
  )
  const relay = Layer.provide(relayed(settings), WorkerPool.client(Relay))
  return all<WorkersError, HttpRouter.HttpRouter | WorkerPool.WorkerPool>([
    relay,
    ...services,
    Layer.effectDiscard(gate(pool))
  ]).pipe(Layer.provide(Layer.succeed(WorkerPool.WorkerPool, pool)))
}

/** The routes, whose calls are served here. What serves them is loaded here too. */
const inProcess = Effect.fnUntraced(function* (settings: Settings, upstreams: Upstreams) {
  const [Local, Handlers] = yield* Effect.promise(() =>
    Promise.all([import("@causeway/core/Local"), import("./handlers.ts")])
  )
  const { deadline } = settings.pool
  const relay = Layer.provide(relayed(settings), Local.layer(Relay, Relay.layer(upstreams), { deadline }))
  const services = settings.services.map((service) =>
    predict<ServiceError, OpenAiClient>(service, settings, (contract, handlers) =>
      Local.layer(contract, handlers, { deadline })
    )
  )
  return all<ServiceError | UpstreamError, HttpRouter.HttpRouter | OpenAiClient>([relay, ...services]).pipe(
    Layer.provide(Handlers.openAi(upstreams))
  )
})

const all = <E, R>(layers: ReadonlyArray<Layer.Layer<never, E, R>>): Layer.Layer<never, E, R> =>
  layers.reduce((all, one) => Layer.merge(all, one), Layer.empty as Layer.Layer<never, E, R>)

type ClientOf<E, R> = <Self, Id extends string, Rpcs extends Rpc.Any>(
  contract: Contract.Contract<Self, Id, Rpcs>,
  handlers: Service.Handlers<Self>
) => Layer.Layer<Self, E, R | Rpc.Middleware<Rpcs> | Rpc.MiddlewareClient<Rpcs>>

/** The routes of one service. */
const predict = <E, R>(
  service: Service.Service,
  { degraded, policy }: Settings,
  client: ClientOf<E, R>
): Layer.Layer<never, E, HttpRouter.HttpRouter | R> =>
  service.use((contract, handlers) => {
    const routes = PredictApi.layer(contract, { path: service.path, policy, degraded }).pipe(
      Layer.provide(client(contract, handlers))
    )
    // `Service.make` takes only contracts whose calls need neither services nor middlewares.
    // @effect-diagnostics-next-line unsafeEffectTypeAssertion:off
    return routes as Layer.Layer<never, E, HttpRouter.HttpRouter | R>
  })
