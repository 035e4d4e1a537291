/** One call, watched: its metrics always, its span where somebody records spans. */
import type { UpstreamError } from "@causeway/core/UpstreamError"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Metric from "effect/Metric"
import * as References from "effect/References"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import type { Opened, Pieces } from "../stream.ts"
import { inputAttributes, Output } from "./content.ts"
import { modelOf, operationOf, requestAttributes, type Subject, tell, type Told, toldAttributes } from "./genAi.ts"
import type { Metrics } from "./metrics.ts"

/** What is watched of a client's calls. */
export interface Telemetry {
  readonly metrics: Metrics
  /** Whether spans hold what was said. */
  readonly content: boolean
}

/** The built-in tracer keeps its spans for nobody: they are not worth their cost. */
const isRecorded = (fiber: Fiber.Fiber<unknown, unknown>): boolean =>
  fiber.getRef(References.TracerEnabled) && fiber.getRef(Tracer.Tracer) !== builtIn

const builtIn = Tracer.Tracer.defaultValue()

/** In seconds; the recorder measures by the same clock. */
const now = (): number => performance.now() / 1_000

/** The name of what a failure came to, in few words: `error.type`. */
const typeOf = (cause: Cause.Cause<UpstreamError>): string => {
  const error = Cause.findErrorOption(cause)
  if (error._tag === "Some") return error.value.reason._tag
  return Cause.hasInterruptsOnly(cause) ? "Aborted" : "_OTHER"
}

/** A call in progress. */
class Observation {
  readonly #telemetry: Telemetry
  readonly #subject: Subject
  readonly #fiber: Fiber.Fiber<unknown, unknown>
  readonly #startedAt: number
  readonly #told: Told = { finishReasons: [] }
  readonly #output: Output | undefined
  readonly span: Tracer.Span | undefined
  #lastAt: number | undefined
  #perChunk: Metric.Histogram<number> | undefined
  #isOver = false

  constructor(
    telemetry: Telemetry,
    subject: Subject,
    fiber: Fiber.Fiber<unknown, unknown>,
    span: Tracer.Span | undefined
  ) {
    this.#telemetry = telemetry
    this.#subject = subject
    this.#fiber = fiber
    this.#startedAt = now()
    this.span = span
    this.#output = span !== undefined && telemetry.content ? new Output() : undefined
    if (span === undefined) return
    if (telemetry.content) for (const [name, value] of inputAttributes(subject.request)) span.attribute(name, value)
  }

  /** An answer is there. */
  answered(answer: unknown): void {
    tell(this.#told, answer)
    this.#output?.add(answer)
  }

  /** A piece of an answer is there. */
  piece(piece: unknown): void {
    this.answered(piece)
    const at = now()
    const { metrics } = this.#telemetry
    if (this.#lastAt === undefined) {
      const elapsed = at - this.#startedAt
      this.span?.attribute("gen_ai.response.time_to_first_chunk", elapsed)
      metrics
        .series("gen_ai.client.operation.time_to_first_chunk", this.#subject, this.#told)
        .updateUnsafe(elapsed, this.#fiber.context)
    } else {
      this.#perChunk ??= metrics.series("gen_ai.client.operation.time_per_output_chunk", this.#subject, this.#told)
      this.#perChunk.updateUnsafe(at - this.#lastAt, this.#fiber.context)
    }
    this.#lastAt = at
  }

  /** The call has ended. What follows is no part of it. */
  ended(error?: string): void {
    if (this.#isOver) return
    this.#isOver = true
    const { metrics } = this.#telemetry
    metrics.ended(this.#fiber.context, this.#subject, this.#told, now() - this.#startedAt, error)
    if (this.span === undefined) return
    if (error !== undefined) this.span.attribute("error.type", error)
    const isGenerated = this.#subject.operation?.genAi !== undefined
    for (const [name, value] of toldAttributes(this.#told)) {
      if (isGenerated || !name.startsWith("gen_ai.usage.")) this.span.attribute(name, value)
    }
    for (const [name, value] of this.#output?.attributes ?? []) this.span.attribute(name, value)
  }
}

const describe = (subject: Subject): { readonly name: string; readonly options: Tracer.SpanOptionsNoTrace } => {
  const model = modelOf(subject)
  return {
    name: model === undefined ? operationOf(subject) : `${operationOf(subject)} ${model}`,
    options: { kind: "client", attributes: requestAttributes(subject) }
  }
}

/** Runs a call that is watched. */
export const observed = <A, R>(
  telemetry: Telemetry,
  subject: Subject,
  call: Effect.Effect<A, UpstreamError, R>,
  answerOf: (value: A) => unknown
): Effect.Effect<A, UpstreamError, R> =>
  Effect.withFiber((fiber) => {
    const watched = (span: Tracer.Span | undefined): Effect.Effect<A, UpstreamError, R> => {
      const observation = new Observation(telemetry, subject, fiber, span)
      return Effect.onExit(call, (exit) =>
        Effect.sync(() => {
          if (Exit.isFailure(exit)) return observation.ended(typeOf(exit.cause))
          observation.answered(answerOf(exit.value))
          observation.ended()
        })
      )
    }
    if (!isRecorded(fiber)) return watched(undefined)
    const { name, options } = describe(subject)
    return Effect.useSpan(name, options, (span) => Effect.withParentSpan(watched(span), span))
  })

/** Tells of each piece of a stream as it comes. */
export type OnPiece = (piece: unknown) => void

/** Opens a stream that is watched until it ends, or its scope does. */
export const observedStream = <A>(
  telemetry: Telemetry,
  subject: Subject,
  open: (onPiece: OnPiece) => Effect.Effect<Opened<A>, UpstreamError>,
  scope: Scope.Scope
): Effect.Effect<Opened<A>, UpstreamError> =>
  Effect.withFiber((fiber) => {
    const watched = (span: Tracer.Span | undefined): Effect.Effect<Opened<A>, UpstreamError> => {
      const observation = new Observation(telemetry, subject, fiber, span)
      const opened = Effect.onExit(
        open((piece) => observation.piece(piece)),
        (exit) => Effect.sync(() => (Exit.isFailure(exit) ? observation.ended(typeOf(exit.cause)) : undefined))
      )
      // A consumer that has enough ends the stream as well as its last piece does.
      const closing = Scope.addFinalizer(
        scope,
        Effect.sync(() => observation.ended())
      )
      return Effect.andThen(
        closing,
        Effect.map(opened, ({ info, pull }) => ({ info, pull: untilEnd(pull, observation) }))
      )
    }
    if (!isRecorded(fiber)) return watched(undefined)
    const { name, options } = describe(subject)
    return Effect.flatMap(Scope.provide(Effect.makeSpanScoped(name, options), scope), (span) =>
      Effect.withParentSpan(watched(span), span)
    )
  })

const untilEnd = <A>(pull: Pieces<A>, observation: Observation): Pieces<A> =>
  Effect.tapError(pull, (error) =>
    Effect.sync(() => observation.ended(Cause.isDone(error) ? undefined : error.reason._tag))
  )
