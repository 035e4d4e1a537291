/** SIGHUP, by which a server is told to read its configuration again. */
import { closeSync, openSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"

/**
 * An element for each signal; those that come while one is worked on are one. A
 * terminal that is gone sends the same signal to what it has started: that ends.
 */
export const hangups: Stream.Stream<void> = Stream.callback<void>(
  (queue) => {
    const listener = (): void => {
      if (isTerminalGone()) process.kill(process.pid, "SIGTERM")
      else Queue.offerUnsafe(queue, undefined)
    }
    return Effect.acquireRelease(
      Effect.sync(() => void process.on("SIGHUP", listener)),
      () => Effect.sync(() => void process.off("SIGHUP", listener))
    )
  },
  { bufferSize: 1, strategy: "sliding" }
)

/** Its device can be opened for as long as it is there. */
const isTerminalGone = (): boolean => {
  if (!process.stdin.isTTY) return false
  try {
    closeSync(openSync("/dev/tty", "r"))
    return false
  } catch {
    return true
  }
}
