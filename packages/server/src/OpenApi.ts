/**
 * Describes every call that `PredictApi` serves, of every contract: `/openapi.json` is an
 * OpenAPI 3.1 document with the payloads, the successes, and every failure of each call
 * by its status, with an example of each. `/docs` shows it in a browser, and
 * `/docs/errors` explains the failures. Both pages are whole in themselves: a browser
 * without a way to the outside shows them as well.
 *
 * What a call's annotations say goes into it: those of Effect's `OpenApi` (`Summary`,
 * `Description`, `Deprecated`), and of its schemas.
 *
 * **Example** (The document of a contract)
 *
 * ```ts
 * import * as Contract from "@causeway/core/Contract"
 * import * as Local from "@causeway/core/Local"
 * import * as OpenApi from "@causeway/server/OpenApi"
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
 * const squares = Local.layer(Squares, Squares.toLayer({ square: ({ x }) => Effect.succeed({ y: x * x }) }))
 *
 * const routes = Layer.mergeAll(
 *   PredictApi.layer(Squares).pipe(Layer.provide(squares)),
 *   OpenApi.layer({ title: "Squares", access: "anyone" })
 * )
 *
 * const { dispose, handler } = HttpRouter.toWebHandler(routes, { disableLogger: true })
 *
 * const answer = await handler(new Request("http://localhost/openapi.json"))
 * const text = await answer.text()
 *
 * text.includes('"/predict/square"') // => true
 * await dispose()
 * ```
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import { methods } from "./internal/methods.ts"
import * as Served from "./internal/served.ts"
import * as Trusted from "./internal/trusted.ts"
import * as Problem from "./Problem.ts"
import * as PublicError from "./PublicError.ts"
import type { RequestError } from "./RequestError.ts"

/** Options of {@link layer}. */
export interface Options {
  /** Default: `Causeway`. */
  readonly title?: string | undefined
  /** Of what is served, not of OpenAPI. Default: `0.0.0`. */
  readonly version?: string | undefined
  /** What the server is for. Default: nothing. */
  readonly description?: string | undefined
  /**
   * Who may see `/openapi.json` and `/docs`: whoever shows an operator's key, and where
   * there are no keys, programs on this machine; or anyone who is let in at all.
   * Default: `operator`.
   */
  readonly access?: "operator" | "anyone" | undefined
}

/** The routes: `/openapi.json`, `/docs` and `/docs/errors`. */
export const layer = (options: Options = {}): Layer.Layer<never, never, HttpRouter.HttpRouter> =>
  HttpRouter.use((router) =>
    Effect.gen(function* () {
      const guard = options.access === "anyone" ? Effect.void : Trusted.check
      const explanations = yield* Problem.Explanations
      // By the time of the first request every route has been added.
      const document = yield* Effect.cached(
        Effect.map(
          Effect.promise(() => import("./internal/openApi.ts")),
          (OpenApi) => OpenApi.document(Served.mounts(router), infoOf(options), explanations)
        )
      )
      const page = yield* Effect.cached(
        Effect.flatMap(document, (document) =>
          Effect.flatMap(
            Effect.promise(() => import("./internal/docsPage.ts")),
            (Page) => Page.make(document)
          )
        )
      )
      const errors = yield* Effect.cached(
        Effect.map(
          Effect.promise(() => import("./internal/errorsPage.ts")),
          (Page) => HttpServerResponse.text(Page.html(), { contentType: "text/html; charset=utf-8", headers: closed })
        )
      )
      yield* methods(router, "/openapi.json", {
        GET: guarded(
          guard,
          Effect.map(document, (document) => HttpServerResponse.jsonUnsafe(document, { headers }))
        )
      })
      yield* methods(router, "/docs", { GET: guarded(guard, page) })
      yield* methods(router, "/docs/errors", { GET: errors })
    })
  )

const infoOf = ({ description, title = "Causeway", version = "0.0.0" }: Options) => ({ description, title, version })

const headers = { "cache-control": "no-cache" } as const

/** A page that loads nothing, from anywhere. */
const closed = { ...headers, "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'" } as const

const guarded = (
  guard: Effect.Effect<void, RequestError, HttpServerRequest>,
  answer: Effect.Effect<HttpServerResponse.HttpServerResponse>
) => PublicError.handle(Effect.andThen(guard, answer))
