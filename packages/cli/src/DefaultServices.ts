/**
 * The services of a command that is given none: a calculation, and a call of an
 * upstream by the OpenAI SDK inside a worker.
 *
 * - `square`: `{ "x": 3 }` → `{ "y": 9 }`
 * - `answer`: `{ "prompt": "…", "model": "…" }` → `{ "text": "…" }`; the model may be
 *   left out
 *
 * **Example** (The calls, in process)
 *
 * ```ts
 * import { DefaultServices } from "@causeway/cli/DefaultServices"
 *
 * Array.from(DefaultServices.group.requests.keys()) // => ["square", "answer"]
 * ```
 */
import * as Contract from "@causeway/core/Contract"
import { UpstreamError } from "@causeway/core/UpstreamError"
import type { OpenAiClient } from "@causeway/openai/OpenAiClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as Service from "./Service.ts"

/** The model that is asked where the caller names none. */
export const defaultModel = "gpt-5-mini"

/** The contract. */
export class DefaultServices extends Contract.Service<DefaultServices>()(
  "causeway/DefaultServices",
  Rpc.make("square", {
    payload: { x: Schema.Finite.check(Schema.isBetween({ minimum: -1e150, maximum: 1e150 })) },
    success: Schema.Struct({ y: Schema.Finite })
  }).annotate(Contract.Replay, "safe"),
  Rpc.make("answer", {
    payload: { prompt: Schema.String, model: Schema.optional(Schema.NonEmptyString) },
    success: Schema.Struct({ text: Schema.String }),
    error: UpstreamError
  }).annotate(Contract.Replay, "safe")
) {}

/** The handlers: one attempt each. Whoever only calls does not load them. */
export const handlers: Layer.Layer<Contract.Handlers<DefaultServices>, never, OpenAiClient> = Layer.unwrap(
  Effect.map(
    Effect.promise(() => import("./internal/defaultHandlers.ts")),
    (Handlers) => Handlers.layer
  )
)

export default Service.make(DefaultServices, handlers)
