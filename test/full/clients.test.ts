/** The control: clients that are none of ours understand every answer of the simulator that is no fault. */
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import * as Fault from "@causeway/simulator/Fault"
import { Simulator } from "@causeway/simulator/Simulator"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import OpenAI from "openai"
import { modelOf } from "../faults/table.ts"
import { client } from "./fixtures/clients.ts"

const run = promisify(execFile)

const models = ["gpt-5", ...Fault.all.filter(Fault.isHarmless).map(({ name }) => modelOf(name))]
const messages = [{ role: "user" as const, content: "good day" }]
const said = 'You said: "good day" (the Causeway simulator answers; no model is running)'

layer(Simulator.layer(), { excludeTestServices: true })("what is no fault", (it) => {
  it.effect.each(models)("%s is understood by the official SDK", (model) =>
    Effect.gen(function* () {
      const { url } = yield* Simulator
      const sdk = new OpenAI({ baseURL: url, apiKey: "none", maxRetries: 0 })
      const plain = yield* Effect.promise(() => sdk.chat.completions.create({ model, messages }))
      assert.strictEqual(plain.choices[0]?.message.content, said)
      const chat = yield* Effect.promise(() => sdk.chat.completions.stream({ model, messages }).finalContent())
      assert.strictEqual(chat, said)
      const response = yield* Effect.promise(() => sdk.responses.create({ model, input: "good day" }))
      assert.strictEqual(response.output_text, said)
      const streamed = yield* Effect.promise(() => sdk.responses.stream({ model, input: "good day" }).finalResponse())
      assert.strictEqual(streamed.output_text, said)
      const { data } = yield* Effect.promise(() => sdk.embeddings.create({ model, input: "good day" }))
      assert.strictEqual(data[0]?.embedding.length, 256)
      const speech = yield* Effect.promise(async () =>
        (await sdk.audio.speech.create({ model, voice: "alloy", input: "good day" })).arrayBuffer()
      )
      assert.strictEqual(speech.byteLength, 8 * 417)
    })
  )

  it.effect.each(models)("%s is understood by curl", (model) =>
    Effect.gen(function* () {
      const { url } = yield* Simulator
      const curl = (path: string, body: object) =>
        Effect.promise(async () => {
          const args = [
            "-sS",
            "--fail",
            "--compressed",
            "--max-time",
            "20",
            "-d",
            JSON.stringify(body),
            `${url}${path}`
          ]
          return (await run("curl", args, { encoding: "buffer" })).stdout
        })
      const plain = yield* curl("/chat/completions", { model, messages })
      const text = new TextDecoder().decode(plain)
      assert.strictEqual(JSON.parse(text).choices[0].message.content, said)
      const stream = (yield* curl("/chat/completions", { model, messages, stream: true })).toString()
      assert.match(stream, /data: ?\[DONE\][\r\n]/)
      const speech = yield* curl("/audio/speech", { model, voice: "alloy", input: "good day" })
      assert.strictEqual(speech.length, 8 * 417)
    })
  )

  it.effect("is understood by ai-sdk, all of it", () =>
    Effect.gen(function* () {
      const { url } = yield* Simulator
      const printed = yield* Effect.promise(() => client("aiSdk.mjs", url, ...models))
      const answer = [said, "stop"]
      assert.deepStrictEqual(
        JSON.parse(printed),
        Object.fromEntries(
          models.map((model) => [
            model,
            { chat: answer, "chat, streamed": answer, responses: answer, "responses, streamed": answer }
          ])
        )
      )
    })
  )
})
