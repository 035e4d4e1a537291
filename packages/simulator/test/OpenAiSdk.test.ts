/** Every route, by the official client: what it cannot read is wrong. */
import { Simulator, type Shape } from "@causeway/simulator/Simulator"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import OpenAI, { NotFoundError, RateLimitError, toFile } from "openai"
import type { FunctionTool } from "openai/resources/responses/responses"

const messages = [{ role: "user" as const, content: "good day" }]
const said = 'You said: "good day" (the Causeway simulator answers; no model is running)'

const use = <A>(f: (client: OpenAI) => Promise<A>) =>
  Effect.flatMap(Simulator, ({ url }: Shape) =>
    Effect.promise(() => f(new OpenAI({ baseURL: url, apiKey: "none", maxRetries: 0 })))
  )

const failure = (f: (client: OpenAI) => Promise<unknown>) =>
  use((client) =>
    f(client).then(
      () => undefined,
      (error: unknown) => error
    )
  )

const collect = async <A>(events: AsyncIterable<A>): Promise<ReadonlyArray<A>> => {
  const all: Array<A> = []
  for await (const event of events) all.push(event)
  return all
}

const background = (client: OpenAI) => client.responses.create({ model: "gpt-5", input: "good day", background: true })

const speech = (format: "mp3" | "wav") => (client: OpenAI) =>
  client.audio.speech
    .create({ model: "tts", voice: "alloy", input: "good day", response_format: format })
    .then(
      async (response) => [response.headers.get("content-type"), Buffer.from(await response.arrayBuffer())] as const
    )

const weather = {
  type: "object",
  properties: {
    city: { type: "string", minLength: 3 },
    unit: { enum: ["celsius", "fahrenheit"] },
    days: { type: "integer", minimum: 2 },
    near: { anyOf: [{ $ref: "#" }, { type: "null" }] },
    tags: { type: "array", items: { type: "string", format: "date" } }
  },
  required: ["city", "unit", "days", "near", "tags"],
  additionalProperties: false
}
const weatherValue = { city: "simulated", unit: "celsius", days: 2, near: null, tags: ["2026-01-01"] }

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

  it.effect("reads several choices with their log probabilities, and a stream of them", () =>
    Effect.gen(function* () {
      const params = { model: "gpt-5", messages, n: 2, logprobs: true, top_logprobs: 1, max_tokens: 3 } as const
      const whole = yield* use((client) => client.chat.completions.create(params))
      const streamed = yield* use((client) => client.chat.completions.stream(params).finalChatCompletion())
      for (const { choices } of [whole, streamed]) {
        assert.deepStrictEqual(
          choices.map(({ finish_reason, index, message }) => [index, finish_reason, message.content]),
          [
            [0, "length", 'You said: "good'],
            [1, "length", 'You said: "good']
          ]
        )
        assert.deepStrictEqual(choices[1]?.logprobs?.content?.[0], {
          token: "You",
          logprob: -0.125,
          bytes: [89, 111, 117],
          top_logprobs: [{ token: "You", logprob: -0.125, bytes: [89, 111, 117] }]
        })
      }
    })
  )

  it.effect("runs its tools to the end, plain and streamed", () =>
    Effect.gen(function* () {
      for (const stream of [false, true]) {
        const seen: Array<unknown> = []
        const content = yield* use((client) => {
          const tool = {
            type: "function" as const,
            function: {
              name: "weather",
              description: "How the weather is",
              parameters: weather,
              parse: (text: string): object => JSON.parse(text),
              function: (args: object) => {
                seen.push(args)
                return "rain"
              }
            }
          }
          return stream
            ? client.chat.completions.runTools({ model: "gpt-5", messages, tools: [tool], stream: true }).finalContent()
            : client.chat.completions.runTools({ model: "gpt-5", messages, tools: [tool] }).finalContent()
        })
        assert.deepStrictEqual(seen, [weatherValue])
        assert.include(content, 'the tool answered: "rain"')
      }
    })
  )

  it.effect("parses output by a schema, and JSON without one", () =>
    Effect.gen(function* () {
      const completion = yield* use((client) =>
        client.chat.completions.create({
          model: "gpt-5",
          messages,
          response_format: { type: "json_schema", json_schema: { name: "weather", schema: weather, strict: true } }
        })
      )
      const json = yield* use((client) =>
        client.chat.completions.create({ model: "gpt-5", messages, response_format: { type: "json_object" } })
      )
      assert.deepStrictEqual(JSON.parse(completion.choices[0]?.message.content ?? ""), weatherValue)
      assert.deepStrictEqual(JSON.parse(json.choices[0]?.message.content ?? ""), { answer: said })
    })
  )

  it.effect("reads a response, asks for it again, and deletes it", () =>
    Effect.gen(function* () {
      const response = yield* use((client) => client.responses.create({ model: "gpt-5", input: "good day" }))
      assert.strictEqual(response.output_text, said)
      assert.strictEqual(response.status, "completed")
      const again = yield* use((client) => client.responses.retrieve(response.id))
      assert.deepStrictEqual(again.output, response.output)
      const items = yield* use((client) => client.responses.inputItems.list(response.id).then(({ data }) => data))
      assert.deepStrictEqual(
        items.map((item) => ("content" in item ? item.content : undefined)),
        [[{ type: "input_text", text: "good day" }]]
      )
      const follow = yield* use((client) =>
        client.responses.create({ model: "gpt-5", input: "and?", previous_response_id: response.id })
      )
      assert.strictEqual(follow.previous_response_id, response.id)
      yield* use((client) => client.responses.delete(response.id))
      assert.instanceOf(yield* failure((client) => client.responses.retrieve(response.id)), NotFoundError)
      const lost = { model: "gpt-5", input: "and?", previous_response_id: response.id }
      assert.instanceOf(yield* failure((client) => client.responses.create(lost)), NotFoundError)
    })
  )

  it.effect("reads the events of a response in their order", () =>
    Effect.gen(function* () {
      const events = yield* use(async (client) =>
        collect(await client.responses.create({ model: "gpt-5", input: "good day", stream: true }))
      )
      assert.deepStrictEqual(
        events.map(({ sequence_number }) => sequence_number),
        events.map((_, index) => index)
      )
      const types = events.map(({ type }) => type)
      assert.deepStrictEqual(
        types.filter((type, index) => type !== types[index - 1]),
        [
          "response.created",
          "response.in_progress",
          "response.output_item.added",
          "response.content_part.added",
          "response.output_text.delta",
          "response.output_text.done",
          "response.content_part.done",
          "response.output_item.done",
          "response.completed"
        ]
      )
      const final = yield* use((client) =>
        client.responses.stream({ model: "gpt-5", input: "good day", max_output_tokens: 2 }).finalResponse()
      )
      assert.strictEqual(final.output_text, "You said:")
      assert.strictEqual(final.status, "incomplete")
      assert.strictEqual(final.incomplete_details?.reason, "max_output_tokens")
    })
  )

  it.effect("reads a response that calls a function, plain and streamed", () =>
    Effect.gen(function* () {
      const tools: Array<FunctionTool> = [{ type: "function", name: "weather", parameters: weather, strict: true }]
      const params = { model: "gpt-5", input: "good day", tools }
      const plain = yield* use((client) => client.responses.create(params))
      const streamed = yield* use((client) => client.responses.stream(params).finalResponse())
      for (const { output } of [plain, streamed]) {
        const [call] = output
        if (call?.type !== "function_call") return assert.fail(JSON.stringify(output))
        assert.strictEqual(call.name, "weather")
        assert.deepStrictEqual(JSON.parse(call.arguments), weatherValue)
      }
      const [call] = plain.output
      const done = yield* use((client) =>
        client.responses.create({
          ...params,
          input: [
            ...(call?.type === "function_call" ? [call] : []),
            { type: "function_call_output", call_id: "x", output: "rain" }
          ]
        })
      )
      assert.include(done.output_text, 'the tool answered: "rain"')
      return undefined
    })
  )

  it.effect("follows a response in the background, and cancels one", () =>
    Effect.gen(function* () {
      const { id, status } = yield* use(background)
      const later = yield* use((client) => client.responses.retrieve(id))
      const last = yield* use((client) => client.responses.retrieve(id))
      assert.deepStrictEqual([status, later.status, last.status], ["queued", "in_progress", "completed"])
      assert.strictEqual(last.output_text, said)
      const other = yield* use(background)
      const cancelled = yield* use((client) => client.responses.cancel(other.id))
      const still = yield* use((client) => client.responses.retrieve(other.id))
      assert.deepStrictEqual([cancelled.status, still.status], ["cancelled", "cancelled"])
    })
  )

  it.effect("reads embeddings, as base64 by itself and as numbers", () =>
    Effect.gen(function* () {
      const params = { model: "simulator-embedding", input: "x" }
      const { data } = yield* use((client) => client.embeddings.create(params))
      const floats = yield* use((client) => client.embeddings.create({ ...params, encoding_format: "float" }))
      assert.strictEqual(data[0]?.embedding.length, 256)
      assert.approximately(Math.hypot(...(data[0]?.embedding ?? [])), 1, 1e-6)
      assert.deepStrictEqual(floats.data[0]?.embedding, data[0]?.embedding)
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

  it.effect("reads completions of a text, plain and streamed", () =>
    Effect.gen(function* () {
      const plain = yield* use((client) =>
        client.completions.create({ model: "gpt-5", prompt: ["good day", "bye"], n: 2, echo: true })
      )
      assert.strictEqual(plain.choices.length, 4)
      assert.strictEqual(plain.choices[0]?.text, `good day ${said}`)
      const chunks = yield* use(async (client) =>
        collect(await client.completions.create({ model: "gpt-5", prompt: "good day", stream: true }))
      )
      assert.strictEqual(chunks.map(({ choices }) => choices[0]?.text).join(""), said)
      assert.strictEqual(chunks.at(-1)?.choices[0]?.finish_reason, "stop")
    })
  )

  it.effect("reads moderations", () =>
    Effect.gen(function* () {
      const { results } = yield* use((client) => client.moderations.create({ input: ["violence", "good day"] }))
      assert.deepStrictEqual(
        results.map(({ categories, flagged }) => [flagged, categories.violence, categories.hate]),
        [
          [true, true, false],
          [false, false, false]
        ]
      )
    })
  )

  it.effect("reads speech, whole and as events", () =>
    Effect.gen(function* () {
      const [type, mp3] = yield* use(speech("mp3"))
      const [, wav] = yield* use(speech("wav"))
      assert.strictEqual(type, "audio/mpeg")
      assert.deepStrictEqual([...mp3.subarray(0, 2)], [0xff, 0xfb])
      assert.strictEqual(mp3.length, 8 * 417)
      assert.strictEqual(wav.toString("latin1", 0, 4), "RIFF")
      assert.strictEqual(wav.length, 44 + 2 * 4_800)
      const events = yield* use((client) =>
        client.audio.speech
          .create({ model: "tts", voice: "alloy", input: "good day", stream_format: "sse" })
          .then((response) => response.text())
      )
      assert.match(events, /"type":"speech.audio.delta"[\s\S]*"type":"speech.audio.done"/)
    })
  )

  it.effect("reads transcriptions, streamed ones, and translations", () =>
    Effect.gen(function* () {
      const file = yield* Effect.promise(() => toFile(Buffer.from("1234567"), "a.wav", { type: "audio/wav" }))
      const text = 'You sent "a.wav", 7 bytes (the Causeway simulator answers; no model is running)'
      const model = "whisper-1"
      const plain = yield* use((client) => client.audio.transcriptions.create({ file, model }))
      const verbose = yield* use((client) =>
        client.audio.transcriptions.create({ file, model, response_format: "verbose_json" })
      )
      const srt = yield* use((client) => client.audio.transcriptions.create({ file, model, response_format: "srt" }))
      const events = yield* use(async (client) =>
        collect(await client.audio.transcriptions.create({ file, model, stream: true }))
      )
      const translated = yield* use((client) => client.audio.translations.create({ file, model }))
      assert.deepStrictEqual([plain.text, verbose.text, translated.text], [text, text, text])
      assert.strictEqual(verbose.segments?.[0]?.text, text)
      assert.match(srt, /^1\n00:00:00,000 --> 00:00:\d\d,000\nYou sent/)
      const last = events.at(-1)
      assert.strictEqual(last?.type === "transcript.text.done" ? last.text : last?.type, text)
    })
  )

  it.effect("reads images, made, edited and varied, by address and in base64", () =>
    Effect.gen(function* () {
      const image = yield* Effect.promise(() => toFile(Buffer.from("png"), "a.png", { type: "image/png" }))
      const made = yield* use((client) => client.images.generate({ prompt: "a house", n: 2 }))
      const named = yield* use((client) => client.images.generate({ prompt: "a house", model: "dall-e-3" }))
      const edited = yield* use((client) => client.images.edit({ image: [image, image], prompt: "a house" }))
      const varied = yield* use((client) => client.images.createVariation({ image }))
      assert.strictEqual(made.data?.length, 2)
      const png = Buffer.from(made.data?.[0]?.b64_json ?? "", "base64")
      assert.strictEqual(png.toString("latin1", 1, 4), "PNG")
      assert.isString(edited.data?.[0]?.b64_json)
      for (const { data } of [named, varied]) {
        const url = data?.[0]?.url ?? ""
        // @effect-diagnostics-next-line globalFetchInEffect:off
        const response = yield* Effect.promise(() => fetch(url).then((response) => response.arrayBuffer()))
        assert.deepStrictEqual(Buffer.from(response), png)
      }
      const events = yield* use(async (client) =>
        collect(await client.images.generate({ prompt: "a house", stream: true, partial_images: 1 }))
      )
      assert.deepStrictEqual(
        events.map(({ type }) => type),
        ["image_generation.partial_image", "image_generation.completed"]
      )
    })
  )

  it.effect("stores files, lists them and gives them back", () =>
    Effect.gen(function* () {
      const bytes = Buffer.from([0, 255, 13, 10, 45, 45])
      const file = yield* Effect.promise(() => toFile(bytes, "données.bin", { type: "application/x-simulated" }))
      const { filename, id } = yield* use((client) => client.files.create({ file, purpose: "user_data" }))
      assert.strictEqual(filename, "données.bin")
      const listed = yield* use(async (client) => collect(client.files.list({ purpose: "user_data", limit: 1 })))
      assert.deepStrictEqual(
        listed.map((each) => each.id),
        [id]
      )
      const [type, content] = yield* use((client) =>
        client.files
          .content(id)
          .then(async (response) => [response.headers.get("content-type"), await response.arrayBuffer()] as const)
      )
      assert.strictEqual(type, "application/x-simulated")
      assert.deepStrictEqual(Buffer.from(content), bytes)
      yield* use((client) => client.files.delete(id))
      assert.instanceOf(yield* failure((client) => client.files.retrieve(id)), NotFoundError)
    })
  )

  it.effect("raises its typed error for an error in OpenAI's shape", () =>
    Effect.gen(function* () {
      const error = yield* failure((client) =>
        client.chat.completions.create({ model: "fault:rate-limited", messages })
      )
      assert.instanceOf(error, RateLimitError)
      assert.strictEqual(error.code, "rate_limit_exceeded")
      assert.strictEqual(error.headers.get("retry-after-ms"), "2000")
    })
  )
})
