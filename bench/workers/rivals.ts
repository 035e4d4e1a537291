/** Pools and posts without schemas, as their manuals say. */
import { type TransferListItem, Worker } from "node:worker_threads"
import { Piscina } from "piscina"
import { Tinypool } from "tinypool"
import { type Call, type Caller, closedLoop, type Load, type Options } from "./caller.ts"
import { nodeEndpoint, transfer, wrap } from "./comlink.ts"
import type { Exposed } from "./comlinkEntry.ts"
import { decodeGreeting } from "./contract.ts"
import type { RawCall } from "./rawEntry.ts"
import { greetedOf, kilobytes64, orderOf } from "./work.ts"

const tasks = new URL("./tasks.ts", import.meta.url).href

const payloadOf = (load: Load, id: number, bytes: Uint8Array<ArrayBuffer>): unknown =>
  load === "order" ? orderOf(id) : load === "copy" || load === "move" ? bytes : greetedOf(id)

const transfersOf = (load: Load, bytes: Uint8Array<ArrayBuffer>): ReadonlyArray<ArrayBuffer> =>
  load === "move" ? [bytes.buffer] : []

const loop = (load: Load, call: Call): Caller => ({
  turn: closedLoop(call, load === "copy" || load === "move" ? kilobytes64 : 0)
})

/** With a task for each call that may be under way, of which it lets through one by default. */
export const openPiscina = async ({ load, workers }: Options): Promise<Caller> => {
  const pool = new Piscina({
    filename: tasks,
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: Math.ceil(64 / workers)
  })
  return loop(load, async (id, bytes) => {
    const run = pool.run(payloadOf(load, id, bytes), {
      name: load,
      ...(load === "move" ? { transferList: [bytes.buffer] } : {})
    })
    return load === "refuse" ? run.catch(() => undefined) : run
  })
}

/** The payload decoded on arrival and the answer too, as our pool does. */
export const openChecked = async ({ load, workers }: Options): Promise<Caller> => {
  const pool = new Piscina({
    filename: tasks,
    name: "checked",
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: Math.ceil(64 / workers)
  })
  return loop(load, async (id) => decodeGreeting(await pool.run(greetedOf(id))))
}

export const openTinypool = async ({ load, workers }: Options): Promise<Caller> => {
  const pool = new Tinypool({
    filename: tasks,
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: Math.ceil(64 / workers)
  })
  return loop(load, async (id, bytes) =>
    pool.run(payloadOf(load, id, bytes), {
      name: load,
      ...(load === "move" ? { transferList: [bytes.buffer] } : {})
    })
  )
}

/** Comlink is no pool: its workers take turns here. */
export const openComlink = async ({ load, workers }: Options): Promise<Caller> => {
  const remotes = Array.from({ length: workers }, () => {
    const worker = new Worker(new URL("./comlinkEntry.ts", import.meta.url))
    return wrap<Exposed>(nodeEndpoint(worker))
  })
  return loop(load, async (id, bytes) => {
    const remote = remotes[id % remotes.length]!
    switch (load) {
      case "greet":
        return remote.greet(greetedOf(id))
      case "order":
        return remote.order(orderOf(id))
      case "copy":
        return remote.copy(bytes)
      case "move":
        return remote.move(transfer(bytes, [bytes.buffer]))
      default:
        throw new Error(`comlink has no ${load}`)
    }
  })
}

/** One post for each call, one for each answer, and nothing else. */
export const openRaw = async ({ load, workers }: Options): Promise<Caller> => {
  const waiting = new Map<number, (answer: unknown) => void>()
  const threads = Array.from({ length: workers }, () => {
    const worker = new Worker(new URL("./rawEntry.ts", import.meta.url))
    worker.on("message", ([id, answer]: readonly [id: number, answer: unknown]) => {
      waiting.get(id)?.(answer)
      waiting.delete(id)
    })
    return worker
  })
  return loop(load, (id, bytes) => {
    const transfers: ReadonlyArray<TransferListItem> = transfersOf(load, bytes)
    const message: RawCall = [id, load, payloadOf(load, id, bytes)]
    return new Promise((resolve) => {
      waiting.set(id, resolve)
      threads[id % threads.length]!.postMessage(message, transfers)
    })
  })
}
