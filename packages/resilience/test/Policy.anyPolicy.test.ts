/**
 * Policies, failures and moments of leaving, all by chance, plain and streamed, with every
 * part switched on: what must hold of every call, and what must be there again after all.
 */
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Upstream from "@causeway/core/Upstream"
import * as Call from "@causeway/resilience/Call"
import * as Policy from "@causeway/resilience/Policy"
import * as Upstreams from "@causeway/resilience/Upstreams"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { failure, reasons } from "./fixtures/calls.ts"

const Options = Schema.Struct({
  deadline: Schema.Literals([300, 1000, 3000]),
  limit: Schema.Literals([100, 250, 3000]),
  idle: Schema.Literals([50, 3000]),
  times: Schema.Literals([0, 1, 3]),
  base: Schema.Literals([1, 100, 2000]),
  maxRetryAfter: Schema.Literals([500, 1000, 60_000]),
  fallbacks: Schema.Literals([0, 1, 2]),
  isHedged: Schema.Boolean,
  isShed: Schema.Boolean,
  places: Schema.Literals([1, 2]),
  consecutive: Schema.Literals([1, 3]),
  observe: Schema.Boolean
})

/** What an attempt does, at whatever upstream: the first entry for the first attempt of a call, and so on. */
const Act = Schema.Struct({
  takes: Schema.Literals([0, 10, 60, 120, 400]),
  /** Whether an answer tells of a pace, before it ends. */
  states: Schema.Boolean,
  /** How a stream goes on, once its first element is there. */
  goesOn: Schema.Literals(["ends", "breaks", "hangs", "flows"]),
  ends: Schema.Literals([
    "success",
    "overloaded",
    "fault",
    "rateLimitedShortly",
    "unauthorized",
    "invalid",
    "defect",
    "never"
  ])
})

const Caller = Schema.Struct({
  comesAfter: Schema.Literals([0, 5, 50, 400]),
  leavesAfter: Schema.Literals([0, 10, 100, 130, 700, 5000]),
  streams: Schema.Boolean,
  replay: Schema.Literals(["safe", "never"]),
  acts: Schema.NonEmptyArray(Act)
})

/** An attempt that was made, and whether it came to its end. */
interface Made {
  readonly act: typeof Act.Type
  readonly upstream: string
  hasEnded: boolean
}

const names = ["a", "b", "c"] as const
const paced = { "limit-requests": "3", "remaining-requests": "0", "reset-requests": "1s" }

const policyOf = (options: typeof Options.Type) =>
  Policy.make({
    deadline: options.deadline,
    attempt: Math.min(options.limit, options.deadline),
    firstElement: Math.min(options.limit, options.deadline),
    idle: Math.min(options.idle, options.deadline),
    retry: {
      times: options.times,
      base: options.base,
      max: Math.max(options.base, 2000),
      maxRetryAfter: options.maxRetryAfter
    },
    fallback: names.slice(1, 1 + options.fallbacks),
    hedge: options.isHedged && options.fallbacks > 0 ? { otherwise: "80 millis" } : false,
    shed: options.isShed ? { minimum: 3 } : false,
    concurrency: { initial: options.places, min: options.places, max: options.places, queue: 3 },
    breaker: {
      consecutive: options.consecutive,
      open: "200 millis",
      maxOpen: "400 millis",
      // A slot that is not given back stays lost for as long as the test lasts.
      probe: "10 hours",
      step: "50 millis",
      observe: options.observe
    }
  })

/** What an attempt does, and notes that it came to its end. */
const attempt = (made: Made) => {
  const { ends, states, takes } = made.act
  const name = made.upstream
  const end = Effect.suspend(() => {
    made.hasEnded = true
    if (ends === "success") return Effect.succeed(name)
    if (ends === "defect") return Effect.die("a mistake")
    return ends === "never" ? Effect.never : Effect.fail(failure(reasons[ends], name))
  })
  const told = states ? Effect.andThen(Upstreams.observe(paced), end) : end
  return takes === 0 ? told : Effect.delay(told, Duration.millis(takes))
}

describe("for every policy, with callers who leave at any moment", () => {
  it.effect.prop(
    "no attempt is too many or too late, and nothing that was held is lost",
    { options: Options, callers: Schema.NonEmptyArray(Caller) },
    ({ callers, options }) =>
      Effect.gen(function* () {
        const policy = policyOf(options)
        const context = yield* Layer.build(Layer.fresh(Upstreams.layerNamed({ a: {}, b: {}, c: {} })))
        const underWay = new Map<string, number>()
        let most = 0

        const held = (name: string) =>
          Effect.acquireRelease(
            Effect.sync(() => {
              underWay.set(name, (underWay.get(name) ?? 0) + 1)
              most = Math.max(most, underWay.get(name) ?? 0)
            }),
            () => Effect.sync(() => underWay.set(name, (underWay.get(name) ?? 0) - 1))
          )
        const rest = {
          ends: Stream.empty,
          breaks: Stream.fail(failure(reasons.truncated)),
          hangs: Stream.never,
          flows: Stream.fromEffectRepeat(Effect.delay(Effect.succeed("more"), "30 millis")).pipe(Stream.take(5))
        }

        const call = (caller: Pick<typeof Caller.Type, "acts" | "replay" | "streams">) => {
          const made: Array<Made> = []
          const begin = Effect.gen(function* () {
            const upstream = (yield* Upstream.Current) ?? "none"
            const act = caller.acts[Math.min(made.length, caller.acts.length - 1)] ?? caller.acts[0]
            const self = { act, upstream, hasEnded: false }
            made.push(self)
            const number = (yield* Upstream.CurrentAttempt)?.number
            assert.strictEqual(number, made.length)
            const now = yield* Clock.currentTimeMillis
            assert.isAbove((yield* CallMetadata.Deadline) ?? 0, now)
            yield* held(upstream)
            return self
          })
          const run = caller.streams
            ? Stream.unwrap(
                Effect.map(begin, (self) => Stream.concat(Stream.fromEffect(attempt(self)), rest[self.act.goesOn]))
              ).pipe(Stream.scoped, Policy.applyStream(policy), Stream.runDrain)
            : Effect.scoped(Effect.flatMap(begin, attempt)).pipe(Policy.apply(policy), Effect.asVoid)
          const checked = Effect.onExit(run, () =>
            Effect.sync(() => {
              assert.isAtMost(made.length, 1 + options.fallbacks + options.times, "attempts")
              const told = made.map(({ act, hasEnded, upstream }) => `${upstream} ${act.ends} ${hasEnded}`).join(", ")
              // The caller's own fault is the last word, and so is a defect, if its attempt came to that.
              const last = made.findIndex(({ act, hasEnded }) => hasEnded && ["invalid", "defect"].includes(act.ends))
              if (last >= 0 && policy.hedge === undefined) assert.strictEqual(made.length, last + 1, told)
              if (caller.replay === "safe") return
              const isSure = made.slice(0, -1).every(({ act, hasEnded }) => hasEnded && act.ends !== "fault")
              assert.isTrue(isSure, told)
            })
          )
          return checked.pipe(Call.annotate({ replay: caller.replay }), Effect.provideContext(context))
        }

        const startedAt = yield* Clock.currentTimeMillis
        const fibers = yield* Effect.forEach(callers, (caller) =>
          Effect.gen(function* () {
            yield* TestClock.adjust(Duration.millis(caller.comesAfter))
            const fiber = yield* Effect.forkChild(call(caller), { startImmediately: true })
            const left = yield* Effect.forkChild(
              Effect.delay(Fiber.interrupt(fiber), Duration.millis(caller.leavesAfter))
            )
            return { fiber, left }
          })
        )
        // Whatever they do, by then the deadline of the last one has passed.
        const lastAt = (yield* Clock.currentTimeMillis) - startedAt + options.deadline
        for (let at = 0; at <= lastAt; at += 50) yield* TestClock.adjust("50 millis")
        for (const { fiber } of fibers) {
          const exit = fiber.pollUnsafe()
          assert.isDefined(exit)
          if (exit?._tag === "Failure") {
            for (const { _tag, ...reason } of exit.cause.reasons) {
              if (_tag === "Die" && "defect" in reason) assert.strictEqual(reason.defect, "a mistake")
            }
          }
        }
        assert.strictEqual(
          [...underWay.values()].reduce((sum, each) => sum + each, 0),
          0
        )
        assert.isAtMost(most, options.places, "calls at once")
        yield* TestClock.adjust("10 seconds")
        yield* Effect.forEach(fibers, ({ left }) => Fiber.join(left), { discard: true })

        // A credential that was refused is no longer put aside, and no pace holds any longer.
        yield* TestClock.adjust("1 minute")
        const well = { takes: 0, states: false, goesOn: "ends", ends: "success" } as const
        for (let later = 0; later < 20; later++) {
          yield* Effect.exit(call({ acts: [well], replay: "safe", streams: later % 2 === 0 }))
          yield* TestClock.adjust("200 millis")
        }
        // All places of the first upstream are there, at once.
        const noted = Effect.delay(Effect.succeed("yes"), "1 millis").pipe(
          Policy.apply(policy),
          Call.noted,
          Effect.provideContext(context)
        )
        const together = yield* Effect.forkChild(
          Effect.all(
            Array.from({ length: options.places }, () => noted),
            { concurrency: "unbounded" }
          ),
          { startImmediately: true }
        )
        yield* TestClock.adjust("1 millis")
        for (const each of yield* Fiber.join(together)) {
          assert.deepStrictEqual([each.value, each.upstream], ["yes", "a"])
          // By now the median is none, so whatever takes any time is hedged.
          if (policy.hedge === undefined) assert.strictEqual(each.attempts, 1)
        }
      }).pipe(Effect.scoped),
    { timeout: 60_000, arbitrary: { runs: 200 } }
  )
})
