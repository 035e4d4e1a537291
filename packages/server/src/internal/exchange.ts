/**
 * A request and what became of it, for those who tell of it afterwards: the access
 * log and the metrics. The outermost of them begins it; whatever is known further
 * inside is noted in it.
 *
 * On Node it ends when the answer has gone out or its connection is gone, and so it
 * knows how long a stream took and how much of it was sent.
 */
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { Headers } from "effect/http/Headers"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import { hasProperty } from "effect/Predicate"
import type { ServerResponse } from "node:http"

/** What is known of a request, more and more of it. */
export interface Exchange {
  readonly request: HttpServerRequest
  /** By `performance.now()`. */
  readonly startedAt: number
  /** The answer's status; 0 where there was none. */
  status: number
  /** The answer's headers, as far as they are set by the application. */
  headers: Headers | undefined
  /** What was sent, its head included; `undefined` where nobody counts it. */
  bytes: number | undefined
  /** Whether the connection was gone before the end of the answer. */
  isAborted: boolean
  /** The pattern of the route, such as `/v1/models/:id`. */
  route: string | undefined
  /** The name of the caller's key. */
  key: string | undefined
  /** What it failed with. */
  reason: string | undefined
}

const Current = Context.Reference<Ending | undefined>("@causeway/server/internal/exchange/Current", {
  defaultValue: () => undefined
})

interface Ending extends Exchange {
  /** Serves it. */
  readonly fiber: Fiber.Fiber<unknown, unknown>
  readonly onEnd: Array<(exchange: Exchange) => void>
}

/** What is found out on the way. */
export type Note = Partial<Pick<Exchange, "key" | "reason">>

/** Notes something of the request that a fiber serves. */
export const note = (fiber: Fiber.Fiber<unknown, unknown>, found: Note): void => {
  const exchange = fiber.getRef(Current)
  if (exchange !== undefined) Object.assign(exchange, found)
}

type App<E, R> = Effect.Effect<HttpServerResponse, E, R>

/** Tells of each request once it is over. `onEnd` and `onBegin` must not throw. */
export const observed = <E, R>(
  app: App<E, R>,
  onEnd: (exchange: Exchange) => void,
  onBegin?: (request: HttpServerRequest) => void
): App<E, R | HttpServerRequest> =>
  Effect.withFiber((fiber) => {
    const request = Context.getOrUndefined(fiber.context, HttpServerRequest)
    const begun = fiber.getRef(Current)
    if (request === undefined) return app
    onBegin?.(request)
    if (begun === undefined) return begin(app, request, fiber, onEnd)
    begun.onEnd.push(onEnd)
    return app
  })

const begin = <E, R>(
  app: App<E, R>,
  request: HttpServerRequest,
  fiber: Fiber.Fiber<unknown, unknown>,
  onEnd: (exchange: Exchange) => void
): App<E, R> => {
  const exchange: Ending = {
    request,
    startedAt: performance.now(),
    status: 0,
    headers: undefined,
    bytes: undefined,
    isAborted: false,
    route: undefined,
    key: undefined,
    reason: undefined,
    fiber,
    onEnd: [onEnd]
  }
  const response = serverResponseOf(request)
  const served = Effect.provideService(
    Effect.map(app, (answer) => {
      answered(exchange, answer)
      return answer
    }),
    Current,
    exchange
  )
  if (response === undefined) {
    return Effect.onExit(served, (exit) =>
      Effect.sync(() => {
        if (Exit.isFailure(exit)) exchange.isAborted = true
        end(exchange)
      })
    )
  }
  const { socket } = response
  const before = socket?.bytesWritten ?? 0
  response.once("close", () => {
    exchange.bytes = socket === null ? undefined : socket.bytesWritten - before
    exchange.isAborted = !response.writableFinished
    exchange.status = response.headersSent ? response.statusCode : 0
    end(exchange)
  })
  return served
}

const answered = (exchange: Ending, { headers, status }: HttpServerResponse): void => {
  exchange.route ??= routeOf(exchange.fiber)
  exchange.headers = headers
  exchange.status = status
}

const end = (exchange: Ending): void => {
  // Of a request that was given up, the fiber is not through with it yet.
  exchange.route ??= routeOf(exchange.fiber)
  for (const tell of exchange.onEnd) tell(exchange)
}

const serverResponseOf = (request: HttpServerRequest): ServerResponse | undefined => {
  const response: unknown = NodeHttpServerRequest.toServerResponse(request)
  return hasProperty(response, "writeHead") && hasProperty(response, "once") ? (response as ServerResponse) : undefined
}

/**
 * Notes which route serves: for the innermost middleware, since the router tells nobody
 * else, and middlewares between it and the outermost one hide it.
 */
export const routed = <E, R>(app: App<E, R>): App<E, R> =>
  Effect.withFiber((fiber) => {
    const exchange = fiber.getRef(Current)
    if (exchange === undefined) return app
    return Effect.map(app, (answer) => {
      exchange.route ??= routeOf(fiber)
      return answer
    })
  })

const routeOf = (fiber: Fiber.Fiber<unknown, unknown>): string | undefined =>
  Context.getOrUndefined(fiber.context, HttpRouter.RouteContext)?.route.path
