/**
 * What a client may know of a failure: an HTTP status, OpenAI's error shape, and
 * the headers that say whether and when to try again. To who accepts
 * `application/problem+json` no less than other JSON it is a problem of RFC 9457.
 *
 * What an upstream, a boundary or a policy failed with is told in one sentence by
 * its reason. A failure that nobody declared (a defect) is told as a 500 with the
 * request's id; its cause goes to the log only.
 *
 * | status | `type` | reasons |
 * | --- | --- | --- |
 * | the upstream's own 4xx, else 400 | `invalid_request_error` | `InvalidRequest`, `ContentFiltered` |
 * | 413 if it came so, else 400 | `invalid_request_error` | `InputTooLarge` |
 * | 404, 409 | `invalid_request_error` | `NotFound`, `Conflict` |
 * | 429 | `rate_limit_error`, `insufficient_quota` | `RateLimited`, `QuotaExhausted` |
 * | 502, 503 or 504 as it came | `upstream_error` | `Gateway` |
 * | 503 | `upstream_error` | `Overloaded` of the upstream; `ProviderFault` if it came so |
 * | 504 | `upstream_error` | `Timeout` |
 * | 502 | `upstream_error` | every other fault of the upstream; its `Authentication` and `Permission` |
 * | 503 | `service_unavailable_error` | `Overloaded` of the boundary, `Draining`, `Unreachable`, `CircuitOpen`, `Shed` |
 * | 503 | `service_unavailable_error` | `Interrupted`: by the end of the server, as a rule |
 * | 504 | `timeout_error` | `DeadlineExceeded`, `Unresponsive`; `Aborted` by a deadline, as `deadline_exceeded` |
 * | 503 | `service_unavailable_error` | `Aborted` by a shutdown; `Connect` where this server's own connections are all in use |
 * | 499 | `invalid_request_error` | `Aborted` by the caller |
 * | 500 | `server_error` | `Configuration`, `Credential`, `Crashed`, `Undecodable` of a result, defects |
 * | 400, 404, 405, 406, 413, 415 | `invalid_request_error` | the reasons of `RequestError`; `RequestEncoding`, and `Undecodable` of a request |
 * | 401 | `authentication_error` | `Unauthenticated` |
 * | 403 | `permission_error` | `Forbidden` |
 * | 429 | `rate_limit_error` | `TooManyRequests`, `TooManyPipelined` |
 * | 400, 502 or 500 by blame | `error` | an error that a contract declares, or that carries a `Disposition`; `code` is its `_tag` |
 *
 * `code` is the reason in snake case, such as `stream_truncated`. In the first four
 * rows the upstream speaks to the client itself: there its own `message`, `type`,
 * `code` and `param` are kept where it states them.
 *
 * **Example** (A client's view of a failed upstream)
 *
 * ```ts
 * import { Evidence } from "@causeway/core/Evidence"
 * import { UpstreamError } from "@causeway/core/UpstreamError"
 * import { Gateway } from "@causeway/core/UpstreamReason"
 * import * as PublicError from "@causeway/server/PublicError"
 *
 * const error = new UpstreamError({
 *   upstream: "primary",
 *   operation: "chat.completions.create",
 *   reason: new Gateway({
 *     message: "no healthy upstream", seenIn: "status", gateway: "envoy", flag: "no-healthy-upstream", status: 503
 *   }),
 *   evidence: new Evidence({ attempt: 1, timing: { startedAt: 0, totalMs: 3 }, requestId: "up-1" })
 * })
 *
 * const { body, headers, status } = PublicError.fromError(error)
 *
 * status // => 503
 * body.error.message // => 'the upstream "primary" was not reached: its envoy gateway reports no healthy upstream'
 * body.error.code // => "gateway"
 * headers // => { "x-should-retry": "true", "x-upstream-request-id": "up-1" }
 * ```
 */
import * as Attempt from "@causeway/core/Attempt"
import { isBoundaryError } from "@causeway/core/BoundaryError"
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Disposition from "@causeway/core/Disposition"
import { isPolicyError } from "@causeway/core/PolicyError"
import * as Redaction from "@causeway/core/Redaction"
import { isUpstreamError } from "@causeway/core/UpstreamError"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerRespondable from "effect/http/HttpServerRespondable"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import { hasProperty } from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Exchange from "./internal/exchange.ts"
import { wantsProblem } from "./internal/accept.ts"
import { fromHttp, routeNotFound } from "./internal/httpServerError.ts"
import * as Nearby from "./internal/nearby.ts"
import { ofBoundary, ofPolicy, ofRequest } from "./internal/publicOwn.ts"
import { ofUpstream } from "./internal/publicUpstream.ts"
import { report } from "./internal/report.ts"
import { invalidValue } from "./internal/schemaIssue.ts"
import { type Told, told } from "./internal/told.ts"
import { upstreamRequestId } from "./internal/upstreamRequestId.ts"
import * as Problem from "./Problem.ts"
import { isRequestError, type RequestError } from "./RequestError.ts"

/** OpenAI's error shape. */
export interface Body {
  readonly error: {
    readonly message: string
    /** The family, see the table above. */
    readonly type: string
    /** The parameter at fault, such as `messages[0].content`. */
    readonly param: string | null
    readonly code: string
  }
}

/** A failure as it leaves the server. */
export interface PublicError {
  readonly status: number
  /**
   * `x-should-retry` always: by the disposition, and `false` too where a policy here has
   * used up its retries and nobody says when to come back; `retry-after` in seconds with `retry-after-ms`,
   * `x-upstream-request-id`, `allow` and `www-authenticate` where they apply.
   */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Body
  /**
   * What kind of failure it is: the error and its reason, such as `UpstreamError/Gateway`,
   * `ContractError` of an error that a contract declares, else `InternalError` or `Interrupted`.
   */
  readonly kind: string
}

/** Options of the constructors, and of what is made of them. */
export interface Options {
  /**
   * Whether an error that is not of this model is part of a contract, and so meant
   * for its clients. Default: false.
   */
  readonly isDeclared?: boolean | undefined
  /** The id of the request, named where nothing else can be told. Default: `CallMetadata.RequestId`, where there is a fiber. */
  readonly requestId?: string | undefined
}

/**
 * The public form of an error out of the error channel.
 *
 * An error that is not of this model is told by its `_tag` and message where it is
 * declared or carries a `Disposition`; its status follows the blame: 400 for the
 * caller, 502 for an upstream, else 500. Any other one is told as a defect. A
 * `SchemaError` is taken to be about the request, as Effect's own routes do.
 */
export const fromError = (error: unknown, options: Options = {}): PublicError => {
  const own = ownOf(error)
  return make(tell(own, options) ?? unexpected(options.requestId), own)
}

/** The public form of a cause: of its first failure, else of its first defect, else of its interruption. */
export const fromCause = (cause: Cause.Cause<unknown>, options: Options = {}): PublicError => {
  const failure = cause.reasons.find(Cause.isFailReason)
  if (failure !== undefined) return fromError(failure.error, options)
  return cause.reasons.some(Cause.isDieReason)
    ? make(unexpected(options.requestId), undefined)
    : make(interruption, { [Disposition.symbol]: Disposition.make({ blame: "us", retry: "backoff" }) })
}

const ownOf = (error: unknown): unknown => {
  if (HttpServerError.isHttpServerError(error)) return fromHttp(error)
  return Schema.isSchemaError(error) ? invalidValue(error.issue) : error
}

const tell = (error: unknown, { isDeclared = false }: Options): Told | undefined => {
  if (isUpstreamError(error)) return ofUpstream(error)
  if (isBoundaryError(error)) return ofBoundary(error)
  if (isPolicyError(error)) return ofPolicy(error)
  if (isRequestError(error)) return ofRequest(error)
  if (!isDeclared && !Disposition.isDisposed(error)) return undefined
  return hasProperty(error, "_tag") && typeof error._tag === "string" ? ofStranger(error._tag, error) : undefined
}

const interruption: Told = {
  ...told(
    503,
    "service_unavailable_error",
    "Interrupted",
    "the request was interrupted before it was answered; this server may be shutting down"
  ),
  kind: "Interrupted"
}

const ofStranger = (tag: string, error: object): Told => {
  const blame = Disposition.of(error)?.blame
  const status = blame === "caller" ? 400 : blame === "upstream" ? 502 : 500
  const message = "message" in error && typeof error.message === "string" ? error.message : ""
  return { ...told(status, "error", tag, message || tag), code: tag, kind: "ContractError" }
}

const unexpected = (requestId: string | undefined): Told => ({
  ...told(
    500,
    "server_error",
    "InternalError",
    requestId === undefined
      ? "this server failed unexpectedly"
      : `this server failed unexpectedly; its log says more about request ${requestId}`
  ),
  kind: "InternalError"
})

const make = ({ code, kind, message, param, status, type }: Told, error: unknown): PublicError => {
  const disposition = Disposition.of(error)
  return {
    status,
    headers: {
      "x-should-retry": String(shouldRetry(error, disposition)),
      ...retryAfter(disposition?.retryAfter),
      ...(isUpstreamError(error) && upstreamRequestId(error.evidence.requestId)),
      ...(isRequestError(error) && challenge(error))
    },
    body: {
      error: {
        message: Redaction.text(message),
        type: Redaction.text(type),
        param: param === null ? null : Redaction.text(param),
        code: Redaction.text(code)
      }
    },
    kind: kind ?? kindOf(error)
  }
}

/**
 * Whether the client's own retry makes sense. Where the policy here has used up its retries
 * it does not: three tries here for each of three there are nine, at an upstream that has
 * just failed three times. Unless it is known when to come back.
 */
const shouldRetry = (error: unknown, disposition: Disposition.Disposition | undefined): boolean =>
  disposition !== undefined &&
  disposition.retry !== "never" &&
  (disposition.retryAfter !== undefined || !Attempt.isGivenUp(error))

const kindOf = (error: unknown): string =>
  hasProperty(error, "_tag") && hasProperty(error, "reason") && hasProperty(error.reason, "_tag")
    ? `${error._tag}/${error.reason._tag}`
    : "InternalError"

const retryAfter = (wait: Duration.Duration | undefined): Readonly<Record<string, string>> => {
  if (wait === undefined || !Duration.isFinite(wait)) return {}
  const millis = Math.max(0, Math.ceil(Duration.toMillis(wait)))
  return { "retry-after": String(Math.ceil(millis / 1000)), "retry-after-ms": String(millis) }
}

const challenge = ({ reason }: RequestError): Readonly<Record<string, string>> =>
  reason._tag === "MethodNotAllowed"
    ? { allow: reason.allowed.join(", ") }
    : reason._tag === "Unauthenticated"
      ? { "www-authenticate": 'Bearer realm="causeway"' }
      : {}

/** The answer of a whole request. */
export const toResponse = ({ body, headers, status }: PublicError): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.jsonUnsafe(body, { status, headers: headersOf({ headers }) })

const headersOf = ({ headers }: Pick<PublicError, "headers">): Readonly<Record<string, string>> => ({
  "cache-control": "no-store",
  ...headers
})

/** The event that ends a stream which failed after its start, in the form that OpenAI's clients raise. */
export const toEvent = ({ body }: PublicError): string => `event: error\ndata: ${JSON.stringify(body)}\n\n`

/**
 * {@link toEvent} of a stream of the Responses API, whose events are numbered:
 * https://platform.openai.com/docs/api-reference/responses-streaming/error.
 */
export const toResponseEvent = ({ body: { error } }: PublicError, sequenceNumber: number): string =>
  `event: error\ndata: ${JSON.stringify({
    type: "error",
    sequence_number: sequenceNumber,
    code: error.code,
    message: error.message,
    param: error.param
  })}\n\n`

/**
 * The public form of a cause, after the failure has been reported: to the
 * `ErrorReporter`s, and to the log where it is no mistake of the caller's.
 */
export const reported = (cause: Cause.Cause<unknown>, options: Options = {}): Effect.Effect<PublicError> =>
  Effect.withFiber((fiber) => {
    const requestId = options.requestId ?? fiber.getRef(CallMetadata.RequestId)
    const error = fromCause(cause, { ...options, requestId })
    Exchange.note(fiber, { reason: reasonOf(cause) })
    return Effect.as(report(cause, error.status, requestId), error)
  })

/** What failed, in a word. */
const reasonOf = (cause: Cause.Cause<unknown>): string | undefined => {
  const failure = cause.reasons.find(Cause.isFailReason)?.error
  const reason = hasProperty(failure, "reason") ? failure.reason : failure
  if (hasProperty(reason, "_tag") && typeof reason._tag === "string") return Redaction.text(reason._tag)
  return Cause.hasInterruptsOnly(cause) ? "Interrupted" : "InternalError"
}

/**
 * Answers every failure of an effect by its public form. An error that answers
 * for itself (`HttpServerRespondable`) does so. An interruption stays one.
 */
export const handle = <E, R>(
  self: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
  options?: Options
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R> =>
  Effect.catchCause(self, (cause) => (Cause.hasInterruptsOnly(cause) ? interrupted(cause) : respond(cause, options)))

const respond = <E>(cause: Cause.Cause<E>, options?: Options): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
  const answer = cause.reasons.find(Cause.isFailReason)?.error ?? cause.reasons.find(Cause.isDieReason)?.defect
  if (HttpServerResponse.isHttpServerResponse(answer)) return Effect.succeed(answer)
  const answersItself = HttpServerRespondable.isRespondable(answer) && !HttpServerError.isHttpServerError(answer)
  return answersItself ? HttpServerRespondable.toResponse(answer) : Effect.flatMap(reported(cause, options), negotiated)
}

/** The answer in the form that the request asks for, where one is being served. */
const negotiated = (error: PublicError): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.withFiber((fiber) => {
    const request = Context.getOrUndefined(fiber.context, HttpServerRequest)
    if (!wantsProblem(request?.headers["accept"])) return Effect.succeed(toResponse(error))
    const problem = Problem.fromError(error, {
      explanations: fiber.getRef(Problem.Explanations),
      requestId: fiber.getRef(CallMetadata.RequestId)
    })
    return Effect.succeed(Problem.toResponse(problem, headersOf(error)))
  })

const interrupted = <E>(cause: Cause.Cause<E>): Effect.Effect<never> =>
  Effect.failCause(Cause.fromReasons<never>(cause.reasons.filter(Cause.isInterruptReason)))

/**
 * {@link handle} as a middleware of the whole router, so that unknown routes,
 * other people's routes and defects are answered in the same form; and a request
 * that the end of the server interrupts gets a 503.
 */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter> = HttpRouter.middleware(
  Effect.map(
    HttpRouter.HttpRouter,
    (router) => (app) =>
      Effect.catchCause(app, (cause) =>
        cause.reasons.some(isClientAbort) ? Effect.failCause(cause) : respond(withNearby(router, cause))
      )
  ),
  { global: true }
)

/** To a path that nobody serves, what of this router may have been meant. */
const withNearby = <E>(router: HttpRouter.HttpRouter, cause: Cause.Cause<E>): Cause.Cause<E | RequestError> =>
  Cause.map(cause, (error) =>
    HttpServerError.isHttpServerError(error) && error.reason._tag === "RouteNotFound"
      ? routeNotFound(error.reason.request, (path) => Nearby.find(router, path))
      : error
  )

const isClientAbort = (reason: Cause.Reason<unknown>): boolean =>
  Cause.isInterruptReason(reason) && reason.annotations.has(HttpServerError.ClientAbort.key)
