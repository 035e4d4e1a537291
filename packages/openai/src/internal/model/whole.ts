/** Answers that come whole: embeddings and moderations. */
import * as Classification from "@causeway/core/Classification"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Model, Vectors } from "../../ModelServer.ts"
import type { Fields } from "../answer.ts"
import { type Call, failedBy, failureOf, lacking } from "./failure.ts"
import * as Request from "./request.ts"

export const embedded = <R>(
  call: Call,
  { embed }: Model<unknown, R>,
  body: Fields
): Effect.Effect<string, UpstreamError, R> => {
  if (embed === undefined) return Effect.fail(failedBy(call, lacking(call, "embeddings")))
  const read = Request.readEmbedding(body)
  if (Result.isFailure(read)) return Effect.fail(failedBy(call, read.failure))
  const { encoding_format: format, input: given, ...request } = read.success
  const isOne = typeof given === "string" || typeof given[0] === "number"
  const input = (isOne ? [given] : given) as ReadonlyArray<string | ReadonlyArray<number>>
  // What a model fails with is whatever its author says.
  // @effect-diagnostics-next-line anyUnknownInErrorContext:off
  return Effect.suspend(() => embed({ ...request, input, body })).pipe(
    Effect.mapError((error) => failureOf(call, error, "body")),
    Effect.flatMap((made) => {
      const { usage, vectors } = "vectors" in made ? made : { usage: undefined, vectors: made }
      const wrong = problemOfVectors(vectors, input.length)
      if (wrong !== undefined) return Effect.fail(failedBy(call, Classification.malformed("wrong-shape", "", wrong)))
      return Effect.succeed(
        JSON.stringify({
          object: "list",
          data: vectors.map((vector, index) => ({
            object: "embedding",
            index,
            embedding: format === "base64" ? base64(vector) : Array.from(vector)
          })),
          model: call.model,
          ...(usage !== undefined && { usage: { prompt_tokens: usage.inputTokens, total_tokens: usage.inputTokens } })
        })
      )
    })
  )
}

const problemOfVectors = (vectors: Vectors, inputs: number): string | undefined => {
  if (vectors.length !== inputs) return `the model gave ${vectors.length} embeddings for ${inputs} inputs`
  const odd = vectors.findIndex((vector) => vector.length === 0 || vector.length !== vectors[0]?.length)
  if (odd !== -1) return `embedding ${odd} is empty, or not as long as the first one`
  // JSON has no such numbers: they would arrive as null.
  const broken = vectors.findIndex((vector) => !vector.every((number) => Number.isFinite(number)))
  return broken === -1 ? undefined : `embedding ${broken} has a number that is not finite`
}

/** As OpenAI has it: 32-bit floats, the lowest byte first. */
const base64 = (vector: ReadonlyArray<number> | Float32Array): string => {
  const bytes = Buffer.alloc(vector.length * 4)
  vector.forEach((number, at) => bytes.writeFloatLE(number, at * 4))
  return bytes.toString("base64")
}

export const moderated = <R>(
  call: Call,
  { moderate }: Model<unknown, R>,
  body: Fields,
  id: string
): Effect.Effect<string, UpstreamError, R> => {
  if (moderate === undefined) return Effect.fail(failedBy(call, lacking(call, "moderations")))
  const read = Request.readModeration(body)
  if (Result.isFailure(read)) return Effect.fail(failedBy(call, read.failure))
  const { input: given } = read.success
  const parts = typeof given === "string" ? [given] : given
  const input = parts.map((part) => (typeof part === "string" ? part : (part.text ?? "")))
  // What a model fails with is whatever its author says.
  // @effect-diagnostics-next-line anyUnknownInErrorContext:off
  return Effect.suspend(() => moderate({ model: call.model, input, body })).pipe(
    Effect.mapError((error) => failureOf(call, error, "body")),
    Effect.flatMap((verdicts) =>
      verdicts.length === input.length
        ? Effect.succeed(
            JSON.stringify({
              id: `modr-${id}`,
              model: call.model,
              results: verdicts.map(({ categories, flagged, scores }) => ({
                flagged,
                categories,
                category_scores: scores
              }))
            })
          )
        : Effect.fail(
            failedBy(
              call,
              Classification.malformed(
                "wrong-shape",
                "",
                `the model gave ${verdicts.length} verdicts for ${input.length} texts`
              )
            )
          )
    )
  )
}
