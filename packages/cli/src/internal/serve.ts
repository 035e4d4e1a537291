/**
 * The command `serve`, by its flags.
 */
import { parseArgs } from "node:util"
import * as Effect from "effect/Effect"
import type { Flags } from "../Settings.ts"
import * as Process from "./process.ts"

/** Reads the configuration, and serves what it says. */
export const run = Effect.fn(function* (flags: Flags) {
  // Only now, so that the help comes at once.
  const [Settings, Serve] = yield* Effect.promise(() => Promise.all([import("../Settings.ts"), import("../Serve.ts")]))
  const sources = { flags, environment: process.env, cwd: process.cwd() }
  const settings = yield* Settings.load(sources)
  if (settings.server.procs > 1 && !Process.isOne()) {
    const Processes = yield* Effect.promise(() => import("../Processes.ts"))
    if (yield* Processes.isPossible(settings)) return yield* Processes.run(settings)
    yield* Effect.logWarning("several processes cannot share a port on this system: one serves")
  }
  return yield* Serve.run(settings, (reload) => Settings.load({ ...sources, reload }))
})

const text = { type: "string", multiple: true } as const

/**
 * The flags of a command line that says `serve` and nothing unusual. For such a one the
 * library that explains, completes and corrects command lines need not be loaded, which
 * is a tenth of the start. `undefined` for any other.
 */
export const plainFlags = ([command, ...args]: ReadonlyArray<string>): Flags | undefined => {
  if (command !== "serve") return undefined
  try {
    const { values } = parseArgs({
      args,
      options: { port: text, host: text, workers: text, config: text, insecure: { type: "boolean", multiple: true } }
    })
    const { insecure, ...texts } = values
    const given = Object.values(texts)
    if (given.some((values) => values.length !== 1 || values[0] === "") || (insecure?.length ?? 0) > 1) return undefined
    return {
      ...Object.fromEntries(Object.entries(texts).map(([name, [value]]) => [name, value])),
      insecure: insecure?.[0]
    }
  } catch {
    return undefined
  }
}
