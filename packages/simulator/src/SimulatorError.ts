/**
 * The one failure of the simulator itself: it could not start, or was told
 * something that makes no sense.
 *
 * **Example** (A port that cannot be)
 *
 * ```ts
 * import { Simulator } from "@causeway/simulator/Simulator"
 * import * as Effect from "effect/Effect"
 *
 * const error = await Effect.runPromise(Effect.scoped(Effect.flip(Simulator.make({ port: 70_000 }))))
 *
 * error.message // => "port must be an integer from 0 to 65535, not 70000"
 * ```
 */
import * as Data from "effect/Data"

/** An option was wrong, or the port could not be had. */
export class SimulatorError extends Data.TaggedError("SimulatorError")<{
  readonly message: string
  /** Node's code, such as `EADDRINUSE`. */
  readonly code?: string | undefined
  readonly cause?: unknown
}> {}
