/** Modules whose default export are models of one's own. */
import type * as Contract from "@causeway/core/Contract"
import { Relay } from "@causeway/openai/Relay"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ServiceError } from "../ServiceError.ts"
import { importModule } from "./file.ts"

/** What a module of models has as its default export, as the command can build it. */
type Models = Layer.Layer<Contract.Handlers<Relay>, ServiceError>

/** The models of a module; fails where it has none, and with what they cannot be built for. */
export const load = (url: string, reload = 0): Effect.Effect<Models, ServiceError> =>
  Effect.flatMap(importModule(new URL(url), reload), (imported) => {
    const exported = "problem" in imported ? undefined : imported.module["default"]
    if (isModels(exported)) {
      return Effect.succeed(
        Layer.catchCause(exported, (cause) =>
          Layer.effect(
            Relay.handlers,
            Cause.hasInterruptsOnly(cause) ? Effect.interrupt : Effect.fail(notBuilt(Cause.squash(cause)))
          )
        )
      )
    }
    const problem = "problem" in imported ? imported.problem : "its default export is none"
    return Effect.fail(notBuilt(`${url} has no models of ModelServer.layer: ${problem}`))
  })

/** What it gives and needs shows when it is built. */
const isModels = (u: unknown): u is Layer.Layer<Contract.Handlers<Relay>> => Layer.isLayer(u)

const notBuilt = (cause: unknown): ServiceError => new ServiceError({ contract: Relay.key, cause })
