/**
 * What is counted of relayed calls, each attempt by itself, by OpenTelemetry's
 * conventions for generative AI
 * (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/): names, units
 * and bucket boundaries are theirs. The tokens are those that the upstream states.
 */
import { type BoundaryError, isBoundaryError } from "@causeway/core/BoundaryError"
import * as Upstream from "@causeway/core/Upstream"
import { isUpstreamError, type UpstreamError } from "@causeway/core/UpstreamError"
import type {
  Relay,
  RelayAnswer,
  RelayElement,
  RelayRequest,
  TransferElement,
  TransferRequest
} from "@causeway/openai/Relay"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import { isString } from "effect/Predicate"
import * as Stream from "effect/Stream"
import { callOf } from "./callOf.ts"

type Request = typeof RelayRequest.Type | typeof TransferRequest.Type

type CallError = BoundaryError | UpstreamError

/** The calls of a relay. */
export interface Calls {
  readonly complete: (request: typeof RelayRequest.Type) => Effect.Effect<typeof RelayAnswer.Type, CallError>
  readonly events: (request: typeof RelayRequest.Type) => Stream.Stream<typeof RelayElement.Type, CallError>
  readonly transfer: (request: typeof TransferRequest.Type) => Stream.Stream<typeof TransferElement.Type, CallError>
}

/** The calls of a relay, counted. */
export const watched = (relay: Relay["Service"]): Calls => {
  const subjects: Subjects = new Map()
  const stream = <A, E>(request: Request, call: Stream.Stream<A, E>): Stream.Stream<A, E> =>
    Stream.unwrap(
      Effect.withFiber((fiber) => {
        const attempt = new Attempt(subjects, fiber, request, true)
        return Effect.succeed(
          call.pipe(
            Stream.mapArray((elements) => {
              for (const element of elements) if (isString(element)) attempt.text(element)
              return elements
            }),
            Stream.onExit((exit) => Effect.sync(() => attempt.ended(exit)))
          )
        )
      })
    )
  return {
    complete: (request) =>
      Effect.withFiber((fiber) => {
        const attempt = new Attempt(subjects, fiber, request, false)
        return Effect.onExit(relay.complete(request), (exit) =>
          Effect.sync(() => {
            if (Exit.isSuccess(exit)) attempt.text(exit.value.body)
            attempt.ended(exit)
          })
        )
      }),
    events: (request) => stream(request, relay.events(request)),
    transfer: (request) => stream(request, relay.transfer(request))
  }
}

const growing = (first: number, factor: number): ReadonlyArray<number> =>
  Array.from({ length: 14 }, (_, power) => Number((first * factor ** power).toPrecision(12)))

const instruments = {
  "gen_ai.client.operation.duration": {
    unit: "s",
    boundaries: growing(0.01, 2),
    description: "GenAI operation duration."
  },
  "gen_ai.client.operation.time_to_first_chunk": {
    unit: "s",
    boundaries: growing(0.01, 2),
    description: "Time to receive the first chunk, measured from when the client issues the generation request."
  },
  "gen_ai.client.token.usage": {
    unit: "{token}",
    boundaries: growing(1, 4),
    description: "Number of input and output tokens used."
  }
} as const

type Instrument = keyof typeof instruments

/** Models are named by callers, and their number shall not grow without bound. */
const mostSubjects = 1_000

/** The convention's word for what is not told apart. */
const other = "_OTHER"

/** Calls that are counted together. Finding a histogram by its attributes would cost more than updating it. */
class Subject {
  readonly #attributes: Readonly<Record<string, string>>
  readonly #series = new Map<string, Metric.Histogram<number>>()

  constructor(attributes: Readonly<Record<string, string>>) {
    this.#attributes = attributes
  }

  /** `label` and `value`: what tells this one from the others of its instrument. */
  series(name: Instrument, label?: "error.type" | "gen_ai.token.type", value?: string): Metric.Histogram<number> {
    const key = value === undefined ? name : name + value
    const known = this.#series.get(key)
    if (known !== undefined) return known
    const { boundaries, description, unit } = instruments[name]
    const attributes = { unit, ...this.#attributes, ...(label !== undefined && { [label]: value ?? "" }) }
    const made = Metric.histogram(name, { attributes, boundaries, description })
    this.#series.set(key, made)
    return made
  }
}

/** The subjects of a relay. */
type Subjects = Map<string, Subject>

const subjectOf = (subjects: Subjects, request: Request, upstream: string | undefined): Subject => {
  const operation = operationOf(request.path)
  const { model } = callOf(request)
  const key = `${operation}\n${upstream}\n${model}`
  const known = subjects.get(key)
  if (known !== undefined) return known
  const isFull = subjects.size >= mostSubjects
  const made = new Subject({
    "gen_ai.operation.name": operation,
    // A server of OpenAI's API is told as OpenAI, whoever it is.
    "gen_ai.provider.name": "openai",
    ...(model !== undefined && { "gen_ai.request.model": isFull ? other : model }),
    ...(upstream !== undefined && { "causeway.upstream": upstream })
  })
  if (!isFull) subjects.set(key, made)
  return made
}

/** One attempt at a call. */
class Attempt {
  readonly #startedAt = performance.now()
  readonly #fiber: Fiber.Fiber<unknown, unknown>
  readonly #subject: Subject
  readonly #isStream: boolean
  #hasText = false
  #usage: string | undefined

  constructor(subjects: Subjects, fiber: Fiber.Fiber<unknown, unknown>, request: Request, isStream: boolean) {
    this.#fiber = fiber
    this.#subject = subjectOf(subjects, request, fiber.getRef(Upstream.Current))
    this.#isStream = isStream
  }

  /** A part of the answer is there. */
  text(text: string): void {
    if (!this.#hasText && this.#isStream) {
      this.#record(this.#subject.series("gen_ai.client.operation.time_to_first_chunk"), this.#seconds())
    }
    this.#hasText = true
    const at = text.lastIndexOf('"usage"')
    if (at !== -1 && stated.test(text.slice(at, at + 20))) this.#usage = text.slice(at, at + 800)
  }

  ended(exit: Exit.Exit<unknown, unknown>): void {
    const name = "gen_ai.client.operation.duration"
    const series = Exit.isSuccess(exit)
      ? this.#subject.series(name)
      : this.#subject.series(name, "error.type", reasonOf(exit.cause))
    this.#record(series, this.#seconds())
    if (this.#usage === undefined) return
    for (const [type, pattern] of tokens) {
      const [, count] = pattern.exec(this.#usage) ?? []
      if (count === undefined) continue
      this.#record(this.#subject.series("gen_ai.client.token.usage", "gen_ai.token.type", type), Number(count))
    }
  }

  #seconds(): number {
    return (performance.now() - this.#startedAt) / 1000
  }

  #record(series: Metric.Histogram<number>, value: number): void {
    series.updateUnsafe(value, this.#fiber.context)
  }
}

const stated = /^"usage"\s*:\s*\{/

const tokens = [
  ["input", /"(?:prompt|input)_tokens"\s*:\s*(\d{1,12})/],
  ["output", /"(?:completion|output)_tokens"\s*:\s*(\d{1,12})/]
] as const

/** `gen_ai.operation.name` where the convention has a word for it, else the resource. */
const operationOf = (path: string): string => {
  if (path === "/chat/completions" || path === "/responses") return "chat"
  if (path === "/completions") return "text_completion"
  if (path === "/embeddings") return "embeddings"
  if (/^\/(?:images|audio)\//.test(path)) return "generate_content"
  return /^\/(\w{1,40})/.exec(path)?.[1] ?? other
}

const reasonOf = (cause: Cause.Cause<unknown>): string => {
  const failure = cause.reasons.find(Cause.isFailReason)?.error
  if (isUpstreamError(failure) || isBoundaryError(failure)) return failure.reason._tag
  return Cause.hasInterruptsOnly(cause) ? "Aborted" : other
}
