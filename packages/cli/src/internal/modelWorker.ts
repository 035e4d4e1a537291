/** The entry of the workers of a module of models. */
import * as WorkerEntry from "@causeway/workers/WorkerEntry"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { settle } from "./settle.ts"
import * as Models from "./models.ts"
import * as Telemetry from "./telemetry.ts"

const telemetry = Telemetry.layer(Telemetry.ofWorker(Telemetry.read([], process.env)))
const models = Effect.flatMap(WorkerEntry.data, (url) => Models.load(String(url)))

WorkerEntry.run(Layer.provide(Layer.unwrap(models), telemetry))
settle()
