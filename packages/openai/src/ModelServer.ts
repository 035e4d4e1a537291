/**
 * Models of one's own behind OpenAI's API: functions from a request to an answer, by the
 * names of the models. They take the place of the upstreams behind `Relay`, in process or
 * in a worker, so that everything that stands before upstreams stands before them too.
 *
 * | ability | serves |
 * | --- | --- |
 * | `chat` | `/chat/completions` and `/responses`, plain and streamed |
 * | `complete` | `/completions`, plain and streamed |
 * | `embed` | `/embeddings`, as numbers and in base64 |
 * | `moderate` | `/moderations` |
 * | any | `/models`, `/models/{id}` |
 *
 * What is asked of a model that lacks the ability is answered with 400; audio, images
 * and files are not served.
 *
 * **Details**
 *
 * A `chat` gives a text, or deltas, or a stream of either: a plain answer is then
 * collected, and a text is streamed as one piece. Where `n` choices are asked for, it is
 * called once for each. With a `response_format` of JSON the output is checked when it is
 * whole, against the schema as far as it can be read: one that does not fit is no
 * success. `usage` and `logprobs` are told where the model gives them.
 *
 * A failure becomes an `UpstreamError` that names the model: an `UpstreamError` stays as
 * it is, another error goes by its `Disposition`. The caller's mistake is `InvalidRequest`,
 * what wants a pause is `Overloaded`, everything else `ProviderFault`; the error is its
 * `cause`. What nobody declared stays a defect.
 *
 * **Example** (A model that repeats)
 *
 * ```ts
 * import * as Local from "@causeway/core/Local"
 * import * as ModelServer from "@causeway/openai/ModelServer"
 * import { Relay } from "@causeway/openai/Relay"
 * import * as Effect from "effect/Effect"
 * import * as Stream from "effect/Stream"
 *
 * const models = ModelServer.layer({
 *   "echo-1": { chat: ({ messages }) => Stream.fromIterable(ModelServer.textOf(messages.at(-1)).split(/(?= )/)) }
 * })
 *
 * const program = Effect.gen(function* () {
 *   const relay = yield* Relay
 *   const body = JSON.stringify({ model: "echo-1", messages: [{ role: "user", content: "good day" }] })
 *   const answer = yield* relay.complete({ path: "/chat/completions", method: "POST", body })
 *   return JSON.parse(answer.body).choices[0].message.content
 * })
 *
 * await Effect.runPromise(Effect.provide(program, Local.layer(Relay, models))) // => "good day"
 * ```
 */
import type * as Contract from "@causeway/core/Contract"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Stream from "effect/Stream"
import { serve } from "./internal/model/serve.ts"
import type {
  ChatRequest,
  CompletionRequest,
  EmbeddingRequest,
  Message,
  ModerationRequest
} from "./internal/model/request.ts"
import { Relay } from "./Relay.ts"

export type {
  ChatRequest,
  CompletionRequest,
  EmbeddingRequest,
  Message,
  ModerationRequest,
  Tool,
  ToolCall
} from "./internal/model/request.ts"

/** Why an output ended. From OpenAI's API reference, "finish_reason". */
export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter"

/** What a call cost. */
export interface Usage {
  readonly inputTokens: number
  /** Default: 0. */
  readonly outputTokens?: number | undefined
}

/** A token's likelihood, as OpenAI's API has it. */
export interface TokenLogprob {
  readonly token: string
  readonly logprob: number
  readonly bytes: ReadonlyArray<number> | null
  readonly top_logprobs: ReadonlyArray<Omit<TokenLogprob, "top_logprobs">>
}

/** A piece of an output, or all of it. */
export interface Delta {
  readonly content?: string | undefined
  /** What a model thinks before it answers: `reasoning_content`. Not told by `/responses`. */
  readonly reasoning?: string | undefined
  readonly refusal?: string | undefined
  /** A call, or a further piece of the arguments of the call with this id. */
  readonly toolCall?:
    | { readonly id: string; readonly name?: string | undefined; readonly arguments?: string | undefined }
    | undefined
  /** Told where the request asks for them. */
  readonly logprobs?: ReadonlyArray<TokenLogprob> | undefined
  /** Default at the end: `tool_calls` where there are some, else `stop`. */
  readonly finishReason?: FinishReason | undefined
  /** Of the whole call: the last one counts. Default: none is told. */
  readonly usage?: Usage | undefined
}

/** What a model says: whole, or in pieces as they come. */
export type Output<E = unknown, R = unknown> =
  | Effect.Effect<string | Delta | ReadonlyArray<Delta>, E, R>
  | Stream.Stream<string | Delta, E, R>

/** Embeddings in the order of their inputs. */
export type Vectors = ReadonlyArray<ReadonlyArray<number> | Float32Array>

/** Whether one input is objectionable, and how, in categories of the model's own. */
export interface Moderation {
  readonly flagged: boolean
  readonly categories: Readonly<Record<string, boolean>>
  readonly scores: Readonly<Record<string, number>>
}

/** What a model can do. */
export interface Model<E = unknown, R = unknown> {
  readonly chat?: (request: ChatRequest) => Output<E, R>
  /** For each prompt and choice once. */
  readonly complete?: (request: CompletionRequest) => Output<E, R>
  readonly embed?: (
    request: EmbeddingRequest
  ) => Effect.Effect<Vectors | { readonly vectors: Vectors; readonly usage: Usage }, E, R>
  readonly moderate?: (request: ModerationRequest) => Effect.Effect<ReadonlyArray<Moderation>, E, R>
}

/** Models by their names. */
export type Models = Readonly<Record<string, Model>>

type ServicesOfOutput<Given> =
  Given extends Effect.Effect<infer _A, infer _E, infer R>
    ? R
    : Given extends Stream.Stream<infer _A, infer _E, infer R>
      ? R
      : never

type ServicesOfAbility<Ability> = Ability extends (...args: never) => infer Given ? ServicesOfOutput<Given> : never

/** The services that models need. */
export type ServicesOf<Given extends Models> = {
  readonly [Name in keyof Given]: {
    readonly [Ability in keyof Given[Name]]: ServicesOfAbility<Given[Name][Ability]>
  }[keyof Given[Name]]
}[keyof Given]

/** The models as the handlers of `Relay`. */
export const layer = <Given extends Models>(
  models: Given
): Layer.Layer<Contract.Handlers<Relay>, never, ServicesOf<Given>> =>
  Relay.toLayer(Effect.map(Effect.context<ServicesOf<Given>>(), (context) => Relay.group.of(serve(models, context))))

/** The text of a message: its content, or the text parts of it; empty where there is none. */
export const textOf = (message: Message | undefined): string => {
  const content = message?.content
  if (typeof content === "string") return content
  return (content ?? []).map(({ text }) => text ?? "").join("")
}
