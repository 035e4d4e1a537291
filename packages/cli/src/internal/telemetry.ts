/**
 * OTLP by the standard variables
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/):
 * traces and metrics go to a collector where `OTEL_EXPORTER_OTLP_ENDPOINT`, or that of
 * one signal, is set. Logs do not: a collector would get them before secrets are
 * masked in them.
 */
import { threadId } from "node:worker_threads"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Environment } from "./environment.ts"
import * as Variable from "./environment.ts"
import * as Reader from "./reader.ts"
import { version } from "./version.ts"

/** What is exported, and how. */
export interface Telemetry {
  readonly protocol: "http/protobuf" | "http/json"
  /** The variables, with what is left out filled in. */
  readonly variables: Readonly<Record<string, string>>
}

const signals = ["TRACES", "METRICS"] as const

/** `undefined`: nothing is exported. */
export const read = (problems: Reader.Problems, environment: Environment): Telemetry | undefined => {
  const variable = (name: string) => Variable.variable(environment, name)
  const endpoints = ["", ...signals.map((signal) => `${signal}_`)].map((signal) =>
    Reader.read(problems, variable(`OTEL_EXPORTER_OTLP_${signal}ENDPOINT`), endpoint)
  )
  const isDisabled = Reader.read(problems, variable("OTEL_SDK_DISABLED"), flag) ?? false
  const protocol = Reader.read(problems, variable("OTEL_EXPORTER_OTLP_PROTOCOL"), protocols) ?? "http/protobuf"
  for (const [names, kind] of checked) for (const name of names) Reader.read(problems, variable(name), kind)
  if (isDisabled || endpoints.every((given) => given === undefined)) return undefined
  const exporters = signals.map((signal) => `OTEL_${signal}_EXPORTER`)
  const given = Object.entries(environment).filter((entry): entry is [string, string] => Boolean(entry[1]))
  return {
    protocol,
    variables: {
      // Of several processes each one is an instance.
      OTEL_RESOURCE_ATTRIBUTES: `service.instance.id=${process.pid}`,
      OTEL_SERVICE_NAME: "causeway",
      OTEL_SERVICE_VERSION: version(),
      // The specification's default, which the exporter does not have.
      ...Object.fromEntries(exporters.map((name) => [name, "otlp"])),
      ...Object.fromEntries(given.filter(([name]) => name.startsWith("OTEL_"))),
      OTEL_LOGS_EXPORTER: "none"
    }
  }
}

const endpoint: Reader.Kind<string> = {
  allowed: "an http or https address, such as http://127.0.0.1:4318",
  parse: (value) =>
    typeof value === "string" && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol) ? value : undefined
}

const flag: Reader.Kind<boolean> = {
  allowed: "true or false",
  parse: (value) => (value === "true" ? true : value === "false" ? false : undefined)
}

const word = <const Word extends string>(words: ReadonlyArray<Word>): Reader.Kind<Word> => ({
  allowed: words.map((word) => JSON.stringify(word)).join(" or "),
  parse: (value) => words.find((word) => word === value)
})

/** As W3C's Baggage writes it: https://www.w3.org/TR/baggage/#definition. */
const pairs: Reader.Kind<string> = {
  allowed: "name=value, with commas between, and %25 for a % in a value",
  parse: (value) => (typeof value === "string" && isDecodable(value) ? value : undefined),
  // A collector's key is in them.
  secret: true
}

const isDecodable = (text: string): boolean => {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

const protocols = word(["http/protobuf", "http/json"])

const whole = Reader.wholeNumber(1)

/** What the exporter would only trip over later. */
const checked: ReadonlyArray<readonly [names: ReadonlyArray<string>, kind: Reader.Kind<unknown>]> = [
  [
    [
      "OTEL_METRIC_EXPORT_INTERVAL",
      "OTEL_METRIC_EXPORT_TIMEOUT",
      "OTEL_BSP_SCHEDULE_DELAY",
      "OTEL_BSP_EXPORT_TIMEOUT",
      "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
      "OTEL_EXPORTER_OTLP_TIMEOUT",
      "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
      "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT"
    ],
    whole
  ],
  [
    [
      "OTEL_EXPORTER_OTLP_COMPRESSION",
      "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
      "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION"
    ],
    word(["gzip", "none"])
  ],
  [
    [
      "OTEL_RESOURCE_ATTRIBUTES",
      "OTEL_EXPORTER_OTLP_HEADERS",
      "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
      "OTEL_EXPORTER_OTLP_METRICS_HEADERS"
    ],
    pairs
  ],
  [["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"], word(["cumulative", "delta"])]
]

/** The exporters; loaded only where they are wanted. What is left to be sent goes out when the scope ends. */
export const layer = (telemetry: Telemetry | undefined): Layer.Layer<never> =>
  telemetry === undefined
    ? Layer.empty
    : Layer.unwrap(
        Effect.map(
          Effect.promise(() => import("./exporters.ts")),
          (Exporters) => Exporters.layer(telemetry)
        )
      )

/** Of a worker: its metrics alone, as another instance of the service; its spans go with the answers of its calls. */
export const ofWorker = (telemetry: Telemetry | undefined): Telemetry | undefined => {
  if (telemetry === undefined) return undefined
  const { OTEL_RESOURCE_ATTRIBUTES: attributes = "", ...variables } = telemetry.variables
  const instance = `service.instance.id=${process.pid}-${threadId}`
  return {
    ...telemetry,
    variables: {
      ...variables,
      OTEL_TRACES_EXPORTER: "none",
      OTEL_RESOURCE_ATTRIBUTES: attributes === "" ? instance : `${attributes},${instance}`
    }
  }
}
