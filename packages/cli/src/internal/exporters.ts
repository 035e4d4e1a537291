/** The exporters of OTLP. */
import * as Health from "@causeway/server/Health"
import * as ConfigProvider from "effect/ConfigProvider"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as UrlParams from "effect/http/UrlParams"
import * as Layer from "effect/Layer"
import * as Otlp from "effect/observability/Otlp"
import * as OtlpSerialization from "effect/observability/OtlpSerialization"
import type { Telemetry } from "./telemetry.ts"

/** What spans of requests hold: no credential of a query; and those of the health, which come by the second, are none. */
const ofRequests: Layer.Layer<never> = Layer.mergeAll(
  Layer.succeed(UrlParams.CurrentRedactedNames, [/token|key|secret|pass|auth|credential|sig|session|jwt|code/i]),
  Layer.succeed(HttpMiddleware.TracerDisabledWhen, Health.isHealthRequest)
)

/** The exporters that the variables ask for. */
export const layer = ({ protocol, variables }: Telemetry): Layer.Layer<never> => {
  const serialization = protocol === "http/json" ? OtlpSerialization.layerJson : OtlpSerialization.layerProtobuf
  return Otlp.layerFromConfig().pipe(
    Layer.provide([serialization, FetchHttpClient.layer]),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: variables }))),
    Layer.merge(ofRequests)
  )
}
