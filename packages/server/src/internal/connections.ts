/**
 * What a request may not be, although it can be read: two readers could take it for
 * two different ones, or it comes before the answers to too many others on its
 * connection. Refused before anything else looks at it.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import { hasProperty } from "effect/Predicate"
import * as PublicError from "../PublicError.ts"
import { AmbiguousRequest, RequestError, TooManyPipelined } from "../RequestError.ts"

/**
 * How many requests of one connection may wait for their answers. Clients that send
 * ahead at all do so by a dozen.
 */
const maxPipelined = 100

/** The middleware, for the whole router. */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter> = HttpRouter.middleware(
  (app) =>
    Effect.flatMap(HttpServerRequest, (request) => {
      const reason = refusalOf(request)
      if (reason === undefined) return app
      const refused = PublicError.handle(Effect.fail(new RequestError({ reason })))
      return reason._tag === "AmbiguousRequest" ? Effect.map(refused, closing) : refused
    }),
  { global: true }
)

/** Where the next request begins is as doubtful as this one. */
const closing = HttpServerResponse.setHeader("connection", "close")

const refusalOf = (request: HttpServerRequest): AmbiguousRequest | TooManyPipelined | undefined => {
  const message: unknown = request.source
  // A web handler's request was read by somebody else.
  if (!isNodeRequest(message)) return undefined
  const { socket } = message
  const issue = issueOf(message)
  if (issue !== undefined) distrusted.add(socket)
  if (distrusted.has(socket)) return new AmbiguousRequest({ issue: issue ?? "follows-another" })
  // The response of a handshake is only made where it is refused.
  if (message.upgrade === true) return undefined
  const response: unknown = NodeHttpServerRequest.toServerResponse(request)
  // It has a socket as soon as all before it on its connection are answered: hardly one ever waits.
  return isNodeResponse(response) && response.socket === null && countOf(socket, response) >= maxPipelined
    ? new TooManyPipelined({ limit: maxPipelined })
    : undefined
}

const isNodeRequest = (u: unknown): u is IncomingMessage & { readonly upgrade?: unknown } =>
  hasProperty(u, "rawHeaders") && hasProperty(u, "socket")

const isNodeResponse = (u: unknown): u is ServerResponse => hasProperty(u, "writeHead") && hasProperty(u, "socket")

/** Connections with a request that was ambiguous: what follows may be a part of it. */
const distrusted = new WeakSet<object>()

const waiting = new WeakMap<object, number>()

/** How many requests of a connection wait behind the one that is answered, this one too. */
const countOf = (socket: object, response: ServerResponse): number => {
  const count = (waiting.get(socket) ?? 0) + 1
  waiting.set(socket, count)
  response.once("close", () => waiting.set(socket, (waiting.get(socket) ?? 1) - 1))
  return count
}

/** RFC 9112, sections 3.2 and 6.1. */
const issueOf = ({ headers, httpVersion, rawHeaders }: IncomingMessage): AmbiguousRequest["issue"] | undefined => {
  const { host, "transfer-encoding": encoding } = headers
  if (httpVersion === "0.9") return "version"
  if (encoding !== undefined && (encoding.toLowerCase() !== "chunked" || httpVersion === "1.0")) {
    return "transfer-encoding"
  }
  if (host === undefined) return httpVersion === "1.0" ? undefined : "no-host"
  if (!/^[\w.:~%!$&'()*+,;=[\]-]*$/.test(host)) return "not-a-host"
  // Of several Node keeps the first.
  return isOnce(rawHeaders, "host") ? undefined : "two-hosts"
}

const isOnce = (rawHeaders: ReadonlyArray<string>, name: string): boolean => {
  let found = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const one = rawHeaders[at]
    if (one?.length === name.length && one.toLowerCase() === name) found++
  }
  return found === 1
}
