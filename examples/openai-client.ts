/**
 * The client's resources against the simulator, which needs no key: a response in
 * pieces, an embedding, audio as bytes, a file, and a failure that says what may be
 * done about it.
 *
 * `npx tsx examples/openai-client.ts`
 */
import * as Disposition from "@causeway/core/Disposition"
import * as OpenAiClient from "@causeway/openai/OpenAiClient"
import { Simulator } from "@causeway/simulator/Simulator"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"

const program = Effect.gen(function* () {
  const ai = yield* OpenAiClient.OpenAiClient

  const events = ai.responses.stream({ model: "gpt-5", input: "Say hello" })
  const text = yield* Stream.runFold(
    events,
    () => "",
    (text, event) => (event.type === "response.output_text.delta" ? text + event.delta : text)
  )
  yield* Console.log(`a response in pieces: ${text}`)

  const { data, response } = yield* ai.embeddings.create.withResponse({ model: "embedding", input: ["one", "two"] })
  yield* Console.log(`${data.data.length} embeddings, request ${response.requestId ?? "without an id"}`)

  const speech = yield* ai.audio.speech.create({ model: "tts", voice: "alloy", input: "hello" })
  yield* Console.log(`${speech.length} bytes of audio`)

  const file = yield* ai.files.create({ file: new File(['{"a":1}\n'], "a.jsonl"), purpose: "batch" })
  const content = yield* ai.files.content(file.id)
  yield* Console.log(`a file of ${content.length} bytes`)

  // One that would be done twice is not repeated by itself: it says so to every policy.
  const failed = yield* Effect.flip(ai.responses.create({ model: "fault:server-error", input: "x", background: true }))
  const next = Disposition.of(failed)
  yield* Console.log(
    `${failed.message}; retry: ${next?.retry}, it ${next?.delivery === "not-sent" ? "did not run" : "may have run"}`
  )
})

const live = Layer.unwrap(Effect.map(Simulator, ({ url }) => OpenAiClient.layer({ baseUrl: url }))).pipe(
  Layer.provide(Simulator.layer())
)

await Effect.runPromise(Effect.provide(program, live))
