/**
 * What is particular to workers that are processes. That they do all else as threads
 * do is in the root's `test/full/processes.test.ts`.
 */
import { execFile, spawn, spawnSync } from "node:child_process"
import { createRequire } from "node:module"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import type { BoundaryError } from "@causeway/core/BoundaryError"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { Bad, Good } from "./fixtures/contracts.ts"
import { entry, eventually, layer, until } from "./fixtures/pool.ts"
import { Native } from "./fixtures/nativeContract.ts"

const processes = (options: Partial<WorkerPool.Options> = {}) =>
  WorkerPool.client(Native).pipe(
    Layer.provideMerge(
      WorkerPool.layerPool({ entry: entry("native"), isolation: "process", size: 1, spare: 0, ...options })
    ),
    Layer.provideMerge(Logger.layer([]))
  )

const native = <A, E>(call: (native: Native["Service"]) => Effect.Effect<A, E>) => Effect.flatMap(Native, call)

const crash = ({ reason }: BoundaryError) => (reason._tag === "Crashed" ? reason : assert.fail(reason.message))

/** Stops this thread, and all that it would read meanwhile. */
const block = (ms: number) => Effect.sync(() => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms))

/** Whether a process runs; one that has ended may stay in the table for whom nobody waits. */
const isRunning = (pid: number): boolean => {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" })
  return stdout.trim() !== "" && !stdout.startsWith("Z")
}

const untilGone = (pids: ReadonlyArray<number>) =>
  Effect.sync(() => pids.filter(isRunning)).pipe(
    Effect.repeat({ schedule: Schedule.spaced("20 millis"), until: (running) => running.length === 0 }),
    Effect.timeout("10 seconds")
  )

/** How many pipes and processes this one has. What was closed is among them until the event loop has gone round. */
const handles = () => process.getActiveResourcesInfo().filter((name) => /Pipe|Process/.test(name)).length

const handlesAtFirst = handles()

const untilNoHandles = eventually(Effect.sync(handles), (count) => count <= handlesAtFirst)

describe("WorkerPool of processes", { timeout: 60_000 }, () => {
  const ends: ReadonlyArray<
    readonly [string, (native: Native["Service"]) => Effect.Effect<void, BoundaryError>, string]
  > = [
    ["an abort of native code", (_) => _.abort(), "SIGABRT"],
    ["a segmentation fault", (_) => _.signal({ name: "SIGSEGV" }), "SIGSEGV"],
    ["a kill", (_) => _.signal({ name: "SIGKILL" }), "SIGKILL"]
  ]
  for (const [name, call, signal] of ends) {
    it.live(`${name} fails the calls of its worker only, and names the signal`, () =>
      Effect.gen(function* () {
        yield* until(({ workers }) => workers.filter(({ state }) => state === "ready").length === 2)
        const { status } = yield* WorkerPool.WorkerPool
        const beside = yield* Effect.forkChild(
          native((_) => _.wait()),
          { startImmediately: true }
        )
        const reason = crash(yield* Effect.flip(native(call)))
        assert.deepStrictEqual([reason.signal, reason.exitCode], [signal, undefined])
        assert.include(reason.message, `by ${signal}`)
        yield* native((_) => _.pid())
        assert.isUndefined(beside.pollUnsafe())
        assert.strictEqual((yield* status).inFlight, 1)
      }).pipe(Effect.provide(processes({ size: 2 })))
    )
  }

  it.live("a worker that is killed from outside is replaced, whatever it does", () =>
    Effect.gen(function* () {
      const pid = yield* native((_) => _.pid())
      const stuck = yield* Effect.forkChild(Effect.flip(native((_) => _.sleepSync({ ms: 60_000 }))), {
        startImmediately: true
      })
      process.kill(pid, "SIGKILL")
      assert.strictEqual(crash(yield* Fiber.join(stuck)).signal, "SIGKILL")
      assert.notStrictEqual(yield* native((_) => _.pid()), pid)
    }).pipe(Effect.provide(processes()))
  )

  it.live("signals that concern the whole group are left to the pool's process", () =>
    Effect.gen(function* () {
      const pid = yield* native((_) => _.pid())
      yield* native((_) => _.signal({ name: "SIGTERM" }))
      yield* native((_) => _.signal({ name: "SIGINT" }))
      assert.strictEqual(yield* native((_) => _.pid()), pid)
    }).pipe(Effect.provide(processes()))
  )

  it.live("a worker that waits in native code is ended, with a sample of who waits", () =>
    Effect.gen(function* () {
      // Nobody waits long for a sample, so that on a busy machine it may be missing.
      const hang = native((_) => Effect.andThen(_.pid(), Effect.flip(_.sleepSync({ ms: 60_000 }))))
      const { reason } = yield* eventually(
        hang,
        ({ reason }) => reason._tag !== "Unresponsive" || reason.sample !== undefined
      )
      if (reason._tag !== "Unresponsive") return assert.fail(reason.message)
      assert.match(String(reason.sample), /native\.ts:\d+\)/)
      yield* native((_) => _.pid())
    }).pipe(Effect.provide(processes({ unresponsiveAfter: "2500 millis" })))
  )

  it.live("and so it is when the pool closes, which does not wait for it", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { pid, sleepSync } = Context.get(
        yield* Layer.buildWithScope(processes({ grace: "50 millis" }), scope),
        Native
      )
      const id = yield* pid()
      yield* Effect.forkChild(Effect.flip(sleepSync({ ms: 60_000 })), { startImmediately: true })
      yield* Scope.close(scope, Exit.void)
      yield* untilGone([id])
    })
  )

  it.live("a worker that is stopped from outside is taken for one that hangs, and ended", () =>
    Effect.gen(function* () {
      const pid = yield* native((_) => _.pid())
      const stopped = yield* Effect.forkChild(Effect.flip(native((_) => _.wait())), { startImmediately: true })
      process.kill(pid, "SIGSTOP")
      assert.strictEqual((yield* Fiber.join(stopped)).reason._tag, "Unresponsive")
      assert.notStrictEqual(yield* native((_) => _.pid()), pid)
      yield* untilGone([pid])
    }).pipe(Effect.provide(processes({ unresponsiveAfter: "2500 millis" })))
  )

  const scribbled = ["hello, pool\n", "{}", "\u0000".repeat(100), "x".repeat(100_000)]
  for (const text of scribbled) {
    it.live(
      `a worker whose code writes ${JSON.stringify(text.slice(0, 12))} to its pipe is replaced, and says why`,
      () =>
        Effect.gen(function* () {
          const pid = yield* native((_) => _.pid())
          const reason = crash(yield* Effect.flip(native((_) => Effect.andThen(_.scribble({ fd: 3, text }), _.wait()))))
          assert.include(reason.message, "no message of ours")
          assert.notStrictEqual(yield* native((_) => _.pid()), pid)
        }).pipe(Effect.provide(processes()))
    )
  }

  for (const fd of [3, 4, 5]) {
    it.live(`a worker whose code closes descriptor ${fd} is replaced`, () =>
      Effect.gen(function* () {
        const reason = crash(yield* Effect.flip(native((_) => _.closeDescriptor({ fd }))))
        // What the guard cannot open, it tells by itself.
        assert.match(reason.message, /closed its pipes|Unsupported fd/)
        yield* native((_) => _.pid())
      }).pipe(Effect.provide(processes()))
    )
  }

  it.live("what a process said last is read although a call is posted to it after its end", () =>
    Effect.gen(function* () {
      const good = yield* Good
      const bad = yield* Bad
      assert.strictEqual(yield* good.square({ x: 1 }), 1)
      const first = yield* Effect.forkChild(Effect.flip(bad.throwInTimer()), { startImmediately: true })
      yield* Effect.sleep("5 millis")
      yield* block(500)
      yield* Effect.forkChild(Effect.exit(good.square({ x: 2 })), { startImmediately: true })
      const { cause, exitCode } = crash(yield* Fiber.join(first))
      assert.strictEqual(cause instanceof Error && cause.message, "thrown in a timer")
      assert.strictEqual(exitCode, 1)
    }).pipe(Effect.provide(layer({ isolation: "process" })))
  )

  it.live("an end is reported although a process that the worker started holds its stderr", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(native((_) => _.exitAndLeave({ seconds: 20 }))).pipe(
        Effect.timeout("10 seconds")
      )
      assert.strictEqual(error._tag === "BoundaryError" ? crash(error).exitCode : error, 6)
    }).pipe(Effect.provide(processes()))
  )

  it.live("100 MB cross in both directions, and the worker is not taken for one that hangs", () =>
    Effect.gen(function* () {
      const bytes = new Uint8Array(100_000_000).map((_, at) => at)
      const pid = yield* native((_) => _.pid())
      const echoed = yield* native((_) => _.bytes({ bytes }))
      assert.strictEqual(Buffer.compare(echoed, bytes), 0)
      assert.strictEqual(yield* native((_) => _.pid()), pid)
    }).pipe(Effect.provide(processes()))
  )

  it.live("a worker goes on while its pool does not read what it sent", () =>
    Effect.gen(function* () {
      yield* native((_) => _.pid())
      const burst = yield* Effect.forkChild(
        native((_) => _.burst({ length: 20_000_000 })),
        { startImmediately: true }
      )
      // Until the call is posted.
      yield* Effect.yieldNow
      yield* block(4000)
      assert.strictEqual((yield* Fiber.join(burst)).length, 20_000_000)
      assert.isBelow(yield* native((_) => _.longestTurn()), 3000)
    }).pipe(Effect.provide(processes()))
  )

  it.live("what a process sent before it exits arrives, however much it is", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* native((_) => _.lastWords({ length: 20_000_000 }))).length, 20_000_000)
    }).pipe(Effect.provide(processes()))
  )

  it.live("nothing is left when the pool has closed", () =>
    Effect.gen(function* () {
      const pids = yield* Effect.gen(function* () {
        yield* until(({ workers }) => workers.filter(({ state }) => state === "ready").length === 2)
        yield* Effect.flip(native((_) => _.abort()))
        return yield* Effect.all(
          Array.from({ length: 4 }, () => native((_) => _.pid())),
          { concurrency: "unbounded" }
        )
      }).pipe(Effect.provide(processes({ size: 2, spare: 1 })))
      assert.deepStrictEqual(pids.filter(isRunning), [])
      yield* untilNoHandles
    })
  )

  it.live("a process that the system does not start makes the pool not ready, until it does", () => {
    const { execPath } = process
    process.execPath = "/nowhere/node"
    return Effect.gen(function* () {
      const { reason } = yield* Effect.flip(native((_) => _.pid()))
      assert.strictEqual(reason._tag, "Unreachable")
      assert.include(reason.message, "ENOENT")
      yield* untilNoHandles
      process.execPath = execPath
      yield* until(({ state }) => state === "ready")
      assert.isAbove(yield* native((_) => _.pid()), 0)
    }).pipe(Effect.provide(processes()), Effect.ensuring(Effect.sync(() => void (process.execPath = execPath))))
  })

  it.live("a process knows its entry as a thread does", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* native((_) => _.argv()))[1], fileURLToPath(entry("native")))
    }).pipe(Effect.provide(processes()))
  )
})

describe("a program with a pool of processes", { timeout: 60_000 }, () => {
  const owner = fileURLToPath(entry("owner"))
  const tsx = createRequire(import.meta.url).resolve("tsx/cli")

  for (const [name, ...program] of [
    ["Node", owner],
    ["tsx", tsx, owner]
  ]) {
    it(`runs by ${name}, and has its workers' output as its own`, async () => {
      const { stdout } = await promisify(execFile)(process.execPath, [...program, "print"])
      assert.strictEqual(stdout, "printed by a worker\n")
    })
  }

  it("has its workers run as it runs itself, but for what it runs", async () => {
    const preload = ["--import", "data:text/javascript,"]
    const code = `await import(${JSON.stringify(entry("owner").href)})`
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...preload,
      "--inspect=0",
      "--input-type=module",
      "--eval",
      code,
      "owner",
      "arguments"
    ])
    const own = JSON.parse(stdout)
    assert.deepStrictEqual(own.slice(0, 2), preload)
    assert.notMatch(String(own), /inspect|eval|input-type|import\(/)
  })

  it.live("takes its workers with it when it is killed, even one that is stuck", () =>
    Effect.gen(function* () {
      const program = spawn(process.execPath, [owner, "hang"], { stdio: ["ignore", "pipe", "inherit"] })
      const pids = yield* Effect.promise(async () => {
        const pids: Array<number> = []
        for await (const line of createInterface(program.stdout)) if (pids.push(Number(line)) === 2) break
        return pids
      })
      assert.deepStrictEqual(pids.map(isRunning), [true, true])
      program.kill("SIGKILL")
      yield* untilGone(pids)
    })
  )
})
