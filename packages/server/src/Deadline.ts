/**
 * Lets a client bound how long its request may take: `x-causeway-timeout`, in
 * milliseconds, becomes the deadline of every call that the request makes. It
 * only lowers: more than {@link Options.max} changes nothing.
 *
 * The deadline is kept by those who make calls (contracts, policies), so that a
 * call under way is interrupted and its failure is a typed one.
 *
 * **Example** (At most a minute)
 *
 * ```ts
 * import * as Deadline from "@causeway/server/Deadline"
 *
 * export const deadline = Deadline.layer({ max: "1 minute" })
 * ```
 */
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import type * as Layer from "effect/Layer"
import * as PublicError from "./PublicError.ts"
import { InvalidHeader, RequestError } from "./RequestError.ts"

/** The header, in whole milliseconds. */
export const header = "x-causeway-timeout"

/** Options of {@link layer}. */
export interface Options {
  /** What calls have without the header, by the places that serve them. Default: 10 minutes. */
  readonly max?: Duration.Input | undefined
}

/** The middleware, for the whole router. */
export const layer = (options?: Options): Layer.Layer<never, never, HttpRouter.HttpRouter> => {
  const max = Duration.toMillis(Duration.fromInputUnsafe(options?.max ?? "10 minutes"))
  return HttpRouter.middleware(
    (app) =>
      Effect.flatMap(HttpServerRequest, (request) => {
        const given = request.headers[header]
        if (given === undefined) return app
        if (!/^[1-9]\d{0,14}$/.test(given)) return PublicError.handle(Effect.fail(invalid))
        const timeout = Number(given)
        return timeout < max ? CallMetadata.withTimeout(timeout)(app) : app
      }),
    { global: true }
  )
}

const invalid = new RequestError({
  reason: new InvalidHeader({ header, allowed: "a whole number of milliseconds, from 1" })
})
