import type { UpstreamError } from "@causeway/core/UpstreamError"
import type * as Contract from "@causeway/core/Contract"
import * as OpenAiClient from "@causeway/openai/OpenAiClient"
import { Relay } from "@causeway/openai/Relay"
import * as Config from "effect/Config"
import { responseFormat, textFormat } from "@causeway/openai/StructuredOutput"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
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

const City = Schema.Struct({ name: Schema.String, inhabitants: Schema.Finite })
type City = { readonly name: string; readonly inhabitants: number }
const file = new File([], "a")

type Answer<A> = Effect.Effect<A, UpstreamError>
type Elements<A> = Stream.Stream<A, UpstreamError>
type Opened<A> = Effect.Effect<OpenAiClient.WithResponse<Elements<A>>, UpstreamError, Scope.Scope>

describe("resources", () => {
  it("have the SDK's answers, and one error", () => {
    const { audio, completions, files, images, models, moderations, responses } = ai
    expectTypeOf(responses.create({ model: "m", input: "x" })).toEqualTypeOf<Answer<OpenAI.Responses.Response>>()
    expectTypeOf(responses.retrieve("r")).toEqualTypeOf<Answer<OpenAI.Responses.Response>>()
    expectTypeOf(responses.cancel("r")).toEqualTypeOf<Answer<OpenAI.Responses.Response>>()
    expectTypeOf(responses.delete("r")).toEqualTypeOf<Answer<void>>()
    expectTypeOf(responses.inputItems.list("r")).toEqualTypeOf<Answer<ReadonlyArray<OpenAI.Responses.ResponseItem>>>()
    expectTypeOf(models.retrieve("a")).toEqualTypeOf<Answer<OpenAI.Model>>()
    expectTypeOf(completions.create({ model: "m", prompt: "x" })).toEqualTypeOf<Answer<OpenAI.Completion>>()
    expectTypeOf(moderations.create({ input: "x" })).toEqualTypeOf<Answer<OpenAI.ModerationCreateResponse>>()
    expectTypeOf(images.generate({ prompt: "x" })).toEqualTypeOf<Answer<OpenAI.ImagesResponse>>()
    expectTypeOf(images.edit({ prompt: "x", image: file })).toEqualTypeOf<Answer<OpenAI.ImagesResponse>>()
    expectTypeOf(images.createVariation({ image: file })).toEqualTypeOf<Answer<OpenAI.ImagesResponse>>()
    expectTypeOf(audio.speech.create({ model: "m", input: "x", voice: "alloy" })).toEqualTypeOf<Answer<Uint8Array>>()
    expectTypeOf(files.create({ file, purpose: "batch" })).toEqualTypeOf<Answer<OpenAI.FileObject>>()
    expectTypeOf(files.list()).toEqualTypeOf<Answer<ReadonlyArray<OpenAI.FileObject>>>()
    expectTypeOf(files.delete("f")).toEqualTypeOf<Answer<OpenAI.FileDeleted>>()
    expectTypeOf(files.content("f")).toEqualTypeOf<Answer<Uint8Array>>()
  })

  it("stream the SDK's elements", () => {
    const { audio, completions, files, images, responses } = ai
    type Event = OpenAI.Responses.ResponseStreamEvent
    expectTypeOf(responses.stream({ model: "m", input: "x" })).toEqualTypeOf<Elements<Event>>()
    expectTypeOf(responses.retrieveStream("r")).toEqualTypeOf<Elements<Event>>()
    expectTypeOf(responses.stream.withResponse({ model: "m" })).toEqualTypeOf<Opened<Event>>()
    expectTypeOf(responses.inputItems.listStream("r")).toEqualTypeOf<Elements<OpenAI.Responses.ResponseItem>>()
    expectTypeOf(completions.stream({ model: "m", prompt: "x" })).toEqualTypeOf<Elements<OpenAI.Completion>>()
    expectTypeOf(images.generateStream({ prompt: "x" })).toEqualTypeOf<Elements<OpenAI.ImageGenStreamEvent>>()
    expectTypeOf(images.editStream({ prompt: "x", image: file })).toEqualTypeOf<Elements<OpenAI.ImageEditStreamEvent>>()
    expectTypeOf(audio.transcriptions.stream({ model: "m", file })).toEqualTypeOf<
      Elements<OpenAI.Audio.TranscriptionStreamEvent>
    >()
    expectTypeOf(audio.speech.stream({ model: "m", input: "x", voice: "alloy" })).toEqualTypeOf<Elements<Uint8Array>>()
    expectTypeOf(files.contentStream.withResponse("f")).toEqualTypeOf<Opened<Uint8Array>>()
    expectTypeOf(files.listStream()).toEqualTypeOf<Elements<OpenAI.FileObject>>()
  })

  it("have the SDK's overloads, with their responses too", () => {
    const { create } = ai.audio.transcriptions
    expectTypeOf(create({ model: "m", file })).toEqualTypeOf<Answer<OpenAI.Audio.Transcription>>()
    expectTypeOf(create({ model: "m", file, response_format: "verbose_json" })).toEqualTypeOf<
      Answer<OpenAI.Audio.TranscriptionVerbose>
    >()
    expectTypeOf(create({ model: "m", file, response_format: "diarized_json" })).toEqualTypeOf<
      Answer<OpenAI.Audio.TranscriptionDiarized>
    >()
    expectTypeOf(create({ model: "m", file, response_format: "vtt" })).toEqualTypeOf<Answer<string>>()
    expectTypeOf(create.withResponse({ model: "m", file, response_format: "text" })).toEqualTypeOf<
      Answer<OpenAiClient.WithResponse<string>>
    >()
    expectTypeOf(ai.audio.translations.create({ model: "m", file, response_format: "srt" })).toEqualTypeOf<
      Answer<string>
    >()
    const base64 = ai.embeddings.create({ model: "m", input: "x", encoding_format: "base64" })
    expectTypeOf<Effect.Success<typeof base64>["data"][number]["embedding"]>().toEqualTypeOf<string>()
    const numbers = ai.embeddings.create.withResponse({ model: "m", input: "x" })
    expectTypeOf<Effect.Success<typeof numbers>["data"]["data"][number]["embedding"]>().toEqualTypeOf<Array<number>>()
    // @ts-expect-error: events of speech are not bytes
    void ai.audio.speech.create({ model: "m", input: "x", voice: "alloy", stream_format: "sse" })
  })

  it("parse into what the request's format says", () => {
    const format = responseFormat(City, "city")
    const parsed = ai.chat.completions.parse({ ...chat, response_format: format })
    type Parsed = Effect.Success<typeof parsed>["choices"][number]["message"]["parsed"]
    expectTypeOf<Parsed>().toEqualTypeOf<City | null>()
    expectTypeOf<Effect.Error<typeof parsed>>().toEqualTypeOf<UpstreamError>()
    const withResponse = ai.chat.completions.parse.withResponse({ ...chat, response_format: format })
    expectTypeOf<Effect.Success<typeof withResponse>>().toEqualTypeOf<
      OpenAiClient.WithResponse<Effect.Success<typeof parsed>>
    >()
    const named = ai.chat.completions.parse<typeof chat, City>(chat)
    type Named = Effect.Success<typeof named>["choices"][number]["message"]["parsed"]
    expectTypeOf<Named>().toEqualTypeOf<City | null>()

    const output = ai.responses.parse({ model: "m", input: "x", text: { format: textFormat(City, "city") } })
    expectTypeOf<Effect.Success<typeof output>["output_parsed"]>().toEqualTypeOf<City | null>()
    const as = ai.responses.parse({ model: "m", input: "x" }, { parseAs: textFormat(City, "city"), retries: 0 })
    expectTypeOf<Effect.Success<typeof as>["output_parsed"]>().toEqualTypeOf<City | null>()
  })
})

describe("Relay", () => {
  it("has one error of its own", () => {
    expectTypeOf(Relay.layer({ a: { baseUrl: "x" } })).toEqualTypeOf<
      Layer.Layer<Contract.Handlers<Relay>, UpstreamError>
    >()
  })
})
