/**
 * One worker thread: started, posted to, listened to, ended. Knows nothing of
 * calls.
 */
import { type ResourceLimits, Worker } from "node:worker_threads"
import * as Redaction from "@causeway/core/Redaction"
import { innermostFrames } from "./sample.ts"
import type { Boot, ToWorker } from "./wire.ts"

/** How a thread is started. */
export interface Options {
  readonly entry: URL | string
  readonly name: string
  readonly resourceLimits: ResourceLimits | undefined
  /** In addition to the environment of this process. */
  readonly env: Readonly<Record<string, string>> | undefined
  readonly boot: Omit<Boot["causeway"], "heartbeat">
  readonly data: unknown
}

/** What a thread tells. */
export interface Listener {
  /** Whatever it posted, which need not be of ours. */
  readonly onMessages: (messages: unknown) => void
  /** Something was thrown outside of any call, or what it sent cannot be read. */
  readonly onError: (error: unknown) => void
  readonly onExit: (exitCode: number) => void
}

/** A running thread. */
export interface Thread {
  /** Throws where a message cannot be cloned. */
  readonly post: (messages: ReadonlyArray<ToWorker>) => void
  /** A count that grows while the thread's event loop turns. */
  readonly heartbeat: () => number
  /** The last lines that it wrote to its standard error, redacted. */
  readonly stderr: () => string
  readonly terminate: () => void
  /** Starts to look at what the thread is doing, where Node can (from 24.8). */
  readonly startSampling: () => void
  /** What it was seen doing, innermost function first. Empty where that is not known. */
  readonly stopSampling: () => Promise<ReadonlyArray<string>>
}

const stderrChars = 8 * 1024
const stderrLines = 20
/** How long a profile may take to arrive: nobody waits longer for a failure that is certain. */
const sampleMs = 100

/**
 * Half of what V8 lets young objects take. Calls are short, so that a larger space brings nothing that can be
 * measured, and under load each worker fills all that it may have.
 */
const youngMb = 24

/** Starts a thread. Throws where Node refuses to, such as for data that cannot be cloned. */
export const start = (options: Options, listener: Listener): Thread => {
  const heartbeat = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const boot: Boot = { causeway: { ...options.boot, heartbeat: heartbeat.buffer }, data: options.data }
  const worker = new Worker(options.entry, {
    name: options.name,
    workerData: boot,
    stderr: true,
    resourceLimits: { maxYoungGenerationSizeMb: youngMb, ...options.resourceLimits },
    ...(options.env === undefined ? {} : { env: { ...process.env, ...options.env } })
  })
  let tail = ""
  let profile: ReturnType<Worker["startCpuProfile"]> | undefined
  worker.stderr.setEncoding("utf8")
  worker.stderr.on("data", (text: string) => {
    // Twice what is shown, so that what is cut off in the middle of a secret is not shown.
    tail = (tail + text).slice(-2 * stderrChars)
    process.stderr.write(text)
  })
  worker.on("message", (messages: unknown) => listener.onMessages(messages))
  worker.on("messageerror", (error) => listener.onError(error))
  worker.on("error", (error) => listener.onError(error))
  worker.on("exit", (exitCode) => listener.onExit(exitCode))
  return {
    post: (messages) => worker.postMessage(messages),
    heartbeat: () => Atomics.load(heartbeat, 0),
    stderr: () => Redaction.text(tail.trimEnd()).slice(-stderrChars).split("\n").slice(-stderrLines).join("\n"),
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
      const frames = running.then(async (handle) => innermostFrames(await handle.stop())).catch(() => [])
      let timer: ReturnType<typeof setTimeout> | undefined
      const tooLate = new Promise<[]>((resolve) => {
        timer = setTimeout(resolve, sampleMs, [])
      })
      return Promise.race([frames, tooLate]).finally(() => clearTimeout(timer))
    }
  }
}
