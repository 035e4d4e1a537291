import { Simulator } from "@causeway/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as TestClock from "effect/testing/TestClock"
import { ask, connect, exchange, chat } from "./fixtures/wire.ts"

const status = (simulator: Simulator["Service"]) => Effect.map(ask(simulator, "gpt-5"), ({ status }) => status)

describe("Script", () => {
  it.effect("passes through its phases by the clock, and then behaves as it was set up", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({
        rateLimit: { requests: { limit: 100, per: "1 second" } },
        script: {
          phases: [
            { name: "healthy", for: "10 seconds" },
            { name: "outage", for: "10 seconds", fault: "no-healthy-upstream" },
            { for: "10 seconds", fault: "overloaded", rateLimit: "none" },
            { name: "limited", for: "10 seconds", rateLimit: { requests: { limit: 1, per: "1 hour" } } }
          ]
        }
      })
      const seen: Array<unknown> = []
      for (let step = 0; step < 5; step++) {
        const { headers, status } = yield* ask(simulator, "gpt-5")
        seen.push([yield* simulator.phase, status, headers.get("x-ratelimit-limit-requests")])
        yield* TestClock.adjust("10 seconds")
      }
      assert.deepStrictEqual(seen, [
        ["healthy", 200, "100"],
        ["outage", 503, null],
        ["3", 503, null],
        ["limited", 200, "1"],
        [undefined, 200, "100"]
      ])
      assert.deepStrictEqual(
        (yield* simulator.requests).map(({ phase }) => phase),
        ["healthy", "outage", "3", "limited", undefined]
      )
    })
  )

  it.effect("passes phases that nobody has seen", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({
        script: {
          phases: [
            { name: "a", for: "1 second" },
            { name: "b", for: "1 second" },
            { name: "c", for: "1 second" }
          ]
        }
      })
      yield* TestClock.adjust("2500 millis")
      assert.strictEqual(yield* simulator.phase, "c")
      yield* TestClock.adjust("499 millis")
      assert.strictEqual(yield* simulator.phase, "c")
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* simulator.phase, undefined)
    })
  )

  it.effect("counts requests, and begins again where it is told to", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({
        script: {
          phases: [{ requests: 2 }, { requests: 1, fault: "server-error" }, { for: "1 second", fault: "quota" }],
          repeat: true
        }
      })
      const round = Effect.all([status(simulator), status(simulator), status(simulator), status(simulator)])
      assert.deepStrictEqual(yield* round, [200, 200, 500, 429])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* round, [200, 200, 500, 429])
    })
  )

  it.effect("is taken up and ended while it runs, and begins anew on reset", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ script: { phases: [{ name: "first", fault: "quota" }] } })
      assert.strictEqual(yield* status(simulator), 429)
      yield* simulator.run({
        phases: [
          { requests: 1, fault: "overloaded" },
          { name: "last", fault: "conflict" }
        ]
      })
      assert.deepStrictEqual(yield* Effect.all([status(simulator), status(simulator)]), [503, 409])
      yield* simulator.behave({ fault: "bad-gateway" })
      assert.strictEqual(yield* simulator.phase, undefined)
      assert.strictEqual(yield* status(simulator), 502)
      yield* simulator.reset
      assert.deepStrictEqual([yield* simulator.phase, yield* status(simulator)], ["first", 429])
      assert.strictEqual((yield* simulator.requests).length, 1)
      assert.strictEqual(yield* simulator.requestCount, 5)
    })
  )

  it.effect("refuses connections for a time, on the same port, and breaks those that are open", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const stalled = yield* connect(simulator)
      stalled.send(chat("fault:stall"))
      yield* simulator.awaitRequest(({ fault }) => fault === "stall")
      yield* simulator.run({ phases: [{ name: "down", for: "30 seconds", refuse: true }] })
      yield* stalled.closed
      assert.strictEqual((yield* exchange(simulator, chat("gpt-5"))).error, "ECONNREFUSED")
      assert.strictEqual((yield* simulator.requests)[0]?.outcome, "broken")
      yield* TestClock.adjust("30 seconds")
      const again = Effect.flatMap(exchange(simulator, chat("gpt-5")), ({ error, text }) =>
        error === undefined ? Effect.succeed(text) : Effect.fail(error)
      )
      // The port is opened again in one of the next turns.
      const text = yield* Effect.retry(again, Schedule.recurs(1_000))
      assert.match(text, /^HTTP\/1\.1 200 /)
    })
  )

  it.effect.each([
    [{ phases: [] }, "phases"],
    [{ phases: [{ for: "soon" }] }, "for"],
    [{ phases: [{ refuse: true }] }, "needs a time"],
    [{ phases: [{ requests: 1 }, {}], repeat: true }, "needs an end"],
    [{ phases: [{ fault: "nope" }] }, "nope"],
    [{ phases: [{ fautl: "stall" }] }, "fautl"]
  ] as const)("refuses %j with an error that names what is wrong", ([script, part]) =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      // What comes as JSON has no type.
      const { message } = yield* Effect.flip(simulator.run(JSON.parse(JSON.stringify(script))))
      assert.match(message, /^That is no script: /)
      assert.include(message, part)
    })
  )
})
