/**
 * The `causeway` command line: its commands, and how the process ends.
 *
 * **Example** (What `bin.ts` does)
 *
 * ```ts no-run
 * import { main } from "@causeway/cli/Main"
 *
 * main(["serve", "--port", "0"])
 * ```
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Ending from "./internal/ending.ts"
import * as Log from "./internal/log.ts"
import { problemOf } from "./internal/problem.ts"
import * as Serve from "./internal/serve.ts"
import { Told } from "./internal/told.ts"

/** Runs a command line, and ends the process: with 0 when it is done or was told to end, with 1 when it failed. */
export const main = (args: ReadonlyArray<string>): void => {
  Ending.install()
  const flags = Serve.plainFlags(args)
  const program =
    flags === undefined
      ? Effect.flatMap(
          Effect.promise(() => import("./internal/commands.ts")),
          (Commands) => Commands.run(args)
        )
      : Serve.run(flags)
  NodeRuntime.runMain(Effect.provide(program, Log.layer), {
    disableErrorReporting: true,
    teardown: (exit, onExit) => {
      if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return onExit(0)
      const error = Cause.squash(exit.cause)
      if (!(error instanceof Told)) process.stderr.write(`causeway: ${problemOf(error)}\n`)
      onExit(1)
    }
  })
}
