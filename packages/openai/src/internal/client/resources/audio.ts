/** Speech, transcriptions and translations. */
import type { UpstreamError } from "@causeway/core/UpstreamError"
import type * as Effect from "effect/Effect"
import type { SpeechCreateParams } from "openai/resources/audio/speech"
import type {
  Transcription,
  TranscriptionCreateParamsNonStreaming,
  TranscriptionCreateParamsStreaming,
  TranscriptionDiarized,
  TranscriptionStreamEvent,
  TranscriptionVerbose
} from "openai/resources/audio/transcriptions"
import type { Translation, TranslationCreateParams, TranslationVerbose } from "openai/resources/audio/translations"
import { problems } from "../../answer.ts"
import { streamKinds } from "../../streamKind.ts"
import { type Accept, json, text } from "../accept.ts"
import { bytes } from "../bytes.ts"
import type { Caller } from "../caller.ts"
import { type Call, call, type StreamCall, streamCall } from "../methods.ts"
import type { WithResponse } from "../made.ts"
import type { CallOptions } from "../options.ts"
import { type Shape, shapes } from "../shapes.ts"

/** What speech is asked with; the audio comes as bytes, not as events. */
export type SpeechParams = Omit<SpeechCreateParams, "stream_format"> & { readonly stream_format?: "audio" }

/** `audio.speech`. */
export interface Speech {
  /** The whole audio. */
  readonly create: Call<[params: SpeechParams, options?: CallOptions], Uint8Array>
  /** The audio as it comes. */
  readonly stream: StreamCall<[params: SpeechParams, options?: CallOptions], Uint8Array>
}

/** A transcription in the form that `response_format` asks for. */
export interface TranscriptionsCreate {
  (
    params: TranscriptionCreateParamsNonStreaming<"json" | undefined>,
    options?: CallOptions
  ): Effect.Effect<Transcription, UpstreamError>
  (
    params: TranscriptionCreateParamsNonStreaming<"verbose_json">,
    options?: CallOptions
  ): Effect.Effect<TranscriptionVerbose, UpstreamError>
  (
    params: TranscriptionCreateParamsNonStreaming<"diarized_json">,
    options?: CallOptions
  ): Effect.Effect<TranscriptionDiarized, UpstreamError>
  (
    params: TranscriptionCreateParamsNonStreaming<"srt" | "vtt" | "text">,
    options?: CallOptions
  ): Effect.Effect<string, UpstreamError>
  readonly withResponse: {
    (
      params: TranscriptionCreateParamsNonStreaming<"json" | undefined>,
      options?: CallOptions
    ): Effect.Effect<WithResponse<Transcription>, UpstreamError>
    (
      params: TranscriptionCreateParamsNonStreaming<"verbose_json">,
      options?: CallOptions
    ): Effect.Effect<WithResponse<TranscriptionVerbose>, UpstreamError>
    (
      params: TranscriptionCreateParamsNonStreaming<"diarized_json">,
      options?: CallOptions
    ): Effect.Effect<WithResponse<TranscriptionDiarized>, UpstreamError>
    (
      params: TranscriptionCreateParamsNonStreaming<"srt" | "vtt" | "text">,
      options?: CallOptions
    ): Effect.Effect<WithResponse<string>, UpstreamError>
  }
}

/** What a streamed transcription is asked with; `stream: true` is added. */
export type TranscriptionStreamParams = Omit<TranscriptionCreateParamsStreaming, "stream">

/** `audio.transcriptions`. */
export interface Transcriptions {
  readonly create: TranscriptionsCreate
  /** A transcription event by event. Ends only after `transcript.text.done`, which is the last element. */
  readonly stream: StreamCall<[params: TranscriptionStreamParams, options?: CallOptions], TranscriptionStreamEvent>
}

/**
 * Parameters of a translation in one format. The SDK's own parameters take every format
 * under the type of each, so that its overloads are those of JSON whatever is asked for.
 */
export type TranslationParams<Format> = Omit<TranslationCreateParams, "response_format"> & {
  readonly response_format: Format
}

/** Parameters of a translation as JSON, which is what comes where no format is named. */
export type JsonTranslationParams = Omit<TranslationCreateParams, "response_format"> & {
  readonly response_format?: "json" | undefined
}

/** A translation into English in the form that `response_format` asks for. */
export interface TranslationsCreate {
  (params: JsonTranslationParams, options?: CallOptions): Effect.Effect<Translation, UpstreamError>
  (params: TranslationParams<"verbose_json">, options?: CallOptions): Effect.Effect<TranslationVerbose, UpstreamError>
  (params: TranslationParams<"text" | "srt" | "vtt">, options?: CallOptions): Effect.Effect<string, UpstreamError>
  readonly withResponse: {
    (params: JsonTranslationParams, options?: CallOptions): Effect.Effect<WithResponse<Translation>, UpstreamError>
    (
      params: TranslationParams<"verbose_json">,
      options?: CallOptions
    ): Effect.Effect<WithResponse<TranslationVerbose>, UpstreamError>
    (
      params: TranslationParams<"text" | "srt" | "vtt">,
      options?: CallOptions
    ): Effect.Effect<WithResponse<string>, UpstreamError>
  }
}

/** `audio.translations`. */
export interface Translations {
  readonly create: TranslationsCreate
}

/** `audio`. */
export interface Audio {
  readonly speech: Speech
  readonly transcriptions: Transcriptions
  readonly translations: Translations
}

export const audio = (caller: Caller): Audio => ({
  speech: {
    create: call((params, options) =>
      caller.plain({
        name: "audio.speech.create",
        params,
        options,
        send: async (sdk, request, sent) => (await sdk.audio.speech.create(request, sent)).bytes(),
        accept: bytes("audio")
      })
    ),
    stream: streamCall((scope, params, options) =>
      caller.bytes(
        {
          name: "audio.speech.stream",
          params,
          options,
          send: (sdk, request, sent) => sdk.audio.speech.create(request, sent),
          content: "audio"
        },
        scope
      )
    )
  },
  transcriptions: {
    // Which of the overloads it is depends on a parameter's value.
    create: call((params: TranscriptionCreateParamsNonStreaming, options?: CallOptions) =>
      caller.plain({
        name: "audio.transcriptions.create",
        params,
        options,
        send: (sdk, request, sent) => sdk.audio.transcriptions.create(request, sent),
        ...writtenAs<Transcription>(params.response_format)
      })
    ) as TranscriptionsCreate,
    stream: streamCall((scope, params, options) =>
      caller.events(
        {
          name: "audio.transcriptions.stream",
          params: { ...params, stream: true } as const,
          options,
          send: (sdk, request, sent) => sdk.audio.transcriptions.create(request, sent).asResponse(),
          kind: streamKinds.transcription,
          shape: shapes.transcriptionEvent
        },
        scope
      )
    )
  },
  translations: {
    // Which of the overloads it is depends on a parameter's value.
    create: call((params: TranslationCreateParams, options?: CallOptions) =>
      caller.plain({
        name: "audio.translations.create",
        params,
        options,
        send: (sdk, request, sent) => sdk.audio.translations.create(request, sent),
        ...writtenAs<Translation>(params.response_format)
      })
    ) as TranslationsCreate
  }
})

/** How a text in a format is checked: subtitles by how they begin, by their formats' rules. */
const writtenAs = <A>(format: string | undefined): { readonly accept: Accept<A | string>; readonly shape?: Shape } => {
  switch (format) {
    case "text":
      return { accept: text("text", /^/) }
    case "srt":
      return { accept: text("subtitles", /^\uFEFF?\s*\d+\s*\r?\n\d{1,2}:\d\d:\d\d/) }
    case "vtt":
      return { accept: text("subtitles", /^\uFEFF?WEBVTT(?:[ \t\r\n]|$)/) }
    case "verbose_json":
      return { accept: json<A>(problems.text), shape: shapes.verboseTranscription }
    default:
      return { accept: json<A>(problems.text), shape: shapes.transcription }
  }
}
