/** Modules whose default export are models of one's own. */
import type * as Contract from "@causeway/core/Contract"
import * as Redaction from "@causeway/core/Redaction"
import { Relay } from "@causeway/openai/Relay"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { WorkersError } from "../WorkersError.ts"
import { importModule } from "./file.ts"

/** What a module of models has as its default export, as the command can build it. */
type Models = Layer.Layer<Contract.Handlers<Relay>, WorkersError>

/** The models of a module; fails where it has none. What they cannot be built for is told in words. */
export const load = (url: string, reload = 0): Effect.Effect<Models, WorkersError> =>
  Effect.flatMap(importModule(new URL(url), reload), (imported) => {
    const exported = "problem" in imported ? undefined : imported.module["default"]
    if (isModels(exported)) {
      return Effect.succeed(
        Layer.catchCause(exported, (cause) =>
          Layer.effect(
            Relay.handlers,
            Cause.hasInterruptsOnly(cause)
              ? Effect.interrupt
              : Effect.fail(new WorkersError({ reason: inWords(cause) }))
          )
        )
      )
    }
    const problem = "problem" in imported ? imported.problem : "its default export is none"
    return Effect.fail(new WorkersError({ reason: `${url} has no models of ModelServer.layer: ${problem}` }))
  })

/** What it gives and needs shows when it is built. */
const isModels = (u: unknown): u is Layer.Layer<Contract.Handlers<Relay>> => Layer.isLayer(u)

const inWords = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  return Redaction.text(error instanceof Error ? error.message || error.name : String(error))
}
