import type * as OpenAiClient from "@causeway/openai/OpenAiClient"
import { responseFormat, textFormat } from "@causeway/openai/StructuredOutput"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import OpenAI from "openai"
import * as Answers from "./fixtures/answers.ts"
import { calling, failure, messages } from "./fixtures/client.ts"
import { completion } from "./fixtures/rawServer.ts"

const City = Schema.Struct({
  name: Schema.String,
  inhabitants: Schema.Finite.check(Schema.isGreaterThan(0)),
  river: Schema.optionalKey(Schema.String)
})
const oslo = { name: "Oslo", inhabitants: 717_710 }
const wire = JSON.stringify({ ...oslo, river: null })

const chat = { model: "m", messages, response_format: responseFormat(City, "city", { description: "a city" }) }
const request = { model: "m", input: "x", text: { format: textFormat(City, "city") } }

const parseChat = (ai: OpenAiClient.Service) => Effect.asVoid(ai.chat.completions.parse(chat))
const parseResponse = (ai: OpenAiClient.Service) => Effect.asVoid(ai.responses.parse(request))

const choice = (message: object, finish = "stop") => ({
  ...completion(""),
  choices: [
    { index: 0, message: { role: "assistant", content: null, refusal: null, ...message }, finish_reason: finish }
  ]
})

const message = (...content: ReadonlyArray<object>) => ({
  output: [{ type: "message", id: "msg_1", role: "assistant", status: "completed", content }]
})

describe("parse", () => {
  it.effect("gives a completion's content as its schema has it, and sends what OpenAI takes", () =>
    calling(Answers.always(completion(wire)), (ai, { requests }) =>
      Effect.gen(function* () {
        const { data, response } = yield* ai.chat.completions.parse.withResponse(chat)
        assert.deepStrictEqual(data.choices[0]?.message.parsed, oslo)
        assert.strictEqual(response.status, 200)
        assert.deepStrictEqual(JSON.parse(requests[0]!.body).response_format, {
          type: "json_schema",
          json_schema: {
            name: "city",
            description: "a city",
            strict: true,
            schema: {
              type: "object",
              additionalProperties: false,
              properties: {
                name: { type: "string" },
                inhabitants: { type: "number", exclusiveMinimum: 0, description: "a value greater than 0" },
                river: { anyOf: [{ type: "string" }, { type: "null" }] }
              },
              required: ["name", "inhabitants", "river"]
            }
          }
        })
      })
    )
  )

  it.effect("gives a response's output as its schema has it", () =>
    calling(
      Answers.always(Answers.responseObject(message({ type: "output_text", text: wire, annotations: [] }))),
      (ai) =>
        Effect.gen(function* () {
          assert.deepStrictEqual((yield* ai.responses.parse(request)).output_parsed, oslo)
          const as = yield* ai.responses.parse({ model: "m", input: "x" }, { parseAs: textFormat(City, "city") })
          assert.deepStrictEqual(as.output_parsed, oslo)
          const not = yield* ai.responses.parse(request, { parseAs: null })
          assert.isNull(not.output_parsed)
        })
    )
  )

  it.effect("equals the SDK's own, tool calls too", () => {
    const tools = [
      {
        type: "function",
        function: { name: "f", strict: true, parameters: { type: "object", properties: {} } }
      } as const
    ]
    const call = { id: "call_1", type: "function", function: { name: "f", arguments: '{"a":1}' } }
    return calling(Answers.always(choice({ tool_calls: [call] }, "tool_calls")), (ai, { url }) =>
      Effect.gen(function* () {
        const ours = yield* ai.chat.completions.parse({ ...chat, tools })
        const sdk = new OpenAI({ baseURL: url, apiKey: "k" })
        const theirs = yield* Effect.promise(() => sdk.chat.completions.parse({ ...chat, tools }))
        assert.deepStrictEqual(ours, theirs)
        assert.deepInclude(Reflect.get({ ...ours.choices[0]?.message.tool_calls?.[0] }, "function"), {
          parsed_arguments: { a: 1 }
        })
      })
    )
  })

  const unusable: ReadonlyArray<readonly [string, typeof parseChat, object, object]> = [
    ["a refusal", parseChat, choice({ refusal: "I will not" }), { issue: "refusal", output: "I will not" }],
    ["a completion that is cut", parseChat, choice({ content: '{"na' }, "length"), { issue: "length", output: '{"na' }],
    ["one that is filtered", parseChat, choice({ content: "" }, "content_filter"), { issue: "filtered" }],
    ["an empty one", parseChat, choice({ content: "" }), { issue: "unparsable", output: "" }],
    ["one that says nothing", parseChat, choice({}), { issue: "unparsable", output: "" }],
    ["one that is no JSON", parseChat, completion("hello"), { issue: "unparsable", output: "hello" }],
    ["one that lacks a field", parseChat, completion('{"name":"Oslo"}'), { issue: "unparsable" }],
    ["one that breaks a refinement", parseChat, completion(wire.replace("717710", "-1")), { issue: "unparsable" }],
    [
      "a response's refusal",
      parseResponse,
      Answers.responseObject(message({ type: "refusal", refusal: "I will not" })),
      { issue: "refusal", output: "I will not" }
    ],
    [
      "a response that is cut",
      parseResponse,
      Answers.responseObject({
        ...message({ type: "output_text", text: '{"na', annotations: [] }),
        status: "incomplete",
        incomplete_details: { reason: "max_output_tokens" }
      }),
      { issue: "length", output: '{"na' }
    ],
    [
      "a response that is filtered",
      parseResponse,
      Answers.responseObject({ status: "incomplete", incomplete_details: { reason: "content_filter" } }),
      { issue: "filtered" }
    ],
    ["a response that does not fit", parseResponse, Answers.responseObject(), { issue: "unparsable", output: "hi" }],
    ["a response without output", parseResponse, Answers.responseObject({ output: [] }), { issue: "unparsable" }]
  ]
  it.effect.each(unusable)("fails with the output that is of no use: %s", ([, parse, answer, expected]) =>
    calling(
      Answers.always(answer),
      (ai, { requests }) =>
        Effect.gen(function* () {
          const error = yield* failure(parse(ai))
          assert.deepInclude<object>(error.reason, { _tag: "OutputUnusable", seenIn: "body", ...expected })
          // The same question would cost as much again.
          assert.strictEqual(requests.length, 1)
        }),
      { retries: 2 }
    )
  )

  it.effect("fails as every call does where there is no answer", () =>
    calling(
      (socket) => socket.end("nonsense\r\n\r\n"),
      (ai) =>
        Effect.gen(function* () {
          for (const call of [parseChat(ai), parseResponse(ai)]) {
            assert.strictEqual((yield* failure(call)).reason._tag, "Protocol")
          }
        })
    )
  )

  it.effect("says what is wrong with the output", () =>
    calling(Answers.always(completion('{"name":"Oslo","inhabitants":"many","river":null}')), (ai) =>
      Effect.gen(function* () {
        const error = yield* failure(parseChat(ai))
        assert.match(error.message, /does not fit its schema: .*"inhabitants"/s)
        assert.isDefined(error.cause)
      })
    )
  )
})

describe("a format", () => {
  it("is sent without what is ours", () => {
    assert.deepStrictEqual(Object.keys(chat.response_format), ["type", "json_schema"])
    assert.deepStrictEqual(Object.keys(request.text.format), ["type", "name", "strict", "schema"])
  })

  it("refuses a schema whose root is no object", () => {
    assert.throws(() => responseFormat(Schema.Array(Schema.String), "list"), /object/)
  })
})
