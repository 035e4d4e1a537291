/**
 * What stands behind the routes of one reading of the configuration: the upstreams with
 * the simulator, and the workers. Is there before the routes are even loaded, so that
 * the workers get ready meanwhile.
 */
import type { Upstreams } from "@causeway/openai/UpstreamConfig"
import type { ServeError } from "@causeway/server/ServeError"
import type { SimulatorError } from "@causeway/simulator/Simulator"
import type { WorkerPool } from "@causeway/workers/WorkerPool"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ServiceError } from "../ServiceError.ts"
import type { Settings } from "../Settings.ts"
import type { WorkersError } from "../WorkersError.ts"
import { send } from "./handover.ts"
import * as Http from "./http.ts"
import * as Secrets from "./secrets.ts"
import { reachable } from "./upstreams.ts"
import type { Data } from "./worker.ts"

/** See the module. */
export class Backend extends Context.Service<
  Backend,
  {
    readonly upstreams: Upstreams
    /** `undefined` where calls are served in process. */
    readonly pool: WorkerPool["Service"] | undefined
    /** The workers of those upstreams that are models of one's own, by their names. */
    readonly models: Readonly<Record<string, WorkerPool["Service"]>>
  }
>()("@causeway/cli/internal/backend") {}

/** Why it cannot be started. */
export type Failure = SimulatorError | ServeError | ServiceError | WorkersError

/** Starts what is behind the routes. */
export const layer = (settings: Settings): Layer.Layer<Backend, Failure> =>
  Layer.effect(
    Backend,
    Effect.gen(function* () {
      const named = reachable(settings.upstreams, settings.upstreams === "simulator" ? yield* simulated : undefined)
      const own = yield* models(settings, named)
      const upstreams = { ...named, ...own.upstreams }
      yield* Layer.build(Secrets.layer({ ...upstreams, ...Http.all(settings.http) }))
      const pool = settings.workers === 0 ? undefined : yield* workers(settings, upstreams)
      return { upstreams, pool, models: own.pools }
    })
  )

/** Loaded where it is wanted: fifty modules, which a server in front of a real upstream does not read. */
const simulated = Effect.gen(function* () {
  const { Simulator } = yield* Effect.promise(() => import("@causeway/simulator/Simulator"))
  const { url } = Context.get(yield* Layer.build(Simulator.layer()), Simulator)
  return url
})

/** The upstreams that are models of one's own, once they are served. Their servers are loaded where there are any. */
const models = Effect.fnUntraced(function* (settings: Settings, named: Upstreams) {
  const upstreams: Record<string, Upstreams[string]> = {}
  const pools: Record<string, WorkerPool["Service"]> = {}
  const modules = Object.entries(settings.models)
  if (modules.length === 0) return { upstreams, pools }
  const ModelServer = yield* Effect.promise(() => import("./modelServer.ts"))
  const serve = Effect.fnUntraced(function* ([name, url]: readonly [string, string]) {
    const { address, pool } = yield* ModelServer.serve(name, url, settings)
    upstreams[name] = { ...named[name], ...address }
    if (pool !== undefined) pools[name] = pool
  })
  yield* Effect.forEach(modules, serve, { concurrency: "unbounded", discard: true })
  return { upstreams, pools }
})

const workers = Effect.fnUntraced(function* ({ modules, pool, workers: size }: Settings, upstreams: Upstreams) {
  const WorkerPool = yield* Effect.promise(() => import("@causeway/workers/WorkerPool"))
  const data: Data = { upstreams: send(upstreams), modules }
  const entry = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url)
  const built = yield* Layer.build(WorkerPool.layerPool({ ...pool, size, entry, data }))
  return Context.get(built, WorkerPool.WorkerPool)
})
