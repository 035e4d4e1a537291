/**
 * The methods that a path has, and the right answer to all others.
 */
import * as Effect from "effect/Effect"
import type * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as PublicError from "../PublicError.ts"
import { MethodNotAllowed, RequestError } from "../RequestError.ts"

type Handler<R> = Effect.Effect<HttpServerResponse.HttpServerResponse, never, R>

type Handlers<R> = Readonly<Partial<Record<"GET" | "POST" | "DELETE", Handler<R>>>>

/**
 * Answers a request by its method. `HEAD` is answered as `GET`, without the body;
 * `OPTIONS` with the methods that there are; the rest with 405 and `allow`.
 */
export const byMethod = <R>({ DELETE, GET, POST }: Handlers<R>): Handler<R | HttpServerRequest> => {
  const handlers = new Map<string, Handler<R>>()
  if (GET !== undefined) handlers.set("GET", GET).set("HEAD", GET)
  if (POST !== undefined) handlers.set("POST", POST)
  if (DELETE !== undefined) handlers.set("DELETE", DELETE)
  const allowed = [...handlers.keys(), "OPTIONS"]
  handlers.set("OPTIONS", Effect.succeed(HttpServerResponse.empty({ headers: { allow: allowed.join(", ") } })))
  return Effect.flatMap(
    HttpServerRequest,
    ({ method }): Handler<R> =>
      handlers.get(method) ??
      PublicError.handle(Effect.fail(new RequestError({ reason: new MethodNotAllowed({ method, allowed }) })))
  )
}

/** Adds a path with its methods. */
export const methods = <R>(router: HttpRouter.HttpRouter, path: HttpRouter.PathInput, handlers: Handlers<R>) =>
  router.add("*", path, byMethod(handlers))
