import * as OpenAiClient from "@causeway/openai/OpenAiClient"
import { Simulator } from "@causeway/simulator/Simulator"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { eventStreams, jsonCalls, upload } from "./fixtures/client.ts"

const live = Layer.unwrap(
  Effect.map(Simulator, ({ url }) => OpenAiClient.layer({ baseUrl: url, retries: 0, strict: true }))
).pipe(Layer.provide(Simulator.layer()))

describe("a strict client of the simulator", () => {
  it.effect("takes every answer, and every stream to its end", () =>
    Effect.gen(function* () {
      const ai = yield* OpenAiClient.OpenAiClient
      const file = yield* ai.files.create({ file: upload(), purpose: "batch" })
      const response = yield* ai.responses.create({ model: "m", input: "hello" })
      const job = yield* ai.responses.create({ model: "m", input: "hello", background: true })
      const byId: Record<string, Effect.Effect<unknown, UpstreamError>> = {
        "responses.retrieve": ai.responses.retrieve(response.id),
        "responses.inputItems.list": ai.responses.inputItems.list(response.id),
        "responses.cancel": ai.responses.cancel(job.id),
        "files.retrieve": ai.files.retrieve(file.id),
        "files.delete": ai.files.delete(file.id)
      }
      assert.strictEqual(Buffer.from(yield* ai.files.content(file.id)).toString(), "abc")
      for (const [name, call] of Object.entries<Effect.Effect<unknown, UpstreamError>>(jsonCalls(ai))) {
        const exit = yield* Effect.exit(byId[name] ?? call)
        assert.strictEqual(exit._tag, "Success", `${name}: ${exit._tag === "Failure" ? String(exit.cause) : ""}`)
      }
      for (const [name, stream] of Object.entries<Stream.Stream<unknown, UpstreamError>>(eventStreams(ai))) {
        const exit = yield* Effect.exit(Stream.runDrain(stream))
        assert.strictEqual(exit._tag, "Success", `${name}: ${exit._tag === "Failure" ? String(exit.cause) : ""}`)
      }
      const speech = { model: "m", input: "hello", voice: "alloy" } as const
      const pieces = yield* Stream.runCollect(ai.audio.speech.stream(speech))
      assert.deepStrictEqual(Buffer.concat(pieces), Buffer.from(yield* ai.audio.speech.create(speech)))
      for (const format of ["text", "srt", "vtt"] as const) {
        const text = yield* ai.audio.transcriptions.create({ model: "m", file: upload(), response_format: format })
        assert.notStrictEqual(text, "")
      }
      yield* ai.responses.delete(response.id)
    }).pipe(Effect.provide(live))
  )
})
