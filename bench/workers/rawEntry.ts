/** The least that a worker can be: one post for each call and each answer. */
import { parentPort } from "node:worker_threads"
import type { Greeted, Order } from "./contract.ts"
import { greet } from "./work.ts"

/** A call: its number, what is to be done, and the payload. */
export type RawCall = readonly [id: number, load: string, payload: unknown]

parentPort?.on("message", ([id, load, payload]: RawCall) => {
  switch (load) {
    case "greet":
      return parentPort?.postMessage([id, greet(payload as Greeted)])
    case "order":
      return parentPort?.postMessage([id, payload as Order])
    case "copy":
      return parentPort?.postMessage([id, payload])
    case "move":
      return parentPort?.postMessage([id, payload], [(payload as Uint8Array<ArrayBuffer>).buffer])
    default:
      throw new Error(`there is no ${load}`)
  }
})
