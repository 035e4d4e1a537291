// Work that computes, spread over worker threads, and what ends a call that never would: npx tsx examples/cpu-pool.ts
import { threadId } from "node:worker_threads"
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Contract from "@causeway/core/Contract"
import * as WorkerEntry from "@causeway/workers/WorkerEntry"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"

// Such a call has its worker for itself: it keeps the worker's event loop busy until it ends.
class Primes extends Contract.Service<Primes>()(
  "example/Primes",
  Rpc.make("count", {
    payload: { below: Schema.Finite },
    success: Schema.Struct({ count: Schema.Finite, thread: Schema.Finite })
  }).annotate(WorkerPool.blocking, true)
) {}

const isPrime = (n: number): boolean => {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false
  return n > 1
}

const countBelow = (below: number): number => {
  let count = 0
  for (let n = 2; n < below; n++) if (isPrime(n)) count++
  return count
}

const handlers = Primes.toLayer({
  count: ({ below }) => Effect.sync(() => ({ count: countBelow(below), thread: threadId }))
})
if (WorkerEntry.isWorker) WorkerEntry.run(handlers)

const program = Effect.gen(function* () {
  const primes = yield* Primes

  const answers = yield* Effect.forEach(
    Array.from({ length: 8 }, (_, n) => 1000 * (n + 1)),
    (below) => primes.count({ below }),
    { concurrency: "unbounded" }
  )
  yield* Console.log(`primes below 1000, 2000, …: ${answers.map(({ count }) => count).join(", ")}`)
  yield* Console.log(`counted on this thread: ${answers.filter(({ thread }) => thread === threadId).length}`)

  // Nothing can interrupt a loop. Its deadline fails the call, and after its grace the worker is ended.
  const endless = primes.count({ below: Number.MAX_SAFE_INTEGER }).pipe(CallMetadata.withTimeout("200 millis"))
  yield* Effect.catchReason(endless, "BoundaryError", "DeadlineExceeded", ({ message }) => Console.log(message))
  yield* Console.log(`meanwhile: ${(yield* primes.count({ below: 100 })).count} primes below 100`)
})

const live = WorkerPool.layer(Primes, { entry: new URL(import.meta.url), size: 2, grace: "200 millis" })
if (!WorkerEntry.isWorker) await Effect.runPromise(Effect.provide(program, live))
