/**
 * A worker process's ends of the pipes to and from its pool. What is written is
 * handed to the system at once, so that nothing is lost when the process exits; what
 * the pool is too slow to take waits here, and the process goes on meanwhile.
 */
import { readSync, writeSync } from "node:fs"
import { Socket } from "node:net"
import * as Frames from "./frames.ts"

/** The worker's end of a pipe to the pool. */
export interface Writer {
  readonly write: (bytes: Uint8Array) => void
  /** Waits until all is written, for so many milliseconds at most, without turning the event loop. */
  readonly flush: (withinMs: number) => void
}

/** How often a full pipe is tried again in the turns that follow, before it is tried each millisecond. */
const eagerTries = 20

export const makeWriter = (fd: number): Writer => {
  // A socket that is used for nothing: to open it makes the pipe one that does not block.
  const socket = new Socket({ fd, readable: false, writable: true })
  socket.on("error", () => undefined)
  socket.unref()
  let waiting: Array<Uint8Array> = []
  let offset = 0
  let tries = 0
  let isScheduled = false

  /** Whether nothing is left. */
  const drain = (): boolean => {
    while (true) {
      const bytes = waiting[0]
      if (bytes === undefined) return true
      try {
        offset += writeSync(fd, bytes, offset)
      } catch (error) {
        if (isFull(error)) return false
        // Nobody reads any more.
        waiting = []
        offset = 0
        return true
      }
      if (offset < bytes.length) continue
      waiting.shift()
      offset = 0
      tries = 0
    }
  }

  const retry = (): void => {
    isScheduled = false
    if (!drain()) schedule()
  }

  const schedule = (): void => {
    if (isScheduled) return
    isScheduled = true
    if (tries++ < eagerTries) setImmediate(retry)
    else setTimeout(retry, 1)
  }

  return {
    write: (bytes) => {
      waiting.push(bytes)
      if (!isScheduled && !drain()) schedule()
    },
    flush: (withinMs) => {
      const until = performance.now() + withinMs
      const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
      while (!drain() && performance.now() < until) Atomics.wait(never, 0, 0, 1)
    }
  }
}

const isFull = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "EAGAIN"

/** The first value on a pipe that nothing was read from yet, waited for; `undefined` where the pool has gone. */
export const readFirst = (fd: number): unknown => {
  const header = readExactly(fd, Frames.headerBytes)
  const length = header && Frames.lengthOf(header)
  const body = length === undefined ? undefined : readExactly(fd, length)
  return body && Frames.decode(body)
}

const readExactly = (fd: number, length: number): Buffer | undefined => {
  const bytes = Buffer.allocUnsafe(length)
  let size = 0
  while (size < length) {
    const read = readSync(fd, bytes, size, length - size, null)
    if (read === 0) return undefined
    size += read
  }
  return bytes
}
