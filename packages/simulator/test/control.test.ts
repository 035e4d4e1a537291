import { Simulator } from "@causeway/simulator/Simulator"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { ask, call } from "./fixtures/wire.ts"

const steer = (simulator: Simulator["Service"], method: string, path: string, body?: unknown) =>
  call({ ...simulator, url: simulator.url.slice(0, -"/v1".length) }, `/simulator${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) })
  })

layer(Simulator.layer({ recordBodies: true }))("steering by HTTP", (it) => {
  it.effect("sets a behaviour and a script, and says which phase holds", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      assert.strictEqual((yield* steer(simulator, "PUT", "/behaviour", { fault: "overloaded" })).status, 204)
      assert.strictEqual((yield* ask(simulator, "gpt-5")).status, 503)
      const script = { phases: [{ name: "only", fault: "quota" }] }
      assert.strictEqual((yield* steer(simulator, "PUT", "/script", script)).status, 204)
      assert.nestedPropertyVal((yield* steer(simulator, "GET", "")).json, "phase", "only")
      assert.strictEqual((yield* ask(simulator, "gpt-5")).status, 429)
      assert.strictEqual((yield* steer(simulator, "POST", "/reset")).status, 204)
      assert.strictEqual((yield* ask(simulator, "gpt-5")).status, 200)
    })
  )

  it.effect("lists the requests with their bodies, from a number on, and forgets them; its own are none", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      yield* steer(simulator, "DELETE", "/requests")
      yield* ask(simulator, "first")
      yield* ask(simulator, "second", { temperature: 0.5 })
      const { data } = JSON.parse((yield* steer(simulator, "GET", "/requests")).text)
      assert.deepStrictEqual(
        data.map(({ model }: { readonly model: string }) => model),
        ["first", "second"]
      )
      assert.deepStrictEqual(data[1].body, {
        model: "second",
        messages: [{ role: "user", content: "good day" }],
        temperature: 0.5
      })
      const later = JSON.parse((yield* steer(simulator, "GET", `/requests?after=${data[0].number}`)).text)
      assert.strictEqual(later.data.length, 1)
      yield* steer(simulator, "DELETE", "/requests")
      assert.deepStrictEqual(yield* simulator.requests, [])
    })
  )

  it.effect("lists the faults, and the addresses that fail", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const faults = JSON.parse((yield* steer(simulator, "GET", "/faults")).text).data
      assert.strictEqual(faults[0].name, "no-healthy-upstream")
      const addresses = JSON.parse((yield* steer(simulator, "GET", "/addresses")).text).data
      assert.deepStrictEqual(addresses[0], {
        name: "refused",
        url: yield* simulator.address("refused"),
        description: "a port of this machine that refuses connections"
      })
    })
  )

  it.effect("refuses what makes no sense, and what would lock itself out", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      for (const [path, body, part] of [
        ["/behaviour", { fault: "nope" }, "nope"],
        ["/behaviour", { falut: "quota" }, "falut"],
        ["/behaviour", { refuse: true }, "a script, with a time"],
        ["/script", { phases: [] }, "phases"],
        ["/script", [], "must be a JSON object"]
      ] as const) {
        const { json, status, text } = yield* steer(simulator, "PUT", path, body)
        assert.strictEqual(status, 400)
        assert.nestedPropertyVal(json, "error.type", "invalid_request_error")
        assert.include(text, part)
      }
      const unknown = yield* steer(simulator, "GET", "/nothing")
      assert.strictEqual(unknown.status, 404)
      assert.include(unknown.text, "PUT /simulator/script")
      assert.strictEqual((yield* ask(simulator, "gpt-5")).status, 200)
    })
  )

  it.effect("tells of each request when it is over", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const fiber = yield* Effect.forkChild(Stream.runCollect(Stream.take(simulator.settled, 2)))
      yield* Effect.yieldNow
      yield* ask(simulator, "gpt-5")
      yield* ask(simulator, "fault:bad-gateway")
      const seen = yield* Fiber.join(fiber)
      assert.deepStrictEqual(
        seen.map(({ outcome, status }) => [outcome, status]),
        [
          ["answered", 200],
          ["answered", 502]
        ]
      )
    })
  )
})
