/** Responses. */
import type { UpstreamError } from "@causeway/core/UpstreamError"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type * as Parser from "openai/lib/ResponsesParser"
import type { ParsedWithOptions, ResponseCreateParamsWithTools, ResponseParseOptions } from "openai/lib/ResponsesParser"
import type { InputItemListParams } from "openai/resources/responses/input-items"
import type {
  ParsedResponse,
  Response,
  ResponseCreateParamsNonStreaming,
  ResponseCreateParamsStreaming,
  ResponseItem,
  ResponseRetrieveParamsNonStreaming,
  ResponseRetrieveParamsStreaming,
  ResponseStreamEvent
} from "openai/resources/responses/responses"
import { type Problem, problems, responses as problem } from "../../answer.ts"
import { streamKinds } from "../../streamKind.ts"
import { json, nothing, record } from "../accept.ts"
import type { Caller } from "../caller.ts"
import { type Call, call, type StreamCall, streamCall } from "../methods.ts"
import type { Made, WithResponse } from "../made.ts"
import type { CallOptions } from "../options.ts"
import { all, type Fetch, pageByPage, pages } from "../pages.ts"
import { type Loaded, parsed, responseUnusable } from "../parse.ts"
import { shapes } from "../shapes.ts"

/** What a streamed response is asked with; `stream: true` is added. */
export type ResponseStreamParams = Omit<ResponseCreateParamsStreaming, "stream">

/** What the stream of a response that exists is asked with; `stream: true` is added. */
export type ResponseRetrieveStreamParams = Omit<ResponseRetrieveParamsStreaming, "stream">

/** Options of `parse`. */
export interface ParseOptions extends CallOptions {
  /** Parses with this format without sending it. `null` leaves the output unparsed. */
  readonly parseAs?: ResponseParseOptions["parseAs"]
}

type ParseAs<Options extends ParseOptions> = Pick<Options, Extract<keyof Options, "parseAs">>

/** A response whose output is parsed by the request's `text.format`, and its function calls by their tools. */
export interface ResponseParse {
  <
    Params extends ResponseCreateParamsWithTools,
    ParsedT = Parser.ExtractParsedContentFromParams<Params>,
    Options extends ParseOptions = CallOptions
  >(
    params: Params,
    options?: Options
  ): Effect.Effect<ParsedResponse<ParsedWithOptions<ParseAs<Options>, ParsedT>>, UpstreamError>
  readonly withResponse: <
    Params extends ResponseCreateParamsWithTools,
    ParsedT = Parser.ExtractParsedContentFromParams<Params>,
    Options extends ParseOptions = CallOptions
  >(
    params: Params,
    options?: Options
  ) => Effect.Effect<WithResponse<ParsedResponse<ParsedWithOptions<ParseAs<Options>, ParsedT>>>, UpstreamError>
}

/** `responses.inputItems`. */
export interface InputItems {
  /** Every item that went into a response. */
  readonly list: Call<
    [responseID: string, query?: InputItemListParams | null, options?: CallOptions],
    ReadonlyArray<ResponseItem>
  >
  /** The same, page by page. */
  readonly listStream: (
    responseID: string,
    query?: InputItemListParams | null,
    options?: CallOptions
  ) => Stream.Stream<ResponseItem, UpstreamError>
}

/** `responses`. */
export interface Responses {
  /**
   * A whole response, or with `background` one that is in the making. A failed one is a
   * failure; one that is incomplete is not, as a completion that was cut at its length
   * is not: `status` and `incomplete_details` say so.
   */
  readonly create: Call<[params: ResponseCreateParamsNonStreaming, options?: CallOptions], Response>
  /** A response event by event. Ends only after its final event, which is the last element. */
  readonly stream: StreamCall<[params: ResponseStreamParams, options?: CallOptions], ResponseStreamEvent>
  /**
   * A whole response, parsed by its schema. Fails with `OutputUnusable` where the model
   * refuses, the output is cut at its length or filtered, or does not fit.
   */
  readonly parse: ResponseParse
  /** A response by its id, whatever became of it: that it failed is not this call's failure. */
  readonly retrieve: Call<
    [responseID: string, query?: ResponseRetrieveParamsNonStreaming | null, options?: CallOptions],
    Response
  >
  /** The events of a response that exists, from `starting_after` on. Fails as {@link Responses.stream} does. */
  readonly retrieveStream: StreamCall<
    [responseID: string, query?: ResponseRetrieveStreamParams | null, options?: CallOptions],
    ResponseStreamEvent
  >
  /** Ends a response in the background. */
  readonly cancel: Call<[responseID: string, options?: CallOptions], Response>
  readonly delete: Call<[responseID: string, options?: CallOptions], void>
  readonly inputItems: InputItems
}

export const responses = (caller: Caller): Responses => ({
  create: call((params, options) =>
    caller.plain({
      name: "responses.create",
      params,
      options,
      send: (sdk, request, sent) => sdk.responses.create(request, sent),
      accept: json<Response>(problemOf(params)),
      shape: shapes.response
    })
  ),
  stream: streamCall((scope, params, options) =>
    caller.events(
      {
        name: "responses.stream",
        params: { ...params, stream: true } as const,
        options,
        send: (sdk, request, sent) => sdk.responses.create(request, sent).asResponse(),
        kind: streamKinds.response,
        shape: shapes.responseEvent
      },
      scope
    )
  ),
  // The type of what is parsed is the caller's to name, as it is in the SDK; the parser of its format makes it.
  parse: call((params: ResponseCreateParamsWithTools, options?: ParseOptions) =>
    parse(caller, params, options)
  ) as ResponseParse,
  retrieve: call((responseID, query, options) =>
    caller.plain({
      name: "responses.retrieve",
      params: undefined,
      ids: { responseID },
      options,
      send: (sdk, _request, { query: more, ...sent }) =>
        sdk.responses.retrieve(responseID, { ...query, ...more }, sent),
      accept: record<Response>("response", problems.output),
      shape: shapes.response
    })
  ),
  retrieveStream: streamCall((scope, responseID, query, options) =>
    caller.events(
      {
        name: "responses.retrieveStream",
        params: undefined,
        ids: { responseID },
        options,
        send: (sdk, _request, { query: more, ...sent }) =>
          sdk.responses.retrieve(responseID, { ...query, ...more, stream: true }, sent).asResponse(),
        kind: streamKinds.response,
        shape: shapes.responseEvent
      },
      scope
    )
  ),
  cancel: call((responseID, options) =>
    caller.plain({
      name: "responses.cancel",
      params: undefined,
      ids: { responseID },
      options,
      send: (sdk, _request, sent) => sdk.responses.cancel(responseID, sent),
      accept: record<Response>("response", problems.output),
      shape: shapes.response
    })
  ),
  delete: call((responseID, options) =>
    caller.plain({
      name: "responses.delete",
      params: undefined,
      ids: { responseID },
      options,
      send: (sdk, _request, sent) => sdk.responses.delete(responseID, sent),
      accept: nothing
    })
  ),
  inputItems: {
    list: call((responseID, query, options) =>
      all(inputItems(caller, "responses.inputItems.list", responseID, query, options))
    ),
    listStream: (responseID, query, options) =>
      pageByPage(inputItems(caller, "responses.inputItems.listStream", responseID, query, options))
  }
})

/** What is asked for in the background is answered before it is done. */
const problemOf = ({ background }: { readonly background?: boolean | null }): Problem =>
  problem(() => background === true)

const inputItems = (
  caller: Caller,
  name: string,
  responseID: string,
  query: InputItemListParams | null | undefined,
  options: CallOptions | undefined
): Fetch<ResponseItem> =>
  pages(caller, {
    name,
    ids: { responseID },
    options,
    query,
    get: (sdk, sent) => sdk.get(`/responses/${encodeURIComponent(responseID)}/input_items`, sent)
  })

const parse = (
  caller: Caller,
  params: ResponseCreateParamsWithTools,
  { parseAs, ...options }: ParseOptions = {}
): Effect.Effect<Made<ParsedResponse<unknown>>, UpstreamError> =>
  caller.plain({
    name: "responses.parse",
    params,
    options,
    send: async (sdk, request, sent): Promise<Loaded<typeof Parser>> => {
      const parser = await import("openai/lib/ResponsesParser")
      // Its tools may be those of chat too, which the SDK's own `parse` sends likewise.
      return { parser, answer: await sdk.responses.create(request as ResponseCreateParamsNonStreaming, sent) }
    },
    accept: parsed({
      answer: json<Response>(problemOf(params)),
      unusable: responseUnusable,
      output: ({ output_text }) => output_text,
      parse: (parser: typeof Parser, response) =>
        parser.parseResponse<ResponseCreateParamsWithTools, unknown>(response, params, parseAs)
    }),
    shape: shapes.response
  })
