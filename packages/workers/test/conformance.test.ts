/**
 * The same contract gives the same result in the pool as in process, by all that a
 * group of Rpcs can express.
 */
import * as Local from "@causeway/core/Local"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Headers from "effect/http/Headers"
import * as RpcClient from "effect/rpc/RpcClient"
import * as RpcMiddleware from "effect/rpc/RpcMiddleware"
import * as Stream from "effect/Stream"
import { Authentication, Good, Odd } from "./fixtures/contracts.ts"
import { authentication, good, odd } from "./fixtures/handlers.ts"
import { entry } from "./fixtures/pool.ts"

/** The client's side of the middleware: names the user unless the call says not to. */
const naming = RpcMiddleware.layerClient(Authentication, ({ next, request }) =>
  next(
    request.headers["anonymous"] === undefined
      ? { ...request, headers: Headers.set(request.headers, "user", "Ada") }
      : request
  )
)

const inProcess = Layer.mergeAll(Local.layer(Odd, odd), Local.layer(Good, good)).pipe(
  Layer.provide(Layer.mergeAll(authentication, naming))
)

const inPool = Layer.mergeAll(
  WorkerPool.layer(Odd, { entry: entry("odd"), size: 1, spare: 0 }),
  WorkerPool.layer(Good, { entry: entry("worker"), size: 1, spare: 0 })
).pipe(Layer.provide(naming))

/** An exit by what of it crosses a boundary: without stacks and fiber ids. */
const shape = (exit: Exit.Exit<unknown, unknown>): unknown =>
  Exit.isSuccess(exit)
    ? { success: exit.value }
    : exit.cause.reasons.map((reason) => {
        switch (reason._tag) {
          case "Fail":
            return { fail: reason.error }
          case "Die":
            return { die: reason.defect instanceof Error ? [reason.defect.name, reason.defect.message] : reason.defect }
          case "Interrupt":
            return "interrupt"
        }
      })

const shapeOf = <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.map(Effect.exit(self), shape)

/** Elements, then how it ended. */
const shapeOfStream = <A, E, R>(self: Stream.Stream<A, E, R>) =>
  Effect.gen(function* () {
    const seen: Array<A> = []
    const end = yield* shapeOf(Stream.runForEach(self, (a) => Effect.sync(() => void seen.push(a))))
    return [seen, end]
  })

const cases = Effect.gen(function* () {
  const odd = yield* Odd
  const good = yield* Good
  return {
    square: shapeOf(good.square({ x: 3 })),
    refuse: shapeOf(good.refuse({ code: 3 })),
    dieByError: shapeOf(good.die({ how: "error" })),
    dieByString: shapeOf(good.die({ how: "string" })),
    throws: shapeOf(good.die({ how: "throw" })),
    count: shapeOfStream(good.count({ to: 40 })),
    countToFailure: shapeOfStream(good.count({ to: 40, failAt: 30 })),
    whoCalls: shapeOf(odd.whoCalls()),
    denied: shapeOf(odd.whoCalls(undefined, { headers: { anonymous: "yes" } })),
    withHeaders: shapeOf(odd.whoCalls().pipe(RpcClient.withHeaders({ anonymous: "yes" }))),
    greetings: shapeOfStream(odd.greetings()),
    deniedStream: shapeOfStream(odd.greetings(undefined, { headers: { anonymous: "yes" } })),
    deferred: shapeOf(odd.deferred({ fail: false })),
    deferredFailure: shapeOf(odd.deferred({ fail: true })),
    forked: shapeOf(odd.forked()),
    firm: shapeOf(odd.firm()),
    queued: shapeOfStream(odd.queued({ fail: false })),
    queuedFailure: shapeOfStream(odd.queued({ fail: true })),
    slow: shapeOf(odd.slow({ text: "slow" })),
    slowly: shapeOfStream(odd.slowly({ text: "slow" })),
    scoped: shapeOf(Effect.andThen(odd.scoped(), odd.finalized())),
    interruptsItself: shapeOf(odd.interruptsItself()),
    some: shapeOf(odd.optional({ text: "text" })),
    none: shapeOf(odd.optional({})),
    defaulted: shapeOf(odd.defaulted({}))
  }
})

type Name = Effect.Success<typeof cases> extends Record<infer K, unknown> ? K : never

const names: ReadonlyArray<Name> = [
  "square",
  "refuse",
  "dieByError",
  "dieByString",
  "throws",
  "count",
  "countToFailure",
  "whoCalls",
  "denied",
  "withHeaders",
  "greetings",
  "deniedStream",
  "deferred",
  "deferredFailure",
  "forked",
  "firm",
  "queued",
  "queuedFailure",
  "slow",
  "slowly",
  "scoped",
  "interruptsItself",
  "some",
  "none",
  "defaulted"
]

const run = (name: Name) => Effect.flatMap(cases, (all): Effect.Effect<unknown> => all[name])

describe("a contract in a pool and in process", { timeout: 60_000 }, () => {
  it.layer(inPool, { excludeTestServices: true })("gives the same result", (it) => {
    for (const name of names) {
      it.effect(name, () =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* run(name), yield* run(name).pipe(Effect.provide(inProcess)))
        })
      )
    }
  })

  it.live("an interrupted handler is an interrupted call", () =>
    Effect.gen(function* () {
      const odd = yield* Odd
      const exit = yield* Effect.exit(odd.interruptsItself())
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
    }).pipe(Effect.provide(inPool))
  )
})
