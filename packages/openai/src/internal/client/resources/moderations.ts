/** Moderations. */
import type { ModerationCreateParams, ModerationCreateResponse } from "openai/resources/moderations"
import { moderations as problemOf } from "../../answer.ts"
import { json } from "../accept.ts"
import type { Caller } from "../caller.ts"
import { type Call, call } from "../methods.ts"
import type { CallOptions } from "../options.ts"
import { shapes } from "../shapes.ts"

/** `moderations`. */
export interface Moderations {
  /** As many results as texts; one for a list of texts and images that belong together. */
  readonly create: Call<[params: ModerationCreateParams, options?: CallOptions], ModerationCreateResponse>
}

export const moderations = (caller: Caller): Moderations => ({
  create: call((params, options) =>
    caller.plain({
      name: "moderations.create",
      params,
      options,
      send: (sdk, request, sent) => sdk.moderations.create(request, sent),
      accept: json<ModerationCreateResponse>(problemOf(params.input)),
      shape: shapes.moderation
    })
  )
})
