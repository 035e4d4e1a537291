/**
 * What ends the process before it is done: a second signal, and what nobody has
 * caught.
 */
import { constants } from "node:os"
import { problemOf } from "./problem.ts"

/** Has to come before whatever reacts to the first signal. */
export const install = (): void => {
  let isEnding = false
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      // A shell's way to say which signal it was.
      if (isEnding) process.exit(128 + constants.signals[signal])
      isEnding = true
      process.stderr.write("causeway: ending; requests in flight may finish (once more to end at once)\n")
    })
  }
  // Rejections that nobody handles arrive here as well. Node would show them with all that they say.
  process.on("uncaughtException", (error) => {
    process.stderr.write(`causeway: ${problemOf(error)}\n`)
    process.exit(1)
  })
  // A reader that has left is no reason to end.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error
    })
  }
}
