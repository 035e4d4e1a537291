/** What `test/faults` leaves out: retries, the bare SDK, and calls inside of workers. */
import { Calls } from "../faults/contract.ts"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import { Simulator } from "@causeway/simulator/Simulator"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import { assert, layer } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { byClient, bySdk, type Call, kinds, Unrecognised, ways } from "../faults/calls.ts"
import { bound, check, failureOf, limitsOf, reasonOf, tagOf } from "../faults/check.ts"
import { seenBySdk } from "../faults/sdk.ts"
import { cases, modelOf, urlOf } from "../faults/table.ts"

/** What is over after some attempts needs a client that makes them. */
const once = cases.filter(([name]) => name !== "flaky")

layer(Simulator.layer())("with two retries", (it) => {
  it.effect.each(cases)("%s", ([name, row, address]) =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const url = yield* urlOf(simulator, address)
      // The waits between attempts are by this clock, and those of the limits are not.
      const clock = yield* Effect.forkChild(Effect.forever(Effect.andThen(TestClock.adjust("1 minute"), turn)))
      for (const kind of kinds) {
        yield* simulator.reset
        const before = yield* simulator.requestCount
        const exit = yield* Effect.exit(byClient({ url, model: modelOf(name), kind, limits: limitsOf(name) }, 2))
        const error = failureOf(exit, name)
        const requests = (yield* simulator.requestCount) - before
        const seen = address === undefined ? requests : (error?.evidence.attempt ?? 0)
        check(`${name}, ${kind}`, error, row[kind], { seen, allowed: 3 })
        if (error === undefined) assert.strictEqual(seen, name === "flaky" ? 3 : 1, "requests")
      }
      yield* Fiber.interrupt(clock)
    })
  )
})

/** A turn of the event loop, for what the clock has woken. */
const turn = Effect.callback<void>((resume) => {
  const handle = setImmediate(() => resume(Effect.void))
  return Effect.sync(() => clearImmediate(handle))
})

layer(Simulator.layer(), { excludeTestServices: true })("the bare SDK", (it) => {
  it.effect.each(once)("%s", ([name, row, address]) =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const url = yield* urlOf(simulator, address)
      const seen = yield* Effect.forEach(
        kinds,
        (kind) => {
          const call = { url, model: modelOf(name), kind, limits: {} }
          return Effect.map(Effect.exit(Effect.timeout(bySdk(call), bound)), (exit) => [kind, toldOf(exit)] as const)
        },
        { concurrency: "unbounded" }
      )
      const expected = kinds.map((kind) => {
        const told = seenBySdk(name, kind)
        return [kind, told === "=" ? reasonOf(row[kind]) : told]
      })
      assert.deepStrictEqual<unknown>(seen, expected)
    })
  )
})

const toldOf = (exit: Exit.Exit<void, UpstreamError | Unrecognised | Cause.TimeoutError>): string => {
  if (Exit.isSuccess(exit)) return "answered"
  const error = Cause.squash(exit.cause)
  if (error instanceof Unrecognised) return "unrecognised"
  const failure = failureOf<unknown>(exit, "the SDK")
  return failure === undefined ? "answered" : tagOf(failure)
}

const pool = WorkerPool.layer(Calls, { entry: new URL("../faults/worker.ts", import.meta.url), size: 1, spare: 0 })

layer(Layer.merge(Simulator.layer(), pool), { excludeTestServices: true })("in a worker", (it) => {
  it.effect.each(once)("%s", ([name, row, address]) =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const calls = yield* Calls
      const url = yield* urlOf(simulator, address)
      yield* Effect.forEach(
        kinds.flatMap((kind) => ways.map((way) => [kind, way] as const)),
        Effect.fnUntraced(function* ([kind, way]) {
          const key = `${name} ${kind} ${way}`
          const call: Omit<Call, "limits"> = { url, model: modelOf(name), kind }
          const exit = yield* Effect.exit(Effect.timeout(calls.call({ key, name, way, ...call }), bound))
          const error = failureOf(exit, key)
          check(key, error, row[kind], { seen: 1, allowed: 1 })
          if (error !== undefined)
            assert.strictEqual(yield* calls.compare({ key, failure: Cause.fail(error) }), "same", key)
        }),
        { concurrency: "unbounded" }
      )
    })
  )
})
