/**
 * OpenAI's routes in front of upstreams.
 *
 * | route below `/v1` | methods | |
 * | --- | --- | --- |
 * | `/chat/completions`, `/completions`, `/responses` | `POST` | plain and streamed |
 * | `/responses/{id}` | `GET`, `DELETE` | `GET` with `stream=true`: its events |
 * | `/responses/{id}/cancel` | `POST` | |
 * | `/responses/{id}/input_items` | `GET` | |
 * | `/embeddings`, `/moderations` | `POST` | |
 * | `/models`, `/models/{id}` | `GET` | |
 * | `/images/generations` | `POST` | plain and streamed |
 * | `/images/edits`, `/images/variations` | `POST` of a form | plain and streamed |
 * | `/audio/speech` | `POST` | audio, or events |
 * | `/audio/transcriptions`, `/audio/translations` | `POST` of a form | JSON, text or events |
 * | `/files` | `GET`, `POST` of a form | |
 * | `/files/{id}` | `GET`, `DELETE` | |
 * | `/files/{id}/content` | `GET` | as it was stored |
 *
 * A request's body is checked as far as this server relies on it, and sent on as it
 * was; answers and events come back as the upstream wrote them. So fields that nobody
 * here knows survive. Of a request's headers only those of `ForwardedHeaders` go on:
 * `Idempotency-Key` and `OpenAI-Beta`, and others where {@link Options.forward} names
 * them. What an upstream fails with is told as `PublicError` says; in a
 * stream that has begun by an error event in place of its proper end, in the form of
 * its API. Audio and files have no such form: there the connection is broken, so that
 * nobody takes a part for the whole.
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
import type { BoundaryError } from "@causeway/core/BoundaryError"
import type { PolicyError } from "@causeway/core/PolicyError"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import * as ForwardedHeaders from "@causeway/openai/ForwardedHeaders"
import {
  Relay,
  type RelayAnswer,
  type RelayElement,
  type RelayRequest,
  type TransferElement,
  type TransferRequest
} from "@causeway/openai/Relay"
import * as Call from "@causeway/resilience/Call"
import * as Policy from "@causeway/resilience/Policy"
import * as Upstreams from "@causeway/resilience/Upstreams"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import { checkModel } from "./Caller.ts"
import * as Body from "./internal/body.ts"
import { callOf } from "./internal/callOf.ts"
import { routeNotFound } from "./internal/httpServerError.ts"
import { methods } from "./internal/methods.ts"
import * as Nearby from "./internal/nearby.ts"
import * as OpenAiRequest from "./internal/openAiRequest.ts"
import * as Relayed from "./internal/relayed.ts"
import { relayedHeaders } from "./internal/relayedHeaders.ts"
import { type Calls as UpstreamCalls, watched } from "./internal/upstreamMetrics.ts"
import * as LastResort from "./LastResort.ts"
import * as PolicyHeaders from "./PolicyHeaders.ts"
import * as PublicError from "./PublicError.ts"
import { InvalidHeader, RequestError } from "./RequestError.ts"

/** Options of {@link layer}. */
export interface Options {
  /** What is done about failures, on this side of the boundary. Default: nothing, each call is one attempt. */
  readonly policy?: Policy.Policy | undefined
  /** What is answered where no upstream can serve, the first that fits. Default: the failure itself. */
  readonly degraded?: ReadonlyArray<LastResort.Answer> | undefined
  /**
   * Further headers of callers that go on to the upstream. With them a caller chooses
   * which account is charged, as far as the upstream's key allows. Default: none.
   */
  readonly forward?: ReadonlyArray<ForwardedHeaders.OptIn> | undefined
}

/** The routes. Needs the client of `Relay`, from whatever place. */
export const layer = (options: Options = {}): Layer.Layer<never, never, HttpRouter.HttpRouter | Relay> =>
  HttpRouter.use((router) =>
    Effect.gen(function* () {
      const relay = callsOf(watched(yield* Relay), options)
      const handler = yield* handlerOf(options)
      const json = (path: string, kind: OpenAiRequest.Kind) => ({ POST: handler(relayJson(relay, path, kind)) })
      const form = (path: string) => handler(relayForm(relay, path))
      const get = handler(relayed(relay, "GET"))
      const routes = {
        "/chat/completions": json("/chat/completions", "chat"),
        "/completions": json("/completions", "completion"),
        "/responses": json("/responses", "response"),
        "/responses/:id": { GET: handler(relayResponse(relay)), DELETE: handler(relayed(relay, "DELETE")) },
        "/responses/:id/cancel": { POST: handler(relayAction(relay)) },
        "/responses/:id/input_items": { GET: get },
        "/embeddings": json("/embeddings", "embedding"),
        "/moderations": json("/moderations", "moderation"),
        "/models": { GET: get },
        "/models/:id": { GET: get },
        "/images/generations": json("/images/generations", "image"),
        "/images/edits": { POST: form("/images/edits") },
        "/images/variations": { POST: form("/images/variations") },
        "/audio/speech": { POST: handler(relaySpeech(relay)) },
        "/audio/transcriptions": { POST: form("/audio/transcriptions") },
        "/audio/translations": { POST: form("/audio/translations") },
        "/files": { GET: get, POST: form("/files") },
        "/files/:id": { GET: get, DELETE: handler(relayed(relay, "DELETE")) },
        "/files/:id/content": { GET: handler(relayContent(relay)) }
      } as const
      Nearby.add(router, Nearby.ending("/v1", Object.keys(routes)))
      for (const [path, handlers] of Object.entries(routes)) yield* methods(router, `/v1${path}`, handlers)
    })
  )

type CallError = UpstreamError | BoundaryError | PolicyError

/** The calls of a relay, under a policy. */
interface Calls {
  readonly complete: (request: typeof RelayRequest.Type) => Effect.Effect<typeof RelayAnswer.Type, CallError>
  readonly events: (request: typeof RelayRequest.Type) => Stream.Stream<typeof RelayElement.Type, CallError>
  readonly transfer: (request: typeof TransferRequest.Type) => Stream.Stream<typeof TransferElement.Type, CallError>
  /** What goes on of the headers of the request that is served. */
  readonly forwarded: Effect.Effect<Forwarded, never, HttpServerRequest>
}

interface Forwarded {
  readonly headers?: ForwardedHeaders.ForwardedHeaders
}

const callsOf = (relay: UpstreamCalls, { forward = [], policy }: Options): Calls => {
  const forwarded = Effect.map(HttpServerRequest, (request): Forwarded => {
    const headers = ForwardedHeaders.of(request.headers, forward)
    return headers === undefined ? {} : { headers }
  })
  return policy === undefined
    ? {
        complete: (request) => relay.complete(request),
        events: (request) => relay.events(request),
        transfer: (request) => relay.transfer(request),
        forwarded
      }
    : {
        complete: (request) => Call.annotate(callOf(request))(Policy.apply(policy)(relay.complete(request))),
        events: (request) => Call.annotateStream(callOf(request))(Policy.applyStream(policy)(relay.events(request))),
        transfer: (request) =>
          Call.annotateStream(callOf(request))(Policy.applyStream(policy)(relay.transfer(request))),
        forwarded
      }
}

/** A request that was checked, and may be made: whatever is wrong with it is said before. */
type Checked<R = never> = Effect.Effect<
  Effect.Effect<HttpServerResponse.HttpServerResponse, CallError, HttpServerRequest | Scope.Scope>,
  RequestError,
  HttpServerRequest | R
>

/** What stands around every call: its upstreams, its answers of last resort, and how it is told. */
const handlerOf = ({ degraded }: Options) =>
  Effect.map(Upstreams.captured, (meeting) => {
    const resort = degraded && LastResort.make(degraded, "openai")
    return <R>(checked: Checked<R>) =>
      PolicyHeaders.handle(
        PublicError.handle(meeting(resort === undefined ? Effect.flatten(checked) : resort.apply(checked)))
      )
  })

/** A request in JSON, with an answer in JSON or in events. */
const relayJson = (calls: Calls, path: string, kind: OpenAiRequest.Kind): Checked => {
  const decode = OpenAiRequest.decoder(kind)
  const ending = path === "/responses" ? Relayed.numbered : Relayed.plain(path)
  return Effect.gen(function* () {
    const { text, value } = yield* Body.json
    const { model, stream } = yield* decode(value)
    yield* checkModel(model, value)
    const request = { path, method: "POST", body: text, ...(yield* calls.forwarded) }
    return stream ? Relayed.respondEvents(calls.events(request), ending) : completed(calls, request)
  })
}

/** A request without a body, with an answer in JSON. */
const relayed = (calls: Calls, method: "GET" | "DELETE"): Checked<HttpRouter.RouteContext> =>
  Effect.gen(function* () {
    const request = { path: yield* target, method, ...(yield* calls.forwarded) }
    return completed(calls, request)
  })

/** A request that its path says all of; a body that comes all the same goes on too. */
const relayAction = (calls: Calls): Checked<HttpRouter.RouteContext> =>
  Effect.gen(function* () {
    const path = yield* target
    const body = yield* Body.text
    const request = { path, method: "POST", ...(body !== "" && { body }), ...(yield* calls.forwarded) }
    return completed(calls, request)
  })

/** A response that was made before: as it is, or its events. */
const relayResponse = (calls: Calls): Checked<HttpRouter.RouteContext> =>
  Effect.gen(function* () {
    const request = { path: yield* target, method: "GET", ...(yield* calls.forwarded) }
    return /[?&]stream=true(?:&|$)/i.test(request.path)
      ? Relayed.respondEvents(calls.events(request), Relayed.numbered)
      : completed(calls, request)
  })

/** A request in a form. */
const relayForm = (calls: Calls, path: string): Checked =>
  Effect.gen(function* () {
    const contentType = yield* formType
    // Nobody here reads forms.
    yield* checkModel(undefined)
    const body = yield* Body.bytes
    const request = { path, method: "POST", body, contentType, ...(yield* calls.forwarded) }
    return Relayed.respond(calls.transfer(request), Relayed.plain(path))
  })

/** A request in JSON, with an answer that is audio. */
const relaySpeech = (calls: Calls): Checked => {
  const path = "/audio/speech"
  const decode = OpenAiRequest.decoder("speech")
  return Effect.gen(function* () {
    const { text, value } = yield* Body.json
    yield* checkModel((yield* decode(value)).model, value)
    const request = { path, method: "POST", body: Buffer.from(text), ...(yield* calls.forwarded) }
    return Relayed.respond(calls.transfer(request), Relayed.plain(path))
  })
}

/** A file's content. */
const relayContent = (calls: Calls): Checked<HttpRouter.RouteContext> =>
  Effect.gen(function* () {
    const request = { path: yield* target, method: "GET", ...(yield* calls.forwarded) }
    return Relayed.respond(calls.transfer(request), Relayed.plain(request.path))
  })

/**
 * The path and query of a request below `/v1`, as an upstream shall see them. The path
 * is that of the route: a router takes more for the same than an upstream does, and
 * what it leaves out, such as all behind a `;`, could lead anywhere.
 */
const target: Effect.Effect<string, RequestError, HttpServerRequest | HttpRouter.RouteContext> = Effect.flatMap(
  HttpServerRequest,
  (request) =>
    Effect.flatMap(HttpRouter.RouteContext, ({ params: { id }, route }) => {
      // What names a step upwards is no id, however it is written.
      if (id !== undefined && /^\.{0,2}$/.test(id)) return Effect.fail(routeNotFound(request))
      const path = route.path.slice(route.path.lastIndexOf("/v1/") + 3)
      const named = id === undefined ? path : path.replace(":id", () => encodeURIComponent(id))
      const query = /^[^?#]*(\?[^#]*)/.exec(request.url)?.[1] ?? ""
      // What others have stored or asked for, whatever model it was for; which models there are, everybody may know.
      const checked = path.startsWith("/models") ? Effect.void : checkModel(undefined)
      return Effect.as(checked, named + query)
    })
)

/** The content type of a form, which has its boundary. */
const formType: Effect.Effect<string, RequestError, HttpServerRequest> = Effect.flatMap(
  HttpServerRequest,
  ({ headers }) => {
    const type = headers["content-type"] ?? ""
    return /^multipart\/form-data\s*;.*boundary=/i.test(type)
      ? Effect.succeed(type)
      : Effect.fail(
          new RequestError({
            reason: new InvalidHeader({ header: "content-type", allowed: "multipart/form-data, with its boundary" })
          })
        )
  }
)

const completed = (calls: Calls, request: typeof RelayRequest.Type) => Effect.map(calls.complete(request), toResponse)

const toResponse = (answer: typeof RelayAnswer.Type): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(answer.body, {
    status: answer.status,
    contentType: "application/json",
    headers: relayedHeaders(answer)
  })
