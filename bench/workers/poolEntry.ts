/** The entry of our pool's workers. */
import * as WorkerEntry from "@causeway/workers/WorkerEntry"
import { Calls } from "./contract.ts"
import { handlers } from "./handlers.ts"
import { oneByOne } from "./oneByOne.ts"

if (process.env["ONE_BY_ONE"] !== undefined) oneByOne()

WorkerEntry.run(Calls.toLayer(handlers))
