/** Models. */
import * as Effect from "effect/Effect"
import type { Model } from "openai/resources/models"
import { problems } from "../../answer.ts"
import { json } from "../accept.ts"
import type { Caller } from "../caller.ts"
import { type Call, call } from "../methods.ts"
import type { CallOptions } from "../options.ts"
import { shapes } from "../shapes.ts"

/** `models`. */
export interface Models {
  /** Every model that the upstream lists. */
  readonly list: Call<[options?: CallOptions], ReadonlyArray<Model>>
  /** A model by its name. */
  readonly retrieve: Call<[model: string, options?: CallOptions], Model>
}

export const models = (caller: Caller): Models => ({
  list: call((options) =>
    Effect.map(
      caller.plain({
        name: "models.list",
        params: undefined,
        options,
        // A page of the SDK takes anything for an empty list.
        send: (sdk, _request, sent) => sdk.get("/models", sent),
        accept: json<{ readonly data: ReadonlyArray<Model> }>(problems.list),
        shape: shapes.models
      }),
      ({ data, info }) => ({ data: data.data, info })
    )
  ),
  retrieve: call((model, options) =>
    caller.plain({
      name: "models.retrieve",
      // As a parameter it is named as the upstream has it.
      params: { model },
      ids: { model },
      options,
      send: (sdk, request, sent) => sdk.models.retrieve(request.model, sent),
      accept: json<Model>(problems.object),
      shape: shapes.model
    })
  )
})
