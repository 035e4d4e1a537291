import type { UpstreamError } from "@causeway/core/UpstreamError"
import type * as Contract from "@causeway/core/Contract"
import * as OpenAiClient from "@causeway/openai/OpenAiClient"
import { Relay } from "@causeway/openai/Relay"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { AzureOpenAI, OpenAI } from "openai"
import { describe, expectTypeOf, it } from "vitest"

declare const ai: OpenAiClient.Service
const chat = { model: "m", messages: [{ role: "user" as const, content: "x" }] }

describe("OpenAiClient", () => {
  it("has the SDK's types, and one error", () => {
    expectTypeOf(ai.chat.completions.create(chat)).toEqualTypeOf<Effect.Effect<OpenAI.ChatCompletion, UpstreamError>>()
    expectTypeOf(ai.chat.completions.stream(chat)).toEqualTypeOf<
      Stream.Stream<OpenAI.ChatCompletionChunk, UpstreamError>
    >()
    expectTypeOf(ai.embeddings.create({ model: "m", input: "x" })).toEqualTypeOf<
      Effect.Effect<OpenAI.CreateEmbeddingResponse, UpstreamError>
    >()
    expectTypeOf(ai.models.list()).toEqualTypeOf<Effect.Effect<ReadonlyArray<OpenAI.Model>, UpstreamError>>()
    const file = ai.use((sdk) => sdk.files.retrieve("f"))
    expectTypeOf<Effect.Success<typeof file>>().toExtend<OpenAI.FileObject>()
    expectTypeOf<Effect.Error<typeof file>>().toEqualTypeOf<UpstreamError>()
  })

  it("gives a success's ids where they are asked for", () => {
    expectTypeOf(ai.chat.completions.create.withResponse(chat)).toEqualTypeOf<
      Effect.Effect<OpenAiClient.WithResponse<OpenAI.ChatCompletion>, UpstreamError>
    >()
    expectTypeOf(ai.chat.completions.stream.withResponse(chat)).toEqualTypeOf<
      Effect.Effect<
        OpenAiClient.WithResponse<Stream.Stream<OpenAI.ChatCompletionChunk, UpstreamError>>,
        UpstreamError,
        Scope.Scope
      >
    >()
  })

  it("keeps streams and answers apart", () => {
    // @ts-expect-error: a streamed completion is `stream`
    void ai.chat.completions.create({ ...chat, stream: true })
    // @ts-expect-error: the options of a call are named
    void ai.chat.completions.create(chat, { timeoutMs: 1 })
  })

  it("narrows a reason with its fields", () => {
    const handled = ai.chat.completions
      .create(chat)
      .pipe(Effect.catchReason("UpstreamError", "ContentFiltered", (reason) => Effect.succeed(reason.side)))
    expectTypeOf<Effect.Success<typeof handled>>().toEqualTypeOf<OpenAI.ChatCompletion | "input" | "output">()
  })

  it("takes a key as it is or from the configuration, and any client of the SDK", () => {
    expectTypeOf(OpenAiClient.layer({ baseUrl: "x", apiKey: Redacted.make("k") })).toEqualTypeOf<
      Layer.Layer<OpenAiClient.OpenAiClient, UpstreamError>
    >()
    expectTypeOf(OpenAiClient.layerUpstreams({ a: { baseUrl: "x", apiKey: Config.Redacted("K") } })).toEqualTypeOf<
      Layer.Layer<OpenAiClient.OpenAiClient, UpstreamError>
    >()
    expectTypeOf(OpenAiClient.fromSdk).parameter(0).toEqualTypeOf<OpenAI>()
    expectTypeOf<AzureOpenAI>().toExtend<OpenAI>()
    // @ts-expect-error: a key is Redacted from the moment it enters
    OpenAiClient.layer({ baseUrl: "x", apiKey: "k" })
  })
})

describe("Relay", () => {
  it("has one error of its own", () => {
    expectTypeOf(Relay.layer({ a: { baseUrl: "x" } })).toEqualTypeOf<
      Layer.Layer<Contract.Handlers<Relay>, UpstreamError>
    >()
  })
})
