import * as Disposition from "@causeway/core/Disposition"
import * as Attempt from "@causeway/core/Attempt"
import * as Policy from "@causeway/resilience/Policy"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { chance, failing, failure, reasons, scripted } from "./fixtures/calls.ts"

const policy = () => Policy.make({ fallback: ["backup"], retry: { times: 1, base: "1 second" } })

describe("attempts", () => {
  it.effect("tell of each one where it went, how it failed, and why the next one was made or was not", () =>
    Effect.gen(function* () {
      const { call } = scripted(
        Effect.delay(Effect.fail(failure(reasons.noHealthyUpstream)), "20 millis"),
        Effect.delay(Effect.fail(failure(reasons.rateLimited, "backup")), "30 millis"),
        Effect.fail(failure(reasons.fault))
      )
      const { error } = yield* failing(call.pipe(Policy.apply(policy()), chance(0.5)))
      assert.deepStrictEqual(Policy.attempts(error), [
        {
          number: 1,
          upstream: "primary",
          reason: "Gateway",
          message: "primary failed at chat.completions.create: Gateway, as the test says",
          elapsedMs: 20,
          delivery: "not-sent",
          next: "fallback to backup"
        },
        {
          number: 2,
          upstream: "backup",
          reason: "RateLimited",
          message: "backup failed at chat.completions.create: RateLimited, as the test says",
          elapsedMs: 30,
          delivery: "not-sent",
          next: "retry at the first upstream after 500ms"
        },
        {
          number: 3,
          upstream: "primary",
          reason: "ProviderFault",
          message: "primary failed at chat.completions.create: ProviderFault, as the test says",
          elapsedMs: 0,
          delivery: "may-have-run",
          next: "nothing: no retry is left",
          isGivenUp: true
        }
      ])
    })
  )

  it.effect("name the upstream that is asked again", () =>
    Effect.gen(function* () {
      const { call } = scripted(
        Effect.fail(failure(reasons.overloaded)),
        Effect.fail(failure(reasons.quota, "backup")),
        Effect.fail(failure(reasons.quota))
      )
      const { error } = yield* failing(call.pipe(Policy.apply(policy()), chance(0.5)))
      assert.deepStrictEqual(
        Policy.attempts(error).map(({ next }) => next),
        [
          "fallback to backup",
          "retry at the first upstream after 500ms",
          "nothing: neither another upstream nor a retry helps"
        ]
      )
    })
  )

  it.effect("say whether more of them are of no use for now", () =>
    Effect.gen(function* () {
      const budget = { share: 0, floor: 0 }
      for (const [reason, options, isGivenUp] of [
        ["overloaded", { retry: { times: 1 } }, true],
        ["overloaded", { budget }, true],
        ["overloaded", { retry: { times: 0 } }, false],
        ["quota", {}, false],
        ["invalid", {}, false],
        ["rateLimited", { deadline: "1 second", firstElement: 1, idle: 1 }, false]
      ] as const) {
        const call = Effect.fail(failure(reasons[reason])).pipe(Policy.apply(Policy.make(options)))
        const { error } = yield* failing(call)
        assert.strictEqual(Attempt.isGivenUp(error), isGivenUp, reason)
      }
      assert.isFalse(Attempt.isGivenUp(failure(reasons.overloaded)))
    })
  )

  it.effect("leave the error as it was: the same object, which JSON and enumeration see unchanged", () =>
    Effect.gen(function* () {
      const error = failure(reasons.invalid)
      const { error: given } = yield* failing(Effect.fail(error).pipe(Policy.apply(policy())))
      assert.strictEqual(given, error)
      assert.strictEqual(Policy.attempts(error).length, 1)
      assert.strictEqual(JSON.stringify(error), JSON.stringify(failure(reasons.invalid)))
      assert.notInclude(Object.keys(error), Attempt.key)
    })
  )

  it.effect("are kept of an error that is frozen, each time anew", () =>
    Effect.gen(function* () {
      const error = Object.freeze({
        message: "frozen",
        [Disposition.symbol]: Disposition.make({ blame: "upstream", retry: "backoff" })
      })
      for (const times of [1, 0]) {
        const once = Policy.make({ retry: { times } })
        const { error: given } = yield* failing(Effect.fail(error).pipe(Policy.apply(once)))
        assert.strictEqual(given, error)
        assert.deepStrictEqual(
          Policy.attempts(error).map(({ message }) => message),
          Array.from({ length: times + 1 }, () => "frozen")
        )
      }
    })
  )

  it.effect("are kept of an error without attempts of its own", () =>
    Effect.gen(function* () {
      const limited = Policy.make({ attempt: "1 second", retry: { times: 1 } })
      const { error } = yield* failing(Effect.never.pipe(Policy.apply(limited)))
      assert.deepStrictEqual(
        Policy.attempts(error).map(({ elapsedMs, reason, message }) => [reason, elapsedMs, message]),
        [
          ["DeadlineExceeded", 1000, "DeadlineExceeded: the attempt did not end within 1s"],
          ["DeadlineExceeded", 1000, "DeadlineExceeded: the attempt did not end within 1s"]
        ]
      )
    })
  )

  it.effect("hold no secret and no more of a message than its limit", () =>
    Effect.gen(function* () {
      const error = new Error(`denied for sk-${"a1B2".repeat(12)} ${"x".repeat(5000)}`)
      yield* failing(Effect.fail(error).pipe(Policy.apply(policy())))
      const [attempt] = Policy.attempts(error)
      assert.strictEqual(attempt?.reason, "Error")
      assert.notInclude(attempt?.message ?? "", "a1B2a1B2")
      assert.strictEqual(attempt?.message.length, Attempt.messageLimit)
    })
  )

  it("are none where no policy was, or where something else lies under the key", () => {
    for (const value of [
      undefined,
      null,
      "text",
      1,
      {},
      new Error("x"),
      { [Attempt.key]: "x" },
      { [Attempt.key]: [1] }
    ]) {
      assert.deepStrictEqual(Policy.attempts(value), [])
    }
  })
})
