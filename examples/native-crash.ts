// Native code that takes its process down, contained by a process of its own: npx tsx examples/native-crash.ts
import { pid } from "node:process"
import * as Contract from "@causeway/core/Contract"
import * as WorkerEntry from "@causeway/workers/WorkerEntry"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"

class Images extends Contract.Service<Images>()(
  "example/Images",
  Rpc.make("resize", { payload: { file: Schema.String }, success: Schema.String }),
  Rpc.make("owner", { success: Schema.Finite })
) {}

/** Stands for a native addon that fails on one of its inputs: no `catch` sees an abort or a segmentation fault. */
const nativeResize = (file: string): string => {
  if (file === "broken.png") process.kill(process.pid, "SIGSEGV")
  return `${file}, resized`
}

const handlers = Images.toLayer({
  resize: ({ file }) =>
    Effect.delay(
      Effect.sync(() => nativeResize(file)),
      "20 millis"
    ),
  owner: () => Effect.succeed(pid)
})

const program = Effect.gen(function* () {
  const images = yield* Images
  yield* Console.log(`served by this process: ${(yield* images.owner()) === pid}`)

  const results = yield* Effect.forEach(
    ["a.png", "broken.png", "b.png", "c.png"],
    (file) =>
      Effect.catchReason(images.resize({ file }), "BoundaryError", "Crashed", ({ delivery, signal }) =>
        Effect.succeed(`${file}: its worker ended by ${signal}; ${delivery}`)
      ),
    { concurrency: "unbounded" }
  )
  for (const result of results) yield* Console.log(result)
  yield* Console.log(`afterwards: ${yield* images.resize({ file: "d.png" })}`)
})

const live = WorkerPool.layer(Images, {
  entry: new URL(import.meta.url),
  isolation: "process",
  size: 4,
  // One call a worker: a crash then costs no other call.
  concurrency: 1
})
if (WorkerEntry.isWorker) WorkerEntry.run(handlers)
else await Effect.runPromise(Effect.provide(program, live))
