/** Models of one's own behind the routes, as the official SDK sees them. */
import * as Local from "@causeway/core/Local"
import { Relay } from "@causeway/openai/Relay"
import * as OpenAiApi from "@causeway/server/OpenAiApi"
import * as Server from "@causeway/server/Server"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import OpenAI from "openai"
import { BadRequestError, InternalServerError, NotFoundError } from "openai/error"
import { errorOf, post } from "./fixtures/client.ts"
import { models } from "./fixtures/models.ts"

const served = <E>(relay: Layer.Layer<Relay, E>) =>
  Server.serve(OpenAiApi.layer().pipe(Layer.provide(relay)), { port: 0 })

const places = {
  "in process": served(Local.layer(Relay, models)),
  "by a pool": served(
    WorkerPool.layer(Relay, { entry: new URL("./fixtures/modelWorker.ts", import.meta.url), size: 1, spare: 0 })
  )
}

const sdk = <A>(use: (client: OpenAI) => Promise<A>) =>
  Effect.flatMap(Server.Server, ({ url }) =>
    Effect.promise(() => use(new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 })))
  )

const failing = (use: (client: OpenAI) => Promise<unknown>) =>
  sdk((client) =>
    use(client).then(
      () => assert.fail("it succeeded"),
      (error: unknown) => error
    )
  )

const collected = async <A>(stream: AsyncIterable<A>): Promise<ReadonlyArray<A>> => {
  const all: Array<A> = []
  for await (const each of stream) all.push(each)
  return all
}

const says = (content: string) => [{ role: "user" as const, content }]

const inFormat = (
  content: string,
  response_format: NonNullable<OpenAI.ChatCompletionCreateParams["response_format"]>
) => ({ model: "json", messages: says(content), response_format })

const likely = (logprobs: boolean) =>
  sdk((ai) => ai.chat.completions.create({ model: "likely", messages: says("?"), logprobs }))

const embed = (encoding_format?: "float" | "base64") =>
  sdk((ai) =>
    ai.embeddings.create({
      model: "vectors",
      input: ["a", "bb"],
      ...(encoding_format !== undefined && { encoding_format })
    })
  )

const failed = (content: string, stream = false) =>
  post("/v1/chat/completions", { model: "failing", messages: says(content), stream })

const weather = { type: "function" as const, function: { name: "weather", parameters: { type: "object" } } }

const city = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false
}

const asCity = { type: "json_schema" as const, json_schema: { name: "city", schema: city, strict: true } }

for (const [place, live] of Object.entries(places)) {
  layer(live, { excludeTestServices: true })(`models ${place}`, (it) => {
    it.effect("answer a chat, whole and in pieces, with what it cost", () =>
      Effect.gen(function* () {
        const plain = yield* sdk((ai) =>
          ai.chat.completions.create({ model: "echo", messages: says("good day"), n: 2 })
        )
        assert.deepStrictEqual(
          plain.choices.map(({ finish_reason, index, message }) => [index, message.content, finish_reason]),
          [
            [0, "0:good day", "stop"],
            [1, "1:good day", "stop"]
          ]
        )
        assert.deepStrictEqual(plain.usage, { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 })
        const chunks = yield* sdk(async (ai) => {
          const stream = await ai.chat.completions.create({
            model: "echo",
            messages: says("good day"),
            stream: true,
            stream_options: { include_usage: true }
          })
          return collected(stream)
        })
        assert.deepStrictEqual(
          chunks.map(({ choices: [choice] }) => choice?.delta.content ?? choice?.finish_reason ?? "usage"),
          ["0:good", " day", "stop", "usage"]
        )
        assert.strictEqual(chunks[0]?.choices[0]?.delta.role, "assistant")
        assert.deepStrictEqual(chunks.at(-1)?.usage, { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 })
        const bare = yield* sdk(async (ai) =>
          collected(await ai.chat.completions.create({ model: "echo", messages: says("a"), stream: true }))
        )
        assert.isFalse(bare.some((chunk) => "usage" in chunk))
      })
    )

    it.effect("use services", () =>
      Effect.map(
        sdk((ai) => ai.chat.completions.create({ model: "greeter", messages: says("") })),
        ({ choices }) => assert.strictEqual(choices[0]?.message.content, "good day")
      )
    )

    it.effect("call tools, and go on with what those said", () =>
      Effect.gen(function* () {
        const request = { model: "tools", messages: says("the weather?"), tools: [weather] }
        const plain = yield* sdk((ai) => ai.chat.completions.create(request))
        const streamed = yield* sdk((ai) => ai.chat.completions.stream(request).finalChatCompletion())
        for (const { choices } of [plain, streamed]) {
          assert.strictEqual(choices[0]?.finish_reason, "tool_calls")
          const [call] = choices[0]?.message.tool_calls ?? []
          assert.deepInclude(call?.type === "function" ? call.function : {}, {
            name: "weather",
            arguments: '{"city":"Rome"}'
          })
        }
        const message = plain.choices[0]?.message ?? assert.fail("no choice")
        const answer = yield* sdk((ai) =>
          ai.chat.completions.create({
            ...request,
            messages: [...request.messages, message, { role: "tool", tool_call_id: "call_1", content: "sunny" }]
          })
        )
        assert.strictEqual(answer.choices[0]?.message.content, "it is sunny")
      })
    )

    it.effect("answer in JSON where that is asked for, and what is none is no answer", () =>
      Effect.gen(function* () {
        const good = yield* sdk((ai) => ai.chat.completions.create(inFormat('{"city": "Rome"}', asCity)))
        assert.strictEqual(good.choices[0]?.message.content, '{"city": "Rome"}')
        const other = yield* failing((ai) => ai.chat.completions.create(inFormat('{"town": "Rome"}', asCity)))
        assert.instanceOf(other, InternalServerError)
        assert.strictEqual(other.code, "output_unusable")
        const none = yield* failing((ai) => ai.chat.completions.create(inFormat("Rome", { type: "json_object" })))
        assert.instanceOf(none, InternalServerError)
        const streamed = yield* failing(async (ai) =>
          collected(await ai.chat.completions.create({ ...inFormat("Rome", asCity), stream: true }))
        )
        assert.strictEqual(Reflect.get(Object(streamed), "code"), "output_unusable")
      })
    )

    it.effect("tell likelihoods where those are asked for, and why they end", () =>
      Effect.gen(function* () {
        const [choice] = (yield* likely(true)).choices
        assert.strictEqual(choice?.logprobs?.content?.[0]?.logprob, -0.1)
        assert.strictEqual(choice?.finish_reason, "length")
        assert.strictEqual(Reflect.get(Object(choice?.message), "reasoning_content"), "hm")
        assert.isNull((yield* likely(false)).choices[0]?.logprobs)
      })
    )

    it.effect("answer completions of several prompts, whole and in pieces", () =>
      Effect.gen(function* () {
        const { choices } = yield* sdk((ai) => ai.completions.create({ model: "echo", prompt: ["a", "b"] }))
        assert.deepStrictEqual(
          choices.map(({ index, text }) => [index, text]),
          [
            [0, "a!"],
            [1, "b!"]
          ]
        )
        const chunks = yield* sdk(async (ai) =>
          collected(await ai.completions.create({ model: "echo", prompt: "a", stream: true }))
        )
        assert.strictEqual(chunks.map((chunk) => chunk.choices[0]?.text).join(""), "a!")
      })
    )

    it.effect("answer as responses, whole and in pieces, with calls", () =>
      Effect.gen(function* () {
        const plain = yield* sdk((ai) => ai.responses.create({ model: "echo", input: "good day" }))
        assert.strictEqual(plain.output_text, "0:good day")
        assert.strictEqual(plain.usage?.total_tokens, 5)
        const streamed = yield* sdk((ai) => ai.responses.stream({ model: "echo", input: "good day" }).finalResponse())
        assert.strictEqual(streamed.output_text, "0:good day")
        const tool = { ...weather.function, type: "function" as const, strict: false }
        const called = yield* sdk((ai) =>
          ai.responses.stream({ model: "tools", input: "the weather?", tools: [tool] }).finalResponse()
        )
        const call = called.output.find((item) => item.type === "function_call")
        assert.deepInclude(call, { name: "weather", arguments: '{"city":"Rome"}', call_id: "call_1" })
        const answer = yield* sdk((ai) =>
          ai.responses.create({
            model: "tools",
            input: [
              { role: "user", content: [{ type: "input_text", text: "the weather?" }] },
              { type: "function_call", call_id: "call_1", name: "weather", arguments: "{}" },
              { type: "function_call_output", call_id: "call_1", output: "sunny" }
            ]
          })
        )
        assert.strictEqual(answer.output_text, "it is sunny")
        const cut = yield* sdk((ai) => ai.responses.create({ model: "likely", input: "?" }))
        assert.deepStrictEqual([cut.status, cut.incomplete_details?.reason], ["incomplete", "max_output_tokens"])
        const kept = yield* failing((ai) =>
          ai.responses.create({ model: "echo", input: "a", previous_response_id: "resp_1" })
        )
        assert.instanceOf(kept, BadRequestError)
        assert.strictEqual(kept.param, "previous_response_id")
      })
    )

    it.effect("embed, as numbers and in base64", () =>
      Effect.gen(function* () {
        // The SDK asks for base64 by itself, and decodes it.
        for (const answer of [yield* embed(), yield* embed("float")]) {
          assert.deepStrictEqual(
            answer.data.map(({ embedding }) => Array.from(embedding)),
            [
              [1, 0.5, -1],
              [2, 0.5, -1]
            ]
          )
          assert.strictEqual(answer.usage.total_tokens, 4)
        }
        assert.strictEqual(Reflect.get(Object((yield* embed("base64")).data[0]), "embedding"), "AACAPwAAAD8AAIC/")
        const broken = yield* failing((ai) => ai.embeddings.create({ model: "bad-vectors", input: "a" }))
        assert.instanceOf(broken, InternalServerError)
        assert.strictEqual(broken.status, 502)
      })
    )

    it.effect("judge texts, and are listed", () =>
      Effect.gen(function* () {
        const { results } = yield* sdk((ai) => ai.moderations.create({ model: "echo", input: ["good", "bad"] }))
        assert.deepStrictEqual(
          results.map(({ flagged }) => flagged),
          [false, true]
        )
        const { data } = yield* sdk((ai) => ai.models.list())
        assert.deepInclude(
          data.map(({ id }) => id),
          "echo"
        )
        assert.strictEqual((yield* sdk((ai) => ai.models.retrieve("bad-vectors"))).id, "bad-vectors")
      })
    )

    it.effect("say which model, ability or value there is none of", () =>
      Effect.gen(function* () {
        const unknown = yield* failing((ai) => ai.chat.completions.create({ model: "who", messages: says("") }))
        assert.instanceOf(unknown, NotFoundError)
        assert.deepInclude(unknown, { code: "model_not_found", param: "model" })
        const unable = yield* failing((ai) => ai.chat.completions.create({ model: "vectors", messages: says("") }))
        assert.instanceOf(unable, BadRequestError)
        assert.deepInclude(unable, { code: "unsupported_model", param: "model" })
        const hot = yield* failing((ai) =>
          ai.chat.completions.create({ model: "echo", messages: says(""), temperature: 9 })
        )
        assert.deepInclude(hot, { status: 400, param: "temperature" })
        const audio = yield* failing((ai) => ai.audio.speech.create({ model: "echo", voice: "alloy", input: "a" }))
        assert.instanceOf(audio, NotFoundError)
      })
    )

    it.effect("fail in OpenAI's shape, by whose fault it is", () =>
      Effect.gen(function* () {
        const mistake = yield* failed("mistake")
        assert.deepInclude(errorOf(mistake.text), { message: "say please", type: "invalid_request_error" })
        assert.deepInclude(mistake, { status: 400 })
        assert.strictEqual(mistake.headers["x-should-retry"], "false")
        const busy = yield* failed("busy", true)
        assert.deepStrictEqual([busy.status, busy.headers["retry-after"]], [503, "3"])
        const broken = yield* failed("broken")
        assert.deepStrictEqual([broken.status, broken.headers["x-should-retry"]], [502, "true"])
        assert.include(errorOf(broken.text)?.message, "no memory is left on the card")
        const final = yield* failed("final")
        assert.deepStrictEqual([final.status, final.headers["x-should-retry"]], [502, "false"])
        const thrown = yield* failed("thrown")
        assert.strictEqual(thrown.status, 500)
        assert.notInclude(thrown.text, "secret")
        const late = yield* failed("broken late", true)
        assert.strictEqual(late.status, 200)
        assert.match(late.text, /so far.*event: error\ndata: \{"error":\{"message":"the upstream .*no memory/s)
        assert.notInclude(late.text, "[DONE]")
      })
    )
  })
}
