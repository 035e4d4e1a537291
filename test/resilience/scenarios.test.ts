/** What befalls upstreams, on real sockets: who answers, what each upstream gets, and how it is told. */
import { PolicyError } from "@causeway/core/PolicyError"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as Policy from "@causeway/resilience/Policy"
import { assert, describe, it } from "@effect/vitest"
import type { Simulator } from "@causeway/simulator/Simulator"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { attempts, world } from "./world.ts"

/** Waits of next to nothing, since sockets take the time that they take. */
const retry = { times: 2, base: "1 millis", max: "1 millis" } as const

const reasonOf = (error: unknown): string | undefined =>
  error instanceof UpstreamError || error instanceof PolicyError ? error.reason._tag : undefined

describe("a quota that is used up", () => {
  it.effect("sends calls elsewhere, and does not ask there again for a while", () =>
    Effect.gen(function* () {
      const { ask, requests } = yield* world({ primary: { fault: "quota" }, backup: {} })
      const policy = Policy.make({ retry })
      assert.strictEqual(yield* ask(policy), "backup")
      assert.strictEqual(yield* ask(policy), "backup")
      assert.deepStrictEqual(yield* requests, [1, 2])
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* ask(policy), "backup")
      assert.deepStrictEqual(yield* requests, [2, 3])
    })
  )

  it.effect("is told as that of the first upstream, where it is everywhere", () =>
    Effect.gen(function* () {
      const { ask, requests } = yield* world({ primary: { fault: "quota" }, backup: { fault: "quota" } })
      const error = yield* Effect.flip(ask(Policy.make({ retry })))
      assert.strictEqual(reasonOf(error), "QuotaExhausted")
      assert.propertyVal(error, "upstream", "primary")
      assert.deepStrictEqual(attempts(error), [
        { upstream: "primary", reason: "QuotaExhausted", next: "fallback to backup" },
        { upstream: "backup", reason: "QuotaExhausted", next: "nothing: neither another upstream nor a retry helps" }
      ])
      assert.deepStrictEqual(yield* requests, [1, 1])
    })
  )
})

describe("a credential that was revoked", () => {
  it.effect("is not tried at another upstream that has the same one", () =>
    Effect.gen(function* () {
      const { ask, requests } = yield* world({
        primary: { fault: "unauthorized", credential: "a" },
        sibling: { fault: "unauthorized", credential: "a" },
        backup: { credential: "b" }
      })
      assert.strictEqual(yield* ask(Policy.make({ retry })), "backup")
      assert.strictEqual(yield* ask(Policy.make({ retry })), "backup")
      assert.deepStrictEqual(yield* requests, [1, 0, 2])
    })
  )

  it.effect("is told after one attempt where there is no other", () =>
    Effect.gen(function* () {
      const { ask, requests } = yield* world({ primary: { fault: "unauthorized" } })
      const error = yield* Effect.flip(ask(Policy.make({ retry })))
      assert.strictEqual(reasonOf(error), "Authentication")
      assert.deepStrictEqual(attempts(error), [
        { upstream: "primary", reason: "Authentication", next: "nothing: neither another upstream nor a retry helps" }
      ])
      assert.deepStrictEqual(yield* requests, [1])
    })
  )
})

describe("an input that was filtered", () => {
  const upstreams = { primary: { fault: "content-filter" }, backup: {}, elsewhere: {} }

  it.effect("goes to another provider, and to no other upstream of the same one", () =>
    Effect.gen(function* () {
      const { ask, requests } = yield* world(upstreams)
      const policy = Policy.make({ retry, fallback: { any: ["backup"], "other-provider": ["elsewhere"] } })
      for (let call = 0; call < 10; call++) assert.strictEqual(yield* ask(policy), "elsewhere")
      // It says nothing against the primary, so every call begins there.
      assert.deepStrictEqual(yield* requests, [10, 0, 10])
    })
  )

  it.effect("is told after one attempt where no list is for it", () =>
    Effect.gen(function* () {
      const { ask, requests } = yield* world(upstreams)
      const error = yield* Effect.flip(ask(Policy.make({ retry, fallback: { any: ["backup", "elsewhere"] } })))
      assert.strictEqual(reasonOf(error), "ContentFiltered")
      assert.deepStrictEqual(attempts(error), [
        { upstream: "primary", reason: "ContentFiltered", next: "nothing: neither another upstream nor a retry helps" }
      ])
      assert.deepStrictEqual(yield* requests, [1, 0, 0])
    })
  )
})

describe("an input that is too long for the model", () => {
  const fallback = { any: ["backup"], "larger-context": ["large"] }

  it.effect("goes to the larger one, by its own name", () =>
    Effect.gen(function* () {
      const { ask, requests, simulator } = yield* world({
        primary: { fault: "context-length" },
        backup: {},
        large: { models: { "gpt-5": "gpt-5-long" } }
      })
      assert.strictEqual(yield* ask(Policy.make({ retry, fallback })), "large")
      assert.deepStrictEqual(yield* requests, [1, 0, 1])
      const [request] = yield* (yield* simulator("large")).requests
      assert.strictEqual(request?.model, "gpt-5-long")
    })
  )

  it.effect("is told as it was first where it is too long for that one too", () =>
    Effect.gen(function* () {
      const fault = "context-length"
      const { ask, requests } = yield* world({ primary: { fault }, backup: {}, large: { fault } })
      const error = yield* Effect.flip(ask(Policy.make({ retry, fallback })))
      assert.strictEqual(reasonOf(error), "InputTooLarge")
      assert.propertyVal(error, "upstream", "primary")
      assert.deepStrictEqual(
        attempts(error).map(({ upstream }) => upstream),
        ["primary", "large"]
      )
      assert.deepStrictEqual(yield* requests, [1, 0, 1])
    })
  )
})

describe("a stream that is cut off", () => {
  const policy = Policy.make({ retry })

  it.effect("before its first element is begun elsewhere", () =>
    Effect.gen(function* () {
      const { requests, stream } = yield* world({ primary: { fault: "empty-stream" }, backup: {} })
      const text = yield* Stream.mkString(stream(policy))
      assert.isAbove(text.length, 0)
      assert.deepStrictEqual(yield* requests, [1, 1])
    })
  )

  it.effect("after it is told with what had come, and asks nobody else", () =>
    Effect.gen(function* () {
      const { requests, stream } = yield* world({ primary: { fault: "cut-stream" }, backup: {} })
      let text = ""
      const error = yield* stream(policy).pipe(
        Stream.runForEach((piece) => Effect.sync(() => (text += piece))),
        Effect.flip
      )
      assert.strictEqual(reasonOf(error), "StreamTruncated")
      assert.nestedPropertyVal(error, "reason.partial", text)
      assert.isAbove(text.length, 0)
      assert.deepStrictEqual(attempts(error), [
        { upstream: "primary", reason: "StreamTruncated", next: "nothing: the stream had begun" }
      ])
      assert.deepStrictEqual(yield* requests, [1, 0])
    })
  )
})

describe("an upstream that flaps", () => {
  it.effect("hurts nobody, and gets fewer calls with each relapse", () =>
    Effect.gen(function* () {
      const { ask, requests, simulator } = yield* world({
        primary: {
          script: {
            phases: [
              { requests: 6, fault: "overloaded" },
              { name: "well", requests: 1 }
            ],
            repeat: true
          }
        },
        backup: {}
      })
      const policy = Policy.make({ retry })
      const by: Array<string | undefined> = []
      for (let call = 0; call < 200; call++) {
        by.push(yield* ask(policy))
        yield* TestClock.adjust("100 millis")
      }
      const answered = by.filter((name) => name === "primary").length
      const seen = yield* (yield* simulator("primary")).requests
      assert.strictEqual(answered, seen.filter(({ phase }) => phase === "well").length)
      const [primary, backup] = yield* requests
      assert.strictEqual(backup, 200 - answered)
      // It answers one call of seven. Nothing learnt, it would have got all of them.
      assert.isBelow(primary ?? 0, 30)
    })
  )
})

describe("all upstreams down", () => {
  it.live("are told by the first one's failure, with every attempt", () =>
    Effect.gen(function* () {
      const { ask, requests } = yield* world({
        primary: { fault: "no-healthy-upstream" },
        backup: { fault: "server-error" }
      })
      const error = yield* Effect.flip(ask(Policy.make({ retry })))
      assert.strictEqual(reasonOf(error), "Gateway")
      assert.propertyVal(error, "upstream", "primary")
      assert.deepStrictEqual(
        attempts(error).map(({ reason, upstream }) => [upstream, reason]),
        [
          ["primary", "Gateway"],
          ["backup", "ProviderFault"],
          ["primary", "Gateway"],
          ["backup", "ProviderFault"]
        ]
      )
      assert.strictEqual(attempts(error).at(-1)?.next, "nothing: no retry is left")
      assert.deepStrictEqual(yield* requests, [2, 2])
    })
  )

  it.effect("get one call at a time through the last open door, which says so", () =>
    Effect.gen(function* () {
      const down = { fault: "no-healthy-upstream" }
      const { ask, requests, simulator } = yield* world({ primary: down, backup: down })
      const policy = Policy.make({ retry: { times: 0 }, breaker: { consecutive: 3 } })
      for (let call = 0; call < 3; call++) yield* Effect.flip(ask(policy))
      assert.deepStrictEqual(yield* requests, [3, 3])
      const error = yield* Effect.flip(ask(policy))
      assert.strictEqual(reasonOf(error), "Gateway")
      assert.deepStrictEqual(
        attempts(error).map(({ kind, upstream }) => [upstream, kind]),
        [
          ["primary", "last-open-door"],
          ["backup", "last-open-door"]
        ]
      )
      yield* (yield* simulator("primary")).behave({})
      assert.strictEqual(yield* ask(policy), "primary")
    })
  )
})

describe("200 callers of a dead upstream", () => {
  it.live("send it at most a quarter more than their own calls", () =>
    Effect.gen(function* () {
      const { ask, requests } = yield* world({ primary: { fault: "no-healthy-upstream" } })
      const policy = Policy.make({ retry, budget: { window: "10 minutes" } })
      const errors = yield* Effect.forEach(Array.from({ length: 200 }), () => Effect.flip(ask(policy)), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(new Set(errors.map(reasonOf)), new Set(["Gateway"]))
      const [sent = 0] = yield* requests
      assert.isAbove(sent, 200)
      assert.isAtMost(sent, 250)
      assert.strictEqual(
        errors.reduce((sum, error) => sum + Policy.attempts(error).length, 0),
        sent
      )
    })
  )

  it.live("do not feel it where there is another one, and leave the dead one alone", () =>
    Effect.gen(function* () {
      const { ask, requests } = yield* world({ primary: { fault: "no-healthy-upstream" }, backup: {} })
      const policy = Policy.make({ retry, breaker: { open: "10 minutes", maxOpen: "10 minutes" } })
      const call = Effect.forEach(Array.from({ length: 200 }), () => ask(policy), { concurrency: 20 })
      assert.deepStrictEqual(new Set(yield* call), new Set(["backup"]))
      const [primary = 0, backup] = yield* requests
      assert.strictEqual(backup, 200)
      // Five in a row, and those that were under way by then.
      assert.isAtMost(primary, 25)
    })
  )
})

/** Lets a time pass once a request hangs. */
const hang = (simulator: Simulator["Service"], number: number, limit: Duration.Input) =>
  Effect.andThen(
    simulator.awaitRequest((request) => request.number === number && request.fault === "stall"),
    TestClock.adjust(limit)
  )

describe("an upstream that accepts and never answers", () => {
  it.effect("keeps a caller for one attempt, then nobody, and its sockets are closed", () =>
    Effect.gen(function* () {
      const { ask, requests, simulator } = yield* world({ primary: { fault: "stall" }, backup: {} })
      const primary = yield* simulator("primary")
      const policy = Policy.make({ retry, attempt: "5 seconds" })
      for (let call = 1; call <= 5; call++) {
        const fiber = yield* Effect.forkChild(ask(policy), { startImmediately: true })
        yield* hang(primary, call, "5 seconds")
        assert.strictEqual(yield* Fiber.join(fiber), "backup")
        yield* primary.awaitClosed(call)
      }
      assert.deepStrictEqual(yield* requests, [5, 5])
      for (let call = 0; call < 5; call++) assert.strictEqual(yield* ask(policy), "backup")
      assert.deepStrictEqual(yield* requests, [5, 10])
    })
  )

  it.effect("keeps nobody for longer than usual as a probe", () =>
    Effect.gen(function* () {
      const { ask, requests, simulator } = yield* world({ primary: { fault: "overloaded" }, backup: {} })
      const primary = yield* simulator("primary")
      const policy = Policy.make({ retry, attempt: "5 seconds", breaker: { consecutive: 1 }, pause: false })
      assert.strictEqual(yield* ask(policy), "backup")
      yield* primary.behave({ fault: "stall" })
      yield* TestClock.adjust("1 second")
      const fiber = yield* Effect.forkChild(ask(policy), { startImmediately: true })
      // Nothing is known of how long it takes: a second is waited for its answer.
      yield* hang(primary, 2, "1 second")
      assert.strictEqual(yield* Fiber.join(fiber), "backup")
      yield* primary.awaitClosed(2)
      assert.deepStrictEqual(yield* requests, [2, 2])
    })
  )

  it.effect("is told as a deadline that passed, where there is no other one", () =>
    Effect.gen(function* () {
      const { ask, requests, simulator } = yield* world({ primary: { fault: "stall" } })
      const policy = Policy.make({ deadline: "10 seconds", retry })
      const fiber = yield* Effect.forkChild(Effect.flip(ask(policy)), { startImmediately: true })
      yield* hang(yield* simulator("primary"), 1, "10 seconds")
      const error = yield* Fiber.join(fiber)
      assert.instanceOf(error, PolicyError)
      assert.strictEqual(reasonOf(error), "DeadlineExceeded")
      // The client keeps the deadline too, and may be the first to see it.
      assert.deepStrictEqual(
        attempts(error).map(({ next, upstream }) => [upstream, next]),
        [["primary", "nothing: the deadline has passed"]]
      )
      assert.deepStrictEqual(yield* requests, [1])
    })
  )
})
