import * as CallMetadata from "@causeway/core/CallMetadata"
import { PolicyError } from "@causeway/core/PolicyError"
import * as Upstream from "@causeway/core/Upstream"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import * as Call from "@causeway/resilience/Call"
import * as Policy from "@causeway/resilience/Policy"
import * as Upstreams from "@causeway/resilience/Upstreams"
import { RateLimited } from "@causeway/core/UpstreamReason"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { chance, failing, failure, reasons, timed } from "./fixtures/calls.ts"
import { world } from "./fixtures/upstreams.ts"

const yes = Effect.succeed("yes")
const down = (upstream = "primary") => Effect.fail(failure(reasons.noHealthyUpstream, upstream))
const limited = Effect.fail(failure(reasons.rateLimited))
const limitedFor = (retryAfter: Duration.Input) =>
  Effect.fail(
    failure(new RateLimited({ message: "later", seenIn: "status", retryAfter: Duration.fromInputUnsafe(retryAfter) }))
  )

const refusing = (upstream: string) => Effect.fail(failure(reasons.unauthorized, upstream))

/** So many calls, one after the other, so far apart. */
const several = <A, E, R>(count: number, apart: Duration.Input, call: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const exits: Array<Exit.Exit<A, E>> = []
    for (let each = 0; each < count; each++) {
      exits.push((yield* timed(call)).exit)
      yield* TestClock.adjust(apart)
    }
    return exits
  })

/** So many calls at once, to their ends. */
const together = <A, E, R>(count: number, call: Effect.Effect<A, E, R>) =>
  timed(
    Effect.all(
      Array.from({ length: count }, () => Effect.exit(call)),
      { concurrency: "unbounded" }
    )
  )

describe("an outage", () => {
  it.effect(
    "sends every call to the backup after five failures, but one probe for each time that the breaker is open",
    () =>
      Effect.gen(function* () {
        const { asked, call } = world({ primary: down(), backup: yes })
        const policy = Policy.make({ fallback: ["backup"], breaker: { open: "1 second", maxOpen: "1 second" } })
        const exits = yield* several(100, "100 millis", call.pipe(Policy.apply(policy)))
        assert.isTrue(exits.every(Exit.isSuccess))
        const primary = asked().filter((name) => name === "primary").length
        assert.isAtLeast(primary, 5 + 8)
        assert.isAtMost(primary, 5 + 10)
      })
  )

  it.effect("brings the primary back in steps", () =>
    Effect.gen(function* () {
      const upstreams = world({ primary: down(), backup: yes })
      const policy = Policy.make({ fallback: ["backup"], breaker: { open: "1 second" } })
      const call = upstreams.call.pipe(Policy.apply(policy))
      yield* several(5, 0, call)
      upstreams.let("primary", yes)
      yield* TestClock.adjust("1 second")
      upstreams.asked()
      const share = Effect.gen(function* () {
        yield* several(40, "10 millis", call)
        return upstreams.asked().filter((name) => name === "primary").length
      })
      assert.isAtMost(yield* share, 7)
      assert.closeTo(yield* share, 20, 3)
      assert.isAtLeast(yield* share, 38)
    })
  )

  it.effect("with a primary that hangs costs a probing caller no more than a second", () =>
    Effect.gen(function* () {
      const { call } = world({ primary: Effect.never, backup: yes })
      const policy = Policy.make({ attempt: "5 seconds", fallback: ["backup"], breaker: { open: "1 second" } })
      yield* several(5, 0, call.pipe(Policy.apply(policy)))
      yield* TestClock.adjust("1 second")
      const waits: Array<number> = []
      for (let each = 0; each < 5; each++) waits.push((yield* timed(call.pipe(Policy.apply(policy)))).ms)
      assert.deepStrictEqual(waits, [1000, 0, 0, 0, 0])
    })
  )

  it.effect("of all upstreams leaves the best of them open, and says so", () =>
    Effect.gen(function* () {
      const { asked, call } = world({ primary: down(), backup: down("backup") })
      const policy = Policy.make({ fallback: ["backup"], retry: { times: 0 } })
      yield* several(5, 0, call.pipe(Policy.apply(policy)))
      asked()
      const { error } = yield* failing(call.pipe(Policy.apply(policy)))
      assert.deepStrictEqual(asked(), ["primary", "backup"])
      assert.deepStrictEqual(
        Policy.attempts(error).map(({ kind, next, upstream }) => [upstream, kind, next.split(" (")[0]]),
        [
          ["primary", "last-open-door", "fallback to backup, the last open door"],
          ["backup", "last-open-door", "nothing: no retry is allowed"]
        ]
      )
      assert.strictEqual(error._tag, "UpstreamError")
    })
  )

  it.effect("sees at most a quarter more requests than its callers make", () =>
    Effect.gen(function* () {
      const { call, log } = world({ primary: down() })
      yield* together(200, call.pipe(Policy.apply(Policy.make())))
      assert.isAtMost(log.length, 250)
      assert.isAtLeast(log.length, 210)
    })
  )

  it.effect("ends with the reason why nothing else was tried", () =>
    Effect.gen(function* () {
      const { call } = world({ primary: down() })
      const policy = Policy.make({ budget: { share: 0, floor: 0 } })
      const { error } = yield* failing(call.pipe(Policy.apply(policy)))
      assert.strictEqual(Policy.attempts(error)[0]?.next, "nothing: the budget of retries is used up")
    })
  )
})

describe("a rate limit", () => {
  it.effect("sends everybody elsewhere, until the rest that it asked for is over", () =>
    Effect.gen(function* () {
      const upstreams = world({ primary: limited, backup: yes })
      const call = upstreams.call.pipe(Policy.apply(Policy.make({ fallback: ["backup"] })))
      yield* call
      upstreams.let("primary", yes)
      yield* TestClock.adjust("1999 millis")
      yield* call
      yield* TestClock.adjust("1 millis")
      yield* call
      assert.deepStrictEqual(upstreams.asked(), ["primary", "backup", "backup", "primary"])
    })
  )

  it.effect("is waited for by everybody where there is nowhere else to go, and not by all for the same time", () =>
    Effect.gen(function* () {
      const upstreams = world({ primary: limited })
      const policy = Policy.make()
      const call = upstreams.call.pipe(Policy.apply(policy))
      const first = yield* Effect.forkChild(call, { startImmediately: true })
      upstreams.let("primary", yes)
      yield* together(20, call)
      yield* Fiber.await(first)
      const times = upstreams.log.map(({ at }) => at)
      assert.strictEqual(times[0], 0)
      assert.isTrue(times.slice(1).every((at) => at >= 2000 && at <= 2600))
      assert.isAtLeast(new Set(times).size, 15)
    })
  )

  it.effect("is no sign of illness, and does not wear the breaker out", () =>
    Effect.gen(function* () {
      const upstreams = Upstreams.layerNamed({ primary: {}, backup: {} })
      const { call } = world({ primary: limited, backup: yes })
      yield* Effect.gen(function* () {
        yield* several(20, "2 seconds", call.pipe(Policy.apply(Policy.make())))
        const [primary] = yield* Upstreams.status
        assert.deepInclude(primary, { upstream: "primary", state: "healthy", failures: 0 })
      }).pipe(Effect.provide(upstreams))
    })
  )

  it.effect("beyond the deadline fails at once, and says when to come back", () =>
    Effect.gen(function* () {
      const { call } = world({ primary: Effect.fail(failure(reasons.rateLimited)) })
      const policy = Policy.make({ deadline: "1500 millis" })
      yield* failing(call.pipe(Policy.apply(policy)))
      const { error, ms } = yield* failing(call.pipe(Policy.apply(policy)))
      assert.strictEqual(ms, 0)
      assert.instanceOf(error, PolicyError)
      assert.strictEqual(error.reason._tag, "Shed")
      if (error.reason._tag === "Shed") assert.strictEqual(Duration.toMillis(error.reason.retryAfter), 2000)
    })
  )

  it.effect("over a minute is not waited for: the call that is told of it fails, and so do those after it", () =>
    Effect.gen(function* () {
      const { asked, call, let: becomes } = world({ primary: limitedFor("61 seconds") })
      const policied = call.pipe(Policy.apply(Policy.make()))
      const told = yield* failing(policied)
      assert.strictEqual(told.ms, 0)
      assert.strictEqual(told.error._tag, "UpstreamError")
      assert.strictEqual(
        Policy.attempts(told.error)[0]?.next,
        "nothing: the first upstream wants rest for 1m 1s, over the 1m of retry.maxRetryAfter"
      )
      const after = yield* failing(policied)
      assert.strictEqual(after.ms, 0)
      assert.strictEqual(after.error.reason._tag, "Shed")
      assert.deepStrictEqual(asked(), ["primary"])

      // Once what is left of it is short enough, it is waited for.
      yield* TestClock.adjust("1 second")
      becomes("primary", yes)
      const later = yield* timed(policied)
      assert.deepStrictEqual(later.exit, Exit.succeed("yes"))
      assert.isTrue(later.ms >= 60_000 && later.ms <= 66_000)
    })
  )

  it.effect("is waited for as long as retry.maxRetryAfter says", () =>
    Effect.gen(function* () {
      for (const [maxRetryAfter, waits] of [
        ["1 second", false],
        ["2 seconds", true],
        ["Infinity", true]
      ] as const) {
        const { asked, call } = world({ primary: limitedFor("2 seconds") })
        const { ms } = yield* failing(call.pipe(Policy.apply(Policy.make({ retry: { times: 1, maxRetryAfter } }))))
        assert.strictEqual(ms >= 2000, waits)
        assert.strictEqual(asked().length, waits ? 2 : 1)
      }
    })
  )

  it.effect("that another caller was asked for meanwhile is no longer waited for than that", () =>
    Effect.gen(function* () {
      const { call, let: becomes, log } = world({ primary: Effect.fail(failure(reasons.fault)) })
      const policied = call.pipe(Policy.apply(Policy.make({ retry: { times: 1, base: "1 second" } })), chance(1))
      const fiber = yield* Effect.forkChild(policied, { startImmediately: true })
      becomes("primary", limitedFor("2 minutes"))
      yield* Effect.exit(policied)
      becomes("primary", yes)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(fiber), "yes")
      assert.deepStrictEqual(
        log.map(({ at }) => at),
        [0, 0, 1000]
      )
    })
  )

  it.effect("that is too long to wait for leaves the last open door", () =>
    Effect.gen(function* () {
      const { asked, call } = world({
        primary: limitedFor("2 minutes"),
        backup: Effect.fail(failure(reasons.unauthorized, "backup"))
      })
      const policied = call.pipe(Policy.apply(Policy.make({ fallback: ["backup"] })))
      yield* failing(policied)
      asked()
      const { ms } = yield* failing(policied)
      assert.strictEqual(ms, 0)
      assert.deepStrictEqual(asked(), ["backup"])
    })
  )

  it.effect("rests all upstreams of the same credential", () =>
    Effect.gen(function* () {
      const upstreams = Upstreams.layerNamed({ a: { credential: "key" }, b: { credential: "key" }, c: {} })
      const { asked, call } = world({ a: Effect.fail(failure(reasons.rateLimited, "a")), b: yes, c: yes })
      yield* Effect.provide(several(2, 0, call.pipe(Policy.apply(Policy.make()))), upstreams)
      assert.deepStrictEqual(asked(), ["a", "c", "c"])
    })
  )
})

describe("a credential", () => {
  it.effect("that is refused is passed over for a while, without harm to the upstream's health", () =>
    Effect.gen(function* () {
      for (const reason of [reasons.unauthorized, reasons.quota]) {
        const { asked, call } = world({ primary: Effect.fail(failure(reason)), backup: yes })
        const policied = call.pipe(Policy.apply(Policy.make({ fallback: ["backup"] })))
        yield* several(3, "1 second", policied)
        assert.deepStrictEqual(asked(), ["primary", "backup", "backup", "backup"])
        yield* TestClock.adjust("30 seconds")
        yield* policied
        assert.deepStrictEqual(asked(), ["primary", "backup"])
      }
    })
  )

  it.effect("that is refused is tried again at once where there is no other one", () =>
    Effect.gen(function* () {
      const { asked, call } = world({ primary: Effect.fail(failure(reasons.unauthorized)) })
      const policied = call.pipe(Policy.apply(Policy.make()))
      for (let each = 0; each < 3; each++) assert.strictEqual((yield* failing(policied)).ms, 0)
      assert.strictEqual(asked().length, 3)
    })
  )
})

describe("other failures", () => {
  it.effect("of the caller's leave the upstream's health alone, and go nowhere else", () =>
    Effect.gen(function* () {
      const { asked, call } = world({ primary: Effect.fail(failure(reasons.invalid)), backup: yes })
      yield* several(20, 0, call.pipe(Policy.apply(Policy.make({ fallback: ["backup"] }))))
      assert.isTrue(asked().every((name) => name === "primary"))
    })
  )

  it.effect("go back to the first upstream where it was passed over", () =>
    Effect.gen(function* () {
      const upstreams = world({ primary: limited, backup: yes })
      const call = upstreams.call.pipe(Policy.apply(Policy.make({ fallback: ["backup"] })))
      yield* call
      upstreams.let("primary", yes)
      upstreams.let("backup", Effect.fail(failure(reasons.quota, "backup")))
      upstreams.asked()
      const { exit, ms } = yield* timed(call)
      assert.deepStrictEqual(exit, Exit.succeed("yes"))
      assert.deepStrictEqual(upstreams.asked(), ["backup", "primary"])
      assert.isAtLeast(ms, 2000)
    })
  )

  it.effect("of a larger input go to the larger model", () =>
    Effect.gen(function* () {
      const { asked, call } = world({ primary: Effect.fail(failure(reasons.tooLarge)), large: yes, backup: yes })
      const policy = Policy.make({ fallback: { any: ["backup"], "larger-context": ["large"] } })
      assert.strictEqual(yield* call.pipe(Policy.apply(policy)), "yes")
      assert.deepStrictEqual(asked(), ["primary", "large"])
    })
  )

  it.effect("of a call that must not happen twice are not repeated, whatever the policy says", () =>
    Effect.gen(function* () {
      const { asked, call } = world({ primary: Effect.fail(failure(reasons.fault)), backup: yes })
      const unsafe = call.pipe(Policy.apply(Policy.make({ fallback: ["backup"] })), Call.annotate({ replay: "never" }))
      yield* Effect.flip(unsafe)
      assert.deepStrictEqual(asked(), ["primary"])
    })
  )
})

describe("models", () => {
  it.effect("have breakers of their own", () =>
    Effect.gen(function* () {
      const { asked, call } = world({ primary: down(), backup: yes })
      const policied = call.pipe(Policy.apply(Policy.make({ fallback: ["backup"] })))
      yield* several(6, 0, policied.pipe(Call.annotate({ model: "gpt-5" })))
      asked()
      yield* policied.pipe(Call.annotate({ model: "gpt-4" }))
      assert.deepStrictEqual(asked(), ["primary", "backup"])
    })
  )
})

describe("a deadline", () => {
  it.effect("that the upstream's usual time would pass is not begun", () =>
    Effect.gen(function* () {
      const { asked, call } = world({ primary: Effect.delay(yes, "2 seconds") })
      const policied = call.pipe(Policy.apply(Policy.make({ retry: { times: 0 } })))
      yield* several(10, 0, policied)
      asked()
      const { error, ms } = yield* failing(CallMetadata.withTimeout("1 second")(policied))
      assert.deepStrictEqual([asked(), ms], [[], 0])
      assert.strictEqual(
        error.message,
        "DeadlineExceeded: no upstream would answer in time (the first upstream: it takes 2s, and 1s are left)"
      )
      // What was learnt of it is forgotten, else nobody would ever find out that it is faster again.
      yield* TestClock.adjust("2 minutes")
      yield* timed(CallMetadata.withTimeout("1 second")(policied))
      assert.deepStrictEqual(asked(), ["primary"])
    })
  )

  it.effect("that is too short for the primary goes to one that is fast enough", () =>
    Effect.gen(function* () {
      const { asked, call } = world({ primary: Effect.delay(yes, "2 seconds"), backup: yes })
      const policied = call.pipe(Policy.apply(Policy.make({ fallback: ["backup"] })))
      yield* several(10, 0, policied)
      asked()
      yield* CallMetadata.withTimeout("1 second")(policied)
      assert.deepStrictEqual(asked(), ["backup"])
    })
  )
})

describe("a probe that is refused by a rate limit", () => {
  it.effect("brings an upstream neither back nor down again", () =>
    Effect.gen(function* () {
      const policy = Policy.make({ fallback: [], pause: false, retry: { times: 0 } })
      const health = Effect.map(Upstreams.status, ([primary]) => [primary?.state, primary?.why])
      yield* several(5, 0, Policy.apply(policy)(down()))
      const isDown = ["down", "its breaker is open: 5 failures in a row"]
      assert.deepStrictEqual(yield* health, isDown)
      yield* TestClock.adjust("1 second")
      const [probe] = yield* several(1, 0, Policy.apply(policy)(limited))
      assert.isTrue(probe !== undefined && Exit.isFailure(probe))
      assert.deepStrictEqual(yield* health, isDown)
      // Its place is free again: the next one may be the probe.
      yield* Policy.apply(policy)(Effect.void)
      assert.strictEqual((yield* health)[0], "degraded")
    }).pipe(Effect.provide(Upstreams.layerNamed({ primary: {} })))
  )
})

describe("an attempt", () => {
  it.effect("tells of those that were passed over for it, and why", () =>
    Effect.gen(function* () {
      const upstreams = world({ primary: limited, backup: yes, third: yes })
      const policy = Policy.make({ fallback: ["backup", "third"], retry: { times: 0 } })
      const call = upstreams.call.pipe(Policy.apply(policy))
      yield* call
      upstreams.let("backup", refusing("backup"))
      upstreams.let("third", refusing("third"))
      const { error } = yield* failing(call.pipe(CallMetadata.withTimeout("1 second")))
      assert.deepStrictEqual(
        Policy.attempts(error).map(({ passed, upstream }) => [upstream, passed]),
        [
          ["backup", ["the first upstream: it wants rest for another 2s"]],
          ["third", undefined]
        ]
      )
      // Both of their keys were refused, so they come after the one that rests, whose turn is too late.
      const again = yield* failing(call.pipe(CallMetadata.withTimeout("1 second")))
      assert.deepStrictEqual(
        Policy.attempts(again.error).map(({ kind, passed, upstream }) => [upstream, kind, passed]),
        [
          [
            "backup",
            "last-open-door",
            [
              "the first upstream: it wants rest for another 2s",
              "backup: its credential was refused",
              "third: its credential was refused"
            ]
          ],
          [
            "third",
            "last-open-door",
            ["third: its credential was refused", "the first upstream: it wants rest for another 2s"]
          ]
        ]
      )
    })
  )

  it.effect("is not begun where a list names an upstream that is not defined: the first call says so", () =>
    Effect.gen(function* () {
      const { asked, call } = world({ primary: Effect.never })
      for (const fallback of [["bakcup"], { "larger-context": ["bakcup"] }]) {
        const policy = Policy.make({ fallback })
        const { exit } = yield* timed(call.pipe(Policy.apply(policy)))
        assert.include(
          String(Exit.isFailure(exit) && Cause.squash(exit.cause)),
          'got "bakcup", allowed is an upstream that is defined: primary, backup'
        )
      }
      assert.deepStrictEqual(asked(), [])
    }).pipe(Effect.provide(Upstreams.layerNamed({ primary: {}, backup: {} })))
  )
})

describe("an operator", () => {
  const upstreams = Upstreams.layerNamed({ primary: {}, backup: {} })

  it.effect("keeps calls away from an upstream, also for models that come later", () =>
    Effect.gen(function* () {
      const { asked, call } = world({ primary: yes, backup: yes })
      const policied = call.pipe(Policy.apply(Policy.make()))
      yield* Upstreams.force("primary", "open")
      yield* policied
      yield* policied.pipe(Call.annotate({ model: "gpt-5" }))
      yield* Upstreams.force("primary", "auto")
      yield* policied
      assert.deepStrictEqual(asked(), ["backup", "backup", "primary"])
    }).pipe(Effect.provide(upstreams))
  )

  it.effect("who closes all of them is obeyed", () =>
    Effect.gen(function* () {
      const { asked, call } = world({ primary: yes, backup: yes })
      yield* Upstreams.force("primary", "open")
      yield* Upstreams.force("backup", "open")
      const error = yield* Effect.flip(call.pipe(Policy.apply(Policy.make())))
      assert.deepStrictEqual(asked(), [])
      assert.strictEqual(error._tag === "PolicyError" && error.reason._tag, "CircuitOpen")
    }).pipe(Effect.provide(upstreams))
  )

  it.effect("leaves no trace in the health of an upstream once calls succeed again", () =>
    Effect.gen(function* () {
      const policy = Policy.make({ fallback: [], retry: { times: 0 } })
      const states = Effect.map(Upstreams.status, (all) => all.map(({ state }) => state))
      const served = Effect.gen(function* () {
        for (let call = 0; call < 20; call++) {
          yield* Policy.apply(policy)(Effect.void)
          yield* TestClock.adjust("10 seconds")
        }
      })
      yield* Policy.apply(policy)(Effect.void)
      yield* Upstreams.force("primary", "open")
      assert.deepStrictEqual(yield* states, ["down"])
      yield* Upstreams.reset("primary")
      yield* served
      assert.deepStrictEqual(yield* states, ["healthy"])

      yield* Upstreams.force("primary", "closed")
      for (let call = 0; call < 6; call++) {
        yield* Effect.exit(Policy.apply(policy)(Effect.fail(failure(reasons.noHealthyUpstream))))
      }
      assert.deepStrictEqual(yield* states, ["down"])
      yield* served
      assert.deepStrictEqual(yield* states, ["healthy"])
    }).pipe(Effect.provide(Upstreams.layerNamed({ primary: {}, backup: {} })))
  )

  it.effect("resets what was learnt", () =>
    Effect.gen(function* () {
      const behaviours = world({ primary: limited, backup: yes })
      const policied = behaviours.call.pipe(Policy.apply(Policy.make()))
      yield* policied
      behaviours.let("primary", yes)
      yield* Upstreams.reset("primary")
      yield* policied
      assert.deepStrictEqual(behaviours.asked(), ["primary", "backup", "primary"])
    }).pipe(Effect.provide(upstreams))
  )
})

describe("chance", () => {
  it.effect("shares calls among upstreams of the same priority, as their weights say", () =>
    Effect.gen(function* () {
      const upstreams = Upstreams.layerNamed({ a: { weight: 3 }, b: { weight: 1 }, c: { priority: 1 } })
      const { asked, call } = world({ a: yes, b: yes, c: yes })
      yield* Effect.provide(several(400, 0, call.pipe(Policy.apply(Policy.make()))), upstreams)
      const names = asked()
      assert.closeTo(names.filter((name) => name === "a").length, 300, 45)
      assert.notInclude(names, "c")
      yield* Effect.provide(call.pipe(Policy.apply(Policy.make()), chance(0.5)), upstreams)
    })
  )
})

describe("an upstream", () => {
  it.effect("that is not defined is a mistake of the program's", () =>
    Effect.gen(function* () {
      const { call } = world({ primary: down(), backup: yes })
      const upstreams = Upstreams.layerNamed({ primary: {}, backup: {} })
      const exit = yield* call.pipe(
        Policy.apply(Policy.make({ fallback: ["bakcup"] })),
        Effect.provide(upstreams),
        Effect.exit
      )
      assert.isTrue(Exit.hasDies(exit))
    })
  )

  it.effect("that the caller has chosen is the first", () =>
    Effect.gen(function* () {
      const { asked, call } = world({ a: yes, b: Effect.fail<UpstreamError>(failure(reasons.fault, "b")) })
      const upstreams = Upstreams.layerNamed({ a: {}, b: {} })
      yield* call.pipe(
        Policy.apply(Policy.make()),
        Effect.provideService(Upstream.Current, "b"),
        Effect.provide(upstreams)
      )
      assert.deepStrictEqual(asked(), ["b", "a"])
    })
  )
})
