/** Chat completions. */
import type { UpstreamError } from "@causeway/core/UpstreamError"
import type * as Effect from "effect/Effect"
import type * as Parser from "openai/lib/parser"
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionCreateParamsStreaming,
  ChatCompletionParseParams,
  ParsedChatCompletion
} from "openai/resources/chat/completions"
import { problems } from "../../answer.ts"
import { streamKinds } from "../../streamKind.ts"
import { json } from "../accept.ts"
import type { Caller } from "../caller.ts"
import { type Call, call, type StreamCall, streamCall } from "../methods.ts"
import type { Made, WithResponse } from "../made.ts"
import type { CallOptions } from "../options.ts"
import { completionUnusable, type Loaded, parsed } from "../parse.ts"
import { shapes } from "../shapes.ts"

/** What a streamed completion is asked with; `stream: true` is added. */
export type ChatCompletionStreamParams = Omit<ChatCompletionCreateParamsStreaming, "stream">

/** A completion whose content is parsed by the request's `response_format`, and its tool calls by their tools. */
export interface ChatCompletionParse {
  <Params extends ChatCompletionParseParams, ParsedT = Parser.ExtractParsedContentFromParams<Params>>(
    params: Params,
    options?: CallOptions
  ): Effect.Effect<ParsedChatCompletion<ParsedT>, UpstreamError>
  readonly withResponse: <
    Params extends ChatCompletionParseParams,
    ParsedT = Parser.ExtractParsedContentFromParams<Params>
  >(
    params: Params,
    options?: CallOptions
  ) => Effect.Effect<WithResponse<ParsedChatCompletion<ParsedT>>, UpstreamError>
}

/** `chat.completions`. */
export interface ChatCompletions {
  /** A whole completion. */
  readonly create: Call<[params: ChatCompletionCreateParamsNonStreaming, options?: CallOptions], ChatCompletion>
  /** A completion in pieces. Ends only after `[DONE]` and a finish reason for each choice; it is retried until its first piece. */
  readonly stream: StreamCall<[params: ChatCompletionStreamParams, options?: CallOptions], ChatCompletionChunk>
  /**
   * A whole completion, parsed by its schema. Fails with `OutputUnusable` where the
   * model refuses, the output is cut at its length or filtered, or does not fit.
   */
  readonly parse: ChatCompletionParse
}

export const chatCompletions = (caller: Caller): ChatCompletions => ({
  create: call((params, options) =>
    caller.plain({
      name: "chat.completions.create",
      params,
      options,
      send: (sdk, request, sent) => sdk.chat.completions.create(request, sent),
      accept: json<ChatCompletion>(problems.chat),
      shape: shapes.chatCompletion
    })
  ),
  stream: streamCall((scope, params, options) =>
    caller.events(
      {
        name: "chat.completions.stream",
        params: { ...params, stream: true } as const,
        options,
        send: (sdk, request, sent) => sdk.chat.completions.create(request, sent).asResponse(),
        kind: streamKinds.choices,
        shape: shapes.chatCompletionChunk
      },
      scope
    )
  ),
  // The type of what is parsed is the caller's to name, as it is in the SDK; the parser of its format makes it.
  parse: call((params: ChatCompletionParseParams, options?: CallOptions) =>
    parse(caller, params, options)
  ) as ChatCompletionParse
})

const parse = (
  caller: Caller,
  params: ChatCompletionParseParams,
  options: CallOptions | undefined
): Effect.Effect<Made<ParsedChatCompletion<unknown>>, UpstreamError> =>
  caller.plain({
    name: "chat.completions.parse",
    params,
    options,
    send: async (sdk, request, sent): Promise<Loaded<typeof Parser>> => {
      const parser = await import("openai/lib/parser")
      parser.validateInputTools(request.tools)
      return { parser, answer: await sdk.chat.completions.create(request, sent) }
    },
    accept: parsed({
      answer: json<ChatCompletion>(problems.chat),
      unusable: completionUnusable,
      output: ({ choices }) => choices[0]?.message.content,
      parse: (parser: typeof Parser, completion) =>
        parser.parseChatCompletion<ChatCompletionParseParams, unknown>(completion, params)
    }),
    shape: shapes.chatCompletion
  })
