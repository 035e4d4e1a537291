/**
 * The official SDK as an Effect service whose every failure is an `UpstreamError`.
 *
 * Parameters and results are the SDK's own types. A success is a whole answer: what
 * the SDK lets through as `undefined`, as a page of HTML, as an error inside a 200 or
 * as half a stream is a failure here. Interrupting a call closes its socket at once.
 *
 * By itself a call is retried as the SDK would, but by the failure's disposition;
 * under a policy of `@causeway/resilience` it makes one attempt. A deadline that is
 * set by `CallMetadata.withTimeout` holds for attempts, waits and streams alike; that
 * of the call which a handler serves is kept by its boundary.
 * The SDK is loaded with the first call.
 *
 * Where a tracer records spans, completions and embeddings have one by
 * OpenTelemetry's conventions for generative AI, without any content.
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
import * as Channel from "effect/Channel"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { OpenAI } from "openai"
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionCreateParamsStreaming
} from "openai/resources/chat/completions"
import type { CreateEmbeddingResponse, EmbeddingCreateParams } from "openai/resources/embeddings"
import type { Model } from "openai/resources/models"
import { embeddings, inputsOf, problems } from "./internal/answer.ts"
import { type Backend, configured, recorded, wrapped } from "./internal/client/backend.ts"
import { attempt, type CallOptions, type Made, type Spec, type WithResponse } from "./internal/client/call.ts"
import { retrying } from "./internal/client/retry.ts"
import { traced, tracedStream } from "./internal/client/span.ts"
import { open, type Opened, type StreamSpec } from "./internal/client/stream.ts"
import { ready, type Table, table, tableOf } from "./internal/upstreams.ts"
import * as Recorder from "./Recorder.ts"
import type { UpstreamConfig, Upstreams } from "./UpstreamConfig.ts"

export type { CallOptions, ResponseInfo, WithResponse } from "./internal/client/call.ts"

/** A call: its value, or its value with the answer's ids and rate limits. */
export interface Call<Args extends ReadonlyArray<unknown>, A> {
  (...args: Args): Effect.Effect<A, UpstreamError>
  readonly withResponse: (...args: Args) => Effect.Effect<WithResponse<A>, UpstreamError>
}

/** A call whose answer is a stream. `withResponse` opens it, up to its first event, for as long as the scope is open. */
export interface StreamCall<Args extends ReadonlyArray<unknown>, A> {
  (...args: Args): Stream.Stream<A, UpstreamError>
  readonly withResponse: (
    ...args: Args
  ) => Effect.Effect<WithResponse<Stream.Stream<A, UpstreamError>>, UpstreamError, Scope.Scope>
}

/** What a streamed completion is asked with; `stream: true` is added. */
export type StreamParams = Omit<ChatCompletionCreateParamsStreaming, "stream">

/** Options of {@link Service.use}. */
export interface UseOptions extends Pick<CallOptions, "signal" | "timeout" | "retries"> {
  /** What errors name. Default: `use`. */
  readonly operation?: string | undefined
}

/** The client. */
export interface Service {
  readonly chat: {
    readonly completions: {
      /** A whole completion. */
      readonly create: Call<[params: ChatCompletionCreateParamsNonStreaming, options?: CallOptions], ChatCompletion>
      /** A completion in pieces. Ends only after `[DONE]` and a finish reason for each choice; it is retried until its first piece. */
      readonly stream: StreamCall<[params: StreamParams, options?: CallOptions], ChatCompletionChunk>
    }
  }
  readonly embeddings: {
    /** As many embeddings as inputs. */
    readonly create: Call<[params: EmbeddingCreateParams, options?: CallOptions], CreateEmbeddingResponse>
  }
  readonly models: {
    /** Every model that the upstream lists. */
    readonly list: Call<[options?: CallOptions], ReadonlyArray<Model>>
  }
  /**
   * Whatever else the SDK can do. What the function throws becomes an
   * `UpstreamError`; what has nothing to do with an upstream is a defect. A retry
   * runs the function again. Its successes, and the model's name, are taken as they are.
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
    return make(tableOf(backend, [backend]), { retries: options.retries ?? client.maxRetries })
  })

/** As {@link fromSdk}, as a layer. */
export const layerSdk = (client: OpenAI, options?: SdkOptions): Layer.Layer<OpenAiClient, UpstreamError> =>
  Layer.effect(OpenAiClient, fromSdk(client, options))

const make = (backends: Table<Backend>, { retries = 2 }: Options): Service => {
  const calling = <A>(
    options: CallOptions = {},
    specOf: (backend: Backend) => Spec<A>
  ): Effect.Effect<Made<A>, UpstreamError> =>
    Effect.withFiber((fiber) =>
      Effect.flatMap(backends.chosen(fiber, "configure"), (backend) => {
        const spec = specOf(backend)
        const call = retrying(
          (number) => attempt(backend, spec, options, number),
          options.retries ?? retries,
          options.signal
        )
        return spec.genAi === undefined || spec.request === undefined
          ? call
          : traced({ operation: spec.genAi, backend, request: spec.request }, call, ({ data }) => data)
      })
    )

  const opening = (
    options: CallOptions = {},
    scope: Scope.Scope,
    specOf: (backend: Backend) => StreamSpec
  ): Effect.Effect<Opened, UpstreamError> =>
    Effect.withFiber((fiber) =>
      Effect.flatMap(backends.chosen(fiber, "configure"), (backend) => {
        const spec = specOf(backend)
        const opened = retrying(
          (number) => open(backend, spec, options, number, scope),
          options.retries ?? retries,
          options.signal
        )
        return tracedStream({ operation: "chat", backend, request: spec.request }, opened, scope)
      })
    )

  const create = (params: ChatCompletionCreateParamsNonStreaming, options?: CallOptions) =>
    calling(options, ({ models }): Spec<ChatCompletion> => {
      const request = renamed(params, models)
      return {
        operation: "chat.completions.create",
        genAi: "chat",
        request,
        send: (sdk, sent) => sdk.chat.completions.create(request, sent),
        problem: problems.chat
      }
    })

  const embed = (params: EmbeddingCreateParams, options?: CallOptions) =>
    calling(options, ({ models }): Spec<CreateEmbeddingResponse> => {
      const request = renamed(params, models)
      return {
        operation: "embeddings.create",
        genAi: "embeddings",
        request,
        send: (sdk, sent) => sdk.embeddings.create(request, sent),
        problem: embeddings(inputsOf(request))
      }
    })

  const list = (options?: CallOptions) =>
    calling(options, (): Spec<{ readonly data: ReadonlyArray<Model> }> => ({
      operation: "models.list",
      request: undefined,
      // A page of the SDK takes anything for an empty list.
      send: (sdk, sent) => sdk.get<{ readonly data: ReadonlyArray<Model> }>("/models", sent),
      problem: problems.list
    })).pipe(Effect.map(({ data, info }) => ({ data: data.data, info })))

  return {
    chat: {
      completions: {
        create: withResponse(create),
        stream: Object.assign(
          (params: StreamParams, options?: CallOptions): Stream.Stream<ChatCompletionChunk, UpstreamError> =>
            Stream.fromChannel(
              Channel.fromTransform((_upstream: unknown, scope: Scope.Scope) =>
                Effect.map(opening(options, scope, streamSpec(params)), ({ pull }) => pull)
              )
            ),
          {
            withResponse: (params: StreamParams, options?: CallOptions) =>
              Effect.flatMap(Effect.scope, (scope) =>
                Effect.map(opening(options, scope, streamSpec(params)), ({ info, pull }) => ({
                  data: Stream.fromPull(Effect.succeed(pull)),
                  response: info()
                }))
              )
          }
        )
      }
    },
    embeddings: { create: withResponse(embed) },
    models: { list: withResponse(list) },
    use: (f, options = {}) =>
      Effect.suspend(() =>
        Effect.map(
          calling(options, () => ({
            operation: options.operation ?? "use",
            request: undefined,
            send: (sdk, { fetchOptions }, recording) => f(recorded(sdk, fetchOptions), recording.signal),
            problem: undefined
          })),
          ({ data }) => data
        )
      )
  }
}

const streamSpec =
  (params: StreamParams) =>
  ({ models }: Backend): StreamSpec => {
    const request = { ...renamed(params, models), stream: true } as const
    return {
      operation: "chat.completions.stream",
      request,
      send: (sdk, sent) => sdk.chat.completions.create(request, sent).asResponse()
    }
  }

const withResponse = <Args extends ReadonlyArray<unknown>, A>(
  call: (...args: Args) => Effect.Effect<Made<A>, UpstreamError>
): Call<Args, A> =>
  Object.assign((...args: Args) => Effect.map(call(...args), ({ data }) => data), {
    withResponse: (...args: Args) => Effect.map(call(...args), ({ data, info }) => ({ data, response: info() }))
  })

/** The parameters with the model's name as the upstream has it. */
const renamed = <P extends { readonly model: string }>(params: P, models: ReadonlyMap<string, string>): P => {
  const model = models.get(params.model)
  return model === undefined ? params : { ...params, model }
}
