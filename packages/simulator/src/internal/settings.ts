/** Checking what a simulator is told. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Behaviour } from "../Behaviour.ts"
import { Script } from "../Script.ts"
import type { Options } from "../Simulator.ts"
import { SimulatorError } from "../SimulatorError.ts"

const decode = <S extends Schema.ConstraintDecoder<unknown>>(schema: S, what: string) => {
  const decoded = Schema.decodeUnknownEffect(schema, { onExcessProperty: "error" })
  return (value: unknown): Effect.Effect<S["Type"], SimulatorError, S["DecodingServices"]> =>
    Effect.mapError(decoded(value), (error) => new SimulatorError({ message: `${what}: ${error.message}` }))
}

/** Options that have been checked. */
export interface Settings {
  readonly port: number
  readonly requestLog: number
  readonly recordBodies: boolean
  readonly seed: number
  readonly behaviour: Behaviour
  readonly script: Script | undefined
}

/** The options, or what is wrong with the first that is. */
export const checked = Effect.fnUntraced(function* (options: Options): Effect.fn.Return<Settings, SimulatorError> {
  const { port = 0, recordBodies = false, requestLog = 1_000, script, seed = 0, ...rest } = options
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    return yield* new SimulatorError({ message: `port must be an integer from 0 to 65535, not ${port}` })
  }
  if (!Number.isSafeInteger(requestLog) || requestLog < 1) {
    return yield* new SimulatorError({ message: `requestLog must be an integer of at least 1, not ${requestLog}` })
  }
  if (!Number.isFinite(seed)) return yield* new SimulatorError({ message: `seed must be a number, not ${seed}` })
  return {
    port,
    recordBodies,
    requestLog,
    seed,
    behaviour: yield* behaviour(rest),
    script: script === undefined ? undefined : yield* checkedScript(script)
  }
})

/** A behaviour, of any origin. */
export const behaviour = decode(Behaviour, "That is no behaviour")

/** A script, of any origin. */
export const checkedScript = decode(Script, "That is no script")
