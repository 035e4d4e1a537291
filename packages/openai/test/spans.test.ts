import * as OpenAiClient from "@causeway/openai/OpenAiClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { recordingTracer } from "./fixtures/client.ts"
import { chunk, completion, done, eventsHead, json, lastChunk, serve, token } from "./fixtures/rawServer.ts"

const messages = [{ role: "user" as const, content: "a secret question" }]

/** The spans of a call against an upstream that answers, or fails with `model: "bad"`. */
const spansOf = <A, E>(f: (ai: OpenAiClient.Service) => Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const { spans, tracer } = recordingTracer()
    const server = yield* serve((socket, { body }) => {
      if (body.includes('"model":"bad"')) socket.write(json({ error: { message: "no such model" } }, {}, 404))
      else if (!body.includes('"stream":true')) {
        socket.write(json({ ...completion("a secret answer"), usage: { prompt_tokens: 3, completion_tokens: 5 } }))
      } else {
        const usage = `data: {"id":"c","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n`
        socket.write(eventsHead)
        socket.write(chunk(token("a secret answer") + token("", "stop") + usage + done))
        socket.write(lastChunk)
      }
    })
    const ai = yield* OpenAiClient.OpenAiClient.pipe(
      Effect.flatMap((ai) => Effect.as(Effect.exit(Effect.withTracer(f(ai), tracer)), server.port)),
      Effect.provide(OpenAiClient.layer({ name: "raw", baseUrl: server.url, retries: 0 }))
    )
    return { spans: spans.map((span) => ({ span, attributes: Object.fromEntries(span.attributes) })), port: ai }
  }).pipe(Effect.scoped)

describe("spans", () => {
  it.effect("tell what was asked and what it cost, and nothing of what was said", () =>
    Effect.gen(function* () {
      const { port, spans } = yield* spansOf((ai) =>
        ai.chat.completions.create({ model: "m", messages, temperature: 0.5, max_completion_tokens: 9 })
      )
      assert.strictEqual(spans.length, 1)
      const { attributes, span } = spans[0]!
      assert.strictEqual(span.name, "chat m")
      assert.strictEqual(span.kind, "client")
      assert.deepStrictEqual(attributes, {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "m",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.max_tokens": 9,
        "causeway.upstream": "raw",
        "server.address": "127.0.0.1",
        "server.port": port,
        "gen_ai.response.id": "c",
        "gen_ai.response.model": "m",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 3,
        "gen_ai.usage.output_tokens": 5,
        "openai.api.type": "chat_completions"
      })
      assert.notInclude(JSON.stringify(attributes), "secret")
    })
  )

  it.effect("of a stream last until its end", () =>
    Effect.gen(function* () {
      const { spans } = yield* spansOf((ai) => Stream.runDrain(ai.chat.completions.stream({ model: "m", messages })))
      const { attributes, span } = spans[0]!
      assert.strictEqual(span.status._tag, "Ended")
      assert.deepInclude(attributes, {
        "gen_ai.response.id": "c",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.output_tokens": 2
      })
      assert.notInclude(JSON.stringify(attributes), "secret")
    })
  )

  it.effect("name the reason of a failure", () =>
    Effect.gen(function* () {
      const params = { model: "bad", messages }
      for (const call of [
        (ai: OpenAiClient.Service) => Effect.asVoid(ai.chat.completions.create(params)),
        (ai: OpenAiClient.Service) => Stream.runDrain(ai.chat.completions.stream(params))
      ]) {
        const { spans } = yield* spansOf(call)
        assert.strictEqual(spans[0]?.attributes["error.type"], "NotFound")
        assert.isTrue(spans[0]?.span.status._tag === "Ended" && spans[0].span.status.exit._tag === "Failure")
      }
    })
  )
})
