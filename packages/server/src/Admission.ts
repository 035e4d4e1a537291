/**
 * Bounds how many requests are served at once, open streams among them, so that none
 * waits in silence behind others. One more is refused at once with 503, `Overloaded`
 * and `Retry-After`. Requests of `Health` are always served, and not counted.
 *
 * **Example** (At most a hundred at once)
 *
 * ```ts
 * import * as Admission from "@causeway/server/Admission"
 *
 * export const admission = Admission.layer({ maxRequests: 100 })
 * ```
 */
import { BoundaryError, Overloaded } from "@causeway/core/BoundaryError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import type * as Layer from "effect/Layer"
import { isHealthRequest } from "./internal/healthRequest.ts"
import * as InFlight from "./internal/inFlight.ts"
import * as PublicError from "./PublicError.ts"

/** Options of {@link layer}. */
export interface Options {
  /** How many requests are served at once. Default: 1,024, as many as one worker relays. */
  readonly maxRequests?: number | undefined
}

/** The default of {@link Options.maxRequests}. */
export const defaultMaxRequests = 1024

/** The middleware, for the whole router. Throws a `RangeError` for a limit that is none. */
export const layer = ({ maxRequests = defaultMaxRequests }: Options = {}): Layer.Layer<
  never,
  never,
  HttpRouter.HttpRouter
> => {
  if (!Number.isSafeInteger(maxRequests) || maxRequests < 1) {
    throw new RangeError(`maxRequests: got ${maxRequests}, needs a whole number of at least 1`)
  }
  const refused = PublicError.handle(Effect.failSync(() => refusal(maxRequests)))
  return HttpRouter.middleware(
    Effect.sync(() => {
      const inFlight = InFlight.make()
      return (app) =>
        Effect.flatMap(HttpServerRequest, (request) => {
          if (isHealthRequest(request)) return app
          return inFlight.count() >= maxRequests ? refused : Effect.andThen(inFlight.track, app)
        })
    }),
    { global: true }
  )
}

const refusal = (limit: number): BoundaryError =>
  new BoundaryError({
    boundary: "server",
    reason: new Overloaded({
      message: `it serves ${limit} requests already, which is its limit`,
      retryAfter: Duration.seconds(1),
      queued: 0
    })
  })
