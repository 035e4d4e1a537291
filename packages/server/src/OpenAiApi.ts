/**
 * OpenAI's routes in front of upstreams: `POST /v1/chat/completions`, plain and
 * streamed, and `GET /v1/models`.
 *
 * A request's body is checked as far as this server relies on it, and sent on as
 * the text that it was; answers and events come back as the upstream's text. So
 * fields that nobody here knows survive. What an upstream fails with is told as
 * `PublicError` says, in a stream by an error event in place of `[DONE]`.
 *
 * **Example** (A gateway to one upstream)
 *
 * ```ts
 * import * as Local from "@causeway/core/Local"
 * import { Relay } from "@causeway/openai/Relay"
 * import * as OpenAiApi from "@causeway/server/OpenAiApi"
 * import * as Server from "@causeway/server/Server"
 * import { Simulator } from "@causeway/simulator/Simulator"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * const gateway = (baseUrl: string) => {
 *   const relay = Local.layer(Relay, Relay.layer({ primary: { baseUrl } }))
 *   return Server.serve(OpenAiApi.layer().pipe(Layer.provide(relay)), { port: 0 })
 * }
 *
 * const ask = (model: string) =>
 *   Effect.gen(function* () {
 *     const { url } = yield* Server.Server
 *     const body = JSON.stringify({ model, messages: [{ role: "user", content: "hello" }] })
 *     const answer = yield* Effect.promise(() => fetch(`${url}/v1/chat/completions`, { method: "POST", body }))
 *     return answer.status
 *   })
 *
 * const program = Effect.gen(function* () {
 *   const simulator = yield* Simulator
 *   return yield* Effect.all([ask("gpt-5"), ask("fault:unauthorized")]).pipe(Effect.provide(gateway(simulator.url)))
 * })
 *
 * await Effect.runPromise(Effect.provide(program, Simulator.layer())) // => [200, 502]
 * ```
 */
import { isArrayNonEmpty, type NonEmptyReadonlyArray } from "effect/Array"
import type { BoundaryError } from "@causeway/core/BoundaryError"
import type { PolicyError } from "@causeway/core/PolicyError"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import { Relay, type RelayAnswer, type RelayElement, type RelayRequest } from "@causeway/openai/Relay"
import * as Policy from "@causeway/resilience/Policy"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import { isString } from "effect/Predicate"
import type * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Body from "./internal/body.ts"
import * as ChatRequest from "./internal/chatRequest.ts"
import * as EventStream from "./internal/eventStream.ts"
import { methods } from "./internal/methods.ts"
import { relayedHeaders } from "./internal/relayedHeaders.ts"
import * as PublicError from "./PublicError.ts"
import type { RequestError } from "./RequestError.ts"

/** Options of {@link layer}. */
export interface Options {
  /** What is done about failures, on this side of the boundary. Default: nothing, each call is one attempt. */
  readonly policy?: Policy.Policy | undefined
}

/** The routes. Needs the client of `Relay`, from whatever place. */
export const layer = ({ policy }: Options = {}): Layer.Layer<never, never, HttpRouter.HttpRouter | Relay> =>
  HttpRouter.use((router) =>
    Effect.gen(function* () {
      const relay = yield* Relay
      const complete: Complete = (request) =>
        policy === undefined ? relay.complete(request) : Policy.apply(policy)(relay.complete(request))
      const events: Events = (request) =>
        policy === undefined ? relay.events(request) : Policy.applyStream(policy)(relay.events(request))
      yield* methods(router, "/v1/chat/completions", { POST: PublicError.handle(chat(complete, events)) })
      yield* methods(router, "/v1/models", {
        GET: PublicError.handle(Effect.map(complete({ path: "/models", method: "GET" }), toResponse))
      })
    })
  )

type CallError = UpstreamError | BoundaryError | PolicyError

type Complete = (request: typeof RelayRequest.Type) => Effect.Effect<typeof RelayAnswer.Type, CallError>

type Events = (request: typeof RelayRequest.Type) => Stream.Stream<typeof RelayElement.Type, CallError>

const chat = (
  complete: Complete,
  events: Events
): Effect.Effect<HttpServerResponse.HttpServerResponse, CallError | RequestError, HttpServerRequest | Scope.Scope> =>
  Effect.flatMap(Body.json, ({ text, value }) =>
    Effect.flatMap(ChatRequest.decode(value), ({ stream }) => {
      const request = { path: "/chat/completions", method: "POST", body: text }
      return stream === true
        ? Effect.flatMap(Stream.toPull(events(request)), toEvents)
        : Effect.map(complete(request), toResponse)
    })
  )

const toResponse = ({ body, headers, status }: typeof RelayAnswer.Type): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(body, { status, contentType: "application/json", headers: relayedHeaders(headers) })

/** The relayed events, behind the headers that stand before them. */
const toEvents = <E>(
  pull: Pull.Pull<NonEmptyReadonlyArray<typeof RelayElement.Type>, E>
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, HttpServerRequest> =>
  Effect.suspend(() => {
    let headers: Readonly<Record<string, string>> = {}
    const texts: EventStream.Events<E> = Effect.flatMap(pull, (elements) => {
      for (const element of elements) if (!isString(element)) headers = relayedHeaders(element.headers)
      const found = elements.filter(isString)
      return isArrayNonEmpty(found) ? Effect.succeed(found) : texts
    })
    return Effect.flatMap(EventStream.first(texts), (first) => EventStream.respondWith(first, texts, headers))
  })
