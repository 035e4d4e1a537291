/** Images. */
import type {
  ImageCreateVariationParams,
  ImageEditParamsNonStreaming,
  ImageEditParamsStreaming,
  ImageEditStreamEvent,
  ImageGenerateParamsNonStreaming,
  ImageGenerateParamsStreaming,
  ImageGenStreamEvent,
  ImagesResponse
} from "openai/resources/images"
import { problems } from "../../answer.ts"
import { streamKinds } from "../../streamKind.ts"
import { json } from "../accept.ts"
import type { Caller } from "../caller.ts"
import { type Call, call, type StreamCall, streamCall } from "../methods.ts"
import type { CallOptions } from "../options.ts"
import { shapes } from "../shapes.ts"

/** What a streamed image is asked with; `stream: true` is added. */
export type ImageGenerateStreamParams = Omit<ImageGenerateParamsStreaming, "stream">

/** What a streamed edit is asked with; `stream: true` is added. */
export type ImageEditStreamParams = Omit<ImageEditParamsStreaming, "stream">

/** `images`. Each answer has at least one image, and each image its data or its address. */
export interface Images {
  readonly generate: Call<[params: ImageGenerateParamsNonStreaming, options?: CallOptions], ImagesResponse>
  /** Partial images and the last ones. Ends only after a completed image. */
  readonly generateStream: StreamCall<[params: ImageGenerateStreamParams, options?: CallOptions], ImageGenStreamEvent>
  readonly edit: Call<[params: ImageEditParamsNonStreaming, options?: CallOptions], ImagesResponse>
  /** Partial images and the last ones. Ends only after a completed image. */
  readonly editStream: StreamCall<[params: ImageEditStreamParams, options?: CallOptions], ImageEditStreamEvent>
  /** OpenAI has retired it; other upstreams have not. */
  readonly createVariation: Call<[params: ImageCreateVariationParams, options?: CallOptions], ImagesResponse>
}

const accept = json<ImagesResponse>(problems.images)

export const images = (caller: Caller): Images => ({
  generate: call((params, options) =>
    caller.plain({
      name: "images.generate",
      params,
      options,
      send: (sdk, request, sent) => sdk.images.generate(request, sent),
      accept,
      shape: shapes.images
    })
  ),
  generateStream: streamCall((scope, params, options) =>
    caller.events(
      {
        name: "images.generateStream",
        params: { ...params, stream: true } as const,
        options,
        send: (sdk, request, sent) => sdk.images.generate(request, sent).asResponse(),
        kind: streamKinds.image,
        shape: shapes.imageEvent
      },
      scope
    )
  ),
  edit: call((params, options) =>
    caller.plain({
      name: "images.edit",
      params,
      options,
      send: (sdk, request, sent) => sdk.images.edit(request, sent),
      accept,
      shape: shapes.images
    })
  ),
  editStream: streamCall((scope, params, options) =>
    caller.events(
      {
        name: "images.editStream",
        params: { ...params, stream: true } as const,
        options,
        send: (sdk, request, sent) => sdk.images.edit(request, sent).asResponse(),
        kind: streamKinds.image,
        shape: shapes.imageEvent
      },
      scope
    )
  ),
  createVariation: call((params, options) =>
    caller.plain({
      name: "images.createVariation",
      params,
      options,
      send: (sdk, request, sent) => sdk.images.createVariation(request, sent),
      accept,
      shape: shapes.images
    })
  )
})
