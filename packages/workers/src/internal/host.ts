/**
 * What a pool started this code in, and how to speak with the pool from there.
 */
import { type MessagePort, parentPort, workerData } from "node:worker_threads"
import * as Channel from "./channel.ts"
import type { Transfers } from "./outbox.ts"
import { type BootOptions, type FromWorker, isBoot, type Post, type ToWorker } from "./wire.ts"

/** The worker's end of the way to its pool. */
export interface Port {
  /** Whether a post gives memory away. */
  readonly moves: boolean
  /** Throws where a message cannot be cloned. Where memory cannot be given away, it is copied. */
  readonly post: (messages: ReadonlyArray<FromWorker>, transfers: Transfers) => void
  readonly listen: (listener: (messages: ReadonlyArray<ToWorker>) => void) => void
  /** The event loop turned. */
  readonly beat: () => void
}

/** A thread or a process that a pool started. */
export interface Host {
  readonly boot: BootOptions
  readonly data: unknown
  /** Once: from now on this code is responsible for what is thrown outside of any call. */
  readonly open: () => Port
}

/** By the global registry, since the entry may have a copy of this package of its own. */
const key = Symbol.for("@causeway/workers/Host")

/** Makes a host the one that an entry will find. */
export const provide = (host: Host): void => void Reflect.set(globalThis, key, host)

/** The host of this thread or process; `undefined` where no pool started it. */
export const current = (): Host | undefined => {
  // Nobody else writes under this key.
  const provided = Reflect.get(globalThis, key) as Host | undefined
  if (provided !== undefined) return provided
  if (parentPort === null || !isBoot(workerData)) return undefined
  const { causeway, data } = workerData
  const own = parentPort
  return {
    boot: causeway,
    data,
    open: () => {
      const { heartbeat, port, together, token = 0 } = causeway
      if (port === undefined) throw new Error("the worker's port to its pool was taken before")
      // Code of a handler may look at what its thread was started with.
      delete causeway.token
      delete causeway.port
      // Closed by code of a handler, by which a thread is asked to end: the port to the pool would keep it alive.
      own.on("close", onClosed)
      return threadPort(port, together, token, new Int32Array(heartbeat))
    }
  }
}

/** The pool never closes a port: the calls that run could not be answered any more. */
const onClosed = (): void => {
  process.stderr.write("the worker's port to its pool was closed\n")
  process.exit(1)
}

const threadPort = (
  port: MessagePort,
  together: number,
  token: number,
  heartbeat: Int32Array<SharedArrayBuffer>
): Port => ({
  moves: true,
  post: (messages, transfers) => {
    const post: Post = [token, messages]
    port.postMessage(post, transfers)
  },
  listen: (listener) => {
    Channel.listen(port, together, {
      onPost: (post) => {
        // Only the pool has the other end.
        const messages = post as ReadonlyArray<ToWorker>
        listener(messages)
        return messages.length
      },
      // A call that cannot be read cannot be answered by its id: the worker ends, and its calls with it.
      onUnreadable: (error) => {
        throw error
      }
    })
    port.on("close", onClosed)
  },
  beat: () => void Atomics.add(heartbeat, 0, 1)
})
