// A model that answers many questions in the time of one, in a worker thread: npx tsx examples/batching.ts
// Each caller makes one call; the handler gets up to 32 at once. A bad one fails alone.
import * as Batch from "@causeway/core/Batch"
import * as Contract from "@causeway/core/Contract"
import * as WorkerEntry from "@causeway/workers/WorkerEntry"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"

class Unknown extends Schema.TaggedError<Unknown>("example/Unknown")("Unknown", { word: Schema.String }) {}

// 64 calls may be in a worker: while a batch of 32 runs, the next one is there already.
const Rate = Rpc.make("rate", {
  payload: { word: Schema.String },
  success: Schema.Struct({ score: Schema.Finite, batchSize: Schema.Finite }),
  error: Schema.Union([Unknown, Batch.BatchError])
}).annotate(Contract.Concurrency, 64)

class Ratings extends Contract.Service<Ratings>()("example/Ratings", Rate) {}

// A model call takes 20 ms, however many words it is given.
const rate = Batch.make(
  (payloads: Batch.Payloads<typeof Rate>) =>
    Effect.delay(
      Effect.sync(() =>
        payloads.map(({ word }) =>
          word === ""
            ? Exit.fail(new Unknown({ word }))
            : Exit.succeed({ score: word.length, batchSize: payloads.length })
        )
      ),
      "20 millis"
    ),
  { maxSize: 32, maxWait: "10 millis" }
)

const handlers = Ratings.toLayer(Effect.map(rate, (rate) => ({ rate })))
if (WorkerEntry.isWorker) WorkerEntry.run(handlers)

const program = Effect.gen(function* () {
  const ratings = yield* Ratings
  const words = ["causeway", "", ...Array.from({ length: 62 }, (_, n) => "x".repeat(n + 1))]
  const one = (word: string) =>
    ratings.rate({ word }).pipe(
      Effect.map(({ batchSize, score }) => ({ text: `a score of ${score}`, batchSize })),
      Effect.catchTag("Unknown", () => Effect.succeed({ text: "refused", batchSize: 0 }))
    )
  const answers = yield* Effect.forEach(words, one, { concurrency: "unbounded" })
  yield* Console.log(`"causeway": ${answers[0]?.text}; "": ${answers[1]?.text}`)
  yield* Console.log(`${answers.length} calls, batches of up to ${Math.max(...answers.map((a) => a.batchSize))}`)
})

const live = WorkerPool.layer(Ratings, { entry: new URL(import.meta.url), size: 1, spare: 0 })
if (!WorkerEntry.isWorker) await Effect.runPromise(Effect.provide(program, live))
