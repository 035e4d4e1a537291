/**
 * Which requests are for the routes of `Health`: they need no key and are served
 * while the server drains.
 */
import type { HttpServerRequest } from "effect/http/HttpServerRequest"

export const isHealthRequest = (request: HttpServerRequest): boolean =>
  /^\/health(?:\/(?:live|ready))?\/?(?:\?|$)/.test(request.url)
