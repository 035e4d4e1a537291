/** Answers that claim success for what failed, or for a part of it. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { chunk, completion, done, eventsHead, json, lastChunk, type Respond } from "./fixtures/rawServer.ts"
import { collect, relaying, upstreamError } from "./fixtures/relaying.ts"

const reasonOf = (path: string, body: object, respond: Respond) =>
  relaying(respond, (relay) =>
    Effect.map(
      Effect.flip(relay.complete({ path, method: "POST", body: JSON.stringify(body) })),
      (error) => upstreamError(error).reason
    )
  )

const reasonOfStream = (path: string, ...events: ReadonlyArray<object | string>) =>
  relaying(
    (socket) => {
      const text = events.map((event) => (typeof event === "string" ? event : `data: ${JSON.stringify(event)}\n\n`))
      socket.write(Buffer.concat([Buffer.from(eventsHead), chunk(text.join("")), Buffer.from(lastChunk)]))
    },
    (relay) =>
      Effect.map(
        collect(relay.events({ path, method: "POST", body: JSON.stringify({ model: "m", stream: true }) })),
        ({ error }) => upstreamError(error).reason
      )
  )

const [whole] = completion("hi").choices
const down = { code: 502, message: "the provider is down" }

describe("a choice that failed", () => {
  it.effect("is a failure by its finish reason, without a word of why", () =>
    Effect.gen(function* () {
      const choices = [{ ...whole, finish_reason: "error" }]
      const reason = yield* reasonOf("/chat/completions", {}, (socket) => socket.write(json({ choices })))
      assert.deepInclude(reason, { _tag: "ProviderFault", seenIn: "body" })
      const event = { choices: [{ index: 0, delta: { content: "ha" }, finish_reason: "error" }] }
      const streamed = yield* reasonOfStream("/chat/completions", event, done)
      assert.deepInclude(streamed, { _tag: "ProviderFault", seenIn: "stream" })
    })
  )

  it.effect("is a failure where it is not the first one", () =>
    Effect.gen(function* () {
      const choices = [whole, { index: 1, message: { content: "" }, error: down, finish_reason: "error" }]
      const reason = yield* reasonOf("/chat/completions", { n: 2 }, (socket) => socket.write(json({ choices })))
      assert.include(reason.message, down.message)
      const event = {
        choices: [
          { index: 0, delta: {}, finish_reason: "stop" },
          { index: 1, delta: {}, error: down }
        ]
      }
      const streamed = yield* reasonOfStream("/chat/completions", event, done)
      assert.include(streamed.message, down.message)
    })
  )
})

describe("response.completed", () => {
  it.effect("is a failure with a response that failed", () =>
    Effect.gen(function* () {
      const response = { id: "r", status: "failed", output: [], error: { code: "server_error", message: "boom" } }
      const reason = yield* reasonOfStream("/responses", { type: "response.completed", response })
      assert.deepInclude(reason, { _tag: "ProviderFault", message: "boom" })
    })
  )

  it.effect("is a failure with a response that is in the making", () =>
    Effect.gen(function* () {
      const response = { id: "r", status: "in_progress", output: [] }
      const reason = yield* reasonOfStream("/responses", { type: "response.completed", response })
      assert.strictEqual(reason._tag, "StreamProtocol")
    })
  )
})

const answered = (...vectors: ReadonlyArray<unknown>) =>
  reasonOf("/embeddings", { model: "m", input: ["a", "b"] }, (socket) =>
    socket.write(json({ data: vectors.map((embedding, index) => ({ index, embedding })) }))
  )

describe("embeddings", () => {
  it.effect("of unequal lengths are none", () =>
    Effect.gen(function* () {
      assert.include((yield* answered([1, 2], [1])).message, "embedding 1 is not as long as the first one")
      assert.include((yield* answered("AACAPwAAgD8=", "AACAPw==")).message, "embedding 1 is not as long")
    })
  )

  it.effect("of no numbers are none", () =>
    Effect.gen(function* () {
      assert.include((yield* answered([null, null], [null, null])).message, "it is no list of embeddings")
    })
  )
})

const problemOf = (...choices: ReadonlyArray<unknown>) =>
  Effect.map(
    reasonOf("/chat/completions", {}, (socket) => socket.write(json({ choices }))),
    ({ message }) => message
  )

const calling = (calls: unknown, finish_reason = "tool_calls") => ({
  index: 0,
  message: { role: "assistant", content: null, tool_calls: calls },
  finish_reason
})

const call = (args: unknown) => ({ id: "c", type: "function", function: { name: "f", arguments: args } })

describe("a choice", () => {
  it.effect("whose message says nothing is none", () =>
    Effect.gen(function* () {
      assert.include(yield* problemOf({ index: 0, message: {}, finish_reason: "stop" }), "says nothing")
      assert.include(yield* problemOf({ ...whole, message: { role: "assistant" } }), "says nothing")
    })
  )

  it.effect("with a tool call that cannot be made is none", () =>
    Effect.gen(function* () {
      assert.include(yield* problemOf(calling([null])), "a tool call is no object")
      assert.include(yield* problemOf(calling("f")), "its tool calls are no list")
      assert.include(yield* problemOf(calling([{ id: "c", type: "function" }])), "a tool call has no function")
      assert.include(yield* problemOf(calling([call('{"a": [1, 2')])), "are cut short")
    })
  )

  it.effect("with the index of another one is none", () =>
    Effect.gen(function* () {
      assert.include(yield* problemOf(whole, whole), "two choices have the index 0")
    })
  )

  it.effect("that a limit left empty, or that calls a tool, is one", () =>
    relaying(
      (socket) => {
        const choices = [
          { index: 0, message: { role: "assistant" }, finish_reason: "length" },
          { ...calling([call('{"a": 1}'), call(""), { id: "c", type: "custom", custom: { name: "f" } }]), index: 1 },
          { ...calling([call('{"a": [1')], "length"), index: 2 }
        ]
        socket.write(json({ choices }))
      },
      (relay) =>
        Effect.map(relay.complete({ path: "/chat/completions", method: "POST", body: "{}" }), ({ status }) =>
          assert.strictEqual(status, 200)
        )
    )
  )
})

describe("an event", () => {
  it.effect("whose choices, delta or tool calls have another shape breaks its stream", () =>
    Effect.gen(function* () {
      const broken = [
        { choices: {} },
        { choices: [null] },
        { choices: [{ index: 0, delta: "ha" }] },
        { choices: [{ index: 0, delta: { tool_calls: [null] } }] }
      ]
      for (const event of broken) {
        const reason = yield* reasonOfStream("/chat/completions", event, done)
        assert.strictEqual(reason._tag, "StreamProtocol", JSON.stringify(event))
      }
    })
  )
})
