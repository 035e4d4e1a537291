import * as Behaviour from "@causeway/simulator/Behaviour"
import { Simulator, type Options } from "@causeway/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { type Answer, ask, call } from "./fixtures/wire.ts"

/** Sends so many requests, one after the other. */
const several = (simulator: Simulator["Service"], count: number, model = "gpt-5") =>
  Effect.all(Array.from({ length: count }, () => ask(simulator, model)))

const statuses = (answers: ReadonlyArray<Answer>) => answers.map(({ status }) => status)

/** How a hundred requests fare, of which some fail. */
const shared = (options: Options) =>
  Effect.scoped(
    Effect.flatMap(Simulator.make({ fault: "overloaded?share=0.3", ...options }), (simulator) =>
      Effect.map(several(simulator, 100), statuses)
    )
  )

/** The time by the test's clock until a call is answered, in steps of 10 ms. */
const waited = Effect.fnUntraced(function* (simulator: Simulator["Service"], model = "gpt-5") {
  const before = yield* simulator.requestCount
  const fiber = yield* Effect.forkChild(ask(simulator, model))
  yield* simulator.awaitRequest(({ number, status }) => number > before && status !== undefined)
  let millis = 0
  while ((yield* simulator.requests).at(-1)?.outcome === "pending") {
    yield* TestClock.adjust("10 millis")
    millis += 10
    yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
  }
  yield* Fiber.join(fiber)
  return millis
})

describe("Behaviour", () => {
  it.effect("lets a request's own wish go first: its header, then its model", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ fault: "overloaded" })
      const asked = (model: string, fault?: string) =>
        call(simulator, "/chat/completions", {
          method: "POST",
          body: JSON.stringify({ model, messages: [{ role: "user", content: "x" }] }),
          headers: fault === undefined ? {} : { "x-simulator-fault": fault }
        })
      assert.deepStrictEqual(
        statuses(
          yield* Effect.all([
            asked("gpt-5"),
            asked("fault:quota"),
            asked("fault:quota", "conflict"),
            asked("gpt-5", "none"),
            asked("gpt-5", "no-such-fault")
          ])
        ),
        [503, 429, 409, 200, 400]
      )
      const models = yield* call(simulator, "/models", { headers: { "x-simulator-fault": "bad-gateway" } })
      assert.strictEqual(models.status, 502)
      yield* simulator.behave({})
      assert.strictEqual((yield* ask(simulator, "gpt-5")).status, 200)
    })
  )

  it.effect("gives a fault to its share of the requests, the same ones for the same seed", () =>
    Effect.gen(function* () {
      const first = yield* shared({})
      const failed = first.filter((status) => status === 503).length
      assert.isAtLeast(failed, 20)
      assert.isAtMost(failed, 40)
      assert.deepStrictEqual(yield* shared({}), first)
      assert.notDeepEqual(yield* shared({ seed: 1 }), first)
    })
  )

  it.effect("waits for as long as the latency says, and as a fault says", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ latency: { answer: "80 millis" } })
      assert.strictEqual(yield* waited(simulator), 80)
      assert.strictEqual(yield* waited(simulator, "fault:slow?millis=300"), 380)
      assert.strictEqual(yield* waited(simulator, "fault:overloaded?delay=20"), 100)
    })
  )

  it.effect("refuses at once what is over a limit", () =>
    Effect.gen(function* () {
      const rateLimit = { requests: { limit: 1, per: "1 hour" } } as const
      const simulator = yield* Simulator.make({ latency: { answer: "80 millis" }, rateLimit })
      assert.strictEqual(yield* waited(simulator), 80)
      // The clock stands still.
      assert.strictEqual((yield* ask(simulator, "gpt-5")).status, 429)
    })
  )

  it.effect("waits log-normally where the latency is spread", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ latency: { answer: { p50: "100 millis", p99: "200 millis" } } })
      const all: Array<number> = []
      for (let index = 0; index < 60; index++) all.push(yield* waited(simulator))
      const sorted = all.toSorted((a, b) => a - b)
      const median = sorted[30] ?? 0
      assert.isAbove(median, 80)
      assert.isBelow(median, 130)
      assert.isBelow(sorted.at(-1) ?? 0, 400)
      assert.isAbove(new Set(all).size, 5)
    })
  )

  it.effect("limits the requests by a token bucket, with headers that tell the truth", () =>
    Effect.gen(function* () {
      const rateLimit = { requests: { limit: 2, per: "1 second", burst: 4 } } as const
      const simulator = yield* Simulator.make({ rateLimit })
      const answers = yield* several(simulator, 5)
      assert.deepStrictEqual(statuses(answers), [200, 200, 200, 200, 429])
      const header = (name: string) => answers.map(({ headers }) => headers.get(name))
      assert.deepStrictEqual(header("x-ratelimit-limit-requests"), ["2", "2", "2", "2", "2"])
      assert.deepStrictEqual(header("x-ratelimit-remaining-requests"), ["3", "2", "1", "0", "0"])
      assert.deepStrictEqual(header("x-ratelimit-reset-requests"), ["500ms", "1s", "1.5s", "2s", "2s"])
      assert.deepStrictEqual(header("retry-after"), [null, null, null, null, "1"])
      assert.deepStrictEqual(header("retry-after-ms"), [null, null, null, null, "500"])
      assert.nestedPropertyVal(answers[4]?.json, "error.code", "rate_limit_exceeded")
      // One that waits as it was told to is let through, one that is a moment early is not.
      yield* TestClock.adjust("499 millis")
      assert.strictEqual((yield* ask(simulator, "gpt-5")).status, 429)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual((yield* ask(simulator, "gpt-5")).status, 200)
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(statuses(yield* several(simulator, 5)), [200, 200, 200, 200, 429])
    })
  )

  it.effect.each([
    ["59900 millis", "59.9s"],
    ["59999.5 millis", "1m0s"],
    ["61 seconds", "1m1s"],
    ["119500 millis", "2m0s"],
    ["3599500 millis", "1h0m0s"],
    ["3723 seconds", "1h2m3s"]
  ] as const)("tells a limit's reset of %s as %s", ([per, reset]) =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ rateLimit: { requests: { limit: 1, per } } })
      const { headers } = yield* ask(simulator, "gpt-5")
      assert.strictEqual(headers.get("x-ratelimit-reset-requests"), reset)
    })
  )

  it.effect("limits the tokens, and refuses for good what is larger than the limit", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ rateLimit: { tokens: { limit: 60, per: "1 minute" } } })
      const [first, second] = yield* several(simulator, 2)
      assert.deepStrictEqual([first?.status, second?.status], [200, 200])
      const third = yield* ask(simulator, "gpt-5", { user: "x".repeat(100) })
      assert.strictEqual(third.status, 429)
      assert.nestedPropertyVal(third.json, "error.type", "tokens")
      const large = yield* ask(simulator, "gpt-5", { user: "x".repeat(1_000) })
      assert.strictEqual(large.status, 429)
      assert.strictEqual(large.headers.get("retry-after"), null)
      assert.include(large.text, "Request too large")
    })
  )

  it("knows which behaviours make sense", () => {
    const is = Schema.is(Behaviour.Behaviour)
    for (const behaviour of [
      {},
      { fault: "none", latency: "typical", rateLimit: "none", refuse: false },
      { latency: { answer: 5, event: { p50: "1 second", p99: "1 second" } } }
    ]) {
      assert.isTrue(is(behaviour), JSON.stringify(behaviour))
    }
    for (const behaviour of [
      { fault: "nope" },
      { latency: "quick" },
      { latency: { answer: "-1 seconds" } },
      { latency: { answer: "Infinity" } },
      { latency: { answer: "60 days" } },
      { latency: { answer: { p50: "2 seconds", p99: "1 second" } } },
      { rateLimit: { requests: { limit: 0, per: "1 second" } } },
      { rateLimit: { requests: { limit: 1, per: 0 } } }
    ]) {
      assert.isFalse(is(behaviour), JSON.stringify(behaviour))
    }
  })
})
