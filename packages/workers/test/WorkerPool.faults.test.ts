/**
 * What takes servers down, on real threads: each fault fails its own call with a
 * typed error, the call on the other worker goes on, and the next call succeeds.
 */
import { execFile } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { Worker } from "node:worker_threads"
import type { BoundaryError } from "@causeway/core/BoundaryError"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import { assert, describe, it, layer as sharing, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Stream from "effect/Stream"
import { besideAStream } from "./fixtures/beside.ts"
import { Bad, Good, type Refused } from "./fixtures/contracts.ts"
import { isolation } from "./fixtures/isolation.ts"
import { directory, entry, eventually, layer, until } from "./fixtures/pool.ts"

const fillMemory = (): Promise<{ readonly stdout: string; readonly signal?: string }> =>
  promisify(execFile)(process.execPath, [fileURLToPath(entry("fillsMemory")), isolation.of]).catch(
    (error: { readonly stdout: string; readonly signal: string }) => error
  )

const bad = <A, E>(call: (bad: Bad["Service"]) => Effect.Effect<A, E>) => Effect.flatMap(Bad, call)

const crash = (error: BoundaryError) => {
  if (error.reason._tag !== "Crashed") return assert.fail(error.message)
  assert.strictEqual(error.reason.delivery, "may-have-run")
  assert.match(error.boundary, /^test\/Bad worker \d+$/)
  return error.reason
}

describe("WorkerPool, when a worker ends", { timeout: 60_000 }, () => {
  for (const code of [0, 1, 7]) {
    it.live(`a handler that exits with ${code} fails its own call`, () =>
      Effect.gen(function* () {
        const reason = crash(yield* besideAStream(bad((_) => _.exit({ code }))))
        assert.strictEqual(reason.exitCode, code)
        assert.strictEqual(reason.cause, undefined)
        assert.isAbove(reason.uptimeMs, 0)
      }).pipe(Effect.provide(layer({ size: 2, spare: 1 })))
    )
  }

  it.live("a throw outside of any call fails the calls on its worker, with what was thrown", () =>
    Effect.gen(function* () {
      const reason = crash(yield* besideAStream(bad((_) => _.throwInTimer())))
      assert.instanceOf(reason.cause, Error)
      assert.strictEqual(reason.cause instanceof Error && reason.cause.message, "thrown in a timer")
      assert.include(reason.message, "thrown in a timer")
    }).pipe(Effect.provide(layer({ size: 2, spare: 1 })))
  )

  it.live("a rejection that nobody handles does the same", () =>
    Effect.gen(function* () {
      const reason = crash(yield* besideAStream(bad((_) => _.rejectUnhandled())))
      assert.strictEqual(reason.cause instanceof Error && reason.cause.message, "nobody awaited this")
    }).pipe(Effect.provide(layer({ size: 2, spare: 1 })))
  )

  // In a program of its own, since V8 may end the whole process, by a trap, where a thread has no memory left.
  it("a worker without memory fails its own calls", async () => {
    let ended = await fillMemory()
    while (ended.signal === "SIGTRAP") ended = await fillMemory()
    assert.deepStrictEqual(JSON.parse(ended.stdout), {
      code: "ERR_WORKER_OUT_OF_MEMORY",
      delivery: "may-have-run",
      reason: "Crashed"
    })
  })

  it.live("a crash shows the last lines of stderr, without secrets", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        bad((_) => _.exit({ code: 1, stderr: "connecting with sk-1234567890abcdef1234567890\nno route\n" }))
      )
      const { stderr = "" } = crash(error)
      assert.include(stderr, "no route")
      assert.include(stderr, "<redacted>")
      assert.notInclude(stderr, "sk-1234567890")
    }).pipe(Effect.provide(layer()))
  )

  it.live("all calls of a lost worker fail, and those that wait go to the next one", () =>
    Effect.gen(function* () {
      const good = yield* Good
      const running = yield* Effect.forkChild(Effect.flip(good.hang({ id: "a" })))
      yield* eventually(good.produced({ id: "a" }), ({ chunks }) => chunks === 1)
      const waiting = yield* Effect.forkChild(good.square({ x: 5 }), { startImmediately: true })
      const [lost, answer, error] = yield* Effect.all(
        [Fiber.join(running), Fiber.join(waiting), bad((_) => Effect.flip(_.exit({ code: 1 })))],
        { concurrency: "unbounded" }
      )
      assert.strictEqual(answer, 25)
      crash(error)
      assert.strictEqual(lost._tag === "BoundaryError" && lost.reason._tag, "Crashed")
    }).pipe(Effect.provide(layer({ concurrency: 2 })))
  )

  it.live("a call that was not posted yet moves to another worker", () =>
    Effect.gen(function* () {
      const good = yield* Good
      yield* until(({ workers }) => workers.some(({ state }) => state === "spare"))
      // Is made in the turn in which the success and the end of its worker arrive.
      assert.strictEqual(
        yield* Effect.andThen(
          bad((_) => _.throwAfterwards()),
          good.square({ x: 3 })
        ),
        9
      )
    }).pipe(Effect.provide(layer({ spare: 1 })))
  )

  it.live("a crash tells how many calls its worker had ended", () =>
    Effect.gen(function* () {
      const good = yield* Good
      yield* Effect.forEach([1, 2, 3], (x) => good.square({ x }))
      assert.strictEqual(crash(yield* bad((_) => Effect.flip(_.exit({ code: 1 })))).callsDone, 3)
    }).pipe(Effect.provide(layer()))
  )

  it.live("without a spare the next call waits for the new worker", () =>
    Effect.gen(function* () {
      crash(yield* bad((_) => Effect.flip(_.exit({ code: 1 }))))
      const good = yield* Good
      assert.strictEqual(yield* good.square({ x: 3 }), 9)
    }).pipe(Effect.provide(layer()))
  )

  it.live("a spare takes the place of a lost worker and another spare is started", () =>
    Effect.gen(function* () {
      yield* until(({ workers }) => workers.some(({ state }) => state === "spare"))
      crash(yield* bad((_) => Effect.flip(_.exit({ code: 1 }))))
      const pool = yield* WorkerPool.WorkerPool
      const { workers } = yield* pool.status
      assert.deepStrictEqual(
        workers.map(({ id, state }) => [id, state]),
        [
          [2, "ready"],
          [3, "starting"]
        ]
      )
      yield* until(({ workers }) => workers.some(({ state }) => state === "spare"))
    }).pipe(Effect.provide(layer({ spare: 1 })))
  )
})

describe("WorkerPool, when a worker hangs", { timeout: 60_000 }, () => {
  it.live("an endless loop ends its worker, with a sample of what it did", () =>
    Effect.gen(function* () {
      // Nobody waits long for a sample, so that on a busy machine it may be missing.
      const { reason } = yield* eventually(
        besideAStream(bad((_) => _.loop())),
        ({ reason }) => reason._tag !== "Unresponsive" || reason.sample !== undefined
      )
      if (reason._tag !== "Unresponsive") return assert.fail(reason.message)
      assert.strictEqual(reason.delivery, "may-have-run")
      assert.match(String(reason.sample?.[0]), /compute \(.*handlers\.ts:\d+\)/)
    }).pipe(Effect.provide(layer({ size: 2, spare: 1, unresponsiveAfter: "2500 millis" })))
  )

  it.live("a deadline is kept although the worker does not react, and its worker is replaced", () =>
    Effect.gen(function* () {
      const { boundary, reason } = yield* besideAStream(
        bad((_) => _.loop(undefined, { headers: { "causeway-timeout-ms": "100" } }))
      )
      if (reason._tag !== "DeadlineExceeded") return assert.fail(reason.message)
      assert.strictEqual(reason.delivery, "may-have-run")
      yield* until(({ workers }) => workers.every(({ id }) => boundary !== `test/Bad worker ${id}`))
    }).pipe(Effect.provide(layer({ size: 2, spare: 1, grace: "200 millis" })))
  )

  it.live("a worker that hangs beyond a deadline fails the calls beside it as well", () =>
    Effect.gen(function* () {
      const good = yield* Good
      const beside = yield* Effect.forkChild(Effect.flip(good.hang({ id: "a" })))
      yield* eventually(good.produced({ id: "a" }), ({ chunks }) => chunks === 1)
      const exceeded = yield* bad((_) => Effect.flip(_.loop(undefined, { headers: { "causeway-timeout-ms": "100" } })))
      assert.strictEqual(exceeded.reason._tag, "DeadlineExceeded")
      const { reason } = yield* Fiber.join(beside)
      assert.strictEqual(reason._tag, "Unresponsive")
      assert.strictEqual(yield* good.square({ x: 3 }), 9)
    }).pipe(Effect.provide(layer({ grace: "100 millis", unresponsiveAfter: "1500 millis" })))
  )

  it.live("a handler that ignores interruption costs its worker its place, not the calls beside it", () =>
    Effect.gen(function* () {
      const good = yield* Good
      const pool = yield* WorkerPool.WorkerPool
      const begun = yield* Latch.make()
      const goOn = yield* Latch.make()
      const beside = yield* good.count({ to: 60 }).pipe(
        Stream.rechunk(1),
        Stream.tap(() => Effect.andThen(begun.open, goOn.await)),
        Stream.runCollect,
        Effect.forkChild
      )
      yield* begun.await
      const stuck = yield* bad((_) => Effect.forkChild(_.ignoreInterruption(), { startImmediately: true }))
      yield* Fiber.interrupt(stuck)
      const status = yield* until(({ workers }) => workers.some(({ state }) => state === "ending"))
      assert.strictEqual(status.workers.find(({ state }) => state === "ending")?.inFlight, 2)
      assert.strictEqual(yield* good.square({ x: 3 }), 9)
      yield* goOn.open
      assert.strictEqual((yield* Fiber.join(beside)).length, 60)
      yield* until(({ workers }) => workers.every(({ state }) => state !== "ending"))
      assert.strictEqual((yield* pool.status).inFlight, 0)
    }).pipe(Effect.provide(layer({ spare: 1, grace: "100 millis" })))
  )

  it.live.runIf(isolation.of === "thread")("a worker that was silent and reacts again is looked at no longer", () => {
    const profiles = { started: 0, stopped: 0 }
    const start = Worker.prototype.startCpuProfile
    const spy = vi.spyOn(Worker.prototype, "startCpuProfile").mockImplementation(async function (this: Worker) {
      profiles.started++
      const handle = await start.call(this)
      const stop = () => {
        profiles.stopped++
        return handle.stop()
      }
      return { stop, [Symbol.asyncDispose]: async () => void (await stop()) }
    })
    return Effect.gen(function* () {
      const good = yield* Good
      const seen = join(yield* directory, "seen")
      yield* good.square({ x: 1 })
      const spinning = yield* Effect.forkChild(good.spin({ ms: 20_000, until: seen }), { startImmediately: true })
      yield* eventually(
        Effect.sync(() => profiles.started),
        (n) => n === 1
      )
      writeFileSync(seen, "")
      assert.isTrue(yield* Fiber.join(spinning))
      yield* eventually(
        Effect.sync(() => profiles.stopped),
        (n) => n === 1
      )
    }).pipe(
      Effect.scoped,
      Effect.provide(layer({ unresponsiveAfter: "5 seconds" })),
      Effect.ensuring(Effect.sync(() => spy.mockRestore()))
    )
  })

  it.live("a call that blocks by design outlasts unresponsiveAfter", () =>
    Effect.gen(function* () {
      yield* bad((_) => _.block({ ms: 900 }))
      const pool = yield* WorkerPool.WorkerPool
      assert.deepStrictEqual(
        (yield* pool.status).workers.map(({ id }) => id),
        [1]
      )
    }).pipe(Effect.provide(layer({ unresponsiveAfter: "200 millis" })))
  )

  it.live("its deadline ends a call that blocks by design, with its worker", () =>
    Effect.gen(function* () {
      const good = yield* Good
      yield* until(({ state }) => state === "ready")
      const { reason } = yield* bad((_) =>
        Effect.flip(_.loopBlocking(undefined, { headers: { "causeway-timeout-ms": "100" } }))
      )
      assert.strictEqual(reason._tag, "DeadlineExceeded")
      assert.strictEqual(yield* good.square({ x: 3 }), 9)
    }).pipe(Effect.provide(layer({ grace: "100 millis" })))
  )

  it.live("a call that blocks has its worker for itself, and calls that came before it go first", () =>
    Effect.gen(function* () {
      const good = yield* Good
      const order: Array<string> = []
      const noting = <A, E>(name: string, self: Effect.Effect<A, E>) =>
        Effect.forkChild(
          Effect.andThen(
            self,
            Effect.sync(() => void order.push(name))
          ),
          { startImmediately: true }
        )
      yield* good.square({ x: 1 })
      const fibers = [
        yield* noting("first", good.sleep({ ms: 100 })),
        yield* bad((_) => noting("block", _.block({ ms: 50 }))),
        yield* noting("after", good.square({ x: 2 }))
      ]
      yield* Effect.all(fibers.map(Fiber.join))
      assert.deepStrictEqual(order, ["first", "block", "after"])
    }).pipe(Effect.provide(layer()))
  )
})

// One pool for all of them: none costs a worker.
sharing(layer({ size: 2 }), { timeout: 60_000, excludeTestServices: true })(
  "WorkerPool, when a value cannot cross",
  (it) => {
    type Case = readonly [
      name: string,
      call: Effect.Effect<void, BoundaryError | Refused, Good | Bad>,
      direction: "request" | "response"
    ]
    const cases: ReadonlyArray<Case> = [
      ["a success that holds a function", bad((_) => Effect.asVoid(_.functionAsSuccess())), "response"],
      ["a success that does not fit its schema", bad((_) => Effect.asVoid(_.wrongSuccess())), "response"],
      ["an error that does not fit its schema", bad((_) => _.wrongError()), "response"],
      ["an element that does not fit its schema", bad((_) => Stream.runDrain(_.wrongElement())), "response"],
      ["an element that holds a function", bad((_) => Stream.runDrain(_.functionAsElement())), "response"],
      [
        "a payload that holds a function",
        Effect.flatMap(Good, (_) => Effect.asVoid(_.echo({ value: () => 1 }))),
        "request"
      ],
      [
        "a payload that does not fit its schema",
        Effect.flatMap(Good, (_) => Effect.asVoid(_.square({ x: Number.NaN }))),
        "request"
      ]
    ]
    for (const [name, call, direction] of cases) {
      it.effect(`${name} fails its own call only, and the worker stays`, () =>
        Effect.gen(function* () {
          const { reason } = yield* besideAStream(call)
          if (reason._tag !== "Undecodable") return assert.fail(reason.message)
          assert.strictEqual(reason.direction, direction)
          assert.strictEqual(reason.delivery, direction === "request" ? "not-sent" : "may-have-run")
          assert.notStrictEqual(reason.issue, "")
          const pool = yield* WorkerPool.WorkerPool
          assert.deepStrictEqual((yield* pool.status).workers.map(({ id }) => id).toSorted(), [1, 2])
        })
      )
    }

    it.effect("a payload that does not fit names its call, the field and the value", () =>
      Effect.gen(function* () {
        const good = yield* Good
        const { reason } = yield* Effect.flip(good.square({ x: Number.NaN }))
        if (reason._tag !== "Undecodable") return assert.fail(reason.message)
        assert.match(reason.message, /^the request of square cannot cross: Expected a finite number.* at \["x"\]$/)
        assert.match(reason.issue, /at \["x"\]/)
        assert.deepStrictEqual(reason.raw, { x: Number.NaN })
      })
    )

    it.effect("one payload that cannot be posted leaves those posted in the same turn alone", () =>
      Effect.gen(function* () {
        const good = yield* Good
        const exits = yield* Effect.all(
          [
            good.square({ x: 2 }),
            Effect.exit(good.echo({ value: () => 1 })),
            good.square({ x: 3 }),
            Effect.exit(good.echo({ value: new WeakMap() })),
            good.square({ x: 4 })
          ],
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(
          exits.map((exit) => (typeof exit === "number" ? exit : exit._tag)),
          [4, "Failure", 9, "Failure", 16]
        )
      })
    )
  }
)
