/**
 * A worker process's way to its pool.
 */
import { Socket } from "node:net"
import { descriptors } from "./descriptors.ts"
import * as Frames from "./frames.ts"
import type { Port } from "./host.ts"
import type { Writer } from "./pipe.ts"
import { type Post, toWorker, type ToWorker } from "./wire.ts"

/** Reads what the pool sends from now on. */
export const open = (writer: Writer, token: number, beat: () => void): Port => ({
  moves: false,
  post: (messages) => {
    const post: Post = [token, messages]
    writer.write(Frames.encode(post))
  },
  listen: (listener) => {
    const socket = new Socket({ fd: descriptors.toWorker, readable: true, writable: false })
    const reader = Frames.makeReader({
      // Only the pool writes here.
      onValue: (messages) => listener(messages as ReadonlyArray<ToWorker>),
      onBroken: (error) => {
        throw error
      }
    })
    socket.on("data", reader.push)
    // The pool's process has gone: what was built is finalized while there is time.
    socket.on("close", () => listener([[toWorker.stop]]))
    socket.on("error", () => undefined)
  },
  beat
})
