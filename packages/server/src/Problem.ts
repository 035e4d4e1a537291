/**
 * A failure as `application/problem+json` (RFC 9457): what a client gets that accepts it
 * no less than other JSON.
 *
 * **Example** (Of a body that is too large)
 *
 * ```ts
 * import * as Problem from "@causeway/server/Problem"
 * import * as PublicError from "@causeway/server/PublicError"
 * import { BodyTooLarge, RequestError } from "@causeway/server/RequestError"
 *
 * const error = PublicError.fromError(new RequestError({ reason: new BodyTooLarge({ limit: 1000 }) }))
 *
 * const { detail, instance, title, type } = Problem.fromError(error, { requestId: "req_1" })
 *
 * type // => "/docs/errors#requesterror-bodytoolarge"
 * title // => "Body too large"
 * detail // => "the body is larger than the 1000 bytes that are allowed"
 * instance // => "req_1"
 * ```
 */
import * as Context from "effect/Context"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as ProblemDetails from "effect/http/ProblemDetails"
import * as Schema from "effect/Schema"
import type { PublicError } from "./PublicError.ts"

/** The problem. */
export const Problem = Schema.Struct({
  /** What explains this kind of failure: {@link Explanations}, with the heading of the kind. */
  type: Schema.String,
  /** The kind of failure, the same each time. */
  title: Schema.String,
  status: Schema.Int,
  /** As `message` in OpenAI's shape. */
  detail: Schema.String,
  /** The id of the request, percent-encoded; left out where it is not known. */
  instance: Schema.optionalKey(Schema.String),
  /** As in OpenAI's shape. */
  code: Schema.String,
  /** As in OpenAI's shape, left out where there is none. */
  param: Schema.optionalKey(Schema.String),
  /** As `type` in OpenAI's shape. */
  category: Schema.String,
  /** Whether the same request may be sent again, as `x-should-retry` says. */
  retryable: Schema.Boolean,
  /** How long to wait before, where that is known. */
  retryAfterMs: Schema.optionalKey(Schema.Finite),
  /** The upstream's own id of the request, where it gave one. */
  upstreamRequestId: Schema.optionalKey(Schema.String)
}).annotate({ identifier: "Problem" })

/** The problem. */
export type Problem = typeof Problem.Type

/**
 * Where the kinds of failures are explained, for the `type` of problems. Default:
 * `/docs/errors` of this server, which `OpenApi.layer` serves.
 */
export const Explanations = Context.Reference<string>("@causeway/server/Problem/Explanations", {
  defaultValue: () => "/docs/errors"
})

/** What is known of a problem beside its failure. */
export interface Options {
  /** Default: that of {@link Explanations}. */
  readonly explanations?: string | undefined
  /** Default: none. */
  readonly requestId?: string | undefined
}

/** The problem that a failure is. */
export const fromError = (
  { body: { error }, headers, kind, status }: PublicError,
  { explanations = Explanations.defaultValue(), requestId }: Options = {}
): Problem => {
  const retryAfterMs = headers["retry-after-ms"]
  const upstreamRequestId = headers["x-upstream-request-id"]
  return {
    type: `${explanations}#${anchorOf(kind)}`,
    title: titleOf(kind),
    status,
    detail: error.message,
    ...(requestId !== undefined && { instance: encodeURIComponent(requestId) }),
    code: error.code,
    ...(error.param !== null && { param: error.param }),
    category: error.type,
    retryable: headers["x-should-retry"] === "true",
    ...(retryAfterMs !== undefined && { retryAfterMs: Number(retryAfterMs) }),
    ...(upstreamRequestId !== undefined && { upstreamRequestId })
  }
}

/** The heading of a kind of failure, as an anchor: `UpstreamError/Gateway` → `upstreamerror-gateway`. */
export const anchorOf = (kind: string): string => kind.toLowerCase().replace("/", "-")

/** `UpstreamError/RateLimited` → `Rate limited`. */
const titleOf = (kind: string): string => {
  const words = kind.slice(kind.indexOf("/") + 1).replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, " ")
  return words.charAt(0) + words.slice(1).toLowerCase()
}

/** The answer of a whole request. */
export const toResponse = (
  problem: Problem,
  headers: Readonly<Record<string, string>> = {}
): HttpServerResponse.HttpServerResponse => HttpServerResponse.setHeaders(ProblemDetails.toResponse(problem), headers)
