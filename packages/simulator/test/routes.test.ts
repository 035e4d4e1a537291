import * as Fault from "@causeway/simulator/Fault"
import { Simulator } from "@causeway/simulator/Simulator"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { ask, call, exchange, post, request } from "./fixtures/wire.ts"

layer(Simulator.layer())("routes", (it) => {
  it.effect("list the models and every fault with a description", () =>
    Effect.gen(function* () {
      const { json, text } = yield* call(yield* Simulator, "/models?limit=5")
      const { data } = JSON.parse(text)
      assert.nestedPropertyVal(json, "object", "list")
      assert.deepStrictEqual(
        data.map(({ id }: { readonly id: string }) => id),
        ["simulator", "simulator-embedding", ...Fault.all.map(({ name }) => `fault:${name}`)]
      )
      for (const model of data) {
        assert.strictEqual(model.object, "model")
        assert.strictEqual(model.owned_by, "causeway-simulator")
        assert.match(model.description, /^[^\n]{8,120}$/)
      }
    })
  )

  it.effect("describe one model: known, of any name, a fault, a fault that happens some times", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const ids = ["simulator", "gpt-5", "fault%3Astall", "fault:stall*3", "meta/llama"]
      const answers = yield* Effect.forEach(ids, (id) => call(simulator, `/models/${id}`))
      assert.deepStrictEqual(
        answers.map(({ json, status }) => [status, JSON.parse(JSON.stringify(json)).id]),
        ids.map((id) => [200, decodeURIComponent(id)])
      )
    })
  )

  it.effect("answer an unknown fault with 404, those nearest to it, and how to list all", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const rows = [
        [yield* call(simulator, "/models/fault:rate-limitted"), "Did you mean fault:rate-limited, "],
        [yield* ask(simulator, "fault:rate-limitted*2?share=0.5"), "Did you mean fault:rate-limited, "],
        [yield* ask(simulator, "fault:Empty-Streem"), "Did you mean fault:empty-stream"],
        [yield* ask(simulator, "fault:qwertyuiopasdf"), "does not exist. All "],
        [yield* post(simulator, "/embeddings", { model: "fault:", input: "x" }), "does not exist. All "],
        [
          yield* ask(simulator, "fault:stall*0"),
          "The fault stall there is, but not told so: it takes *<n> or ?n, share, delay"
        ],
        [yield* ask(simulator, "fault:huge-event?bytes=0"), "it takes *<n> or ?n, share, delay, bytes, within"]
      ] as const
      for (const [{ json, status, text }, said] of rows) {
        assert.strictEqual(status, 404)
        assert.nestedPropertyVal(json, "error.code", "model_not_found")
        assert.nestedPropertyVal(json, "error.param", "model")
        assert.include(text, said)
        assert.include(text, `All ${Fault.all.length} faults: GET /v1/models, or causeway simulate --list.`)
        assert.isBelow(text.length, 700)
      }
    })
  )

  it.effect("answer an unknown path with 404, and a wrong method with 405", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const unknown = yield* post(simulator, "/assistants", {})
      const malformed = yield* call(simulator, "/models/%ff")
      const method = yield* call(simulator, "/chat/completions")
      assert.strictEqual(unknown.status, 404)
      assert.nestedPropertyVal(unknown.json, "error.code", "unknown_url")
      assert.include(unknown.text, "POST /v1/assistants")
      assert.strictEqual(malformed.status, 404)
      assert.strictEqual(method.status, 405)
      assert.strictEqual(method.headers.get("allow"), "POST")
      assert.nestedPropertyVal(method.json, "error.type", "invalid_request_error")
    })
  )

  it.effect("refuse a body over 32 MiB with 413, and serve the next request", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const large = yield* post(simulator, "/chat/completions", " ".repeat(32 * 1024 * 1024 + 1))
      const fitting = yield* post(simulator, "/chat/completions", " ".repeat(32 * 1024 * 1024))
      assert.strictEqual(large.status, 413)
      assert.nestedPropertyVal(large.json, "error.code", "request_too_large")
      assert.strictEqual(fitting.status, 400)
      assert.strictEqual((yield* ask(simulator, "gpt-5")).status, 200)
    })
  )

  it.effect("answer what is not HTTP with 400, and serve the next request", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const { text } = yield* exchange(simulator, "nonsense\r\n\r\n")
      assert.match(text, /^HTTP\/1.1 400 /)
      assert.strictEqual((yield* ask(simulator, "gpt-5")).status, 200)
    })
  )

  it.effect("never repeat a credential", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const secret = "sk-proj-0123456789abcdef"
      const headers = [`Authorization: Bearer ${secret}`, "Connection: close"]
      const body = { model: "fault:unauthorized", messages: [{ role: "user", content: "x" }] }
      const { text } = yield* exchange(simulator, request("POST", "/v1/chat/completions", body, headers))
      assert.match(text, /^HTTP\/1.1 401 /)
      assert.notInclude(text, secret)
      assert.notInclude(JSON.stringify(yield* simulator.requests), secret)
      assert.strictEqual((yield* simulator.requests).at(-1)?.bearer, true)
    })
  )
})
