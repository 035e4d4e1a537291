/**
 * Many callers of the same upstreams, of whom any may go away at any moment: whatever
 * they held is there again for whoever comes next.
 */
import * as Upstream from "@causeway/core/Upstream"
import * as Call from "@causeway/resilience/Call"
import * as Degraded from "@causeway/resilience/Degraded"
import * as Policy from "@causeway/resilience/Policy"
import * as Upstreams from "@causeway/resilience/Upstreams"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { failure, reasons } from "./fixtures/calls.ts"

/** When a caller comes, what its first upstream does and for how long, and when it goes away. */
const Callers = Schema.NonEmptyArray(
  Schema.Struct({
    comesAfter: Schema.Literals([0, 5, 50, 200, 400]),
    takes: Schema.Literals([0, 10, 50, 80, 300, 900]),
    ends: Schema.Literals(["success", "overloaded", "fault", "rateLimitedShortly", "defect", "never"]),
    leavesAfter: Schema.Literals([10, 30, 60, 90, 150, 400, 1200]),
    streams: Schema.Boolean
  })
)

type Caller = (typeof Callers.Type)[number]

const share = 0.2
const floor = 3

/** One place at each upstream, and a probe that would hold its slot for as long as the test lasts. */
const policy = Policy.make({
  deadline: "10 seconds",
  attempt: "800 millis",
  firstElement: "800 millis",
  retry: { times: 2, base: "50 millis", max: "200 millis" },
  budget: { share, floor, window: "10 minutes" },
  breaker: { consecutive: 1, open: "200 millis", maxOpen: "400 millis", probe: "10 minutes", step: "50 millis" },
  hedge: { otherwise: "100 millis", budget: { share, floor, window: "10 minutes" } },
  concurrency: { initial: 1, min: 1, max: 1, queue: 4 }
})

const plan = Degraded.make({ answers: [Degraded.refuse("1 second")] })

/** A world in which callers meet: what their attempts do, and how many are under way. */
const world = Effect.fnUntraced(function* () {
  const context = yield* Layer.build(Layer.fresh(Upstreams.layerNamed({ a: {}, b: {} })))
  const underWay = new Map<string, number>()
  const made = { a: 0, b: 0 }
  let most = 0
  const attempt = ({ ends, takes }: Pick<Caller, "ends" | "takes">) =>
    Effect.flatMap(Upstream.Current, (current) => {
      const name = current === "a" ? "a" : "b"
      const end = Effect.suspend(() => {
        if (name === "b" || ends === "success") return Effect.succeed(name)
        if (ends === "defect") return Effect.die("a mistake")
        return ends === "never" ? Effect.never : Effect.fail(failure(reasons[ends], name))
      })
      return Effect.acquireUseRelease(
        Effect.sync(() => {
          made[name]++
          underWay.set(name, (underWay.get(name) ?? 0) + 1)
          most = Math.max(most, underWay.get(name) ?? 0)
        }),
        () => (takes === 0 ? end : Effect.delay(end, Duration.millis(takes))),
        () => Effect.sync(() => underWay.set(name, (underWay.get(name) ?? 0) - 1))
      )
    })
  const call = (caller: Pick<Caller, "ends" | "streams" | "takes">) => {
    const self = attempt(caller)
    const run = caller.streams
      ? Stream.runDrain(Policy.applyStream(policy)(Stream.fromEffect(self)))
      : Effect.asVoid(Policy.apply(policy)(self))
    return Effect.provideContext(Degraded.apply(plan)(run), context)
  }
  return {
    call,
    made,
    most: () => most,
    left: () => [...underWay.values()].reduce((sum, each) => sum + each, 0),
    context
  }
})

describe("callers who go away at any moment", () => {
  it.effect.prop("leave every place, probe and budget to the others", { callers: Callers }, ({ callers }) =>
    Effect.gen(function* () {
      const { call, context, left, made, most } = yield* world()
      const fibers = yield* Effect.forEach(callers, (caller) =>
        Effect.gen(function* () {
          yield* TestClock.adjust(Duration.millis(caller.comesAfter))
          const fiber = yield* Effect.forkChild(call(caller), { startImmediately: true })
          return yield* Effect.forkChild(Effect.delay(Fiber.interrupt(fiber), Duration.millis(caller.leavesAfter)))
        })
      )
      for (let step = 0; step < 40; step++) yield* TestClock.adjust("100 millis")
      yield* Effect.forEach(fibers, Fiber.join, { discard: true })
      assert.strictEqual(left(), 0)
      assert.isAtMost(most(), 1)
      // Each call may ask each of the two once; whatever is more is a retry or a hedge, or comes after a rest.
      const budgeted = 2 * (floor + share * callers.length)
      assert.isAtMost(made.a + made.b, 2 * callers.length + budgeted)

      // Whoever comes later gets through, by the first upstream, until it has all calls again.
      for (let later = 0; later < 20; later++) {
        yield* call({ ends: "success", streams: later % 2 === 0, takes: 0 })
        yield* TestClock.adjust("200 millis")
      }
      const noted = yield* Effect.succeed("yes").pipe(Policy.apply(policy), Call.noted, Effect.provideContext(context))
      assert.deepStrictEqual(noted, { value: "yes", upstream: "a", attempts: 1 })
      const status = yield* Effect.provideContext(Upstreams.status, context)
      // The other one may be down still: nobody asks it while the first one serves.
      const first = status.find(({ upstream }) => upstream === "a")
      assert.notStrictEqual(first?.state, "down")
      assert.strictEqual(first?.restsUntil, undefined)
    })
  )
})
