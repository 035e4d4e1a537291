/**
 * Lets pages of other origins call the server (https://fetch.spec.whatwg.org/#http-cors-protocol):
 * Effect's own middleware, told which headers of ours a page may see.
 *
 * **Example** (One page)
 *
 * ```ts
 * import * as Cors from "@causeway/server/Cors"
 *
 * export const cors = Cors.layer({ origins: ["https://chat.example"] })
 * ```
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Duration from "effect/Duration"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as Layer from "effect/Layer"

/** Options of {@link layer}. */
export interface Options {
  /** Such as `https://chat.example`; `"*"`: every page may call, without its cookies. */
  readonly origins: NonEmptyReadonlyArray<string> | "*"
  /** Further headers of answers that a page may see. */
  readonly exposed?: ReadonlyArray<string> | undefined
  /** How long a browser may remember what it was told. Default: 10 minutes. */
  readonly maxAge?: Duration.Input | undefined
}

/** What clients look at: OpenAI's read it from pages too. */
const exposed = [
  "x-request-id",
  "x-upstream-request-id",
  "x-should-retry",
  "retry-after",
  "retry-after-ms",
  "ratelimit",
  "ratelimit-policy",
  "x-causeway-upstream",
  "x-causeway-attempts",
  "x-causeway-degraded"
]

/** The middleware, for the whole router. Outside of `Auth`: a browser asks without a key whether it may call. */
export const layer = (options: Options): Layer.Layer<never, never, HttpRouter.HttpRouter> => {
  const origins: ReadonlyArray<string> = options.origins === "*" ? [] : options.origins
  const middleware = HttpMiddleware.cors({
    // A single origin would be named to every page; a function is asked for each.
    allowedOrigins: origins.length === 0 ? undefined : (origin) => origins.includes(origin),
    allowedMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    exposedHeaders: [...exposed, ...(options.exposed ?? [])],
    maxAge: Duration.toSeconds(Duration.fromInputUnsafe(options.maxAge ?? "10 minutes"))
  })
  return HttpRouter.middleware((app) => middleware(app), { global: true })
}
