import type { UpstreamError } from "@causeway/core/UpstreamError"
import type * as OpenAiClient from "@causeway/openai/OpenAiClient"
import * as Operation from "@causeway/openai/Operation"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Stream from "effect/Stream"
import * as Answers from "./fixtures/answers.ts"
import { calling, chat, eventStreams, failure, jsonCalls, messages, recordingTracer } from "./fixtures/client.ts"
import { completion, done, json, type Respond, token } from "./fixtures/rawServer.ts"

/** What a call told: its spans and its metrics, each in a registry of its own. */
const told = <A, E>(
  respond: Respond,
  f: (ai: OpenAiClient.Service) => Effect.Effect<A, E>,
  options: OpenAiClient.Options = {}
) =>
  Effect.gen(function* () {
    const { spans, tracer } = recordingTracer()
    const snapshot = yield* calling(
      respond,
      (ai) => Effect.andThen(Effect.exit(Effect.withTracer(f(ai), tracer)), Metric.snapshot),
      options
    ).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
    const histograms = snapshot.flatMap((each) => (each.type === "Histogram" ? [each] : []))
    return {
      spans: spans.map((span): { name: string; kind: string; attributes: Record<string, unknown> } => ({
        name: span.name,
        kind: span.kind,
        attributes: Object.fromEntries(span.attributes)
      })),
      of: (name: string) => histograms.filter(({ id }) => id === name)
    }
  })

const answers: Respond = (socket, request) => {
  const { head, body } = request
  const isStream = body.includes('"stream":true') || body.includes('name="stream"')
  const path = /^\w+ \/v1(\/[\w/.-]*)/.exec(head)?.[1] ?? ""
  if (path === "/chat/completions") {
    if (isStream) return Answers.events(...Answers.wholeStreams.chat)(socket, request)
    return socket.write(json(completion("hi")))
  }
  if (path === "/completions") {
    if (isStream) return Answers.events(...Answers.wholeStreams.completions)(socket, request)
    return socket.write(json(Answers.textCompletion))
  }
  if (path.endsWith("/input_items") || path === "/files") {
    return socket.write(json(head.startsWith("POST") ? Answers.fileObject : { object: "list", data: [] }))
  }
  if (path.startsWith("/responses")) {
    if (isStream) return Answers.events(...Answers.wholeStreams.responses)(socket, request)
    return socket.write(json(Answers.responseObject()))
  }
  if (path === "/embeddings") return socket.write(json(Answers.embeddingsOf([1])))
  if (path === "/models") return socket.write(json({ object: "list", data: [Answers.model] }))
  if (path.startsWith("/models/")) return socket.write(json(Answers.model))
  if (path === "/moderations") return socket.write(json(Answers.moderation))
  if (path.startsWith("/audio")) {
    if (isStream) return Answers.events(...Answers.wholeStreams.transcriptions)(socket, request)
    return socket.write(json({ text: "hi" }))
  }
  if (path.startsWith("/images")) {
    if (isStream) return Answers.events(...Answers.wholeStreams.images)(socket, request)
    return socket.write(json(Answers.images))
  }
  return socket.write(json({ ...Answers.fileObject, deleted: true }))
}

/** The attributes of the conventions that every call's span and duration have. */
const required = ["gen_ai.operation.name", "gen_ai.provider.name", "server.address", "server.port"]

const busy: Respond = (socket) => socket.write(json({ error: { message: "slow down" } }, {}, 429))

describe("every call", () => {
  it.effect("with one answer has a span and a duration, by the conventions", () =>
    Effect.gen(function* () {
      const names = yield* calling(answers, (ai) => Effect.succeed(Object.keys(jsonCalls(ai))))
      for (const name of names) {
        const { of, spans } = yield* told(
          answers,
          (ai) => jsonCalls(ai)[name as keyof ReturnType<typeof jsonCalls>] as Effect.Effect<unknown, UpstreamError>
        )
        assert.strictEqual(spans.length, 1, name)
        const { attributes, kind } = spans[0]!
        assert.strictEqual(kind, "client")
        for (const attribute of required) assert.property(attributes, attribute, name)
        assert.notProperty(attributes, "error.type", name)
        assert.notProperty(attributes, "gen_ai.request.stream", name)
        assert.strictEqual(attributes["gen_ai.operation.name"], Operation.find(name)?.genAi ?? name)
        const durations = of("gen_ai.client.operation.duration")
        assert.strictEqual(durations.length, 1, name)
        assert.strictEqual(durations[0]?.state.count, 1)
        assert.strictEqual(durations[0]?.attributes?.["unit"], "s")
        for (const attribute of required) assert.property(durations[0]?.attributes, attribute, name)
        assert.deepStrictEqual(of("gen_ai.client.operation.time_to_first_chunk"), [])
      }
    })
  )

  it.effect("in pieces has a span until its end, and the times of its chunks", () =>
    Effect.gen(function* () {
      const kinds = ["chat", "completions", "responses", "transcriptions", "images"] as const
      for (const kind of kinds) {
        const { of, spans } = yield* told(answers, (ai) =>
          Stream.runDrain<unknown, UpstreamError, never>(eventStreams(ai)[kind])
        )
        const { attributes } = spans[0]!
        for (const attribute of required) assert.property(attributes, attribute, kind)
        assert.strictEqual(attributes["gen_ai.request.stream"], true, kind)
        assert.isAbove(Number(attributes["gen_ai.response.time_to_first_chunk"]), 0, kind)
        assert.notProperty(attributes, "error.type", kind)
        const events = Answers.wholeStreams[kind].length
        const count = (name: string) => of(name).reduce((sum, { state }) => sum + state.count, 0)
        assert.strictEqual(count("gen_ai.client.operation.duration"), 1, kind)
        assert.strictEqual(count("gen_ai.client.operation.time_to_first_chunk"), 1, kind)
        assert.strictEqual(count("gen_ai.client.operation.time_per_output_chunk"), events - 1, kind)
      }
    })
  )

  it.effect("that is used otherwise is named by the caller", () =>
    Effect.gen(function* () {
      const { spans } = yield* told(answers, (ai) =>
        ai.use((sdk) => sdk.models.retrieve("a"), { operation: "models.look" })
      )
      assert.deepInclude(spans[0], { name: "models.look" })
    })
  )

  it.effect("that fails names the reason, on its span and in its duration", () =>
    Effect.gen(function* () {
      const whole = yield* told(busy, (ai) => failure(ai.responses.create({ model: "m", input: "x" })))
      const pieces = yield* told(busy, (ai) =>
        failure(Stream.runDrain(ai.responses.stream({ model: "m", input: "x" })))
      )
      for (const { of, spans } of [whole, pieces]) {
        assert.strictEqual(spans[0]?.attributes["error.type"], "RateLimited")
        assert.strictEqual(of("gen_ai.client.operation.duration")[0]?.attributes?.["error.type"], "RateLimited")
        assert.deepStrictEqual(of("gen_ai.client.token.usage"), [])
      }
      const cut = yield* told(Answers.events(token("a")), (ai) =>
        failure(Stream.runDrain(ai.chat.completions.stream(chat)))
      )
      assert.strictEqual(cut.spans[0]?.attributes["error.type"], "StreamTruncated")
    })
  )
})

describe("tokens", () => {
  const usage = { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 }

  it.effect("are counted by their type, in the conventions' buckets", () =>
    Effect.gen(function* () {
      const { of } = yield* told(Answers.always({ ...completion("hi"), usage }), (ai) =>
        Effect.andThen(ai.chat.completions.create(chat), ai.chat.completions.create(chat))
      )
      const series = of("gen_ai.client.token.usage")
      assert.deepStrictEqual(
        series.map(({ attributes, state }) => [attributes?.["gen_ai.token.type"], state.count, state.sum]),
        [
          ["input", 2, 6],
          ["output", 2, 10]
        ]
      )
      assert.deepInclude(series[0]?.attributes, {
        unit: "{token}",
        "gen_ai.request.model": "m",
        "gen_ai.response.model": "m"
      })
      assert.deepStrictEqual(
        series[0]?.state.buckets.map(([boundary]) => boundary),
        [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864]
      )
      assert.deepStrictEqual(
        of("gen_ai.client.operation.duration")[0]?.state.buckets.map(([boundary]) => boundary),
        [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
      )
    })
  )

  it.effect("of streams are those of their last usage; of a record of another call they are not counted", () =>
    Effect.gen(function* () {
      const stream = yield* told(
        Answers.events(
          token("a"),
          token("", "stop"),
          `data: ${JSON.stringify({ id: "c", choices: [], usage })}\n\n`,
          done
        ),
        (ai) => Stream.runDrain(ai.chat.completions.stream(chat))
      )
      assert.strictEqual(stream.of("gen_ai.client.token.usage")[1]?.state.sum, 5)
      const record = yield* told(Answers.always(Answers.responseObject()), (ai) => ai.responses.retrieve("resp_1"))
      assert.deepStrictEqual(record.of("gen_ai.client.token.usage"), [])
      assert.notProperty(record.spans[0]?.attributes, "gen_ai.usage.input_tokens")
    })
  )

  it.effect("do not fill the memory, however many models are named", () =>
    Effect.gen(function* () {
      const { of } = yield* told(Answers.always(completion("hi")), (ai) =>
        Effect.forEach(
          Array.from({ length: 2_100 }, (_, index) => `model-${index}`),
          (model) => ai.chat.completions.create({ ...chat, model }),
          { concurrency: 16, discard: true }
        )
      )
      const series = of("gen_ai.client.operation.duration")
      assert.isAtMost(series.length, 2_001)
      const other = series.find(({ attributes }) => attributes?.["gen_ai.request.model"] === "_OTHER")
      assert.strictEqual(other?.state.count, 100)
    })
  )
})

describe("a response's span", () => {
  it.effect("has its parameters, its end and what it cost", () =>
    Effect.gen(function* () {
      const { spans } = yield* told(Answers.always(Answers.responseObject({ service_tier: "default" })), (ai) =>
        ai.responses.create({
          model: "m",
          input: "x",
          max_output_tokens: 9,
          service_tier: "auto",
          conversation: "conv_1",
          text: { format: { type: "json_object" } }
        })
      )
      assert.strictEqual(spans[0]?.name, "chat m")
      assert.deepInclude(spans[0]?.attributes, {
        "openai.api.type": "responses",
        "openai.request.service_tier": "auto",
        "openai.response.service_tier": "default",
        "gen_ai.conversation.id": "conv_1",
        "gen_ai.output.type": "json",
        "gen_ai.request.max_tokens": 9,
        "gen_ai.usage.input_tokens": 3,
        "gen_ai.usage.cache_read.input_tokens": 1,
        "gen_ai.usage.reasoning.output_tokens": 2
      })
      assert.deepStrictEqual(spans[0]?.attributes["gen_ai.response.finish_reasons"], ["stop"])
    })
  )
})

const piece = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: "c", model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

const toolCall = (index: number, fields: object) => ({ tool_calls: [{ index, ...fields }] })

describe("what was said", () => {
  const call = { id: "call_1", type: "function" as const, function: { name: "f", arguments: '{"a":1}' } }
  const secret = `sk-proj-${"a1B2".repeat(12)}`
  const talk = [
    { role: "system" as const, content: "be brief" },
    { role: "user" as const, content: [{ type: "text" as const, text: `my key is ${secret}` }] },
    { role: "assistant" as const, tool_calls: [call] },
    { role: "tool" as const, tool_call_id: "call_1", content: "2" }
  ]
  const contents = ["gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions"]

  it.effect("is in no span that nobody asked it for", () =>
    Effect.gen(function* () {
      const { spans } = yield* told(Answers.always(completion("an answer")), (ai) =>
        ai.chat.completions.create({ model: "m", messages: talk })
      )
      for (const attribute of contents) assert.notProperty(spans[0]?.attributes, attribute)
      assert.notMatch(JSON.stringify(spans), /brief|an answer/)
    })
  )

  it.effect("is there where it is asked for, as the conventions write it, without secrets", () =>
    Effect.gen(function* () {
      const { spans } = yield* told(
        Answers.always(completion("an answer")),
        (ai) => ai.chat.completions.create({ model: "m", messages: talk }),
        { content: true }
      )
      const { attributes } = spans[0]!
      const [system, user, ...rest] = JSON.parse(String(attributes["gen_ai.input.messages"]))
      assert.deepStrictEqual(system, { role: "system", parts: [{ type: "text", content: "be brief" }] })
      assert.notInclude(JSON.stringify(user), secret)
      assert.match(user.parts[0].content, /^my key is /)
      assert.deepStrictEqual(rest, [
        { role: "assistant", parts: [{ type: "tool_call", id: "call_1", name: "f", arguments: '{"a":1}' }] },
        { role: "tool", parts: [{ type: "tool_call_response", id: "call_1", response: "2" }] }
      ])
      assert.deepStrictEqual(JSON.parse(String(attributes["gen_ai.output.messages"])), [
        { role: "assistant", parts: [{ type: "text", content: "an answer" }], finish_reason: "stop" }
      ])
    })
  )

  it.effect("is put together of a stream's pieces", () =>
    Effect.gen(function* () {
      const { spans } = yield* told(
        Answers.events(
          piece({ content: "an " }),
          piece({ content: "answer" }),
          piece(toolCall(0, { id: "call_1", function: { name: "f", arguments: '{"a"' } })),
          piece(toolCall(0, { function: { arguments: ":1}" } })),
          piece({}, "tool_calls") + done
        ),
        (ai) => Stream.runDrain(ai.chat.completions.stream({ model: "m", messages })),
        { content: true }
      )
      assert.deepStrictEqual(JSON.parse(String(spans[0]?.attributes["gen_ai.output.messages"])), [
        {
          role: "assistant",
          parts: [
            { type: "text", content: "an answer" },
            { type: "tool_call", id: "call_1", name: "f", arguments: '{"a":1}' }
          ],
          finish_reason: "tool_calls"
        }
      ])
    })
  )

  it.effect("of a response is its items, and its instructions apart", () =>
    Effect.gen(function* () {
      const { spans } = yield* told(
        Answers.always(Answers.responseObject()),
        (ai) => ai.responses.create({ model: "m", instructions: "be brief", input: "a question" }),
        { content: true }
      )
      const attributes = spans[0]!.attributes
      const parsed = contents.map((attribute): unknown => JSON.parse(String(attributes[attribute])))
      assert.deepStrictEqual(parsed, [
        [{ role: "user", parts: [{ type: "text", content: "a question" }] }],
        [{ role: "assistant", parts: [{ type: "text", content: "hi" }], finish_reason: "stop" }],
        [{ type: "text", content: "be brief" }]
      ])
    })
  )
})
