import { Simulator } from "@causeway/simulator/Simulator"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { call, ask, dataOf, post } from "./fixtures/wire.ts"

const content = 'You said: "good day" (the Causeway simulator answers; no model is running)'

layer(Simulator.layer())("chat completions", (it) => {
  it.effect("answers with what the user said, and says that it is the simulator", () =>
    Effect.gen(function* () {
      const { headers, json, status } = yield* ask(yield* Simulator, "gpt-5")
      const id = headers.get("x-request-id")
      assert.strictEqual(status, 200)
      assert.strictEqual(headers.get("server"), "causeway-simulator")
      assert.match(id ?? "", /^sim-req-\d+$/)
      assert.match(headers.get("openai-processing-ms") ?? "", /^\d+$/)
      assert.deepStrictEqual(json, {
        id: `chatcmpl-sim-${id?.slice("sim-req-".length)}`,
        object: "chat.completion",
        created: 1_767_225_600,
        model: "gpt-5",
        system_fingerprint: "causeway-simulator",
        choices: [
          { index: 0, message: { role: "assistant", content, refusal: null }, logprobs: null, finish_reason: "stop" }
        ],
        usage: { prompt_tokens: 2, completion_tokens: 12, total_tokens: 14 }
      })
    })
  )

  it.effect("streams the same answer token by token, and ends with [DONE]", () =>
    Effect.gen(function* () {
      const { headers, text } = yield* ask(yield* Simulator, "gpt-5", { stream: true })
      const events = dataOf(text)
      assert.strictEqual(headers.get("content-type"), "text/event-stream; charset=utf-8")
      assert.strictEqual(events.at(-1), "[DONE]")
      assert.strictEqual(events.length, 1 + 12 + 1 + 1)
      const chunks = events.slice(0, -1).map((event) => JSON.parse(JSON.stringify(event)).choices[0])
      assert.deepStrictEqual(chunks[0].delta, { role: "assistant", content: "", refusal: null })
      assert.strictEqual(chunks.map(({ delta }) => delta.content ?? "").join(""), content)
      assert.deepStrictEqual(
        chunks.map((chunk) => chunk.finish_reason),
        [...Array.from({ length: 13 }, () => null), "stop"]
      )
      assert.notInclude(text, "usage")
    })
  )

  it.effect("adds a chunk with the usage where it was asked for", () =>
    Effect.gen(function* () {
      const { text } = yield* ask(yield* Simulator, "gpt-5", { stream: true, stream_options: { include_usage: true } })
      const last = JSON.parse(JSON.stringify(dataOf(text).at(-2)))
      assert.deepStrictEqual(last.choices, [])
      assert.deepStrictEqual(last.usage, { prompt_tokens: 2, completion_tokens: 12, total_tokens: 14 })
    })
  )

  it.effect("stops at the most tokens that were asked for", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const plain = yield* ask(simulator, "gpt-5", { max_tokens: 9, max_completion_tokens: 2 })
      const streamed = yield* ask(simulator, "gpt-5", { max_tokens: 2, stream: true })
      assert.include(plain.text, '"content":"You said:"')
      assert.include(plain.text, '"finish_reason":"length"')
      assert.include(streamed.text, '"finish_reason":"length"')
    })
  )

  it.effect("answers the last message of the user, of text and of parts", () =>
    Effect.gen(function* () {
      const { text } = yield* ask(yield* Simulator, "gpt-5", {
        messages: [
          { role: "user", content: "first" },
          { role: "user", content: [{ type: "text", text: "second" }, { type: "image_url" }] },
          { role: "assistant", content: null, tool_calls: [] }
        ]
      })
      assert.include(text, 'You said: \\"second [image_url]\\"')
    })
  )

  it.effect("repeats only the beginning of a long message, as well-formed text", () =>
    Effect.gen(function* () {
      const { json, status } = yield* ask(yield* Simulator, "gpt-5", {
        messages: [{ role: "user", content: `a${"\u{1F600}".repeat(5_000)}` }]
      })
      assert.strictEqual(status, 200)
      assert.isBelow(JSON.stringify(json).length, 3_000)
      assert.isTrue(JSON.stringify(json).isWellFormed())
      assert.notInclude(JSON.stringify(json), "\\ud83d")
    })
  )

  it.effect("answers parts of no known type", () =>
    Effect.gen(function* () {
      const content = [{ type: { toString: 1 } }, { type: 5 }, "text", null]
      const { status, text } = yield* ask(yield* Simulator, "gpt-5", { messages: [{ role: "user", content }] })
      assert.strictEqual(status, 200)
      assert.include(text, 'You said: \\"[part] [part]')
    })
  )

  it.effect("tolerates fields that it does not know", () =>
    Effect.gen(function* () {
      const { status } = yield* ask(yield* Simulator, "gpt-5", {
        temperature: 0.2,
        x_unknown: { deep: [1] },
        stream: null
      })
      assert.strictEqual(status, 200)
    })
  )

  const wrong: ReadonlyArray<readonly [string, unknown, string | null, string]> = [
    ["JSON that ends too early", '{"model":', null, "not valid JSON"],
    ["an empty body", "", null, "not valid JSON"],
    ["an array", [], null, "must be a JSON object, not an array"],
    ["null", null, null, "must be a JSON object, not null"],
    ["no model", { messages: [] }, "model", "Missing required parameter: 'model'"],
    ["a model that is a number", { model: 5, messages: [] }, "model", "expected the name of a model, got number"],
    ["no messages", { model: "m" }, "messages", "Missing required parameter: 'messages'"],
    ["messages of the wrong type", { model: "m", messages: "hi" }, "messages", "got string"],
    ["no message", { model: "m", messages: [] }, "messages", "expected at least one"],
    ["a message that is none", { model: "m", messages: ["hi"] }, "messages[0]", "expected an object, got string"],
    ["a message without role", { model: "m", messages: [{ content: "" }] }, "messages[0].role", "Missing"],
    [
      "content of the wrong type",
      {
        model: "m",
        messages: [
          { role: "user", content: "" },
          { role: "user", content: 1 }
        ]
      },
      "messages[1].content",
      "got number"
    ],
    ["a flag of the wrong type", { model: "m", messages: [{ role: "user" }], stream: "yes" }, "stream", "a boolean"],
    [
      "options of the wrong type",
      { model: "m", messages: [{ role: "user" }], stream_options: { include_usage: 1 } },
      "stream_options.include_usage",
      "a boolean"
    ],
    ["a limit out of range", { model: "m", messages: [{ role: "user" }], max_tokens: 0 }, "max_tokens", "from 1 to"]
  ]
  it.effect.each(wrong)("refuses %s with 400 and names the parameter", ([, body, param, message]) =>
    Effect.gen(function* () {
      const { json, status, text } = yield* post(yield* Simulator, "/chat/completions", body)
      assert.strictEqual(status, 400)
      assert.include(text, message)
      assert.nestedPropertyVal(json, "error.param", param)
      assert.nestedPropertyVal(json, "error.type", "invalid_request_error")
      assert.nestedProperty(json, "error.code")
    })
  )

  it.effect("refuses a body that is not UTF-8", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const body = new Uint8Array([0x7b, 0xff, 0x7d])
      const { status, text } = yield* call(simulator, "/chat/completions", { method: "POST", body })
      assert.strictEqual(status, 400)
      assert.include(text, "not valid UTF-8")
    })
  )
})
