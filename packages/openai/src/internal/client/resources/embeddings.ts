/** Embeddings. */
import type { UpstreamError } from "@causeway/core/UpstreamError"
import type * as Effect from "effect/Effect"
import type { CreateEmbeddingResponse, EmbeddingCreateParams } from "openai/resources/embeddings"
import { embeddings as problemOf, inputsOf } from "../../answer.ts"
import { json } from "../accept.ts"
import type { Caller } from "../caller.ts"
import { call } from "../methods.ts"
import type { WithResponse } from "../made.ts"
import type { CallOptions } from "../options.ts"
import { shapes } from "../shapes.ts"

/** Parameters that ask for each embedding as base64. */
export type Base64EmbeddingParams = EmbeddingCreateParams & { readonly encoding_format: "base64" }

/** Embeddings as base64 of their 32-bit floats. */
export type Base64EmbeddingResponse = Omit<CreateEmbeddingResponse, "data"> & {
  data: Array<Omit<CreateEmbeddingResponse["data"][number], "embedding"> & { embedding: string }>
}

/** As many embeddings as inputs, each in its input's place; as base64 where that is asked for, else as numbers. */
export interface EmbeddingsCreate {
  (params: Base64EmbeddingParams, options?: CallOptions): Effect.Effect<Base64EmbeddingResponse, UpstreamError>
  (params: EmbeddingCreateParams, options?: CallOptions): Effect.Effect<CreateEmbeddingResponse, UpstreamError>
  readonly withResponse: {
    (
      params: Base64EmbeddingParams,
      options?: CallOptions
    ): Effect.Effect<WithResponse<Base64EmbeddingResponse>, UpstreamError>
    (
      params: EmbeddingCreateParams,
      options?: CallOptions
    ): Effect.Effect<WithResponse<CreateEmbeddingResponse>, UpstreamError>
  }
}

/** `embeddings`. */
export interface Embeddings {
  readonly create: EmbeddingsCreate
}

export const embeddings = (caller: Caller): Embeddings => ({
  // Which of the overloads it is depends on a parameter's value.
  create: call((params: EmbeddingCreateParams, options?: CallOptions) =>
    caller.plain({
      name: "embeddings.create",
      params,
      options,
      send: (sdk, request, sent) => sdk.embeddings.create(request, sent),
      accept: json<CreateEmbeddingResponse>(problemOf(inputsOf(params))),
      shape: shapes.embeddings
    })
  ) as EmbeddingsCreate
})
