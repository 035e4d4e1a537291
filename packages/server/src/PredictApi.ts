/**
 * Serves the calls of a contract over HTTP: `POST /predict/<tag>` takes the
 * payload as JSON and answers with the success as JSON. A payload or a success that is
 * bytes by its schema is the body itself.
 *
 * | a call that gives | is answered in (the first one where `accept` leaves the choice) | where it fails later |
 * | --- | --- | --- |
 * | a value | `application/json` | |
 * | bytes | `application/octet-stream`, `application/json` (base64) | |
 * | nothing | 204 | |
 * | a stream | `text/event-stream`: one `data:` for each element, `[DONE]` at its end | `event: error` |
 * | | `application/x-ndjson`, `application/ndjson`, `application/jsonl`: one line for each | a line `{"error":{…}}` |
 * | a stream of bytes | `application/octet-stream`, or the above, in base64 | the connection is broken |
 *
 * What fails before its first element has the status of its failure. Where `accept`
 * allows none of these the answer is a 406, and no call is made.
 *
 * Where one contract stands at a path, its first call is also served at the path itself.
 * A call without payload takes an empty body.
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
import type * as Contract from "@causeway/core/Contract"
import type * as Policy from "@causeway/resilience/Policy"
import * as Upstreams from "@causeway/resilience/Upstreams"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import type * as Layer from "effect/Layer"
import type * as Rpc from "effect/rpc/Rpc"
import { callsOf } from "./internal/calls.ts"
import { routeNotFound } from "./internal/httpServerError.ts"
import { byMethod } from "./internal/methods.ts"
import * as Nearby from "./internal/nearby.ts"
import * as Predicted from "./internal/predicted.ts"
import * as Served from "./internal/served.ts"
import * as LastResort from "./LastResort.ts"
import * as PolicyHeaders from "./PolicyHeaders.ts"
import * as PublicError from "./PublicError.ts"

/** Options of {@link layer}. */
export interface Options {
  /** Where the calls are mounted; contracts whose tags differ can share a path. Default: `/predict`. */
  readonly path?: `/${string}` | undefined
  /**
   * What is done about failures, on this side of the boundary. What is learnt of an upstream
   * is kept for each call apart, as for a model of its own. What may have run is made
   * again only where its Rpc says that it may be, see `Contract.Replay`, or where the
   * request has an `idempotency-key` that is among the `headers` below. Default: nothing, each call is one attempt.
   */
  readonly policy?: Policy.Policy | undefined
  /**
   * Headers of the request that handlers find among the `headers` of their call. They
   * cross to workers in the clear. Default: none.
   */
  readonly headers?: ReadonlyArray<string> | undefined
  /** What is answered where no upstream can serve: what is cached, or a refusal. Default: the failure itself. */
  readonly degraded?: ReadonlyArray<LastResort.Answer> | undefined
}

/**
 * The routes of a contract. Needs its client, from whatever place.
 *
 * Throws where another contract has a call of the same tag at the same path, and for a
 * success that holds a `Redacted`.
 */
export const layer = <Self, Id extends string, R extends Rpc.Any>(
  contract: Contract.Contract<Self, Id, R>,
  options: Options = {}
): Layer.Layer<never, never, HttpRouter.HttpRouter | Self | Rpc.ServicesServer<R>> =>
  HttpRouter.use((router) =>
    Effect.gen(function* () {
      const client = yield* contract
      const path = options.path ?? "/predict"
      const { policy } = options
      const headers = headersOf(options)
      const meeting = yield* Upstreams.captured
      const resort = options.degraded && LastResort.make(options.degraded, "predict", headers)
      const calls = callsOf(contract, client, yield* Effect.context<Rpc.ServicesServer<R>>())
      const endpoints = calls.map((call): Served.Endpoint => {
        const answered = Predicted.answer(call, { policy, headers })
        const handler = PolicyHeaders.handle(
          PublicError.handle(meeting(resort === undefined ? answered : resort.apply(Effect.succeed(answered))), {
            isDeclared: true
          })
        )
        return {
          contract: contract.key,
          call,
          hasPolicy: policy !== undefined || resort !== undefined,
          headers,
          handler: byMethod({ POST: handler })
        }
      })
      const mounts = Served.mounts(router)
      const known = mounts.get(path)
      const mount: Served.Mount = known ?? new Map()
      Served.add(mount, path, endpoints)
      if (known === undefined) {
        mounts.set(path, mount)
        yield* addRoutes(router, path, mount)
      }
    })
  )

const addRoutes = (router: HttpRouter.HttpRouter, path: `/${string}`, mount: Served.Mount) => {
  const nothing = notFound(router)
  Nearby.add(router, (wanted) =>
    `${wanted}/`.startsWith(`${path}/`) ? Array.from(mount.keys(), (tag) => `${path}/${tag}`).slice(0, mostNamed) : []
  )
  return Effect.andThen(
    router.add(
      "*",
      path,
      Effect.suspend(() => Served.first(mount)?.handler ?? nothing)
    ),
    // A tag may hold anything, and in a static route some characters have a meaning.
    router.add(
      "*",
      `${path}/:tag`,
      Effect.flatMap(HttpRouter.params, ({ tag = "" }) => mount.get(tag)?.handler ?? nothing)
    )
  )
}

/** More calls than these are not named. */
const mostNamed = 20

const notFound = (router: HttpRouter.HttpRouter) =>
  Effect.flatMap(HttpServerRequest, (request) =>
    PublicError.handle(Effect.fail(routeNotFound(request, (path) => Nearby.find(router, path))))
  )

/** A header that said of a call what its metadata says would take its place. */
const headersOf = ({ headers = [] }: Options): ReadonlyArray<string> =>
  headers.map((name) => {
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name) || /^causeway-/i.test(name)) {
      throw new TypeError(
        `PredictApi: headers are names of a request's headers that do not begin with causeway-, not ${JSON.stringify(name)}`
      )
    }
    return name.toLowerCase()
  })
