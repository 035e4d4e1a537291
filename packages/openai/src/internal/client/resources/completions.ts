/** The older completions. */
import type {
  Completion,
  CompletionCreateParamsNonStreaming,
  CompletionCreateParamsStreaming
} from "openai/resources/completions"
import { problems } from "../../answer.ts"
import { streamKinds } from "../../streamKind.ts"
import { json } from "../accept.ts"
import type { Caller } from "../caller.ts"
import { type Call, call, type StreamCall, streamCall } from "../methods.ts"
import type { CallOptions } from "../options.ts"
import { shapes } from "../shapes.ts"

/** What a streamed completion is asked with; `stream: true` is added. */
export type CompletionStreamParams = Omit<CompletionCreateParamsStreaming, "stream">

/** `completions`. */
export interface Completions {
  /** A whole completion. */
  readonly create: Call<[params: CompletionCreateParamsNonStreaming, options?: CallOptions], Completion>
  /** A completion in pieces. Ends only after `[DONE]` and a finish reason for each choice. */
  readonly stream: StreamCall<[params: CompletionStreamParams, options?: CallOptions], Completion>
}

export const completions = (caller: Caller): Completions => ({
  create: call((params, options) =>
    caller.plain({
      name: "completions.create",
      params,
      options,
      send: (sdk, request, sent) => sdk.completions.create(request, sent),
      accept: json<Completion>(problems.completion),
      shape: shapes.completion
    })
  ),
  stream: streamCall((scope, params, options) =>
    caller.events(
      {
        name: "completions.stream",
        params: { ...params, stream: true } as const,
        options,
        send: (sdk, request, sent) => sdk.completions.create(request, sent).asResponse(),
        kind: streamKinds.choices
      },
      scope
    )
  )
})
