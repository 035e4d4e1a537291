/**
 * The handlers that are served, in a worker or in process.
 */
import * as OpenAiClient from "@causeway/openai/OpenAiClient"
import { Relay } from "@causeway/openai/Relay"
import type { Upstreams } from "@causeway/openai/UpstreamConfig"
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
