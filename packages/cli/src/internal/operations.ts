/**
 * What is served for those who run the server: `/health`, `/metrics`, `/info`,
 * and what describes the services: `/openapi.json` and `/docs`.
 */
import * as Redaction from "@causeway/core/Redaction"
import type { Upstreams } from "@causeway/openai/UpstreamConfig"
import * as Health from "@causeway/server/Health"
import * as Info from "@causeway/server/Info"
import * as Metrics from "@causeway/server/Metrics"
import * as OpenApi from "@causeway/server/OpenApi"
import type { WorkerPool } from "@causeway/workers/WorkerPool"
import * as Effect from "effect/Effect"
import type * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import type { Service } from "../Service.ts"
import type { Settings } from "../Settings.ts"
import type { Backend } from "./backend.ts"
import type * as Http from "./http.ts"
import * as Process from "./process.ts"
import { version } from "./version.ts"

/** Whether the server is ready only while an upstream is. */
export const requiresUpstream = ({ server }: Settings): boolean => server.health?.requireUpstream ?? false

/** The routes. `http`: the checks of REST APIs. */
export const layer = (
  settings: Settings,
  { models, pool, upstreams }: Backend["Service"],
  http: ReadonlyArray<Health.Check>
): Layer.Layer<never, never, HttpRouter.HttpRouter> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const known = yield* Health.fromUpstreams({ required: requiresUpstream(settings) })
      const here = [
        ...(pool === undefined ? [] : [workers(pool)]),
        ...(Object.keys(models).length === 0 ? [] : [own(models, upstreams)]),
        ...(Process.isOne() ? [processes] : [])
      ]
      return routes(settings, upstreams, [...here, known, ...http], pool)
    })
  )

const routes = (
  settings: Settings,
  upstreams: Upstreams,
  checks: ReadonlyArray<Health.Check>,
  pool: WorkerPool["Service"] | undefined
): Layer.Layer<never, never, HttpRouter.HttpRouter> => {
  const info = Info.layer({
    name: "causeway",
    version: version(),
    parts: {
      upstreams: Effect.succeed(Object.entries(upstreams).map(([name, config]) => upstream(name, config))),
      http: Effect.succeed(settings.http.map(mount)),
      services: Effect.succeed(settings.services.map(service)),
      workers: pool === undefined ? Effect.succeed("none, calls are served in process") : pool.status
    }
  })
  const metrics = settings.server.metrics ? Metrics.layerRoute({ checks }) : Layer.empty
  const openApi = OpenApi.layer({ title: "The services of this server", version: version() })
  return Layer.mergeAll(Health.layer({ checks }), metrics, info, openApi)
}

/** Whether a worker serves. */
const workers = (pool: WorkerPool["Service"]): Health.Check => ({
  name: "workers",
  status: Effect.map(pool.status, ({ inFlight, queued, reason, state, workers }) => ({
    ok: state === "ready",
    ...(state !== "ready" && { reason: reason ?? state }),
    details: { state, queued, inFlight, workers }
  }))
})

/** Whether models of one's own serve; not needed where another upstream may. */
const own = (models: Backend["Service"]["models"], upstreams: Upstreams): Health.Check => {
  const needed = Object.keys(upstreams).every((name) => models[name] !== undefined)
  const statuses = Effect.forEach(Object.entries(models), ([name, pool]) =>
    Effect.map(pool.status, ({ reason, state }) => ({ name, state, reason: reason ?? state }))
  )
  return {
    name: "models",
    status: Effect.map(statuses, (all) => {
      const ok = !needed || all.some(({ state }) => state === "ready")
      return {
        ok,
        ...(!ok && { reason: all.map(({ name, reason }) => `${name}: ${reason}`).join("; ") }),
        details: Object.fromEntries(all.map(({ name, state }) => [name, state]))
      }
    })
  }
}

/** Each answers for itself: who is asked serves, however many others do. */
const processes: Health.Check = {
  name: "processes",
  status: Effect.sync(() => ({ ok: true, details: { pid: process.pid, ...Process.processes() } }))
}

/** An upstream without its secrets. */
const address = (name: string, { apiKey, baseUrl }: Pick<Upstreams[string], "apiKey" | "baseUrl">) => ({
  name,
  baseUrl: Redaction.url(baseUrl),
  isAuthenticated: apiKey !== undefined
})

const upstream = (name: string, config: Upstreams[string]) => ({
  ...address(name, config),
  models: config.models ?? {}
})

const mount = ({ path, upstreams }: Http.Mount) => ({
  path,
  upstreams: Object.entries(upstreams).map(([name, config]) => ({
    ...address(name, config),
    paths: config.paths ?? {},
    ...(config.health !== undefined && { health: config.health })
  }))
})

const service = ({ contract, path }: Service) => ({
  name: contract.key,
  routes: Array.from(contract.group.requests.keys(), (tag) => `${path}/${tag}`)
})
