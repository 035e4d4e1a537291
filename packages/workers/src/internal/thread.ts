/**
 * A worker thread as an isolate.
 */
import { MessageChannel, Worker } from "node:worker_threads"
import * as Channel from "./channel.ts"
import * as Isolate from "./isolate.ts"
import { innermostFrames } from "./sample.ts"
import type { Boot } from "./wire.ts"

/** Starts a thread. Its samples need Node 24.8. */
export const start: Isolate.Start = (options, listener) => {
  const heartbeat = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const { receive, token } = Isolate.makeReceiver(listener)
  const { port1: port, port2 } = new MessageChannel()
  const boot: Boot = {
    causeway: { ...options.boot, heartbeat: heartbeat.buffer, token, port: port2 },
    data: options.data
  }
  const worker = new Worker(options.entry, {
    name: options.name,
    workerData: boot,
    transferList: [port2],
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
  const channel = Channel.listen(port, options.boot.together, { onPost: receive, onUnreadable: listener.onError })
  // It keeps no process alive, which is the worker's part.
  port.unref()
  worker.on("error", (error) => {
    channel.drain()
    listener.onError(error)
  })
  worker.on("exit", (exitCode) => {
    channel.drain()
    port.close()
    listener.onExit({ exitCode, signal: undefined })
  })
  return {
    moves: true,
    post: (messages, transfers) => port.postMessage(messages, transfers),
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
