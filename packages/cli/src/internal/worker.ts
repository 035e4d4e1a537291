/**
 * The entry of each worker. It reads the configuration by itself: the keys are in
 * its environment already, so that none has to be sent.
 */
import * as WorkerEntry from "@causeway/workers/WorkerEntry"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { InvalidConfig } from "../InvalidConfig.ts"
import * as Handlers from "./handlers.ts"
import type * as Reader from "./reader.ts"
import * as Shared from "./shared.ts"

/** What the main thread tells each worker. */
export interface Data {
  /** The path of the configuration file, where there is one. */
  readonly file: string | undefined
  /** The address of the simulator, where it is the upstream. */
  readonly simulator: string | undefined
}

const handlers = Effect.gen(function* () {
  const { file, simulator } = (yield* WorkerEntry.data) as Data
  const problems: Reader.Problems = []
  const { services, upstreams } = yield* Shared.read(problems, process.env, file)
  // The main thread has found none; but the file may have changed since.
  if (problems.length > 0) return yield* new InvalidConfig({ problems })
  return Handlers.layer(Handlers.reachable(upstreams, simulator), services)
})

WorkerEntry.run(Layer.unwrap(handlers))
