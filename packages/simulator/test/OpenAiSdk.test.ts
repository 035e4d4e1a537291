import { Simulator, type Shape } from "@causeway/simulator/Simulator"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import OpenAI, { RateLimitError } from "openai"

const messages = [{ role: "user" as const, content: "good day" }]

const use = <A>(f: (client: OpenAI) => Promise<A>) =>
  Effect.flatMap(Simulator, ({ url }: Shape) =>
    Effect.promise(() => f(new OpenAI({ baseURL: url, apiKey: "none", maxRetries: 0 })))
  )

layer(Simulator.layer())("the official client", (it) => {
  it.effect("reads a completion", () =>
    Effect.gen(function* () {
      const completion = yield* use((client) => client.chat.completions.create({ model: "gpt-5", messages }))
      assert.include(completion.choices[0]?.message.content, "good day")
      assert.match(completion._request_id ?? "", /^sim-req-/)
    })
  )

  it.effect("reads a stream to its end, also one that is oddly framed", () =>
    Effect.gen(function* () {
      for (const model of ["gpt-5", "fault:odd-framing"]) {
        const completion = yield* use((client) =>
          client.chat.completions.stream({ model, messages }).finalChatCompletion()
        )
        assert.match(completion.choices[0]?.message.content ?? "", /^You said: .* running\)$/)
        assert.strictEqual(completion.choices[0]?.finish_reason, "stop")
      }
    })
  )

  it.effect("reads embeddings, which it asks for as base64", () =>
    Effect.gen(function* () {
      const { data } = yield* use((client) => client.embeddings.create({ model: "simulator-embedding", input: "x" }))
      assert.strictEqual(data[0]?.embedding.length, 256)
      assert.approximately(Math.hypot(...(data[0]?.embedding ?? [])), 1, 1e-6)
    })
  )

  it.effect("reads the models", () =>
    Effect.gen(function* () {
      const { data } = yield* use((client) => client.models.list())
      const { id } = yield* use((client) => client.models.retrieve("fault:stall"))
      assert.strictEqual(data[0]?.id, "simulator")
      assert.strictEqual(id, "fault:stall")
    })
  )

  it.effect("raises its typed error for an error in OpenAI's shape", () =>
    Effect.gen(function* () {
      const error = yield* use((client) =>
        client.chat.completions.create({ model: "fault:rate-limited", messages }).then(
          () => undefined,
          (error: unknown) => error
        )
      )
      assert.instanceOf(error, RateLimitError)
      assert.strictEqual(error.code, "rate_limit_exceeded")
      assert.strictEqual(error.headers.get("retry-after-ms"), "2000")
    })
  )
})
