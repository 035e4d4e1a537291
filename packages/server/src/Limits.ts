/**
 * Bounds what a request may bring along. A body over the limit is answered with
 * 413: at once where its length is announced, else as soon as it is passed, and
 * then no more of it is read. What is beyond the limit of all bodies together is
 * answered with 503, and `retry-after`.
 *
 * **Example** (Bodies of at most a megabyte)
 *
 * ```ts
 * import * as Limits from "@causeway/server/Limits"
 *
 * export const limits = Limits.layer({ maxBody: "1 MB" })
 * ```
 */
import * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import type * as Layer from "effect/Layer"
import * as BodyBudget from "./internal/bodyBudget.ts"
import * as PublicError from "./PublicError.ts"
import { BodyTooLarge, RequestError } from "./RequestError.ts"

/** Options of {@link layer}. */
export interface Options {
  /** The most that a body may have. Default: 32 MiB. */
  readonly maxBody?: ByteSize.Input | undefined
  /**
   * The most that the bodies of all requests together may have, from when they come until
   * their requests are over; at least {@link Options.maxBody}. Of a body over 16 KiB only what
   * has come counts. Default: 256 MiB.
   */
  readonly maxBodies?: ByteSize.Input | undefined
}

/** The default of {@link Options.maxBody}, in bytes. */
export const defaultMaxBody = 32 * 1024 * 1024

/** The default of {@link Options.maxBodies}, in bytes. */
const defaultMaxBodies = 256 * 1024 * 1024

/** The middleware, for the whole router. */
export const layer = (options?: Options): Layer.Layer<never, never, HttpRouter.HttpRouter> => {
  const maxBody =
    options?.maxBody === undefined ? ByteSize.bytes(defaultMaxBody) : ByteSize.fromInputUnsafe(options.maxBody)
  const limit = Number(maxBody)
  const all = options?.maxBodies === undefined ? defaultMaxBodies : Number(ByteSize.fromInputUnsafe(options.maxBodies))
  const within = BodyBudget.make(Math.max(limit, all))
  return HttpRouter.middleware(
    (app) =>
      Effect.flatMap(HttpServerRequest, (request) =>
        Number(request.headers["content-length"] ?? 0) > limit
          ? PublicError.handle(Effect.fail(new RequestError({ reason: new BodyTooLarge({ limit }) })))
          : within(Effect.provideService(app, HttpIncomingMessage.MaxBodySize, maxBody))
      ),
    { global: true }
  )
}
