/**
 * A small thread beside the main one of a worker process. What it does works as well
 * while the main thread is stuck: it ends the process when the pool's process has
 * gone, and looks at what the main thread is doing. Heartbeats go by it, so that they
 * wait for no message.
 */
import { Session } from "node:inspector"
import { Socket } from "node:net"
import { parentPort } from "node:worker_threads"
import { descriptors } from "./descriptors.ts"
import * as Frames from "./frames.ts"

/** How long a process without its pool may take to finalize its layers. */
const orphanMs = 500

const pool = new Socket({ fd: descriptors.guard, readable: true, writable: true })

const send = (value: unknown): void => void pool.write(Frames.encode(value))

let beats = 0
parentPort?.on("message", () => {
  beats++
  // While the pool reads nothing, one beat is as good as many.
  if (pool.writableLength === 0) send(beats)
})

let session: Session | undefined

const startSampling = (): void => {
  session = new Session()
  session.connectToMainThread()
  session.post("Profiler.enable")
  session.post("Profiler.start")
}

const stopSampling = (id: number): void => {
  const stopped = session
  session = undefined
  stopped?.post("Profiler.stop", (error, result) => {
    stopped.disconnect()
    if (error === null) send([id, JSON.stringify(result.profile)])
  })
}

const orders = Frames.makeReader({
  onValue: (order) => {
    if (typeof order === "number") stopSampling(order)
    else startSampling()
  },
  onBroken: () => pool.destroy()
})

pool.on("data", orders.push)
pool.on("error", () => undefined)
pool.on("close", () => setTimeout(() => process.kill(process.pid, "SIGKILL"), orphanMs))
