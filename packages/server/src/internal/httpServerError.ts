/**
 * The HTTP server's own errors as errors about the request.
 */
import type { HttpServerError } from "effect/http/HttpServerError"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import { BodyTooLarge, MalformedBody, RequestError, RouteNotFound } from "../RequestError.ts"

/** What it says about the request; the error itself where it says nothing. */
export const fromHttp = (error: HttpServerError): RequestError | HttpServerError => {
  const { reason } = error
  switch (reason._tag) {
    case "RouteNotFound":
      return routeNotFound(reason.request)
    case "RequestParseError":
      return new RequestError({
        reason: reason.reason === "BodyTooLarge" ? new BodyTooLarge({}) : new MalformedBody({ issue: "incomplete" })
      })
    case "InternalError":
    case "ResponseError":
      return error
  }
}

/** That there is nothing at a request's path; `nearby`: what there is, by that path. */
export const routeNotFound = (
  { method, url }: HttpServerRequest,
  nearby?: (path: string) => ReadonlyArray<string>
): RequestError => {
  const path = (url.split("?", 1)[0] ?? "").slice(0, 200)
  return new RequestError({ reason: new RouteNotFound({ method, path, nearby: nearby?.(path) }) })
}
