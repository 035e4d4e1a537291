/**
 * How long a fault of a worker is felt: from the call that brings it about to its
 * typed error, and to the first success of a call made then, by threads and by
 * processes, with a spare that is ready and without one, when the entry's start is part
 * of it: from source and bundled. On the other worker calls go on all the time; where one of
 * them fails, so does this.
 *
 * `npx node bench/failover.ts`; RUNS (default 10) shortens it.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import * as Bundle from "@causeway/cli/Bundle"
import { BoundaryError } from "@causeway/core/BoundaryError"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Stream from "effect/Stream"
import { type Fault, Matrix, type Script } from "../test/full/fixtures/matrixContract.ts"

const runs = Number(process.env["RUNS"] ?? 10)
const unresponsiveMs = 1000

type Isolation = "thread" | "process"

/** What one run showed; times in milliseconds. */
interface Run {
  readonly toError: number
  readonly toSuccess: number
  readonly elsewhere: number
  readonly failedElsewhere: number
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)

const isFull =
  (spare: number) =>
  ({ workers }: WorkerPool.Status): boolean =>
    workers.length === 1 + 2 * spare && workers.every(({ state }) => state === "ready" || state === "spare")

/** One fault in a pool that is whole. */
const once = (fault: Fault, spare: number) =>
  Effect.gen(function* () {
    const matrix = yield* Matrix
    const pool = yield* WorkerPool.WorkerPool
    yield* Stream.runDrain(Stream.takeUntil(pool.changes, isFull(spare)))
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

const folder = mkdtempSync(join(tmpdir(), "causeway-failover-"))
const source = new URL("../test/full/fixtures/matrixWorker.ts", import.meta.url)
const { out } = await Effect.runPromise(
  Bundle.make({ entry: fileURLToPath(source), out: join(folder, "worker.mjs"), minify: true })
)
const entries = { source, bundled: pathToFileURL(out) }

const pool = (isolation: Isolation, entry: URL, spare: number) =>
  WorkerPool.client(Matrix).pipe(
    Layer.provideMerge(
      WorkerPool.layerPool({
        entry,
        isolation,
        size: 1 + spare,
        spare,
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

interface Setting {
  readonly isolation: Isolation
  readonly entry: keyof typeof entries
  /** With a spare there is another worker beside; without one nothing but the start of a new one helps. */
  readonly spare: 0 | 1
}

const row = ({ entry, isolation, spare }: Setting, fault: Fault) =>
  Effect.gen(function* () {
    const measured: Array<Run> = []
    for (let i = 0; i < runs; i++) measured.push(yield* once(fault, spare))
    const over = fault === "endless loop" ? unresponsiveMs : 0
    const errors = measured.map(({ toError }) => toError - over)
    const successes = measured.map(({ toSuccess }) => toSuccess - over)
    const elsewhere = measured.reduce((sum, run) => sum + run.elsewhere, 0)
    const failed = measured.reduce((sum, run) => sum + run.failedElsewhere, 0)
    if (failed > 0) process.exitCode = 1
    const name = over > 0 ? `${fault}, over \`unresponsiveAfter\` (${over} ms)` : fault
    const cells = [isolation, entry, spare, name, shown(errors), shown(successes), `${failed} of ${elsewhere}`]
    print(`| ${cells.join(" | ")} |`)
  })

print(`Node ${process.version}, ${runs} runs, load average ${loadavg()[0]?.toFixed(1)}; ms, median [range]\n`)
print("| isolation | entry | spare | fault | typed error | next success | failed elsewhere |")
print("| --- | --- | --- | --- | --- | --- | --- |")
const settings = [
  { entry: "source", spare: 1, faults: ["exit 1", "throw in a timer", "endless loop"] },
  { entry: "source", spare: 0, faults: ["exit 1"] },
  { entry: "bundled", spare: 0, faults: ["exit 1"] }
] as const

for (const isolation of ["thread", "process"] as const) {
  for (const { entry, faults, spare } of settings) {
    const rows = Effect.forEach(faults, (fault) => row({ isolation, entry, spare }, fault))
    await Effect.runPromise(Effect.provide(rows, pool(isolation, entries[entry], spare)))
  }
}
rmSync(folder, { recursive: true })
