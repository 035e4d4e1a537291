/**
 * Spans by OpenTelemetry's conventions for generative AI
 * (https://opentelemetry.io/docs/specs/semconv/gen-ai/): what was asked and what it
 * cost, never what was said.
 */
import type { UpstreamError } from "@causeway/core/UpstreamError"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Pull from "effect/Pull"
import * as References from "effect/References"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import type { NonEmptyReadonlyArray } from "effect/Array"
import { type Fields, isFields } from "../answer.ts"
import type { Backend } from "./backend.ts"

/** The conventions' names of operations. */
export type Operation = "chat" | "embeddings"

/** A call as its span tells of it. */
export interface Subject {
  readonly operation: Operation
  readonly backend: Pick<Backend, "name" | "baseUrl">
  readonly request: object
}

/** The built-in tracer keeps its spans for nobody: they are not worth their cost. */
const isRecorded = (fiber: Fiber.Fiber<unknown, unknown>): boolean =>
  fiber.getRef(References.TracerEnabled) && fiber.getRef(Tracer.Tracer) !== builtIn

const builtIn = Tracer.Tracer.defaultValue()

/** Runs a call in its span, where somebody records spans. */
export const traced = <A, R>(
  subject: Subject,
  call: Effect.Effect<A, UpstreamError, R>,
  answerOf: (value: A) => unknown
): Effect.Effect<A, UpstreamError, R> =>
  Effect.withFiber((fiber) => {
    if (!isRecorded(fiber)) return call
    const { name, options } = describe(subject)
    return Effect.useSpan(name, options, (span) =>
      Effect.withParentSpan(
        Effect.tapError(
          Effect.tap(call, (value) => Effect.sync(() => annotate(span, answerOf(value)))),
          (error) => Effect.sync(() => failed(span, error))
        ),
        span
      )
    )
  })

/** Runs the opening of a stream, and what is pulled from it, in a span that ends with the scope. */
export const tracedStream = <A, B extends { readonly pull: Chunks<A> }>(
  subject: Subject,
  open: Effect.Effect<B, UpstreamError>,
  scope: Scope.Scope
): Effect.Effect<B | (B & { readonly pull: Chunks<A> }), UpstreamError> =>
  Effect.withFiber((fiber) => {
    if (!isRecorded(fiber)) return open
    const { name, options } = describe(subject)
    return Effect.flatMap(Scope.provide(Effect.makeSpanScoped(name, options), scope), (span) =>
      Effect.map(
        Effect.withParentSpan(
          Effect.tapError(open, (error) => Effect.sync(() => failed(span, error))),
          span
        ),
        (opened) => ({ ...opened, pull: watched(opened.pull, span) })
      )
    )
  })

type Chunks<A> = Pull.Pull<NonEmptyReadonlyArray<A>, UpstreamError>

const watched = <A>(pull: Chunks<A>, span: Tracer.Span): Chunks<A> => {
  const reasons: Array<unknown> = []
  return pull.pipe(
    Effect.tap((chunk) =>
      Effect.sync(() => {
        for (const each of chunk) annotate(span, each, reasons)
      })
    ),
    Effect.tapError((error) =>
      Effect.sync(() => {
        if (!Cause.isDone(error)) failed(span, error)
      })
    )
  )
}

const failed = (span: Tracer.Span, error: UpstreamError): void => span.attribute("error.type", error.reason._tag)

/** Parameters of a request, by the conventions' names. */
const parameters: ReadonlyArray<readonly [string, string]> = [
  ["max_completion_tokens", "gen_ai.request.max_tokens"],
  ["max_tokens", "gen_ai.request.max_tokens"],
  ["temperature", "gen_ai.request.temperature"],
  ["top_p", "gen_ai.request.top_p"],
  ["frequency_penalty", "gen_ai.request.frequency_penalty"],
  ["presence_penalty", "gen_ai.request.presence_penalty"],
  ["seed", "gen_ai.request.seed"],
  ["n", "gen_ai.request.choice.count"]
]

const describe = ({ backend, operation, request }: Subject): { name: string; options: Tracer.SpanOptionsNoTrace } => {
  const fields: Fields = { ...request }
  const model = String(fields["model"])
  const url = URL.parse(backend.baseUrl)
  const attributes: Record<string, unknown> = {
    "gen_ai.operation.name": operation,
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": model,
    "causeway.upstream": backend.name,
    ...(url !== null && {
      "server.address": url.hostname,
      "server.port": Number(url.port) || (url.protocol === "https:" ? 443 : 80)
    })
  }
  for (const [name, attribute] of parameters) {
    const value = fields[name]
    if (typeof value === "number" && attributes[attribute] === undefined) attributes[attribute] = value
  }
  return { name: `${operation} ${model}`, options: { kind: "client", attributes } }
}

/** Puts what an answer, or a chunk of one, says of itself on the span. `reasons`: those of the chunks before. */
const annotate = (span: Tracer.Span, answer: unknown, reasons: Array<unknown> = []): void => {
  if (!isFields(answer)) return
  const { choices, id, model, usage } = answer
  if (typeof id === "string") span.attribute("gen_ai.response.id", id)
  if (typeof model === "string") span.attribute("gen_ai.response.model", model)
  const before = reasons.length
  if (Array.isArray(choices)) {
    for (const choice of choices)
      if (isFields(choice) && typeof choice["finish_reason"] === "string") reasons.push(choice["finish_reason"])
  }
  if (reasons.length > before) span.attribute("gen_ai.response.finish_reasons", [...reasons])
  if (!isFields(usage)) return
  const { completion_tokens: output, prompt_tokens: input } = usage
  if (typeof input === "number") span.attribute("gen_ai.usage.input_tokens", input)
  if (typeof output === "number") span.attribute("gen_ai.usage.output_tokens", output)
}
