/**
 * Everything that takes workers down, in every situation in which it can: calls on
 * other workers are not touched, each call ends once and in time, the next one
 * succeeds, nothing runs twice, and nothing is left when the pool is closed.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { BoundaryError } from "@causeway/core/BoundaryError"
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Disposition from "@causeway/core/Disposition"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import { afterAll, assert, beforeAll, describe, it, vi } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { type Fault, Matrix, type Script } from "./fixtures/matrixContract.ts"

type Isolation = "thread" | "process"

/** A fault of a call, or of the entry of the worker that is to replace one. */
type Kind = Exclude<Fault, "none"> | "entry that throws" | "entry that never gets ready"

interface Row {
  readonly kind: Kind
  /** What the call that does it gets, as text; see {@link shown}. */
  readonly expected: Readonly<Record<Isolation, RegExp | undefined>>
  /** Whether the calls beside it on its worker go down with it. */
  readonly isFatal: boolean
}

const both = (expected: RegExp) => ({ thread: expected, process: expected })

const rows: ReadonlyArray<Row> = [
  { kind: "exit 0", expected: both(/^Crashed may-have-run exitCode 0/), isFatal: true },
  { kind: "exit 1", expected: both(/^Crashed may-have-run exitCode 1/), isFatal: true },
  { kind: "throw in a timer", expected: both(/^Crashed .* cause RangeError: thrown in a timer/), isFatal: true },
  { kind: "rejected promise", expected: both(/^Crashed .* cause RangeError: nobody awaited this/), isFatal: true },
  { kind: "out of memory", expected: both(/^Crashed .* cause .*memory/i), isFatal: true },
  { kind: "endless loop", expected: both(/^Unresponsive may-have-run/), isFatal: true },
  { kind: "synchronous sleep", expected: both(/^Unresponsive may-have-run/), isFatal: true },
  // Both would end the whole process that the thread is in.
  { kind: "native abort", expected: { thread: undefined, process: /^Crashed .* signal SIGABRT/ }, isFatal: true },
  { kind: "SIGKILL", expected: { thread: undefined, process: /^Crashed .* signal SIGKILL/ }, isFatal: true },
  { kind: "entry that throws", expected: both(/^Crashed may-have-run exitCode 1/), isFatal: true },
  { kind: "entry that never gets ready", expected: both(/^Crashed may-have-run exitCode 1/), isFatal: true },
  { kind: "unencodable success", expected: both(/^Undecodable may-have-run/), isFatal: false },
  { kind: "unencodable error", expected: both(/^Undecodable may-have-run/), isFatal: false },
  { kind: "ignored interruption", expected: both(/^DeadlineExceeded may-have-run/), isFatal: true },
  { kind: "100 MB message", expected: both(/^100 MB/), isFatal: false }
]

/** Within this each call ends, on however busy a machine. */
const bound = "30 seconds"

/** How a call ended. */
interface Ended {
  readonly id: string
  readonly outcome: "success" | "failure" | "late"
  /** What it is, as text. */
  readonly shown: string
  /** Of a failure. */
  readonly boundary: string | undefined
  readonly isSent: boolean
}

const shown = (error: unknown): string => {
  if (!(error instanceof BoundaryError)) return String(error)
  const { reason } = error
  const parts: Array<unknown> = [reason._tag, Disposition.of(error)?.delivery]
  if (reason._tag !== "Crashed") return parts.join(" ")
  if (reason.exitCode !== undefined) parts.push(`exitCode ${reason.exitCode}`)
  if (reason.signal !== undefined) parts.push(`signal ${reason.signal}`)
  if (reason.cause !== undefined) parts.push(`cause ${String(reason.cause)}`)
  return parts.join(" ")
}

const sizeOf = (bytes: Uint8Array | undefined): string => (bytes === undefined ? "" : `${bytes.length >> 20} MB`)

const isFull = ({ workers }: WorkerPool.Status): boolean =>
  workers.length === 3 && workers.every(({ state }) => state === "ready" || state === "spare")

const replaced = ({ restarts }: WorkerPool.Status): number => restarts.crashed + restarts.unresponsive

const inFlight = (others: ReadonlyArray<Effect.Effect<Ended>>, culprit: Effect.Effect<Ended>) =>
  Effect.all([Effect.all(others, { concurrency: "unbounded" }), culprit], { concurrency: "unbounded" })

const times = (count: number, self: Effect.Effect<Ended>) => Array.from({ length: count }, () => self)

/** A pool in which one fault happens again and again. */
const scene = ({ expected, isFatal, kind }: Row, isolation: Isolation, wrong: Array<string>) =>
  Effect.gen(function* () {
    const directory = mkdtempSync(join(tmpdir(), "causeway-"))
    yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(directory, { recursive: true })))
    const script: Script = { ledger: join(directory, "ledger"), broken: join(directory, "broken") }
    writeFileSync(script.ledger, "")
    const ended: Array<Ended> = []
    let lastId = 0

    yield* Effect.gen(function* () {
      const matrix = yield* Matrix
      const pool = yield* WorkerPool.WorkerPool
      const breaksEntry = kind === "entry that throws" || kind === "entry that never gets ready"
      const fault: Fault = breaksEntry ? "exit 1" : kind
      const isIgnored = kind === "ignored interruption"
      const pattern = expected[isolation]

      /** Runs a call, and notes how it ended. */
      const call = <A, E>(run: (id: string) => Effect.Effect<A, E>, timeout: "300 millis" | "3 seconds" | "1 minute") =>
        Effect.suspend(() => {
          const id = String(++lastId)
          return run(id).pipe(
            CallMetadata.withTimeout(timeout),
            Effect.exit,
            Effect.timeoutOption(bound),
            Effect.map((exit): Ended => {
              if (Option.isNone(exit)) {
                return { id, outcome: "late", shown: "late", boundary: undefined, isSent: true }
              }
              if (Exit.isSuccess(exit.value)) {
                return { id, outcome: "success", shown: String(exit.value.value), boundary: undefined, isSent: true }
              }
              const error = Cause.squash(exit.value.cause)
              const isBoundary = error instanceof BoundaryError
              return {
                id,
                outcome: "failure",
                shown: shown(error),
                boundary: isBoundary ? error.boundary : undefined,
                isSent: !isBoundary || Disposition.of(error)?.delivery !== "not-sent"
              }
            }),
            Effect.tap((one) => Effect.sync(() => void ended.push(one)))
          )
        })

      const patience = isIgnored ? "3 seconds" : "1 minute"
      const good = (ms = 0) =>
        call((id) => Effect.map(matrix.run({ id, fault: "none", ms }), ({ worker }) => worker), patience)
      const bad = (ms = 0) =>
        call(
          (id) => Effect.map(matrix.run({ id, fault, ms }), ({ bytes, worker }) => sizeOf(bytes) || worker),
          isIgnored ? "300 millis" : "1 minute"
        )
      const later = call((id) => Effect.map(matrix.later({ id, fault }), ({ worker }) => worker), "1 minute")
      const goodBatch = call(
        (id) => Effect.map(matrix.batched({ id, fault: "none" }), ({ worker }) => worker),
        patience
      )
      const badBatch = call(
        (id) => Effect.map(matrix.batched({ id, fault }), ({ bytes, worker }) => sizeOf(bytes) || worker),
        isIgnored ? "300 millis" : "1 minute"
      )

      const until = (what: string, predicate: (status: WorkerPool.Status) => boolean) =>
        Stream.takeUntil(pool.changes, predicate).pipe(
          Stream.runDrain,
          Effect.timeoutOrElse({
            duration: "30 seconds",
            orElse: () => Effect.map(pool.status, (status) => void wrong.push(`${what}: ${JSON.stringify(status)}`))
          })
        )

      /** The call that did it got what it should; of the others, only those on its worker failed. */
      const judge = (situation: string, culprit: Ended, others: ReadonlyArray<Ended>): void => {
        if (pattern !== undefined && !pattern.test(culprit.shown)) {
          wrong.push(`${situation}: it got ${culprit.shown}`)
        }
        for (const { boundary, outcome, shown } of others) {
          if (outcome === "success" || (isFatal && outcome === "failure" && boundary === culprit.boundary)) continue
          wrong.push(`${situation}: a call beside it got ${shown} at ${boundary}; it was at ${culprit.boundary}`)
        }
        if (others.length > 0 && !others.some(({ outcome }) => outcome === "success")) {
          wrong.push(`${situation}: all calls beside it failed`)
        }
      }

      const situations = {
        idle: Effect.gen(function* () {
          if (!isFatal || isIgnored) return judge("idle", yield* bad(), [])
          const before = replaced(yield* pool.status)
          const { outcome, shown } = yield* later
          if (outcome !== "success") wrong.push(`idle: the call before got ${shown}`)
          yield* until("idle: not replaced", (status) => replaced(status) > before)
        }),
        "one in flight": Effect.gen(function* () {
          const [others, culprit] = yield* inFlight([good(200)], bad())
          judge("one in flight", culprit, others)
        }),
        "64 in flight": Effect.gen(function* () {
          const [others, culprit] = yield* inFlight(times(63, good(150)), bad(20))
          judge("64 in flight", culprit, others)
          const failed = others.filter(({ outcome }) => outcome !== "success").length
          if (failed > 32) wrong.push(`64 in flight: ${failed} calls beside it failed`)
        }),
        streaming: Effect.gen(function* () {
          const elements: Array<number> = []
          const whole = call(
            (id) =>
              Effect.map(Stream.runCollect(matrix.stream({ id, fault: "none", to: 60 })), (all) => {
                if (all.length !== 60) wrong.push(`streaming: the stream beside it gave ${all.length} elements`)
              }),
            "1 minute"
          )
          const cut = call((id) => {
            const stream = matrix.stream({ id, fault, to: 60 })
            return Stream.runFold(
              isIgnored ? Stream.take(stream, 3) : stream,
              () => "",
              (last, element) => {
                if (typeof element !== "number") return sizeOf(element)
                elements.push(element)
                return last
              }
            )
          }, "1 minute")
          const [others, culprit] = yield* inFlight([whole], cut)
          // Nobody waits for more than it took.
          if (isIgnored) givenUp.add(culprit.id)
          else judge("streaming", culprit, others)
          if (elements.some((element, index) => element !== index + 1)) {
            wrong.push(`streaming: it gave ${elements.join(", ")}`)
          }
        }),
        batching: Effect.gen(function* () {
          const [others, culprit] = yield* inFlight(times(15, goodBatch), badBatch)
          judge("batching", culprit, others)
        }),
        draining: Effect.gen(function* () {
          const fibers = yield* Effect.forkChild(inFlight([good(200)], bad()), { startImmediately: true })
          const drained = yield* Effect.forkChild(Effect.timeoutOption(pool.drain, bound), { startImmediately: true })
          const refused = yield* good()
          if (refused.shown !== "Draining not-sent") wrong.push(`draining: a new call got ${refused.shown}`)
          const [others, culprit] = yield* Fiber.join(fibers)
          judge("draining", culprit, others)
          if (Option.isNone(yield* Fiber.join(drained))) wrong.push("draining: it did not end")
        })
      }

      const givenUp = new Set<string>()
      for (const [situation, cell] of Object.entries(situations)) {
        if (breaksEntry) writeFileSync(script.broken, kind === "entry that throws" ? "throws" : "never gets ready")
        if (situation !== "draining") {
          // A worker that starts by now is not one that replaces another.
          rmSync(script.broken, { force: true })
          yield* until(`before ${situation}: not full`, isFull)
          if (breaksEntry) writeFileSync(script.broken, kind === "entry that throws" ? "throws" : "never gets ready")
        }
        yield* cell
        if (situation === "draining") break
        const next = yield* good()
        if (next.outcome !== "success") wrong.push(`${situation}: the next call got ${next.shown}`)
      }

      // As many ends as there were calls; those that were refused, or given up, have none to be measured.
      const measured = (yield* Metric.snapshot).reduce(
        (sum, { id, state }) =>
          id === "causeway.workers.call.duration" && "count" in state ? sum + Number(state.count) : sum,
        0
      )
      const calls = ended.filter(({ id, shown }) => !shown.startsWith("Draining") && !givenUp.has(id)).length
      if (measured !== calls) wrong.push(`${measured} ends of ${calls} calls`)
    }).pipe(
      Effect.provide(
        WorkerPool.client(Matrix).pipe(
          Layer.provideMerge(
            WorkerPool.layerPool({
              entry: new URL("./fixtures/matrixWorker.ts", import.meta.url),
              isolation,
              size: 2,
              spare: 1,
              concurrency: 64,
              // Filling the memory stands in the way of the event loop as well, the longer the busier the machine.
              unresponsiveAfter: kind === "out of memory" ? "20 seconds" : "1500 millis",
              grace: "300 millis",
              startWithin: kind === "entry that never gets ready" ? "6 seconds" : "30 seconds",
              data: script,
              ...(kind === "out of memory" && { resourceLimits: { maxOldGenerationSizeMb: 64 } })
            })
          )
        )
      )
    )

    const runs = new Map<string, number>()
    for (const id of readFileSync(script.ledger, "utf8").split("\n")) runs.set(id, (runs.get(id) ?? 0) + 1)
    for (const { id, isSent, outcome, shown } of ended) {
      const count = runs.get(id) ?? 0
      if (outcome === "late") wrong.push(`call ${id} did not end`)
      if (count > 1) wrong.push(`call ${id}, which got ${shown}, ran ${count} times`)
      if (outcome === "success" && count !== 1) wrong.push(`call ${id} succeeded and ran ${count} times`)
      if (!isSent && count !== 0) wrong.push(`call ${id}, which was not sent, ran`)
    }
  }).pipe(Effect.scoped, Effect.provide(Logger.layer([])), Effect.provideService(Metric.MetricRegistry, new Map()))

/** What a pool could leave behind. */
const leftovers = () => ({
  handles: process
    .getActiveResourcesInfo()
    .filter((name) => /Worker|MessagePort|Process|Pipe/.test(name))
    .toSorted(),
  children: childrenOf(process.pid),
  listeners: Object.fromEntries(process.eventNames().map((name) => [String(name), process.listenerCount(name)]))
})

/** The processes that a process has started and that live, where the system tells. */
const childrenOf = (pid: number): ReadonlyArray<string> => {
  const tasks = `/proc/${pid}/task`
  if (!existsSync(tasks)) return []
  return readdirSync(tasks).flatMap((task) => {
    try {
      return readFileSync(join(tasks, task, "children"), "utf8")
        .split(" ")
        .filter(Boolean)
    } catch {
      return []
    }
  })
}

describe("fault matrix", { timeout: 180_000 }, () => {
  let before: ReturnType<typeof leftovers>
  beforeAll(() => {
    before = leftovers()
  })

  for (const row of rows) {
    it.live(`${row.kind}: idle, one in flight, 64 in flight, streaming, batching, draining`, () =>
      Effect.gen(function* () {
        const wrong: Record<Isolation, Array<string>> = { thread: [], process: [] }
        const scenes = (["thread", "process"] as const)
          .filter((isolation) => row.expected[isolation] !== undefined)
          .map((isolation) => scene(row, isolation, wrong[isolation]))
        yield* Effect.all(scenes, { concurrency: "unbounded" })
        assert.deepStrictEqual(wrong, { thread: [], process: [] })
      })
    )
  }

  // The system takes a moment to say that a process is gone.
  afterAll(() => vi.waitFor(() => assert.deepStrictEqual(leftovers(), before), { timeout: 10_000, interval: 50 }))
})
