/**
 * What is counted of requests, by OpenTelemetry's conventions for HTTP servers
 * (https://opentelemetry.io/docs/specs/semconv/http/http-metrics/).
 */
import * as Context from "effect/Context"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Metric from "effect/Metric"
import type { Exchange } from "./exchange.ts"

export interface RequestMetrics {
  readonly begun: (request: HttpServerRequest) => void
  readonly ended: (exchange: Exchange) => void
}

/** As the convention advises, in seconds, and on to a minute, since models take their time. */
const boundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60]

/** Other methods are one, since clients can make up any number of them. */
const methods: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"])

const methodOf = (request: HttpServerRequest): string => (methods.has(request.method) ? request.method : "_OTHER")

const scheme = "http"

type Active = Map<string, { count: number }>

/** Of one registry, whoever counts in it: routes that took the place of others go on with their count. */
const actives = new WeakMap<object, Active>()

const activeIn = (registry: object): Active => {
  const known = actives.get(registry) ?? new Map()
  actives.set(registry, known)
  return known
}

/** Counts in the registry of a context. */
export const make = (context: Context.Context<never>): RequestMetrics => {
  // Making a histogram, and its key, costs more than an update of it.
  const durations = new Map<string | undefined, Map<string | number, Metric.Histogram<number>>>()
  const active = activeIn(Context.get(context, Metric.MetricRegistry))

  const activeOf = (method: string): { count: number } => {
    const known = active.get(method)
    if (known !== undefined) return known
    const made = { count: 0 }
    active.set(method, made)
    Metric.registerUnsafe(
      Metric.gauge("http.server.active_requests", {
        description: "Number of active HTTP server requests.",
        attributes: { unit: "{request}", "http.request.method": method, "url.scheme": scheme }
      }),
      context,
      { get: () => ({ value: made.count }), update: () => undefined, modify: () => undefined }
    )
    return made
  }

  const durationOf = (exchange: Exchange): Metric.Histogram<number> => {
    const { isAborted, reason, request, route, status } = exchange
    const method = methodOf(request)
    const error = isAborted ? "aborted" : status >= 500 ? (reason ?? String(status)) : undefined
    // Routes are few and statuses numbers: only failures need a key that has to be put together.
    const ofRoute = durations.get(route) ?? new Map<string | number, Metric.Histogram<number>>()
    durations.set(route, ofRoute)
    const key = error === undefined && method === "POST" ? status : `${method} ${status} ${error}`
    const known = ofRoute.get(key)
    if (known !== undefined) return known
    const attributes: Record<string, string> = { unit: "s", "http.request.method": method, "url.scheme": scheme }
    if (route !== undefined) attributes["http.route"] = route
    if (status !== 0) attributes["http.response.status_code"] = String(status)
    if (error !== undefined) attributes["error.type"] = error
    const made = Metric.histogram("http.server.request.duration", {
      description: "Duration of HTTP server requests.",
      attributes,
      boundaries
    })
    ofRoute.set(key, made)
    return made
  }

  return {
    begun: (request) => {
      activeOf(methodOf(request)).count++
    },
    ended: (exchange) => {
      activeOf(methodOf(exchange.request)).count--
      durationOf(exchange).updateUnsafe((performance.now() - exchange.startedAt) / 1000, context)
    }
  }
}
