/**
 * OpenAI's routes, passed on as they are: text in, text or events out. Fields that
 * nobody here knows survive in both directions, and no SDK is involved. What comes
 * back is checked all the same: a success is a whole answer of its route, a stream
 * that ends has come to its proper end, and everything else is an `UpstreamError`.
 *
 * **Example** (A relayed completion)
 *
 * ```ts
 * import * as Local from "@causeway/core/Local"
 * import { Relay } from "@causeway/openai/Relay"
 * import { Simulator } from "@causeway/simulator/Simulator"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * const live = Layer.unwrap(
 *   Effect.map(Simulator, ({ url }) => Local.layer(Relay, Relay.layer({ simulator: { baseUrl: url } })))
 * ).pipe(Layer.provide(Simulator.layer()))
 *
 * const program = Effect.gen(function* () {
 *   const relay = yield* Relay
 *   const body = JSON.stringify({ model: "gpt-5", messages: [{ role: "user", content: "hello" }] })
 *   return yield* relay.complete({ path: "/chat/completions", method: "POST", body })
 * })
 *
 * const { status } = await Effect.runPromise(Effect.provide(program, live))
 * status // => 200
 * ```
 */
import * as Contract from "@causeway/core/Contract"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { ForwardedHeaders } from "./ForwardedHeaders.ts"
import type * as Recorder from "./Recorder.ts"
import type { Upstreams } from "./UpstreamConfig.ts"

/** A request to be passed on, with an answer that is JSON or a stream of events. */
export const RelayRequest = Schema.Struct({
  /** Below the upstream's base URL, such as `/chat/completions`. */
  path: Schema.String,
  /** In capitals. */
  method: Schema.String,
  /** JSON, passed on as it is save for the model's name. */
  body: Schema.optional(Schema.String),
  /** Of the caller's own. */
  headers: Schema.optional(ForwardedHeaders)
})

/** A request to be passed on whose body, or whose answer, may be anything: a form, audio, a file. */
export const TransferRequest = Schema.Struct({
  /** Below the upstream's base URL, such as `/audio/transcriptions`. */
  path: Schema.String,
  /** In capitals. */
  method: Schema.String,
  /** Passed on as it is save for the model's name, which is found in JSON and in forms. */
  body: Schema.optional(Schema.Uint8Array),
  /** Of the body, with a form's boundary. Default: `application/json`. */
  contentType: Schema.optional(Schema.String),
  /** Of the caller's own. */
  headers: Schema.optional(ForwardedHeaders)
})

/** What is known of an answer before its body. */
export const RelayHead = Schema.Struct({
  status: Schema.Finite,
  /** The upstream's id of the request, whatever header it came in. */
  requestId: Schema.optionalKey(Schema.String),
  /** The upstream's own, names in lower case: content, ids, limits; no cookies, nothing of its connection. */
  headers: Schema.Array(Schema.Tuple([Schema.String, Schema.String]))
})

/** A whole answer. */
export const RelayAnswer = Schema.Struct({ ...RelayHead.fields, body: Schema.String })

/**
 * An element of a stream: first its head, together with the first events; then the
 * text of whole events, as many as came in one turn. `[DONE]` is not among them: a
 * stream that ends has had it.
 */
export const RelayElement = Schema.Union([RelayHead, Schema.String])

/**
 * An element of an answer of any kind: first its head, together with what came of its
 * body; then bytes as they come, or texts of events. Of JSON the whole body is one text.
 */
export const TransferElement = Schema.Union([RelayHead, Schema.String, Schema.Uint8Array])

/** How many calls one worker relays at a time: they only wait. */
const concurrency = 1024

/** Options of {@link Relay.layer}. */
export interface Options {
  /** Limits and connections of the way to the upstreams. */
  readonly recorder?: Recorder.Options | undefined
}

/**
 * The contract. `complete` is for calls with one answer in JSON, `events` for those
 * whose body has `"stream": true`, `transfer` for forms, audio, images and files: its
 * answer is checked by what it is, JSON and events as by the other two, and bytes by
 * their content type and length. Events are an answer only where they were asked for.
 *
 * Each makes one attempt, at the upstream that `Upstream.Current` names, with that
 * upstream's credential. Interrupting a call closes the upstream's socket at once.
 */
export class Relay extends Contract.Service<Relay>()(
  "causeway/Relay",
  Rpc.make("complete", { payload: RelayRequest, success: RelayAnswer, error: UpstreamError }).annotate(
    Contract.Concurrency,
    concurrency
  ),
  Rpc.make("events", { payload: RelayRequest, success: RelayElement, error: UpstreamError, stream: true }).annotate(
    Contract.Concurrency,
    concurrency
  ),
  Rpc.make("transfer", {
    payload: TransferRequest,
    success: TransferElement,
    error: UpstreamError,
    stream: true
  }).annotate(Contract.Concurrency, concurrency)
) {
  /** The handlers, for these upstreams. Fails where their configuration is wrong or a key is missing. */
  static readonly layer = (
    upstreams: Upstreams,
    options: Options = {}
  ): Layer.Layer<Contract.Handlers<Relay>, UpstreamError> =>
    // Loaded where it is served: whoever only calls needs none of it.
    Relay.toLayer(
      Effect.flatMap(
        Effect.promise(() => import("./internal/relay/handlers.ts")),
        (Handlers) => Handlers.make(upstreams, { connections: 2 * concurrency, ...options.recorder })
      )
    )
}
