/** The entry of our pool's workers. */
import { parentPort } from "node:worker_threads"
import * as WorkerEntry from "@causeway/workers/WorkerEntry"
import { Calls } from "./contract.ts"
import { handlers } from "./handlers.ts"
import { oneByOne } from "./oneByOne.ts"

if (parentPort !== null && process.env["ONE_BY_ONE"] !== undefined) oneByOne(parentPort)

WorkerEntry.run(Calls.toLayer(handlers))
