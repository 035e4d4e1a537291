/**
 * The official SDK as an Effect service whose every failure is an `UpstreamError`.
 *
 * Paths, parameters and results are the SDK's own. What answers with one value is an
 * `Effect`; what comes in pieces is a `Stream` under a name of its own (`create` and
 * `stream`; of other methods `generate` and `generateStream`, …), since one function
 * for both is none that a pipe can infer. Lists give every object of every page, audio
 * and files give bytes. Each method has `withResponse`, for ids and rate limits.
 *
 * A success is a whole answer: what the SDK lets through as `undefined`, as a page of
 * HTML, as an error inside a 200 or as half a stream is a failure here. Interrupting a
 * call closes its socket at once. With `strict` the core of each answer is also checked
 * field by field.
 *
 * By itself a call is retried as the SDK would, but by the failure's disposition, and
 * never where a repetition could do something twice (`@causeway/openai/Operation`);
 * under a policy of `@causeway/resilience` it makes one attempt. A deadline that is
 * set by `CallMetadata.withTimeout` holds for attempts, waits and streams alike; that
 * of the call which a handler serves is kept by its boundary.
 * The SDK is loaded with the first call.
 *
 * Every call has a span, where a tracer records them, and counts in metrics, by
 * OpenTelemetry's conventions for generative AI; what was said is in neither unless
 * `content` asks for it.
 *
 * **Example** (A question, and one reason of failure)
 *
 * ```ts
 * import * as OpenAiClient from "@causeway/openai/OpenAiClient"
 * import { Simulator } from "@causeway/simulator/Simulator"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * const live = Layer.unwrap(
 *   Effect.map(Simulator, ({ url }) => OpenAiClient.layer({ baseUrl: url, retries: 0 }))
 * ).pipe(Layer.provide(Simulator.layer()))
 *
 * const ask = (model: string) =>
 *   Effect.gen(function* () {
 *     const ai = yield* OpenAiClient.OpenAiClient
 *     const answer = yield* ai.chat.completions.create({ model, messages: [{ role: "user", content: "hello" }] })
 *     return answer.choices[0]?.finish_reason
 *   }).pipe(Effect.catchReason("UpstreamError", "Gateway", (reason) => Effect.succeed(reason.flag)))
 *
 * const program = Effect.all([ask("gpt-5"), ask("fault:no-healthy-upstream")]).pipe(Effect.provide(live))
 *
 * await Effect.runPromise(program) // => ["stop", "no-healthy-upstream"]
 * ```
 */
import * as Redaction from "@causeway/core/Redaction"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { OpenAI } from "openai"
import { anything } from "./internal/client/accept.ts"
import { type Backend, configured, recorded, wrapped } from "./internal/client/backend.ts"
import { Caller } from "./internal/client/caller.ts"
import type { CallOptions } from "./internal/client/options.ts"
import { type Audio, audio } from "./internal/client/resources/audio.ts"
import { type ChatCompletions, chatCompletions } from "./internal/client/resources/chatCompletions.ts"
import { type Completions, completions } from "./internal/client/resources/completions.ts"
import { type Embeddings, embeddings } from "./internal/client/resources/embeddings.ts"
import { type Files, files } from "./internal/client/resources/files.ts"
import { type Images, images } from "./internal/client/resources/images.ts"
import { type Models, models } from "./internal/client/resources/models.ts"
import { type Moderations, moderations } from "./internal/client/resources/moderations.ts"
import { type Responses, responses } from "./internal/client/resources/responses.ts"
import { Metrics } from "./internal/client/telemetry/metrics.ts"
import { ready, type Table, table, tableOf } from "./internal/upstreams.ts"
import * as Recorder from "./Recorder.ts"
import type { UpstreamConfig, Upstreams } from "./UpstreamConfig.ts"

export type { ResponseInfo, WithResponse } from "./internal/client/made.ts"
export type { Call, StreamCall } from "./internal/client/methods.ts"
export type { CallOptions } from "./internal/client/options.ts"
export type * from "./internal/client/resources/audio.ts"
export type * from "./internal/client/resources/chatCompletions.ts"
export type * from "./internal/client/resources/completions.ts"
export type * from "./internal/client/resources/embeddings.ts"
export type * from "./internal/client/resources/files.ts"
export type * from "./internal/client/resources/images.ts"
export type * from "./internal/client/resources/models.ts"
export type * from "./internal/client/resources/moderations.ts"
export type * from "./internal/client/resources/responses.ts"

/** Options of {@link Service.use}. */
export interface UseOptions extends Pick<CallOptions, "signal" | "timeout" | "retries" | "idempotencyKey"> {
  /** What errors, spans and metrics name. Default: `use`. */
  readonly operation?: string | undefined
  /** `never`: it is not made again once it may have run. Default: by the operation's name (`@causeway/openai/Operation`), else `safe`. */
  readonly replay?: "safe" | "never" | undefined
}

/** The client. */
export interface Service {
  readonly chat: { readonly completions: ChatCompletions }
  readonly responses: Responses
  readonly embeddings: Embeddings
  readonly models: Models
  readonly completions: Completions
  readonly moderations: Moderations
  readonly audio: Audio
  readonly images: Images
  readonly files: Files
  /**
   * Whatever else the SDK can do. What the function throws becomes an
   * `UpstreamError`; what has nothing to do with an upstream is a defect. A retry
   * runs the function again. Its successes, and the model's name, are taken as they
   * are; an `idempotencyKey` is a promise of the function's own.
   */
  readonly use: <A>(
    f: (sdk: OpenAI, signal: AbortSignal) => PromiseLike<A>,
    options?: UseOptions
  ) => Effect.Effect<A, UpstreamError>
}

/** The client of a process, or of a worker. */
export class OpenAiClient extends Context.Service<OpenAiClient, Service>()("@causeway/openai/OpenAiClient") {}

/** Options of every client. */
export interface Options {
  /** Attempts after the first one, where no policy is in charge. Default: 2. */
  readonly retries?: number | undefined
  /**
   * Whether answers and events are checked field by field: the fields that the SDK's
   * types say are always there, of the core of each answer. It costs time and refuses
   * upstreams that leave such fields out. Default: `false`.
   */
  readonly strict?: boolean | undefined
  /**
   * Whether spans hold what was said: `gen_ai.input.messages`, `gen_ai.output.messages`
   * and `gen_ai.system_instructions`, known secrets masked and long texts cut. Default: `false`.
   */
  readonly content?: boolean | undefined
  /** Limits and connections of the way to the upstream. */
  readonly recorder?: Recorder.Options | undefined
}

/** A client of one upstream. `name` is what errors and `Upstream.Current` call it; default: `openai`. */
export const layer = (
  config: UpstreamConfig & Options & { readonly name?: string | undefined }
): Layer.Layer<OpenAiClient, UpstreamError> => layerUpstreams({ [config.name ?? "openai"]: config }, config)

/** A client of several upstreams; `Upstream.Current` says which one a call uses, by default the first. */
export const layerUpstreams = (upstreams: Upstreams, options: Options = {}): Layer.Layer<OpenAiClient, UpstreamError> =>
  Layer.effect(
    OpenAiClient,
    Effect.gen(function* () {
      const recorder = yield* Recorder.make(options.recorder)
      const backends = yield* table(upstreams, (name, config) =>
        Effect.map(ready(name, config), (upstream) => configured(upstream, recorder))
      )
      return make(backends, options)
    })
  )

/** Options of {@link fromSdk}. */
export interface SdkOptions extends Options {
  /** What errors and `Upstream.Current` call it. Default: `openai`. */
  readonly name?: string | undefined
}

/**
 * A client over a configured one of the SDK, such as `AzureOpenAI`. The given client
 * stays as it is. A `fetch` or `fetchOptions` of its own keeps being used, recorded
 * and bounded; its `timeout` is the limit of each answer, its `maxRetries` the
 * default of `retries`.
 */
export const fromSdk = (client: OpenAI, options: SdkOptions = {}): Effect.Effect<Service, UpstreamError, Scope.Scope> =>
  Effect.gen(function* () {
    const limits = { headersTimeout: client.timeout, answerTimeout: client.timeout, ...options.recorder }
    const recorder = yield* Recorder.make(limits)
    const backend = yield* wrapped(options.name ?? "openai", client, recorder, limits)
    // Another client's key may be fetched for each call, and is an empty text then.
    if (typeof client.apiKey === "string") yield* Redaction.known(Redacted.make(client.apiKey))
    return make(tableOf(backend, [backend]), { ...options, retries: options.retries ?? client.maxRetries })
  })

/** As {@link fromSdk}, as a layer. */
export const layerSdk = (client: OpenAI, options?: SdkOptions): Layer.Layer<OpenAiClient, UpstreamError> =>
  Layer.effect(OpenAiClient, fromSdk(client, options))

const make = (backends: Table<Backend>, { content = false, retries = 2, strict = false }: Options): Service => {
  const caller = new Caller(backends, { retries, strict }, { content, metrics: new Metrics() })
  return {
    chat: { completions: chatCompletions(caller) },
    responses: responses(caller),
    embeddings: embeddings(caller),
    models: models(caller),
    completions: completions(caller),
    moderations: moderations(caller),
    audio: audio(caller),
    images: images(caller),
    files: files(caller),
    use: <A>(f: (sdk: OpenAI, signal: AbortSignal) => PromiseLike<A>, options: UseOptions = {}) =>
      Effect.map(
        caller.plain({
          name: options.operation ?? "use",
          params: undefined,
          options,
          ...(options.replay !== undefined && { replay: options.replay }),
          send: (sdk, _request, { fetchOptions }, recording) => f(recorded(sdk, fetchOptions), recording.signal),
          accept: anything<A>()
        }),
        ({ data }) => data
      )
  }
}
