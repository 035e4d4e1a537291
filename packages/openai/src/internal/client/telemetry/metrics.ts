/**
 * The client's metrics, by OpenTelemetry's conventions for generative AI
 * (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/): names, units,
 * attributes and bucket boundaries are theirs.
 */
import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import { baseAttributes, modelOf, type Subject, type Told } from "./genAi.ts"

const growing = (first: number, factor: number): ReadonlyArray<number> =>
  Array.from({ length: 14 }, (_, power) => Number((first * factor ** power).toPrecision(12)))

const seconds = growing(0.01, 2)

const instruments = {
  "gen_ai.client.operation.duration": { unit: "s", boundaries: seconds, description: "GenAI operation duration." },
  "gen_ai.client.operation.time_to_first_chunk": {
    unit: "s",
    boundaries: seconds,
    description: "Time to receive the first chunk, measured from when the client issues the generation request."
  },
  "gen_ai.client.operation.time_per_output_chunk": {
    unit: "s",
    boundaries: seconds,
    description: "Time per output chunk, recorded for each chunk received after the first one."
  },
  "gen_ai.client.token.usage": {
    unit: "{token}",
    boundaries: growing(1, 4),
    description: "Number of input and output tokens used."
  }
} as const

type Instrument = keyof typeof instruments

/** What tells one series of an instrument from another, beside the call. */
interface Labels {
  readonly error?: string | undefined
  readonly tokens?: "input" | "output"
}

/** Series of one client: models are named by callers, and their number shall not grow without bound. */
const mostSeries = 2_000

/** What stands for a name once there are too many: the convention's word for what is not told apart. */
const other = "_OTHER"

/** The metrics of one client. */
export class Metrics {
  /** One histogram for each set of attributes: making one, and its key, costs more than many updates. */
  readonly #series = new Map<string, Metric.Histogram<number>>()

  /** A call has ended. `error`: the reason's name, where it failed. */
  ended(context: Context.Context<never>, subject: Subject, told: Told, duration: number, error?: string): void {
    this.series("gen_ai.client.operation.duration", subject, told, { error }).updateUnsafe(duration, context)
    // Only what was generated now has used tokens now: a record of an earlier call tells of its own.
    if (subject.operation?.genAi === undefined) return
    const { inputTokens, outputTokens } = told
    const usage = "gen_ai.client.token.usage"
    if (inputTokens !== undefined) {
      this.series(usage, subject, told, { tokens: "input" }).updateUnsafe(inputTokens, context)
    }
    if (outputTokens !== undefined) {
      this.series(usage, subject, told, { tokens: "output" }).updateUnsafe(outputTokens, context)
    }
  }

  /** The histogram of an instrument for calls such as this one. */
  series(name: Instrument, subject: Subject, told: Told, { error, tokens }: Labels = {}): Metric.Histogram<number> {
    const { backend, name: operation } = subject
    const key = [name, backend.name, operation, modelOf(subject), told.model, error, tokens].join("\n")
    const found = this.#series.get(key)
    if (found !== undefined) return found
    const isFull = this.#series.size >= mostSeries
    const { boundaries, description, unit } = instruments[name]
    const attributes: Record<string, string> = { unit }
    for (const [attribute, value] of Object.entries(baseAttributes(subject))) attributes[attribute] = String(value)
    if (told.model !== undefined) attributes["gen_ai.response.model"] = told.model
    if (error !== undefined) attributes["error.type"] = error
    if (tokens !== undefined) attributes["gen_ai.token.type"] = tokens
    if (isFull) {
      for (const attribute of ["gen_ai.request.model", "gen_ai.response.model"]) {
        if (attributes[attribute] !== undefined) attributes[attribute] = other
      }
    }
    const histogram = Metric.histogram(name, { attributes, boundaries, description })
    if (!isFull) this.#series.set(key, histogram)
    return histogram
  }
}
