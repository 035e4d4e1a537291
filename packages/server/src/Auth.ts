/**
 * Lets only those in who have a key: as `authorization: Bearer <key>` or as
 * `x-api-key: <key>`. Keys are compared in constant time. Who has none gets a 401
 * with `www-authenticate`.
 *
 * **Example** (A router behind a key)
 *
 * ```ts
 * import * as Auth from "@causeway/server/Auth"
 * import * as Redacted from "effect/Redacted"
 *
 * export const auth = Auth.layer({ keys: [Redacted.make("a-secret")] })
 * ```
 */
import { createHash, timingSafeEqual } from "node:crypto"
import * as Redaction from "@causeway/core/Redaction"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { isHealthRequest } from "./internal/healthRequest.ts"
import { Keyed } from "./internal/trusted.ts"
import * as PublicError from "./PublicError.ts"
import { RequestError, Unauthenticated } from "./RequestError.ts"

/** Options of {@link layer}. */
export interface Options {
  /** Any of these opens. */
  readonly keys: NonEmptyReadonlyArray<Redacted.Redacted<string>>
  /** Which requests need no key. Default: those of `Health`. */
  readonly except?: ((request: HttpServerRequest) => boolean) | undefined
}

/** The key that a request shows, wherever it shows it. */
const keyOf = (request: HttpServerRequest): Redacted.Redacted<string> | undefined => {
  const [, bearer] = /^bearer +(\S+) *$/i.exec(request.headers["authorization"] ?? "") ?? []
  const key = bearer ?? request.headers["x-api-key"]
  return key === undefined || key === "" ? undefined : Redacted.make(key)
}

/** Digests have one length, as a comparison in constant time needs. UTF-16 keeps every string apart from every other. */
const digest = (key: Redacted.Redacted<string>): Buffer =>
  createHash("sha256").update(Redacted.value(key), "utf16le").digest()

/** Whether a key is one of some others. Takes the same time for each key, right or wrong. */
export const matcher = (
  keys: NonEmptyReadonlyArray<Redacted.Redacted<string>>
): ((key: Redacted.Redacted<string>) => boolean) => {
  const known = keys.map(digest)
  return (key) => {
    const shown = digest(key)
    return known.reduce((found, one) => timingSafeEqual(one, shown) || found, false)
  }
}

/** The middleware, for the whole router. */
export const layer = ({
  except = isHealthRequest,
  keys
}: Options): Layer.Layer<never, never, HttpRouter.HttpRouter> => {
  const isKnown = matcher(keys)
  // As long as the keys open, they are masked wherever something is rendered.
  const masked = Layer.effectDiscard(Effect.forEach(keys, Redaction.known, { discard: true }))
  const middleware = HttpRouter.middleware(
    (app) =>
      Effect.flatMap(HttpServerRequest, (request) => {
        if (except(request)) return app
        const key = keyOf(request)
        if (key !== undefined && isKnown(key)) return Effect.provideService(app, Keyed, true)
        const reason = new Unauthenticated({ issue: key === undefined ? "missing" : "unknown" })
        return PublicError.handle(Effect.fail(new RequestError({ reason })))
      }),
    { global: true }
  )
  return Layer.merge(masked, middleware)
}
