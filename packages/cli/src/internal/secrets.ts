import * as Redaction from "@causeway/core/Redaction"
import { credentials, type Upstreams } from "@causeway/openai/UpstreamConfig"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/**
 * Keeps the upstreams' credentials out of what the main thread logs and answers. Workers
 * mask what they tell; but one that crashes leaves to this thread what it said.
 */
export const layer = (upstreams: Upstreams): Layer.Layer<never> =>
  Layer.effectDiscard(Effect.forEach(Object.values(upstreams).flatMap(credentials), Redaction.known, { discard: true }))
