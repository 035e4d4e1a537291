/** The entry of each worker. */
import * as WorkerEntry from "@causeway/workers/WorkerEntry"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { InvalidConfig } from "../InvalidConfig.ts"
import * as Handlers from "./handlers.ts"
import { type Data, receive } from "./handover.ts"
import type * as Reader from "./reader.ts"
import * as Services from "./services.ts"

const handlers = Effect.gen(function* () {
  const { modules, upstreams } = (yield* WorkerEntry.data) as Data
  const problems: Reader.Problems = []
  const services = yield* Services.again(problems, modules)
  // The main thread has found none; but a module may have changed since.
  if (problems.length > 0) return yield* new InvalidConfig({ problems })
  return Handlers.layer(receive(upstreams), services)
})

WorkerEntry.run(Layer.unwrap(handlers))
