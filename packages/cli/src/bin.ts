#!/usr/bin/env node
// The program of the command. It imports nothing of its own before it has looked at Node's version, since the rest
// cannot be loaded by an old one.
import module from "node:module"
import process from "node:process"

/** There is nothing yet that would have to end well. */
const end = (): void => process.exit(0)

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)

if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`causeway: needs Node 22.19 or newer, this is Node ${process.versions.node}\n`)
  process.exitCode = 1
} else {
  // Saves a third of the start, and in the repository most of what stripping types costs. Workers read the variable.
  const { directory } = module.enableCompileCache()
  if (directory !== undefined) process.env["NODE_COMPILE_CACHE"] ??= directory
  // The first process of a container would not hear a signal that comes before the command listens to it.
  process.on("SIGINT", end).on("SIGTERM", end)
  // To a server it says that its configuration is another one, and none has been read so far.
  if (process.argv[2] === "serve") process.on("SIGHUP", () => {})
  const { main } = await import("./Main.ts")
  main(process.argv.slice(2))
  process.off("SIGINT", end).off("SIGTERM", end)
}
