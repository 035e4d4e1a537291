/**
 * Gives every request an id: the one that came along in `x-request-id`, where it
 * is fit to be one and does not look like a credential, else a new one. It stands in the answer's `x-request-id`, and
 * as `CallMetadata.RequestId` it travels with every call that the request makes.
 *
 * **Example** (Which ids are taken over)
 *
 * ```ts
 * import * as RequestId from "@causeway/server/RequestId"
 *
 * RequestId.isValid("3f2c7a") // => true
 * RequestId.isValid("two words") // => false
 * ```
 */
import { randomUUID } from "node:crypto"
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Redaction from "@causeway/core/Redaction"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"

/** The header of requests and answers. */
export const header = "x-request-id"

/** Whether an id can be taken over: 1 to 128 letters, digits and `._:/+=@-`, harmless in logs and headers. */
export const isValid = (id: string): boolean => /^[\w.:/+=@-]{1,128}$/.test(id)

/** A new id, such as `req_3b241101-e2bb-4255-8caf-4136c566a962`. */
export const make = (): string => `req_${randomUUID()}`

/** The middleware, for the whole router. Outermost, so that refusals have an id as well. */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter> = HttpRouter.middleware(
  (app) =>
    Effect.flatMap(HttpServerRequest, (request) => {
      const given = request.headers[header]
      // It stands in logs and goes to upstreams as it is.
      const id = given !== undefined && isValid(given) && Redaction.text(given) === given ? given : make()
      return Effect.map(
        Effect.provideService(app, CallMetadata.RequestId, id),
        HttpServerResponse.setHeader(header, id)
      )
    }),
  { global: true }
)
