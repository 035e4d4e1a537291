/**
 * The program of a worker process: reads what it was started with, runs the entry,
 * and tells the pool what is thrown before the entry serves.
 */
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"
import { descriptors } from "./descriptors.ts"
import * as Frames from "./frames.ts"
import * as Host from "./host.ts"
import type * as Lossless from "./lossless.ts"
import * as Pipe from "./pipe.ts"
import type { ProcessBoot } from "./process.ts"
import * as ProcessPort from "./processPort.ts"
import { fromWorker, type Post } from "./wire.ts"

/** How long an exit waits for a pool that is slow to read what was sent before. */
const flushMs = 2000
/** In MB: the guard does next to nothing. */
const guardLimits = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2 }

const main = async ({ boot, data, entry, name, token }: ProcessBoot): Promise<void> => {
  process.title = name
  if (entry.startsWith("file:")) process.argv[1] = fileURLToPath(entry)
  // Terminals and service managers send these to all processes of a group: what comes of them is up to the pool's.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined)

  const guard = new Worker(guardProgram, {
    name: "causeway guard",
    execArgv: [],
    env: {},
    resourceLimits: guardLimits
  })
  guard.unref()

  const writer = Pipe.makeWriter(descriptors.toPool)
  process.on("exit", () => writer.flush(flushMs))

  const die = (kind: typeof fromWorker.bootFailed | typeof fromWorker.uncaught, error: unknown): never => {
    try {
      const post: Post = [token, [[kind, loadLossless().make(undefined).toWire(error)]]]
      writer.write(Frames.encode(post))
    } finally {
      process.exit(1)
    }
  }
  const onUncaught = (error: unknown): void => die(fromWorker.uncaught, error)
  process.on("uncaughtException", onUncaught)

  Host.provide({
    boot,
    data,
    open: () => {
      process.off("uncaughtException", onUncaught)
      return ProcessPort.open(writer, token, () => guard.postMessage(undefined))
    }
  })
  await import(entry).catch((error: unknown) => die(fromWorker.bootFailed, error))
}

/**
 * Only now, since it brings most of effect, which a bundled entry has a copy of its own of: without it this program is
 * there at once. And in the same turn, since after an error nothing else shall run.
 */
const loadLossless = (): typeof Lossless => createRequire(import.meta.url)(losslessModule)

const losslessModule = import.meta.url.endsWith(".ts") ? "./lossless.ts" : "./lossless.js"

const guardProgram = import.meta.url.endsWith(".ts")
  ? new URL("./processGuard.ts", import.meta.url)
  : new URL("./processGuard.js", import.meta.url)

const first = Pipe.readFirst(descriptors.toWorker)
// Where there is none, the pool's process went before this one was there.
if (first !== undefined) await main(first as ProcessBoot)
