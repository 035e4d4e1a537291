import { Simulator } from "@causeway/simulator/Simulator"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { ask, call, chat, connect, exchange, message, post, request } from "./fixtures/wire.ts"

describe("Simulator", () => {
  it.effect("listens on loopback, on a free port or the one that was asked for", () =>
    Effect.gen(function* () {
      const port = yield* Effect.scoped(Effect.map(Simulator.make(), (simulator) => simulator.port))
      const simulator = yield* Simulator.make({ port })
      assert.strictEqual(simulator.port, port)
      assert.strictEqual(simulator.url, `http://127.0.0.1:${port}/v1`)
      assert.strictEqual((yield* ask(simulator, "gpt-5")).status, 200)
    })
  )

  it.effect("fails with a typed error where the port is taken", () =>
    Effect.gen(function* () {
      const { port } = yield* Simulator.make()
      const error = yield* Effect.flip(Simulator.make({ port }))
      assert.strictEqual(error._tag, "SimulatorError")
      assert.strictEqual(error.code, "EADDRINUSE")
      assert.strictEqual(error.message, `cannot listen on 127.0.0.1:${port}: the port is in use`)
    })
  )

  it.effect.each([
    [{ port: -1 }, "port"],
    [{ port: 65_536 }, "port"],
    [{ port: 1.5 }, "port"],
    [{ requestLog: 0 }, "requestLog"],
    [{ requestLog: Number.NaN }, "requestLog"],
    [{ seed: Number.NaN }, "seed"]
  ] as const)("refuses %j with a typed error that names the option", ([options, name]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Simulator.make(options))
      assert.strictEqual(error._tag, "SimulatorError")
      assert.match(error.message, new RegExp(`^${name} must be `))
    })
  )

  it.effect("closes every connection when its scope ends, also those of calls in flight", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const simulator = yield* Scope.provide(Simulator.make(), scope)
      const idle = yield* connect(simulator)
      idle.send(request("GET", "/v1/models"))
      yield* idle.until("simulator-embedding")
      const stalled = yield* connect(simulator)
      stalled.send(chat("fault:stall"))
      yield* simulator.awaitRequest(({ fault }) => fault === "stall")
      yield* Scope.close(scope, Exit.void)
      yield* idle.closed
      assert.strictEqual((yield* stalled.closed).text, "")
      assert.strictEqual(yield* simulator.openSockets, 0)
      assert.strictEqual((yield* simulator.requests).at(-1)?.outcome, "broken")
      const refused = yield* connect(simulator)
      assert.strictEqual((yield* refused.closed).error, "ECONNREFUSED")
    })
  )

  it.effect("paces the events of a stream by the clock, and not a plain answer", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ latency: { event: "10 seconds" } })
      assert.strictEqual((yield* ask(simulator, "gpt-5")).status, 200)
      const connection = yield* connect(simulator)
      connection.send(chat("gpt-5", { stream: true }))
      yield* connection.until('"role"')
      assert.notInclude(yield* connection.until('"role"'), '"content":"You"')
      // Each event is written before the wait for the next one begins, so this ends the waits one by one.
      const clock = yield* Effect.forkChild(Effect.forever(TestClock.adjust("10 seconds")))
      const { text } = yield* connection.closed
      yield* Fiber.interrupt(clock)
      assert.include(text, "[DONE]")
    })
  )

  it.effect("remembers only as many requests as it was told, and counts all", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ requestLog: 2 })
      yield* Effect.repeat(call(simulator, "/models"), { times: 4 })
      assert.deepStrictEqual(
        (yield* simulator.requests).map(({ id }) => id),
        ["sim-req-4", "sim-req-5"]
      )
      assert.strictEqual(yield* simulator.requestCount, 5)
    })
  )

  it.effect("fails as often as the model's name says, and then answers", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const statuses = (model: string, calls: number) =>
        Effect.all(Array.from({ length: calls }, () => Effect.map(ask(simulator, model), ({ status }) => status)))
      assert.deepStrictEqual(yield* statuses("fault:rate-limited*2", 4), [429, 429, 200, 200])
      assert.deepStrictEqual(yield* statuses("fault:rate-limited*1", 2), [429, 200])
      assert.deepStrictEqual(yield* statuses("fault:rate-limited", 3), [429, 429, 429])
      yield* simulator.reset
      assert.deepStrictEqual(yield* statuses("fault:rate-limited*2", 3), [429, 429, 200])
    })
  )

  it.effect("counts the failures of both kinds of call and of embeddings together", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const streamed = yield* ask(simulator, "fault:overloaded*2", { stream: true })
      const embedded = yield* post(simulator, "/embeddings", { model: "fault:overloaded*2", input: "x" })
      const answered = yield* ask(simulator, "fault:overloaded*2")
      assert.deepStrictEqual([streamed.status, embedded.status, answered.status], [503, 503, 200])
      assert.strictEqual(answered.headers.get("x-causeway-simulator"), "no-fault")
    })
  )
})

layer(Simulator.layer())("requests", (it) => {
  it.effect("are remembered without bodies and credentials", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      yield* exchange(simulator, chat("gpt-5", { stream: true, x_unknown: "private" }))
      const { bytes, connection, headers, id, millis, number, ...seen } = yield* simulator.awaitRequest(
        ({ model }) => model === "gpt-5"
      )
      assert.strictEqual(id, `sim-req-${number}`)
      assert.isAbove(connection, 0)
      assert.isAbove(bytes, 50)
      assert.deepStrictEqual(headers[0], ["host", "simulator"])
      const { outcome, socketOpen } = yield* simulator.awaitClosed(number)
      assert.deepStrictEqual(
        { ...seen, outcome, socketOpen },
        {
          method: "POST",
          path: "/v1/chat/completions",
          model: "gpt-5",
          fault: undefined,
          phase: undefined,
          status: 200,
          stream: true,
          fields: ["model", "messages", "stream", "x_unknown"],
          bearer: false,
          body: undefined,
          outcome: "answered",
          socketOpen: false
        }
      )
      assert.notInclude(JSON.stringify(yield* simulator.requests), "private")
    })
  )

  it.effect("show that an interrupted call closed its connection", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      for (const stream of [false, true]) {
        for (const model of ["fault:stall*1000", "fault:stall-body*1000"]) {
          const before = yield* simulator.requestCount
          const fiber = yield* Effect.forkChild(ask(simulator, model, { stream }))
          const { number } = yield* simulator.awaitRequest((seen) => seen.number > before && seen.model === model)
          yield* Fiber.interrupt(fiber)
          const closed = yield* simulator.awaitClosed(number)
          assert.strictEqual(closed.outcome, "abandoned")
          assert.isFalse(closed.socketOpen)
        }
      }
    })
  )

  it.effect("show all as abandoned that a client sent ahead on the connection it closed", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const before = yield* simulator.requestCount
      const connection = yield* connect(simulator)
      const stalled = { model: "fault:stall", messages: [{ role: "user", content: "x" }] }
      connection.send(request("POST", "/v1/chat/completions", stalled) + request("GET", "/v1/models"))
      yield* simulator.awaitRequest(({ number, path }) => number > before && path === "/v1/models")
      yield* connection.leave
      for (const number of [before + 1, before + 2]) {
        assert.strictEqual((yield* simulator.awaitClosed(number)).outcome, "abandoned")
      }
    })
  )

  it.effect("show as abandoned that a client leaves in the middle of its body", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const before = yield* simulator.requestCount
      const connection = yield* connect(simulator)
      connection.send(chat("gpt-5").slice(0, -10))
      const { number, model } = yield* simulator.awaitRequest((seen) => seen.number > before)
      yield* connection.leave
      const { outcome } = yield* simulator.awaitClosed(number)
      assert.deepStrictEqual([model, outcome], [undefined, "abandoned"])
    })
  )

  it.effect("show which ones came on the same connection", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const before = yield* simulator.requestCount
      const connection = yield* connect(simulator)
      connection.send(request("GET", "/v1/models/first"))
      yield* connection.until('"first"')
      connection.send(request("GET", "/v1/models/second"))
      yield* connection.until('"second"')
      const [first, second] = (yield* simulator.requests).slice(-2)
      assert.strictEqual(first?.number, before + 1)
      assert.strictEqual(first?.connection, second?.connection)
      assert.isTrue(second?.socketOpen)
      assert.isAtLeast(yield* simulator.openSockets, 1)
    })
  )

  it.effect("that the simulator breaks off say so", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      for (const fault of ["reset", "stream-reset", "not-http"]) {
        yield* exchange(simulator, chat(`fault:${fault}`))
        const seen = yield* simulator.awaitRequest((request) => request.fault === fault && !request.socketOpen)
        assert.strictEqual(seen.outcome, "broken")
      }
    })
  )

  it.effect("answer with a defect where the predicate throws", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const waiting = yield* Effect.forkChild(
        simulator.awaitRequest(({ path }) => {
          if (path === "/v1/models/throw") throw new RangeError("in the predicate")
          return false
        })
      )
      yield* Effect.yieldNow
      assert.strictEqual((yield* call(simulator, "/models/throw")).status, 200)
      const exit = yield* Fiber.await(waiting)
      assert.isTrue(Exit.hasDies(exit))
      assert.strictEqual(message((yield* exchange(simulator, chat("gpt-5"))).text).status, 200)
    })
  )
})
