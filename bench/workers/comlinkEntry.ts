/** What comlink exposes. */
import { parentPort } from "node:worker_threads"
import { expose, nodeEndpoint, transfer } from "./comlink.ts"
import type { Order } from "./contract.ts"
import { greet } from "./work.ts"

const exposed = {
  greet,
  order: (order: Order) => order,
  copy: (bytes: Uint8Array) => bytes,
  move: (bytes: Uint8Array<ArrayBuffer>) => transfer(bytes, [bytes.buffer])
}

export type Exposed = typeof exposed

if (parentPort !== null) expose(exposed, nodeEndpoint(parentPort))
