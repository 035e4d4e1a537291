/**
 * What is wrong with a request before any call is made of it: its body, a header,
 * its route, its key. The client's to change, so never a 5xx.
 *
 * **Example** (A value of the wrong type)
 *
 * ```ts
 * import { InvalidValue, RequestError } from "@causeway/server/RequestError"
 *
 * const error = new RequestError({ reason: new InvalidValue({ path: "x", issue: "Expected a finite number" }) })
 *
 * error.message // => "x: Expected a finite number"
 * ```
 */
import * as Disposition from "@causeway/core/Disposition"
import * as Duration from "effect/Duration"
import * as ErrorReporter from "effect/ErrorReporter"
import type * as LogLevel from "effect/LogLevel"
import * as Schema from "effect/Schema"

/** The body cannot be read as what it has to be. */
export class MalformedBody extends Schema.TaggedError<MalformedBody>("@causeway/server/RequestError/MalformedBody")(
  "MalformedBody",
  {
    issue: Schema.Literals(["empty", "not-utf-8", "not-json", "duplicate-name", "incomplete"]),
    /** What the parser says, where it says more: never a piece of the body. */
    detail: Schema.optional(Schema.String)
  }
) {
  override get message(): string {
    const what = {
      empty: "the body is empty, and has to be JSON",
      "not-utf-8": "the body is not valid UTF-8",
      "not-json": "the body is not valid JSON",
      "duplicate-name": "an object of the body has a name twice",
      incomplete: "the body ended before its announced end"
    }[this.issue]
    return this.detail === undefined ? what : `${what}: ${this.detail}`
  }
}

/** A value of the body is not what its schema allows. */
export class InvalidValue extends Schema.TaggedError<InvalidValue>("@causeway/server/RequestError/InvalidValue")(
  "InvalidValue",
  {
    /** Where the value stands, such as `messages[0].content`; empty for the body as a whole. */
    path: Schema.String,
    /** What the schema expects. */
    issue: Schema.String
  }
) {
  override get message(): string {
    return `${this.path === "" ? "the body" : this.path}: ${this.issue}`
  }
}

/** A header has a value that it cannot have. */
export class InvalidHeader extends Schema.TaggedError<InvalidHeader>("@causeway/server/RequestError/InvalidHeader")(
  "InvalidHeader",
  {
    header: Schema.String,
    /** What is allowed. */
    allowed: Schema.String
  }
) {
  override get message(): string {
    return `the header ${this.header} has to be ${this.allowed}`
  }
}

/** No key came along, or one that is not known here. */
export class Unauthenticated extends Schema.TaggedError<Unauthenticated>(
  "@causeway/server/RequestError/Unauthenticated"
)("Unauthenticated", { issue: Schema.Literals(["missing", "unknown"]) }) {
  override get message(): string {
    return this.issue === "missing"
      ? "no API key was sent: it belongs in the header x-api-key, or in authorization as a bearer token"
      : "the API key is not known here"
  }
}

/** The key is known, and may not do this. */
export class Forbidden extends Schema.TaggedError<Forbidden>("@causeway/server/RequestError/Forbidden")("Forbidden", {
  /** The key's name. */
  key: Schema.String,
  scope: Schema.Literals(["route", "model", "operator"]),
  /** The path or the model. */
  wanted: Schema.String
}) {
  override get message(): string {
    const what = {
      route: `has no access to ${this.wanted}`,
      model: `has no access to the model ${this.wanted}`,
      operator: `has no access to ${this.wanted}, which is for operators`
    }[this.scope]
    return `the API key ${JSON.stringify(this.key)} ${what}`
  }
}

/** The key has made as many requests as it may for now. */
export class TooManyRequests extends Schema.TaggedError<TooManyRequests>(
  "@causeway/server/RequestError/TooManyRequests"
)("TooManyRequests", {
  limit: Schema.Finite,
  /** How long the window is, in milliseconds. */
  windowMs: Schema.Finite,
  /** When the next request is let in, in milliseconds. */
  retryAfterMs: Schema.Finite
}) {
  override get message(): string {
    const window = Duration.format(Duration.millis(this.windowMs))
    const wait = Duration.format(Duration.millis(this.retryAfterMs))
    return `more than ${this.limit} requests within ${window}; the next one is let in after ${wait}`
  }
}

/** There is nothing under this path. */
export class RouteNotFound extends Schema.TaggedError<RouteNotFound>("@causeway/server/RequestError/RouteNotFound")(
  "RouteNotFound",
  {
    method: Schema.String,
    path: Schema.String,
    /** Paths that there are, and that may have been meant. */
    nearby: Schema.optional(Schema.Array(Schema.String))
  }
) {
  override get message(): string {
    const { nearby = [] } = this
    return `there is nothing at ${this.method} ${this.path}${nearby.length === 0 ? "" : `; there is ${nearby.join(", ")}`}`
  }
}

/** The path is served, by other methods. */
export class MethodNotAllowed extends Schema.TaggedError<MethodNotAllowed>(
  "@causeway/server/RequestError/MethodNotAllowed"
)("MethodNotAllowed", { method: Schema.String, allowed: Schema.Array(Schema.String) }) {
  override get message(): string {
    return `${this.method} is not allowed here, only ${this.allowed.join(", ")}`
  }
}

/** The client accepts no media type in which there is an answer. */
export class NotAcceptable extends Schema.TaggedError<NotAcceptable>("@causeway/server/RequestError/NotAcceptable")(
  "NotAcceptable",
  { offered: Schema.Array(Schema.String) }
) {
  override get message(): string {
    return `the header accept allows none of what there is here: ${this.offered.join(", ")}`
  }
}

/** The body is larger than this server takes. */
export class BodyTooLarge extends Schema.TaggedError<BodyTooLarge>("@causeway/server/RequestError/BodyTooLarge")(
  "BodyTooLarge",
  {
    /** In bytes, where it is known. */
    limit: Schema.optional(Schema.Finite)
  }
) {
  override get message(): string {
    return this.limit === undefined
      ? "the body is larger than is allowed"
      : `the body is larger than the ${this.limit} bytes that are allowed`
  }
}

/** The body has an encoding that this server does not read. */
export class UnsupportedEncoding extends Schema.TaggedError<UnsupportedEncoding>(
  "@causeway/server/RequestError/UnsupportedEncoding"
)("UnsupportedEncoding", { encoding: Schema.String }) {
  override get message(): string {
    return `bodies with content-encoding ${this.encoding} are not read here: send it uncompressed`
  }
}

/**
 * Two servers could read two different requests in it, so that the one in front lets
 * through what the one behind never should have seen. The connection is closed.
 */
export class AmbiguousRequest extends Schema.TaggedError<AmbiguousRequest>(
  "@causeway/server/RequestError/AmbiguousRequest"
)("AmbiguousRequest", {
  issue: Schema.Literals(["version", "transfer-encoding", "no-host", "not-a-host", "two-hosts", "follows-another"])
}) {
  override get message(): string {
    return {
      version: "the request has no version of HTTP",
      "transfer-encoding": "only chunked is allowed as transfer-encoding, and only in HTTP/1.1",
      "no-host": "the request has no host header",
      "not-a-host": "the request's host header is not a host",
      "two-hosts": "the request has several host headers",
      "follows-another": "the request follows one on its connection of which it may be a part"
    }[this.issue]
  }
}

/** Too many requests were sent ahead on one connection, without waiting for answers. */
export class TooManyPipelined extends Schema.TaggedError<TooManyPipelined>(
  "@causeway/server/RequestError/TooManyPipelined"
)("TooManyPipelined", {
  /** How many may wait. */
  limit: Schema.Finite
}) {
  override get message(): string {
    return `more than ${this.limit} requests of this connection wait for their answers`
  }
}

/** Every reason, as a schema. */
export const RequestReason = Schema.Union([
  MalformedBody,
  InvalidValue,
  InvalidHeader,
  Unauthenticated,
  Forbidden,
  TooManyRequests,
  RouteNotFound,
  MethodNotAllowed,
  NotAcceptable,
  BodyTooLarge,
  UnsupportedEncoding,
  AmbiguousRequest,
  TooManyPipelined
])

/** Every reason, as a type. */
export type RequestReason = typeof RequestReason.Type

/** A request that cannot be served as it is. */
export class RequestError extends Schema.TaggedError<RequestError>("@causeway/server/RequestError")("RequestError", {
  reason: RequestReason
}) {
  override get message(): string {
    return this.reason.message
  }

  get [Disposition.symbol](): Disposition.Disposition {
    const { reason } = this
    const base = { blame: "caller", delivery: "not-sent" } as const
    switch (reason._tag) {
      case "TooManyRequests":
        return Disposition.make({ ...base, retry: "backoff", retryAfter: Duration.millis(reason.retryAfterMs) })
      case "TooManyPipelined":
        return Disposition.make({ ...base, retry: "backoff" })
      default:
        return Disposition.make(base)
    }
  }

  override get [ErrorReporter.severity](): LogLevel.Severity {
    return "Info"
  }

  override get [ErrorReporter.attributes](): Readonly<Record<string, unknown>> {
    return { "causeway.reason": this.reason._tag, "causeway.blame": "caller" }
  }
}

const hasKnownReason = Schema.is(Schema.Struct({ reason: RequestReason }))
const isOfClass = Schema.is(RequestError)

/** Whether a value is a `RequestError` with a reason that is known here, whichever copy of this module made it. */
export const isRequestError = (u: unknown): u is RequestError => isOfClass(u) && hasKnownReason(u)

/** The HTTP status of a reason. */
export const statusOf = (reason: RequestReason): number => statuses[reason._tag]

const statuses: Readonly<Record<RequestReason["_tag"], number>> = {
  MalformedBody: 400,
  InvalidValue: 400,
  InvalidHeader: 400,
  Unauthenticated: 401,
  Forbidden: 403,
  TooManyRequests: 429,
  RouteNotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  BodyTooLarge: 413,
  UnsupportedEncoding: 415,
  AmbiguousRequest: 400,
  TooManyPipelined: 429
}
