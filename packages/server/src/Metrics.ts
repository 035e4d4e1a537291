/**
 * Metrics for Prometheus at `GET /metrics`, by Effect's own exporter: everything that
 * the program's registry holds, and of the server itself:
 *
 * | metric | labels |
 * | --- | --- |
 * | `http_server_request_duration_seconds` | `http_request_method`, `http_route`, `http_response_status_code`, `url_scheme`, `error_type` |
 * | `http_server_active_requests` | `http_request_method`, `url_scheme` |
 * | `causeway_health_check` | `check`: 1 where it is well |
 * | `process_uptime_seconds`, `process_memory_usage_bytes`, `process_cpu_time_seconds_total` | |
 *
 * Names are those of OpenTelemetry's conventions
 * (https://opentelemetry.io/docs/specs/semconv/http/http-metrics/) as Prometheus has
 * them: dots become underscores, and the unit stands behind. `error_type` is the
 * reason of a failure that is this server's or an upstream's, `aborted` where the
 * client left before the end, else left out. Where `OpenAiApi` is served, its calls are
 * counted too, each attempt: `gen_ai_client_operation_duration_seconds`,
 * `gen_ai_client_operation_time_to_first_chunk_seconds`, `gen_ai_client_token_usage`.
 *
 * For callers with an operator's key; where there are no keys, for programs on this
 * machine.
 *
 * **Example** (What a scrape reads)
 *
 * ```ts
 * import * as Metrics from "@causeway/server/Metrics"
 * import * as Effect from "effect/Effect"
 * import * as Metric from "effect/Metric"
 *
 * const text = Effect.gen(function* () {
 *   yield* Metric.update(Metric.counter("shop.orders", { attributes: { unit: "{order}" } }), 2)
 *   return yield* Metrics.format
 * })
 *
 * (await Effect.runPromise(text)).includes("shop_orders_total 2") // => true
 * ```
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import * as Health from "./Health.ts"
import * as Exchange from "./internal/exchange.ts"
import { methods } from "./internal/methods.ts"
import * as ProcessMetrics from "./internal/processMetrics.ts"
import * as RequestMetrics from "./internal/requestMetrics.ts"
import * as Trusted from "./internal/trusted.ts"
import * as PublicError from "./PublicError.ts"

/** Options of {@link layer}. */
export interface Options {
  /** Asked at each scrape. Those of `Health.layer`, as a rule. */
  readonly checks?: ReadonlyArray<Health.Check> | undefined
}

/** Counts the requests of the whole router; outermost, so that refusals are counted as well. */
export const layerMiddleware: Layer.Layer<never, never, HttpRouter.HttpRouter> = HttpRouter.middleware(
  Effect.map(Effect.context<never>(), (context) => {
    const requests = RequestMetrics.make(context)
    return (app) => Exchange.observed(app, requests.ended, requests.begun)
  }),
  { global: true }
)

/** The route. */
export const layerRoute = ({ checks = [] }: Options = {}): Layer.Layer<never, never, HttpRouter.HttpRouter> =>
  HttpRouter.use((router) =>
    Effect.gen(function* () {
      yield* ProcessMetrics.register
      const scraped = Effect.gen(function* () {
        yield* Trusted.check
        const { checks: found } = yield* Health.examine(checks)
        for (const { name, ok } of found) {
          const gauge = Metric.gauge("causeway.health.check", { ...isWell, attributes: { check: name } })
          yield* Metric.update(gauge, ok ? 1 : 0)
        }
        return HttpServerResponse.text(yield* format, { contentType, headers: { "cache-control": "no-store" } })
      })
      yield* methods(router, "/metrics", { GET: PublicError.handle(scraped) })
    })
  )

const isWell = { description: "Whether what the server needs is well: 1, else 0." }

const contentType = "text/plain; version=0.0.4; charset=utf-8"

/** The route and the middleware, for a router of one's own. */
export const layer = (options?: Options): Layer.Layer<never, never, HttpRouter.HttpRouter> =>
  Layer.provideMerge(layerRoute(options), layerMiddleware)

/** Everything in the registry, as Prometheus reads it, with units and `_total` in the names. */
export const format: Effect.Effect<string> = Effect.map(Effect.context<never>(), (context: Context.Context<never>) => {
  const names = new Map<string, string>()
  for (const { attributes, id, type } of Metric.snapshotUnsafe(context)) {
    const unit = units[attributes?.["unit"] ?? attributes?.["time_unit"] ?? ""] ?? ""
    names.set(
      id,
      `${id}${id.endsWith(unit) ? "" : unit}${type === "Counter" && !id.endsWith("_total") ? "_total" : ""}`
    )
  }
  return PrometheusMetrics.formatUnsafe(context, { metricNameMapper: (name) => names.get(name) ?? name })
})

/** Units of https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/. */
const units: Readonly<Record<string, string>> = {
  s: "_seconds",
  seconds: "_seconds",
  ms: "_milliseconds",
  milliseconds: "_milliseconds",
  By: "_bytes"
}
