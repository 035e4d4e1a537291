/**
 * Handlers and entries that keep to no rule: what they do stays with their own call,
 * or with their own worker at the most.
 */
import type { BoundaryError } from "@causeway/core/BoundaryError"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Stream from "effect/Stream"
import { Rogue } from "./fixtures/contracts.ts"
import { entry, eventually } from "./fixtures/pool.ts"

const withLoggers = (...loggers: ReadonlyArray<Logger.Logger<unknown, void>>) =>
  WorkerPool.client(Rogue).pipe(
    Layer.provideMerge(WorkerPool.layerPool({ entry: entry("rogue"), size: 1, spare: 0 })),
    Layer.provideMerge(Logger.layer(loggers))
  )

const pool = withLoggers()

const rogue = <A, E>(call: (rogue: Rogue["Service"]) => Effect.Effect<A, E>) => Effect.flatMap(Rogue, call)

/** Makes a call beside another one, which must go on, on a worker that must stay. */
const besideAnother = <A, E>(call: (rogue: Rogue["Service"]) => Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const { status } = yield* WorkerPool.WorkerPool
    const beside = yield* Effect.forkChild(
      rogue((_) => _.wait()),
      { startImmediately: true }
    )
    const exit = yield* Effect.exit(rogue(call))
    assert.strictEqual(yield* rogue((_) => _.square({ x: 3 })), 9)
    assert.isUndefined(beside.pollUnsafe())
    const { inFlight, workers } = yield* status
    assert.deepStrictEqual([workers.map(({ id }) => id), inFlight], [[1], 1])
    yield* Fiber.interrupt(beside)
    yield* eventually(status, ({ inFlight }) => inFlight === 0)
    return exit
  })

const crash = ({ reason }: BoundaryError) => (reason._tag === "Crashed" ? reason : assert.fail(reason.message))

/** To every call that a worker may have by now. */
const toAll = (...message: ReadonlyArray<unknown>): ReadonlyArray<unknown> =>
  Array.from({ length: 100 }, (_, id) => message.toSpliced(1, 0, id))

describe("WorkerPool, for handlers that keep to no rule", { timeout: 60_000 }, () => {
  const defects: ReadonlyArray<
    readonly [string, (rogue: Rogue["Service"]) => Effect.Effect<unknown, BoundaryError>, string]
  > = [
    ["a middleware that throws", (_) => _.inMiddleware(), "thrown by a middleware"],
    ["a handler that gives a promise", (_) => _.givesAPromise(), "Not a valid effect"],
    ["a handler that gives nothing", (_) => _.givesNothing(), "undefined"],
    ["a handler of a stream that gives nothing", (_) => Stream.runDrain(_.streamsNothing()), "undefined"]
  ]

  const unreadable: ReadonlyArray<
    readonly [string, (rogue: Rogue["Service"]) => Effect.Effect<unknown, BoundaryError>]
  > = [
    ["a success", (_) => _.unreadable()],
    ["an element", (_) => Stream.runDrain(_.unreadableElement())],
    [
      "a payload",
      (_) =>
        _.post({
          message: Object.defineProperty({}, "x", {
            enumerable: true,
            get: () => {
              throw Object.create(null)
            }
          })
        })
    ]
  ]

  const messages = [
    { hello: 1 },
    null,
    "hello",
    [null],
    [[0, 1.5, 1]],
    [[8]],
    toAll(99),
    toAll(4),
    toAll(4, { _tag: "NotServed" }),
    // Has no form as a string.
    toAll(4, { _tag: "NotServed", served: [{ toString: 1, valueOf: 1 }] }),
    toAll(4, { _tag: "Undecodable", direction: "sideways", issue: "none" }),
    toAll(4, { _tag: "Undecodable", direction: "response" }),
    // As the worker's own server would send them, but for the token that nobody else knows.
    toAll(0, 1.5),
    toAll(1, [1]),
    toAll(2, [{ _tag: "Interrupt" }]),
    toAll(3),
    toAll(4, { _tag: "DeadlineExceeded" }),
    [0, toAll(3)],
    [undefined, toAll(3)],
    [[5]],
    [[6, "it could not start"]],
    [[7, "it threw"]],
    [[8, "Error", "it failed", {}, undefined]],
    [[9, 1e15, 1e15]]
  ]

  it.layer(pool, { excludeTestServices: true })("of one worker", (it) => {
    for (const [name, call, message] of defects) {
      it.effect(`${name} is a defect of its own call only`, () =>
        Effect.gen(function* () {
          const exit = yield* besideAnother(call)
          if (Exit.isSuccess(exit)) return assert.fail("it succeeded")
          assert.isTrue(Cause.hasDies(exit.cause))
          assert.include(String(Cause.squash(exit.cause)), message)
        })
      )
    }

    for (const [name, call] of unreadable) {
      it.effect(`${name} whose getter throws what has no words fails its own call only`, () =>
        Effect.gen(function* () {
          const { reason } = yield* Effect.flip(Effect.asVoid(Effect.flatten(besideAnother(call))))
          assert.strictEqual(reason._tag, "Undecodable")
          assert.include(reason.message, "getter threw")
        })
      )
    }

    for (const message of messages) {
      it.effect(
        `a message that a handler posts by itself reaches nobody: ${JSON.stringify(message).slice(0, 60)}`,
        () =>
          Effect.gen(function* () {
            assert.isTrue(Exit.isSuccess(yield* besideAnother((_) => _.post({ message }))))
          })
      )
    }
  })

  it.live("lines that are logged faster than they are taken are dropped, and counted", () => {
    const seen: Array<string> = []
    const logger = Logger.make<unknown, void>(({ message }) => void seen.push(String(message)))
    return Effect.gen(function* () {
      yield* rogue((_) => _.logs({ lines: 3000 }))
      // The line after them finds room again, once the pool has told that it took them.
      yield* eventually(
        Effect.andThen(
          rogue((_) => _.logs({ lines: 1 })),
          Effect.sync(() => seen.at(-1))
        ),
        (last) => last === "0"
      )
      const kept = Array.from({ length: 1024 }, (_, line) => String(line))
      assert.deepStrictEqual(seen.slice(0, 1024), kept)
      const dropped = seen.flatMap((line) => /^(\d+) log lines were dropped/.exec(line)?.[1] ?? [])
      assert.isAtLeast(
        dropped.map(Number).reduce((a, b) => a + b, 0),
        3000 - 1024
      )
    }).pipe(Effect.provide(withLoggers(logger)))
  })

  it.live("what a handler sees of how its worker was started does not say how to answer in its place", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* rogue((_) => _.startedWith()), ["heartbeatMs", "logLevel", "together", "heartbeat"])
    }).pipe(Effect.provide(pool))
  )

  it.live("a worker that closes its port and lives on is lost, and its calls and streams with it", () =>
    Effect.gen(function* () {
      const beside = yield* Effect.forkChild(Effect.flip(rogue((_) => _.wait())), { startImmediately: true })
      const { exitCode, stderr } = crash(yield* Effect.flip(rogue((_) => _.closesPort())))
      assert.deepStrictEqual([exitCode, stderr], [1, "the worker's port to its pool was closed"])
      crash(yield* Fiber.join(beside))
      assert.strictEqual(yield* rogue((_) => _.square({ x: 3 })), 9)
    }).pipe(Effect.provide(pool))
  )

  it.live("an exit in a finalizer is a crash of its worker", () =>
    Effect.gen(function* () {
      assert.strictEqual(crash(yield* Effect.flip(rogue((_) => _.exitInFinalizer()))).exitCode, 4)
      assert.strictEqual(yield* rogue((_) => _.square({ x: 3 })), 9)
    }).pipe(Effect.provide(pool))
  )

  for (const asBytes of [false, true]) {
    it.live(
      `a secret that only the worker knows does not leave by its stderr, ${asBytes ? "as bytes" : "as text"}`,
      () =>
        Effect.gen(function* () {
          const { stderr } = crash(yield* Effect.flip(rogue((_) => _.knownSecret({ asBytes }))))
          assert.strictEqual(stderr, "key: <redacted>")
        }).pipe(Effect.provide(pool))
    )
  }

  it.live("nor does the rest of one that is cut off", () =>
    Effect.gen(function* () {
      // Of the last 8,192 characters, the first ones are in the middle of the secret.
      const { stderr = "" } = crash(yield* Effect.flip(rogue((_) => _.cutSecret({ padding: 8180 }))))
      assert.include(stderr, ".")
      assert.notMatch(stderr, /[0-9]/)
    }).pipe(Effect.provide(pool))
  )
})
