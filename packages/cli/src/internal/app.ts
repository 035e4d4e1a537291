/**
 * All that one reading of the configuration serves: the routes with the simulator, the
 * workers and the upstreams behind them.
 */
import type * as Contract from "@causeway/core/Contract"
import * as Local from "@causeway/core/Local"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import type { OpenAiClient } from "@causeway/openai/OpenAiClient"
import type { HttpRelay } from "@causeway/openai/HttpRelay"
import { Relay } from "@causeway/openai/Relay"
import type { Upstreams } from "@causeway/openai/UpstreamConfig"
import * as OpenAiApi from "@causeway/server/OpenAiApi"
import * as PredictApi from "@causeway/server/PredictApi"
import type { SimulatorError } from "@causeway/simulator/Simulator"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import * as Effect from "effect/Effect"
import type * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import type * as Rpc from "effect/rpc/Rpc"
import * as Stream from "effect/Stream"
import type * as Service from "../Service.ts"
import type { ServiceError } from "../ServiceError.ts"
import type { Settings } from "../Settings.ts"
import { WorkersError } from "../WorkersError.ts"
import * as Handlers from "./handlers.ts"
import { send } from "./handover.ts"
import * as Http from "./http.ts"
import * as Operations from "./operations.ts"
import type { Data } from "./worker.ts"

/** What has to be so before the routes are there. */
export type Gate = (pool: WorkerPool.WorkerPool["Service"]) => Effect.Effect<void, WorkersError>

/** Calls that come before the workers are ready wait for them. */
export const atOnce: Gate = () => Effect.void

/** Nothing is served before a worker is ready; fails where none gets ready. */
export const onceReady: Gate = ({ changes }) =>
  changes.pipe(
    Stream.filter(({ state }) => state !== "starting"),
    Stream.runHead,
    Effect.flatMap((found) =>
      found._tag === "Some" && found.value.state === "ready"
        ? Effect.void
        : Effect.fail(
            new WorkersError({
              reason: (found._tag === "Some" ? found.value.reason : undefined) ?? "the pool has ended"
            })
          )
    )
  )

/** Why it cannot be built. */
export type Failure = SimulatorError | ServiceError | UpstreamError | WorkersError

/** The routes and what is behind them. */
export const layer = (settings: Settings, gate: Gate): Layer.Layer<never, Failure, HttpRouter.HttpRouter> =>
  settings.upstreams === "simulator"
    ? Layer.unwrap(
        Effect.map(simulated, ({ Simulator }) =>
          Layer.unwrap(Effect.map(Simulator, ({ url }) => served(settings, url, gate))).pipe(
            Layer.provide(Simulator.layer())
          )
        )
      )
    : served(settings, undefined, gate)

/** Loaded where it is wanted: fifty modules, which a server in front of a real upstream does not read. */
const simulated = Effect.promise(() => import("@causeway/simulator/Simulator"))

const served = (
  settings: Settings,
  simulator: string | undefined,
  gate: Gate
): Layer.Layer<never, Failure, HttpRouter.HttpRouter> => {
  const upstreams = Handlers.reachable(settings.upstreams, simulator)
  const place: Layer.Layer<never, Failure, HttpRouter.HttpRouter | HttpRelay> =
    settings.workers === 0 ? inProcess(settings, upstreams) : pooled(settings, upstreams, gate)
  return Layer.provide(Layer.merge(place, Http.layer(settings.http)), [
    Http.relay(settings.http),
    Handlers.secrets({ ...upstreams, ...Http.all(settings.http) }),
    Handlers.known(upstreams)
  ])
}

/** The routes, whose calls are served by worker threads. */
const pooled = (
  settings: Settings,
  upstreams: Upstreams,
  gate: Gate
): Layer.Layer<never, WorkersError, HttpRouter.HttpRouter | HttpRelay> => {
  const data: Data = { upstreams: send(upstreams), modules: settings.modules }
  const entry = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url)
  const relay = Layer.provide(
    OpenAiApi.layer({ policy: settings.policy, degraded: settings.degraded, forward: settings.server.forward }),
    WorkerPool.client(Relay)
  )
  const services = settings.services.map((service) =>
    predict<never, WorkerPool.WorkerPool>(service, settings, (contract) => WorkerPool.client(contract))
  )
  const operations = Layer.unwrap(
    Effect.map(WorkerPool.WorkerPool, (pool) => Operations.layer(settings, upstreams, pool))
  )
  const waited = Layer.effectDiscard(Effect.flatMap(WorkerPool.WorkerPool, gate))
  return all<WorkersError, HttpRouter.HttpRouter | HttpRelay | WorkerPool.WorkerPool>([
    relay,
    operations,
    ...services,
    waited
  ]).pipe(Layer.provide(WorkerPool.layerPool({ ...settings.pool, size: settings.workers, entry, data })))
}

/** The routes, whose calls are served here. */
const inProcess = (
  settings: Settings,
  upstreams: Upstreams
): Layer.Layer<never, ServiceError | UpstreamError, HttpRouter.HttpRouter | HttpRelay> => {
  const { deadline } = settings.pool
  const relay = Layer.provide(
    OpenAiApi.layer({ policy: settings.policy, degraded: settings.degraded, forward: settings.server.forward }),
    Local.layer(Relay, Relay.layer(upstreams), { deadline })
  )
  const services = settings.services.map((service) =>
    predict<ServiceError, OpenAiClient>(service, settings, (contract, handlers) =>
      Local.layer(contract, handlers, { deadline })
    )
  )
  return all<ServiceError | UpstreamError, HttpRouter.HttpRouter | HttpRelay | OpenAiClient>([
    relay,
    Operations.layer(settings, upstreams),
    ...services
  ]).pipe(Layer.provide(Handlers.openAi(upstreams)))
}

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
