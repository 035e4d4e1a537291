/**
 * Models of one's own among the upstreams. Each module of them has workers of its own and
 * is served to this program alone: on a free port of the loopback address, behind a key
 * that nobody else has. So it is an upstream as all others are: for policies, for the
 * clients of services, for health and metrics.
 */
import { randomUUID } from "node:crypto"
import * as Local from "@causeway/core/Local"
import { Relay } from "@causeway/openai/Relay"
import type { UpstreamConfig } from "@causeway/openai/UpstreamConfig"
import * as Admission from "@causeway/server/Admission"
import * as OpenAiApi from "@causeway/server/OpenAiApi"
import * as Server from "@causeway/server/Server"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Redacted from "effect/Redacted"
import type { ServiceError } from "../ServiceError.ts"
import type { Settings } from "../Settings.ts"
import { load } from "./models.ts"
import { onceReady } from "./ready.ts"

/** Models that are served. */
export interface Served {
  /** Where, and with which key. */
  readonly address: UpstreamConfig
  /** `undefined` where they are served in process. */
  readonly pool: WorkerPool.WorkerPool["Service"] | undefined
}

/** Serves the models of a module. */
export const serve = Effect.fnUntraced(function* (name: string, url: string, settings: Settings) {
  const { maxBodies, maxBody, timeout } = settings.server
  const key = Redacted.make(randomUUID())
  const pool = settings.workers === 0 ? undefined : yield* pooled(name, url, settings)
  const api = Layer.provide(OpenAiApi.layer(), pool === undefined ? inProcess(url, settings) : clientOf(pool))
  const maxRequests = Admission.defaultMaxRequests * Math.max(1, settings.workers)
  const options = { port: 0, keys: [key], maxBody, maxBodies, timeout, maxRequests }
  // Its router and its end are its own, and not those of the server of everything.
  const memoMap = yield* Layer.makeMemoMap
  const built = yield* Layer.buildWithMemoMap(Server.serve(api, options), memoMap, yield* Effect.scope).pipe(
    // The server of everything counts each call, as those of its upstreams.
    Effect.provideService(Metric.MetricRegistry, new Map())
  )
  const address: UpstreamConfig = { baseUrl: `${Context.get(built, Server.Server).url}/v1`, apiKey: key }
  return { address, pool } satisfies Served
})

const inProcess = (url: string, { pool, reload }: Settings): Layer.Layer<Relay, ServiceError> =>
  Layer.unwrap(Effect.map(load(url, reload), (models) => Local.layer(Relay, models, { deadline: pool.deadline })))

const clientOf = (pool: WorkerPool.WorkerPool["Service"]): Layer.Layer<Relay> =>
  Layer.provide(WorkerPool.client(Relay), Layer.succeed(WorkerPool.WorkerPool, pool))

const pooled = Effect.fnUntraced(function* (name: string, url: string, { pool, reload, workers }: Settings) {
  const entry = new URL(import.meta.url.endsWith(".ts") ? "./modelWorker.ts" : "./modelWorker.js", import.meta.url)
  const built = yield* Layer.build(WorkerPool.layerPool({ ...pool, name, size: workers, entry, data: url }))
  const own = Context.get(built, WorkerPool.WorkerPool)
  // A former configuration goes on until this one can serve.
  if (reload > 0) yield* onceReady(own)
  return own
})
