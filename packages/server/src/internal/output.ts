/**
 * Lines to the standard output, gathered for a turn of the event loop: a write for each
 * would cost more than all the rest of a line.
 */
import type { Writable } from "node:stream"

/** Takes a line; it is made only where it is wanted, and is told how many were left out before it. */
export type Output = (line: (dropped: number) => string) => void

/** How much may wait to be read, in bytes. More is not kept. */
const mostWaiting = 1024 * 1024

/** To a function at once, else to the standard output. */
export const of = (write: ((line: string) => unknown) | undefined): Output =>
  write === undefined ? to(process.stdout) : (line) => void write(line(0))

/** To a stream, as far as it is read. */
export const to = (stream: Writable): Output => {
  let waiting: Array<string> = []
  let dropped = 0
  const flush = () => {
    const lines = waiting
    waiting = []
    stream.write(`${lines.join("\n")}\n`)
  }
  return (line) => {
    if (stream.writableLength > mostWaiting || stream.destroyed) {
      dropped++
      return
    }
    if (waiting.length === 0) setImmediate(flush)
    waiting.push(line(dropped))
    dropped = 0
  }
}
