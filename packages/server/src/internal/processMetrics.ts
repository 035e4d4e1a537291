/**
 * What is known of the process, by OpenTelemetry's conventions
 * (https://opentelemetry.io/docs/specs/semconv/system/process-metrics/). Read when the
 * metrics are read, and costs nothing before.
 */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type * as Scope from "effect/Scope"

const unchanged = { update: () => undefined, modify: () => undefined }

/** Registers them as long as the scope is open. */
export const register: Effect.Effect<void, never, Scope.Scope> = Effect.flatMap(
  Effect.context<Scope.Scope>(),
  (context) => {
    const gauge = (id: string, description: string, unit: string, get: () => number) =>
      Metric.registerUnsafe(Metric.gauge(id, { description, attributes: { unit } }), context, {
        get: () => ({ value: get() }),
        ...unchanged
      })
    const cpu = (mode: "user" | "system") =>
      Metric.registerUnsafe(
        Metric.counter("process.cpu.time", {
          description: "Total CPU seconds.",
          attributes: { unit: "s", "cpu.mode": mode },
          incremental: true
        }),
        context,
        { get: () => ({ count: process.cpuUsage()[mode] / 1e6, incremental: true }), ...unchanged }
      )
    const registered = [
      gauge("process.uptime", "The time the process has been running.", "s", () => process.uptime()),
      gauge("process.memory.usage", "The physical memory in use.", "By", () => process.memoryUsage.rss()),
      cpu("user"),
      cpu("system")
    ]
    return Effect.addFinalizer(() =>
      Effect.sync(() => {
        for (const registration of registered) registration.remove()
      })
    )
  }
)
