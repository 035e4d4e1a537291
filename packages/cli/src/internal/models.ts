/** Modules whose default export are models of one's own. */
import type * as Contract from "@causeway/core/Contract"
import type { Relay } from "@causeway/openai/Relay"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { WorkersError } from "../WorkersError.ts"
import { importModule } from "./file.ts"

/** What a module of models has as its default export. */
export type Models = Layer.Layer<Contract.Handlers<Relay>, unknown>

/** The models of a module; fails where it has none. */
export const load = (url: string, reload = 0): Effect.Effect<Models, WorkersError> =>
  Effect.flatMap(importModule(new URL(url), reload), (imported) => {
    const exported = "problem" in imported ? undefined : imported.module["default"]
    // What it gives and needs shows when it is built.
    if (Layer.isLayer(exported)) return Effect.succeed(exported as Models)
    const problem = "problem" in imported ? imported.problem : "its default export is none"
    return Effect.fail(new WorkersError({ reason: `${url} has no models of ModelServer.layer: ${problem}` }))
  })
