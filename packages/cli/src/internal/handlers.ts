/**
 * The handlers that are served, in a worker or in process.
 */
import * as Redaction from "@causeway/core/Redaction"
import * as OpenAiClient from "@causeway/openai/OpenAiClient"
import { Relay } from "@causeway/openai/Relay"
import { credentials, type Upstreams } from "@causeway/openai/UpstreamConfig"
import * as Known from "@causeway/resilience/Upstreams"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Service } from "../Service.ts"
import type { ServiceError } from "../ServiceError.ts"

/** What the handlers of services may use. One attempt each: retries are the policy's. */
export const openAi = (upstreams: Upstreams) => OpenAiClient.layerUpstreams(upstreams, { retries: 0 })

/** The handlers of the relay and of all services, for a worker. */
export const layer = (upstreams: Upstreams, services: ReadonlyArray<Service>) => {
  const own = services.map((service) =>
    service.use<Layer.Layer<never, ServiceError, OpenAiClient.OpenAiClient>>((_, handlers) => handlers)
  )
  return own
    .reduce<Layer.Layer<never, ServiceError, OpenAiClient.OpenAiClient>>(
      (all, one) => Layer.merge(all, one),
      Layer.empty
    )
    .pipe(Layer.provide(openAi(upstreams)), Layer.merge(Relay.layer(upstreams)))
}

/** The upstreams with the simulator's address, where it is the upstream. */
export const reachable = (upstreams: Upstreams | "simulator", simulator: string | undefined): Upstreams =>
  upstreams === "simulator" ? { simulator: { baseUrl: simulator ?? "" } } : upstreams

/**
 * Keeps the upstreams' credentials out of what the main thread logs and answers. Workers
 * know them by themselves; but one that crashes leaves to this thread what it said.
 */
export const secrets = (upstreams: Upstreams): Layer.Layer<never> =>
  Layer.effectDiscard(Effect.forEach(Object.values(upstreams).flatMap(credentials), Redaction.known, { discard: true }))

/** Lets all policies of the main thread meet in what is known of these upstreams; the first one is preferred. */
export const known = (upstreams: Upstreams): Layer.Layer<never> =>
  Known.layerNamed(Object.fromEntries(Object.keys(upstreams).map((name) => [name, {}])))
