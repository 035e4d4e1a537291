/**
 * Serves the calls of a contract over HTTP: `POST /predict/<tag>` takes the
 * payload as JSON and answers with the success as JSON. A stream is answered as
 * server-sent events, one `data:` for each element, `[DONE]` at its end.
 *
 * The first call of the contract is also served at the path itself. A call without
 * payload takes an empty body, one without a success answers 204.
 *
 * **Example** (A contract as a service)
 *
 * ```ts
 * import * as Contract from "@causeway/core/Contract"
 * import * as Local from "@causeway/core/Local"
 * import * as PredictApi from "@causeway/server/PredictApi"
 * import * as Effect from "effect/Effect"
 * import * as HttpRouter from "effect/http/HttpRouter"
 * import * as Layer from "effect/Layer"
 * import * as Rpc from "effect/rpc/Rpc"
 * import * as Schema from "effect/Schema"
 *
 * class Squares extends Contract.Service<Squares>()(
 *   "app/Squares",
 *   Rpc.make("square", { payload: { x: Schema.Finite }, success: Schema.Struct({ y: Schema.Finite }) })
 * ) {}
 *
 * const handlers = Squares.toLayer({ square: ({ x }) => Effect.succeed({ y: x * x }) })
 *
 * const routes = PredictApi.layer(Squares).pipe(Layer.provide(Local.layer(Squares, handlers)))
 *
 * const { dispose, handler } = HttpRouter.toWebHandler(routes, { disableLogger: true })
 *
 * const answer = await handler(new Request("http://localhost/predict/square", { method: "POST", body: '{"x":3}' }))
 *
 * await answer.json() // => { y: 9 }
 * await dispose()
 * ```
 */
import type { BoundaryError } from "@causeway/core/BoundaryError"
import type * as Contract from "@causeway/core/Contract"
import type { PolicyError } from "@causeway/core/PolicyError"
import * as Policy from "@causeway/resilience/Policy"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import { isObject } from "effect/Predicate"
import type * as Rpc from "effect/rpc/Rpc"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Body from "./internal/body.ts"
import { type Call, type CallError, callsOf } from "./internal/calls.ts"
import * as EventStream from "./internal/eventStream.ts"
import { routeNotFound } from "./internal/httpServerError.ts"
import { byMethod } from "./internal/methods.ts"
import * as PublicError from "./PublicError.ts"
import { InvalidValue, RequestError } from "./RequestError.ts"

/** Options of {@link layer}. */
export interface Options {
  /** Where the calls are mounted. Default: `/predict`. */
  readonly path?: `/${string}` | undefined
  /** What is done about failures, on this side of the boundary. Default: nothing, each call is one attempt. */
  readonly policy?: Policy.Policy | undefined
}

/** The routes of a contract. Needs its client, from whatever place. */
export const layer = <Self, Id extends string, R extends Rpc.Any>(
  contract: Contract.Contract<Self, Id, R>,
  options: Options = {}
): Layer.Layer<never, never, HttpRouter.HttpRouter | Self | Rpc.ServicesServer<R>> =>
  HttpRouter.use((router) =>
    Effect.gen(function* () {
      const client = yield* contract
      const calls = callsOf(contract, client, yield* Effect.context<Rpc.ServicesServer<R>>())
      const path = options.path ?? "/predict"
      const handlers = new Map(
        calls.map((call) => {
          const handler = PublicError.handle(answer(call, options.policy), { isDeclared: true })
          return [call.tag, byMethod({ POST: handler })]
        })
      )
      const [first] = handlers.values()
      if (first !== undefined) yield* router.add("*", path, first)
      // A tag may hold anything, and in a static route some characters have a meaning.
      yield* router.add(
        "*",
        `${path}/:tag`,
        Effect.flatMap(HttpRouter.params, ({ tag = "" }) => handlers.get(tag) ?? notFound)
      )
    })
  )

const notFound = Effect.flatMap(HttpServerRequest, (request) => PublicError.handle(Effect.fail(routeNotFound(request))))

const answer = (
  call: Call,
  policy: Policy.Policy | undefined
): Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  CallError | BoundaryError | PolicyError | RequestError,
  HttpServerRequest | Scope.Scope
> => {
  const payload = payloadOf(call)
  if (call.kind === "many") {
    const run = policy === undefined ? call.run : (value: unknown) => Policy.applyStream(policy)(call.run(value))
    return Effect.flatMap(payload, (value) =>
      EventStream.respond(Stream.map(run(value), (json) => `data: ${json}\n\n`))
    )
  }
  const run = policy === undefined ? call.run : (value: unknown) => Policy.apply(policy)(call.run(value))
  return Effect.map(Effect.flatMap(payload, run), success)
}

const payloadOf = ({ decode, takesPayload }: Call): Effect.Effect<unknown, RequestError, HttpServerRequest> =>
  takesPayload ? Effect.flatMap(Body.json, ({ value }) => decode(value)) : Effect.flatMap(Body.text, noPayload)

/** Clients that always send JSON send `null` or `{}` where there is nothing to say. */
const noPayload = (text: string): Effect.Effect<undefined, RequestError> =>
  text.trim() === ""
    ? Effect.undefined
    : Effect.flatMap(Body.parse(text), ({ value }) =>
        value === null || (isObject(value) && Object.keys(value).length === 0)
          ? Effect.undefined
          : Effect.fail(
              new RequestError({ reason: new InvalidValue({ path: "", issue: "the call takes no payload" }) })
            )
      )

const success = (json: string | undefined): HttpServerResponse.HttpServerResponse =>
  json === undefined ? HttpServerResponse.empty() : HttpServerResponse.text(json, { contentType: "application/json" })
