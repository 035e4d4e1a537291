import * as BoundaryError from "@causeway/core/BoundaryError"
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Contract from "@causeway/core/Contract"
import * as Disposition from "@causeway/core/Disposition"
import * as Local from "@causeway/core/Local"
import { PolicyError } from "@causeway/core/PolicyError"
import * as Upstream from "@causeway/core/Upstream"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as Policy from "@causeway/resilience/Policy"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { chance, countingTimers, failing, failure, made, reasons, scripted, timed } from "./fixtures/calls.ts"

const backup = () => Policy.make({ fallback: ["backup"] })

const once = () => Policy.make({ retry: { times: 1, base: "1 second", max: "1 second" } })
const four = () => Policy.make({ retry: { times: 4, base: "1 second", max: "3 seconds" } })

describe("apply", () => {
  it.effect("leaves a success alone, after one attempt that sees its number and deadline", () =>
    Effect.gen(function* () {
      const { call, log } = scripted(Effect.succeed("yes"))
      assert.strictEqual(yield* call.pipe(Policy.apply(Policy.make({ deadline: "5 seconds" }))), "yes")
      assert.deepStrictEqual(log, [{ upstream: undefined, number: 1, at: 0, remainingMs: 5000 }])
    })
  )

  it.effect("tells the log which attempt failed and what follows, also where the call succeeds in the end", () =>
    Effect.gen(function* () {
      const { call } = scripted(Effect.fail(failure(reasons.overloaded)), Effect.succeed("yes"))
      const lines: Array<readonly [message: unknown, annotations: unknown]> = []
      const logger = Logger.map(Logger.formatStructured, ({ annotations, message }) => {
        lines.push([message, annotations])
      })
      const answered = call.pipe(
        Policy.apply(backup()),
        Effect.provideService(CallMetadata.RequestId, "req-1"),
        Effect.provide(Logger.layer([logger]))
      )
      assert.strictEqual(yield* answered, "yes")
      assert.strictEqual(lines.length, 1)
      const [message, annotations] = lines[0] ?? []
      assert.match(String(message), /^attempt 1 failed, fallback to backup: /)
      assert.deepStrictEqual(annotations, { "causeway.request_id": "req-1" })
    })
  )

  it.effect.each([
    { what: "which another one follows", script: ["configuration", "configuration"], expected: ["Warn", "Warn"] },
    { what: "that is the last one of several", script: ["overloaded", "configuration"], expected: ["Info", "Warn"] }
  ] as const)("warns of an attempt that failed by configuration, $what", ({ expected, script: [one, other] }) =>
    Effect.gen(function* () {
      const { call } = scripted(Effect.fail(failure(reasons[one])), Effect.fail(failure(reasons[other])))
      const levels: Array<string> = []
      const logger = Logger.make(({ logLevel }) => void levels.push(logLevel))
      const policy = Policy.make({ fallback: ["backup"], retry: { times: 0 } })
      yield* call.pipe(Policy.apply(policy), Effect.exit, Effect.provide(Logger.layer([logger])))
      assert.deepStrictEqual(levels, [...expected])
    })
  )

  it.effect("gives a call 10 minutes where nothing is said", () =>
    Effect.gen(function* () {
      const { ms, error } = yield* failing(Effect.never.pipe(Policy.apply(Policy.make())))
      assert.strictEqual(ms, 600_000)
      assert.instanceOf(error, PolicyError)
    })
  )

  it.effect("only lowers the caller's deadline", () =>
    Effect.gen(function* () {
      const { call, log } = scripted(Effect.never)
      const limited = call.pipe(
        Policy.apply(Policy.make({ deadline: "1 minute" })),
        CallMetadata.withTimeout("3 seconds")
      )
      const { error, ms } = yield* failing(limited)
      assert.strictEqual(ms, 3000)
      assert.strictEqual(error.message, "DeadlineExceeded: the call did not end within 3s")
      assert.strictEqual(log[0]?.remainingMs, 3000)
    })
  )

  it.effect("makes no attempt where the caller's deadline has passed", () =>
    Effect.gen(function* () {
      const { call, log } = scripted(Effect.succeed(1))
      const error = yield* call.pipe(Policy.apply(Policy.make()), CallMetadata.withTimeout(0), Effect.flip)
      assert.strictEqual(error.reason._tag, "DeadlineExceeded")
      assert.deepStrictEqual(log, [])
    })
  )

  it.effect("gives a contract's handler the upstream, the attempt and the deadline", () =>
    Effect.gen(function* () {
      class Seen extends Contract.Service<Seen>()(
        "test/Seen",
        Rpc.make("seen", { success: Schema.String, error: UpstreamError })
      ) {}
      const handlers = Seen.toLayer({
        seen: () =>
          Effect.flatMap(made, ({ upstream, number, remainingMs }) =>
            upstream === undefined
              ? Effect.fail(failure(reasons.overloaded))
              : Effect.succeed(`${upstream} ${number} ${remainingMs}`)
          )
      })
      const answer = Effect.flatMap(Seen, (seen) => seen.seen()).pipe(
        Policy.apply(Policy.make({ deadline: "7 seconds", fallback: ["backup"] })),
        Effect.provide(Local.layer(Seen, handlers))
      )
      assert.strictEqual(yield* answer, "backup 2 7000")
    })
  )
})

describe("fallback", () => {
  it.effect("is asked at once, whatever the failure says of retries", () =>
    Effect.gen(function* () {
      for (const reason of [reasons.rateLimited, reasons.overloaded, reasons.fault, reasons.noHealthyUpstream]) {
        const { call, upstreams } = scripted<string, UpstreamError>(Effect.fail(failure(reason)), Effect.succeed("yes"))
        const { exit, ms } = yield* timed(call.pipe(Policy.apply(backup())))
        assert.deepStrictEqual(exit, Exit.succeed("yes"))
        assert.strictEqual(ms, 0)
        assert.deepStrictEqual(upstreams(), [undefined, "backup"])
      }
    })
  )

  it.effect("is asked for what only another upstream can do", () =>
    Effect.gen(function* () {
      const { filtered, modelNotFound, quota, tooLarge, unauthorized } = reasons
      for (const reason of [filtered, modelNotFound, quota, tooLarge, unauthorized]) {
        const { call, upstreams } = scripted<string, UpstreamError>(Effect.fail(failure(reason)), Effect.succeed("yes"))
        assert.strictEqual(yield* call.pipe(Policy.apply(backup())), "yes")
        assert.deepStrictEqual(upstreams(), [undefined, "backup"])
      }
    })
  )

  it.effect("follows the list of the failure's kind, and no other", () =>
    Effect.gen(function* () {
      const policy = Policy.make({
        retry: { times: 0 },
        fallback: { any: ["outage"], "larger-context": ["large"], "other-provider": ["elsewhere"] }
      })
      const asked = Effect.fnUntraced(function* (reason: UpstreamError["reason"]) {
        const { call, upstreams } = scripted(Effect.fail(failure(reason)))
        yield* Effect.exit(call.pipe(Policy.apply(policy)))
        return upstreams()
      })
      assert.deepStrictEqual(yield* asked(reasons.overloaded), [undefined, "outage"])
      assert.deepStrictEqual(yield* asked(reasons.tooLarge), [undefined, "large"])
      assert.deepStrictEqual(yield* asked(reasons.filtered), [undefined, "elsewhere"])
      assert.deepStrictEqual(yield* asked(reasons.quota), [undefined])
    })
  )

  it.effect("asks each upstream once, in order, and never the one that is in use", () =>
    Effect.gen(function* () {
      const policy = Policy.make({ retry: { times: 0 }, fallback: ["primary", "second", "third"] })
      const byName = scripted(Effect.fail(failure(reasons.overloaded, "primary")))
      yield* Effect.exit(byName.call.pipe(Policy.apply(policy)))
      assert.deepStrictEqual(byName.upstreams(), [undefined, "second", "third"])
      const chosen = scripted(Effect.fail(failure(reasons.overloaded, "elsewhere")))
      yield* chosen.call.pipe(Policy.apply(policy), Effect.provideService(Upstream.Current, "second"), Effect.exit)
      assert.deepStrictEqual(chosen.upstreams(), ["second", "primary", "third"])
    })
  )

  it.effect("is not asked for the caller's fault", () =>
    Effect.gen(function* () {
      const { call, log } = scripted(Effect.fail(failure(reasons.invalid)))
      const error = yield* call.pipe(Policy.apply(backup()), Effect.flip)
      assert.strictEqual(error.reason._tag, "InvalidRequest")
      assert.strictEqual(log.length, 1)
    })
  )

  it.effect("fails with the first upstream's error itself", () =>
    Effect.gen(function* () {
      const first = failure(reasons.noHealthyUpstream)
      const { call } = scripted(Effect.fail(first), Effect.fail(failure(reasons.overloaded, "backup")))
      const { error } = yield* failing(call.pipe(Policy.apply(backup())))
      assert.strictEqual(error, first)
    })
  )

  it.effect("fails with what shows the request itself to be at fault, and stops there", () =>
    Effect.gen(function* () {
      const invalid = failure(reasons.invalid, "backup")
      const { call, log } = scripted(Effect.fail(failure(reasons.overloaded)), Effect.fail(invalid))
      const { error } = yield* failing(call.pipe(Policy.apply(backup())))
      assert.strictEqual(error, invalid)
      assert.strictEqual(log.length, 2)
    })
  )
})

describe("retry", () => {
  it.effect("waits a random share of a time that doubles up to its limit", () =>
    Effect.gen(function* () {
      const expectations: ReadonlyArray<readonly [number, Array<number>]> = [
        [0, [0, 0, 0, 0, 0]],
        [0.5, [0, 500, 1500, 3000, 4500]],
        [0.999, [0, 999, 2997, 5994, 8991]]
      ]
      for (const [share, expected] of expectations) {
        const { call, times } = scripted(Effect.fail(failure(reasons.fault)))
        const startedAt = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
        yield* timed(call.pipe(Policy.apply(four()), chance(share)))
        assert.deepStrictEqual(
          times().map((at) => at - startedAt),
          expected
        )
      }
    })
  )

  it.effect("waits at least as long as the upstream asks, and never less", () =>
    Effect.gen(function* () {
      for (const [share, waited] of [
        [0, 2000],
        [0.5, 2500],
        [0.999, 2999]
      ] as const) {
        const { call, log } = scripted(Effect.fail(failure(reasons.rateLimited)))
        const { ms } = yield* failing(call.pipe(Policy.apply(once()), chance(share)))
        assert.strictEqual(ms, waited)
        assert.strictEqual(log.length, 2)
      }
    })
  )

  it.effect("begins no wait that would pass the deadline, and lets no jitter do so", () =>
    Effect.gen(function* () {
      const short = scripted(Effect.fail(failure(reasons.rateLimited)))
      const given = yield* failing(short.call.pipe(Policy.apply(Policy.make({ deadline: "2 seconds" }))))
      assert.deepStrictEqual([given.ms, short.log.length], [0, 1])
      assert.strictEqual(given.error._tag, "UpstreamError")
      assert.strictEqual(Policy.attempts(given.error)[0]?.next, "nothing: a wait of 2s would pass the deadline")
      const long = scripted<string, UpstreamError>(Effect.fail(failure(reasons.rateLimited)), Effect.succeed("yes"))
      const { exit, ms } = yield* timed(
        long.call.pipe(Policy.apply(Policy.make({ deadline: "2100 millis" })), chance(0.5))
      )
      assert.deepStrictEqual(exit, Exit.succeed("yes"))
      assert.strictEqual(ms, 2025)
    })
  )

  it.effect("is for the upstream that failed the longest ago, where there is no other one", () =>
    Effect.gen(function* () {
      const { call, upstreams } = scripted(Effect.fail(failure(reasons.fault)))
      yield* timed(call.pipe(Policy.apply(backup())))
      assert.deepStrictEqual(upstreams(), [undefined, "backup", undefined, "backup"])
    })
  )

  it.effect("is for the upstream that wants no rest", () =>
    Effect.gen(function* () {
      const { call, log } = scripted<string, UpstreamError>(
        Effect.fail(failure(reasons.rateLimited)),
        Effect.fail(failure(reasons.fault, "backup")),
        Effect.succeed("yes")
      )
      yield* timed(call.pipe(Policy.apply(backup()), chance(0.5)))
      assert.deepStrictEqual(
        log.map(({ at, upstream }) => [upstream, at]),
        [
          [undefined, 0],
          ["backup", 0],
          ["backup", 250]
        ]
      )
    })
  )

  it.effect("goes back to an earlier upstream where the last one cannot serve", () =>
    Effect.gen(function* () {
      const { call, log } = scripted<string, UpstreamError>(
        Effect.fail(failure(reasons.rateLimited)),
        Effect.delay(Effect.fail(failure(reasons.unauthorized, "backup")), "1500 millis"),
        Effect.succeed("yes")
      )
      const { exit } = yield* timed(call.pipe(Policy.apply(backup()), chance(0)))
      assert.deepStrictEqual(exit, Exit.succeed("yes"))
      assert.deepStrictEqual(
        log.map(({ at, upstream }) => [upstream, at]),
        [
          [undefined, 0],
          ["backup", 0],
          [undefined, 2000]
        ]
      )
    })
  )

  it.effect("does not follow a call that was given up, or one whose worker no longer reacts", () =>
    Effect.gen(function* () {
      const unresponsive = new BoundaryError.BoundaryError({
        boundary: "test",
        reason: new BoundaryError.Unresponsive({
          message: "it loops",
          delivery: "may-have-run",
          silentFor: Duration.seconds(5)
        })
      })
      for (const last of [failure(reasons.aborted), unresponsive]) {
        const first = failure(reasons.overloaded)
        const { call, log } = scripted<string, UpstreamError | BoundaryError.BoundaryError>(
          Effect.fail(first),
          Effect.fail(last)
        )
        const { error } = yield* failing(call.pipe(Policy.apply(backup())))
        assert.strictEqual(error, first)
        assert.strictEqual(log.length, 2)
      }
    })
  )

  it.effect("is not made where it cannot help, or is not allowed", () =>
    Effect.gen(function* () {
      for (const reason of [reasons.quota, reasons.unauthorized, reasons.tooLarge, reasons.aborted]) {
        const { call, log } = scripted(Effect.fail(failure(reason)))
        yield* timed(call.pipe(Policy.apply(Policy.make())))
        assert.strictEqual(log.length, 1, reason._tag)
      }
      const { call, log } = scripted(Effect.fail(failure(reasons.conflict)))
      yield* timed(call.pipe(Policy.apply(Policy.make({ retry: { times: 0 } }))))
      assert.strictEqual(log.length, 1)
    })
  )

  it.effect("obeys an error of the user's own, and not one that says nothing", () =>
    Effect.gen(function* () {
      const own = { [Disposition.symbol]: Disposition.make({ blame: "upstream", retry: "backoff" }) }
      const disposed = scripted<string, typeof own>(Effect.fail(own), Effect.succeed("yes"))
      const { exit } = yield* timed(disposed.call.pipe(Policy.apply(once())))
      assert.deepStrictEqual(exit, Exit.succeed("yes"))
      const silent = scripted(Effect.fail("a string"))
      assert.strictEqual((yield* failing(silent.call.pipe(Policy.apply(once())))).error, "a string")
      assert.strictEqual(silent.log.length, 1)
    })
  )
})

describe("replay: never", () => {
  const policy = Policy.make({ replay: "never", fallback: ["backup"] })

  it.effect("repeats only what certainly had no effect", () =>
    Effect.gen(function* () {
      const ran = scripted(Effect.fail(failure(reasons.fault)))
      const { error } = yield* failing(ran.call.pipe(Policy.apply(policy)))
      assert.strictEqual(ran.log.length, 1)
      assert.match(Policy.attempts(error)[0]?.next ?? "", /^nothing: it may have had an effect/)
      const refused = scripted<string, UpstreamError>(
        Effect.fail(failure(reasons.noHealthyUpstream)),
        Effect.succeed("yes")
      )
      assert.strictEqual(yield* refused.call.pipe(Policy.apply(policy)), "yes")
    })
  )

  it.effect("does not repeat an attempt whose limit passed", () =>
    Effect.gen(function* () {
      const { call, log } = scripted(Effect.never)
      const limited = Policy.make({ replay: "never", attempt: "1 second", fallback: ["backup"] })
      const { error, ms } = yield* failing(call.pipe(Policy.apply(limited)))
      assert.deepStrictEqual([error.reason._tag, ms, log.length], ["DeadlineExceeded", 1000, 1])
    })
  )
})

describe("limits", () => {
  it.effect("an attempt that takes too long is given up, and another upstream asked", () =>
    Effect.gen(function* () {
      const { call, log } = scripted<string, UpstreamError>(Effect.never, Effect.succeed("yes"))
      const policy = Policy.make({ attempt: "2 seconds", fallback: ["backup"] })
      const { exit, ms } = yield* timed(call.pipe(Policy.apply(policy)))
      assert.deepStrictEqual([exit, ms], [Exit.succeed("yes"), 2000])
      assert.deepStrictEqual(
        log.map(({ upstream }) => upstream),
        [undefined, "backup"]
      )
    })
  )

  it.effect("fails with the error of an attempt that had one, rather than with a limit that passed before", () =>
    Effect.gen(function* () {
      const error = failure(reasons.quota, "backup")
      const { call } = scripted(Effect.never, Effect.fail(error))
      const policy = Policy.make({ attempt: "2 seconds", retry: { times: 0 }, fallback: ["backup"] })
      const failed = yield* failing(call.pipe(Policy.apply(policy)))
      assert.strictEqual(failed.error, error)
      assert.deepStrictEqual(
        Policy.attempts(error).map(({ reason, upstream }) => [upstream, reason]),
        [
          [undefined, "DeadlineExceeded"],
          ["backup", "QuotaExhausted"]
        ]
      )
    })
  )

  it.effect("fails with the first error where the deadline passes in a later attempt", () =>
    Effect.gen(function* () {
      const first = failure(reasons.overloaded)
      const { call } = scripted(Effect.fail(first), Effect.never)
      const policy = Policy.make({ deadline: "3 seconds", fallback: ["backup"] })
      const { error, ms } = yield* failing(call.pipe(Policy.apply(policy)))
      assert.deepStrictEqual([error, ms], [first, 3000])
      assert.strictEqual(Policy.attempts(first).at(-1)?.next, "nothing: the deadline has passed")
    })
  )

  it.effect("are the policy's own, whoever sees first that the call's deadline has passed", () =>
    Effect.gen(function* () {
      class Hanging extends Contract.Service<Hanging>()(
        "test/Hanging",
        Rpc.make("hang", { success: Schema.String, error: UpstreamError })
      ) {}
      const hang = Effect.flatMap(Hanging, (client) => client.hang()).pipe(
        Effect.provide(Local.layer(Hanging, Hanging.toLayer({ hang: () => Effect.never })))
      )
      const aborting = Effect.delay(Effect.fail(failure(reasons.outOfTime)), "4980 millis")
      for (const call of [hang, aborting]) {
        const { error } = yield* failing(call.pipe(Policy.apply(Policy.make({ deadline: "5 seconds" }))))
        assert.strictEqual(error.message, "DeadlineExceeded: the call did not end within 5s")
        assert.strictEqual(Policy.attempts(error)[0]?.next, "nothing: the deadline has passed")
      }
    })
  )

  it.effect("leave what it is that came before, or says something else", () =>
    Effect.gen(function* () {
      for (const [reason, takes] of [
        [reasons.outOfTime, 4000],
        [reasons.aborted, 4980]
      ] as const) {
        const error = failure(reason)
        const call = Effect.delay(Effect.fail(error), Duration.millis(takes))
        const failed = yield* failing(call.pipe(Policy.apply(Policy.make({ deadline: "5 seconds" }))))
        assert.strictEqual(failed.error, error)
      }
    })
  )

  it.effect("hold for a call whose clean-up never ends", () =>
    Effect.gen(function* () {
      const stuck = Effect.onInterrupt(Effect.never, () => Effect.never)
      const { ms } = yield* failing(stuck.pipe(Policy.apply(Policy.make({ deadline: "1 second" }))))
      assert.strictEqual(ms, 1000)
    })
  )

  it.effect("interrupt the call that they end", () =>
    Effect.gen(function* () {
      let interrupted = 0
      const call = Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted++))
      yield* failing(call.pipe(Policy.apply(Policy.make({ attempt: "1 second", retry: { times: 2 } }))))
      assert.strictEqual(interrupted, 3)
    })
  )

  it.effect("leave no timer behind a call that ended before them", () =>
    Effect.gen(function* () {
      const { timers, withTimers } = yield* countingTimers
      const call = Effect.andThen(Effect.sleep("1 second"), timers).pipe(
        Policy.apply(Policy.make({ deadline: "1 hour" })),
        withTimers
      )
      const { exit } = yield* timed(call)
      assert.deepStrictEqual(exit, Exit.succeed(1))
      assert.strictEqual(yield* timers, 0)
      const fiber = yield* Effect.forkChild(Effect.never.pipe(Policy.apply(Policy.make()), withTimers))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* timers, 1)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(yield* timers, 0)
    })
  )
})

describe("what is never repeated", () => {
  it.effect("a defect", () =>
    Effect.gen(function* () {
      const defect = new RangeError("a mistake")
      const { call, log } = scripted(Effect.die(defect))
      const exit = yield* Effect.exit(call.pipe(Policy.apply(backup())))
      assert.strictEqual(Exit.isFailure(exit) && Cause.squash(exit.cause), defect)
      assert.strictEqual(log.length, 1)
    })
  )

  it.effect("a defect beside a failure", () =>
    Effect.gen(function* () {
      const both = Cause.combine(Cause.fail(failure(reasons.overloaded)), Cause.die("a mistake"))
      const { call, log } = scripted(Effect.failCause(both))
      const exit = yield* Effect.exit(call.pipe(Policy.apply(backup())))
      assert.isTrue(Exit.hasDies(exit))
      assert.strictEqual(log.length, 1)
    })
  )

  it.effect("a call that interrupts itself", () =>
    Effect.gen(function* () {
      const { call, log } = scripted(Effect.interrupt)
      const exit = yield* Effect.exit(call.pipe(Policy.apply(backup())))
      assert.isTrue(Exit.hasInterrupts(exit))
      assert.strictEqual(log.length, 1)
    })
  )

  it.effect("a call whose caller goes away, and it ends with its caller", () =>
    Effect.gen(function* () {
      let released = false
      const { call, log } = scripted(Effect.onInterrupt(Effect.never, () => Effect.sync(() => (released = true))))
      const fiber = yield* Effect.forkChild(call.pipe(Policy.apply(backup())), { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      assert.isTrue(released)
      assert.strictEqual(log.length, 1)
    })
  )

  it.effect("a call whose caller goes away while a retry waits", () =>
    Effect.gen(function* () {
      const { call, log } = scripted(Effect.fail(failure(reasons.rateLimited)))
      const fiber = yield* Effect.forkChild(call.pipe(Policy.apply(Policy.make())), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(log.length, 1)
    })
  )
})
