/**
 * A worker thread as an isolate.
 */
import { Worker } from "node:worker_threads"
import * as Isolate from "./isolate.ts"
import { innermostFrames } from "./sample.ts"
import type { Boot } from "./wire.ts"

/** Starts a thread. Its samples need Node 24.8. */
export const start: Isolate.Start = (options, listener) => {
  const heartbeat = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const { receive, token } = Isolate.makeReceiver(listener)
  const boot: Boot = { causeway: { ...options.boot, heartbeat: heartbeat.buffer, token }, data: options.data }
  const worker = new Worker(options.entry, {
    name: options.name,
    workerData: boot,
    stderr: true,
    resourceLimits: { maxYoungGenerationSizeMb: Isolate.youngMb, ...options.resourceLimits },
    ...(options.env === undefined ? {} : { env: { ...process.env, ...options.env } })
  })
  const tail = Isolate.makeTail()
  let profile: ReturnType<Worker["startCpuProfile"]> | undefined
  worker.stderr.setEncoding("utf8")
  worker.stderr.on("data", (text: string) => {
    tail.push(text)
    process.stderr.write(text)
  })
  worker.on("message", receive)
  worker.on("messageerror", (error) => listener.onError(error))
  worker.on("error", (error) => listener.onError(error))
  worker.on("exit", (exitCode) => listener.onExit({ exitCode, signal: undefined }))
  return {
    moves: true,
    post: (messages, transfers) => worker.postMessage(messages, transfers),
    heartbeat: () => Atomics.load(heartbeat, 0),
    stderr: tail.read,
    terminate: () => void worker.terminate(),
    startSampling: () => {
      if (typeof worker.startCpuProfile !== "function" || profile !== undefined) return
      profile = worker.startCpuProfile()
      // A thread that ends before it was asked again rejects this, which is no news.
      profile.catch(() => undefined)
    },
    stopSampling: async () => {
      const running = profile
      profile = undefined
      if (running === undefined) return []
      return Isolate.soon(running.then(async (handle) => innermostFrames(await handle.stop())).catch(() => []))
    }
  }
}
