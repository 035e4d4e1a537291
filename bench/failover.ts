/**
 * How long a fault of a worker is felt: from the call that brings it about to its
 * typed error, and to the first success of a call made then, by threads and by
 * processes, with a spare that is ready. On the other worker calls go on all the time;
 * where one of them fails, so does this.
 *
 * `npx node bench/failover.ts`; RUNS (default 10) shortens it.
 */
import { loadavg } from "node:os"
import { BoundaryError } from "@causeway/core/BoundaryError"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Stream from "effect/Stream"
import { type Fault, Matrix, type Script } from "../test/full/fixtures/matrixContract.ts"

const runs = Number(process.env["RUNS"] ?? 10)
const unresponsiveMs = 500

type Isolation = "thread" | "process"

/** What one run showed; times in milliseconds. */
interface Run {
  readonly toError: number
  readonly toSuccess: number
  readonly elsewhere: number
  readonly failedElsewhere: number
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)

const isFull = ({ workers }: WorkerPool.Status): boolean =>
  workers.length === 3 && workers.every(({ state }) => state === "ready" || state === "spare")

/** One fault in a pool that is whole. */
const once = (fault: Fault) =>
  Effect.gen(function* () {
    const matrix = yield* Matrix
    const pool = yield* WorkerPool.WorkerPool
    yield* Stream.runDrain(Stream.takeUntil(pool.changes, isFull))
    const beside = { calls: 0, failed: new Set<string>(), isOver: false }
    const call = matrix.run({ id: "", fault: "none", ms: 0 })
    const caller = Effect.gen(function* () {
      while (!beside.isOver) {
        const error = yield* Effect.match(matrix.run({ id: "", fault: "none", ms: 1 }), {
          onFailure: (error) => error,
          onSuccess: () => undefined
        })
        beside.calls++
        if (error !== undefined) beside.failed.add(error instanceof BoundaryError ? error.boundary : error._tag)
      }
    })
    const callers = yield* Effect.forkChild(
      Effect.all(
        Array.from({ length: 4 }, () => caller),
        { concurrency: 4 }
      )
    )
    yield* Effect.sleep("50 millis")
    const start = performance.now()
    const error = yield* Effect.flip(matrix.run({ id: "", fault, ms: 0 }))
    const toError = performance.now() - start
    yield* call
    const toSuccess = performance.now() - start
    beside.isOver = true
    yield* Fiber.join(callers)
    if (!(error instanceof BoundaryError)) return yield* Effect.die(new Error(`not typed: ${String(error)}`))
    beside.failed.delete(error.boundary)
    return { toError, toSuccess, elsewhere: beside.calls, failedElsewhere: beside.failed.size } satisfies Run
  })

const pool = (isolation: Isolation) =>
  WorkerPool.client(Matrix).pipe(
    Layer.provideMerge(
      WorkerPool.layerPool({
        entry: new URL("../test/full/fixtures/matrixWorker.ts", import.meta.url),
        isolation,
        size: 2,
        spare: 1,
        unresponsiveAfter: unresponsiveMs,
        data: { ledger: "", broken: "" } satisfies Script
      })
    ),
    Layer.provide(Logger.layer([]))
  )

const shown = (values: ReadonlyArray<number>): string => {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(1)
  return `${at(0.5)} [${at(0)}-${at(1)}]`
}

const row = (isolation: Isolation, fault: Fault) =>
  Effect.gen(function* () {
    const measured: Array<Run> = []
    for (let i = 0; i < runs; i++) measured.push(yield* once(fault))
    const over = fault === "endless loop" ? unresponsiveMs : 0
    const errors = measured.map(({ toError }) => toError - over)
    const successes = measured.map(({ toSuccess }) => toSuccess - over)
    const elsewhere = measured.reduce((sum, run) => sum + run.elsewhere, 0)
    const failed = measured.reduce((sum, run) => sum + run.failedElsewhere, 0)
    if (failed > 0) process.exitCode = 1
    const name = over > 0 ? `${fault}, over \`unresponsiveAfter\` (${over} ms)` : fault
    print(`| ${isolation} | ${name} | ${shown(errors)} | ${shown(successes)} | ${failed} of ${elsewhere} |`)
  })

print(`Node ${process.version}, ${runs} runs, load average ${loadavg()[0]?.toFixed(1)}; ms, median [range]\n`)
print("| isolation | fault | typed error | next success | failed elsewhere |")
print("| --- | --- | --- | --- | --- |")
for (const isolation of ["thread", "process"] as const) {
  const faults = Effect.forEach(["exit 1", "throw in a timer", "endless loop"] as const, (fault) =>
    row(isolation, fault)
  )
  await Effect.runPromise(Effect.provide(faults, pool(isolation)))
}
