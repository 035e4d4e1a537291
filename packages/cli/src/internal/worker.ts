/**
 * The entry of each worker. It is told the configuration as the main thread has read it,
 * and does not read the file: one that takes the place of another serves as the other
 * did, whatever has become of the file.
 */
import * as WorkerEntry from "@causeway/workers/WorkerEntry"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { InvalidConfig } from "../InvalidConfig.ts"
import { settle } from "./settle.ts"
import * as Handlers from "./handlers.ts"
import { receive, type Sent } from "./handover.ts"
import type * as Reader from "./reader.ts"
import * as Services from "./services.ts"
import * as Telemetry from "./telemetry.ts"

/** What the main thread tells each worker. */
export interface Data {
  readonly upstreams: Sent
  /** The modules of the services; `undefined` for the default ones. */
  readonly modules: ReadonlyArray<string> | undefined
}

const handlers = Effect.gen(function* () {
  const { modules, upstreams } = (yield* WorkerEntry.data) as Data
  const problems: Reader.Problems = []
  const services = yield* Services.again(problems, modules)
  // The main thread has found none; but a module may have changed since.
  if (problems.length > 0) return yield* new InvalidConfig({ problems })
  const telemetry = Telemetry.read(problems, process.env)
  return Layer.provide(Handlers.layer(receive(upstreams), services), Telemetry.layer(Telemetry.ofWorker(telemetry)))
})

WorkerEntry.run(Layer.unwrap(handlers))
settle()
