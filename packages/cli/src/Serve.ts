/**
 * `causeway serve`: the simulator where it is wanted, the workers, the routes, the
 * server and the banner.
 *
 * **Example** (The default settings, on a free port)
 *
 * ```ts no-run
 * import * as Serve from "@causeway/cli/Serve"
 * import * as Settings from "@causeway/cli/Settings"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.flatMap(
 *   Settings.load({ flags: { port: "0" }, environment: process.env, cwd: process.cwd() }),
 *   Serve.run
 * )
 *
 * Effect.runFork(program)
 * ```
 */
import type * as Contract from "@causeway/core/Contract"
import * as Local from "@causeway/core/Local"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import type { OpenAiClient } from "@causeway/openai/OpenAiClient"
import { Relay } from "@causeway/openai/Relay"
import type { Upstreams } from "@causeway/openai/UpstreamConfig"
import * as OpenAiApi from "@causeway/server/OpenAiApi"
import * as PredictApi from "@causeway/server/PredictApi"
import type { ServeError } from "@causeway/server/ServeError"
import * as Server from "@causeway/server/Server"
import { Simulator, type SimulatorError } from "@causeway/simulator/Simulator"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import * as Effect from "effect/Effect"
import type * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import type * as Rpc from "effect/rpc/Rpc"
import * as Banner from "./Banner.ts"
import * as Handlers from "./internal/handlers.ts"
import { send } from "./internal/handover.ts"
import * as Operations from "./internal/operations.ts"
import type { Data } from "./internal/worker.ts"

import type * as Service from "./Service.ts"
import type { ServiceError } from "./ServiceError.ts"
import type { Settings } from "./Settings.ts"

/** Why it cannot serve. */
export type Failure = ServeError | SimulatorError | ServiceError | UpstreamError

/**
 * Serves until it is interrupted; prints the banner once it listens. Workers may
 * take a moment longer: calls wait for them.
 *
 * Where calls are served in process, it fails also with what their handlers could not
 * be built for; workers that cannot be started leave the server not ready.
 */
export const run = (settings: Settings): Effect.Effect<never, Failure> => Layer.launch(layer(settings))

/** The running server; the banner is printed when it is built. */
export const layer = (settings: Settings): Layer.Layer<Server.Server, Failure> =>
  settings.upstreams === "simulator"
    ? Layer.unwrap(Effect.map(Simulator, ({ url }) => served(settings, url))).pipe(Layer.provide(Simulator.layer()))
    : served(settings, undefined)

const served = (settings: Settings, simulator: string | undefined): Layer.Layer<Server.Server, Failure> => {
  const upstreams = Handlers.reachable(settings.upstreams, simulator)
  const place = settings.workers === 0 ? inProcess(settings, upstreams) : pooled(settings, upstreams)
  return Layer.effectDiscard(greet(settings, upstreams)).pipe(
    Layer.provideMerge(Server.serve(place, settings.server)),
    Layer.provide([Handlers.secrets(upstreams), Handlers.known(upstreams)])
  )
}

/** The routes, whose calls are served by worker threads. */
const pooled = (settings: Settings, upstreams: Upstreams): Layer.Layer<never, never, HttpRouter.HttpRouter> => {
  const data: Data = { upstreams: send(upstreams), modules: settings.modules }
  const entry = new URL(
    import.meta.url.endsWith(".ts") ? "./internal/worker.ts" : "./internal/worker.js",
    import.meta.url
  )
  const relay = Layer.provide(
    OpenAiApi.layer({ policy: settings.policy.relay, degraded: settings.degraded, forward: settings.server.forward }),
    WorkerPool.client(Relay)
  )
  const services = settings.services.map((service) =>
    predict<never, WorkerPool.WorkerPool>(service, settings, (contract) => WorkerPool.client(contract))
  )
  const operations = Layer.unwrap(
    Effect.map(WorkerPool.WorkerPool, (pool) => Operations.layer(settings, upstreams, pool))
  )
  return all([relay, operations, ...services]).pipe(
    Layer.provide(WorkerPool.layerPool({ ...settings.pool, size: settings.workers, entry, data }))
  )
}

/** The routes, whose calls are served here. */
const inProcess = (
  settings: Settings,
  upstreams: Upstreams
): Layer.Layer<never, ServiceError | UpstreamError, HttpRouter.HttpRouter> => {
  const { deadline } = settings.pool
  const relay = Layer.provide(
    OpenAiApi.layer({ policy: settings.policy.relay, degraded: settings.degraded, forward: settings.server.forward }),
    Local.layer(Relay, Relay.layer(upstreams), { deadline })
  )
  const services = settings.services.map((service) =>
    predict<ServiceError, OpenAiClient>(service, settings, (contract, handlers) =>
      Local.layer(contract, handlers, { deadline })
    )
  )
  return all<ServiceError | UpstreamError, HttpRouter.HttpRouter | OpenAiClient>([
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
    const routes = PredictApi.layer(contract, { path: service.path, policy: policy.services, degraded }).pipe(
      Layer.provide(client(contract, handlers))
    )
    // `Service.make` takes only contracts whose calls need neither services nor middlewares.
    // @effect-diagnostics-next-line unsafeEffectTypeAssertion:off
    return routes as Layer.Layer<never, E, HttpRouter.HttpRouter | R>
  })

/** Prints the banner. */
const greet = (settings: Settings, upstreams: Upstreams): Effect.Effect<void, never, Server.Server> =>
  Effect.map(Server.Server, ({ host, url }) => {
    const hasKey = settings.server.keys.length > 0
    const banner = Banner.render({
      url,
      upstreams,
      isSimulator: settings.upstreams === "simulator",
      workers: settings.workers,
      routes: settings.services.flatMap(routesOf),
      hasKey,
      isOpen: !hasKey && !Server.isLoopback(host)
    })
    process.stdout.write(`${banner}\n`)
  })

/** The paths of a service's calls. */
const routesOf = ({ contract, path }: Service.Service): ReadonlyArray<string> =>
  Array.from(contract.group.requests.keys(), (tag) => `${path}/${tag}`)
