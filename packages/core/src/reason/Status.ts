/**
 * Reasons that the upstream, or a gateway in front of it, states itself.
 */
import * as Schema from "effect/Schema"
import * as Disposition from "../Disposition.ts"
import { common } from "./Common.ts"

const retryAfter = {
  /** The upstream's own hint, whatever form it came in. */
  retryAfter: Schema.optional(Schema.Duration)
} as const

/** The upstream calls the request wrong. */
export class InvalidRequest extends Schema.TaggedError<InvalidRequest>("@causeway/core/UpstreamError/InvalidRequest")(
  "InvalidRequest",
  {
    ...common,
    param: Schema.optional(Schema.String),
    code: Schema.optional(Schema.String)
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "caller", delivery: "not-sent" })
  }
}

/** More input than the model's context, or the upstream's body limit, takes. */
export class InputTooLarge extends Schema.TaggedError<InputTooLarge>("@causeway/core/UpstreamError/InputTooLarge")(
  "InputTooLarge",
  {
    ...common,
    unit: Schema.Literals(["tokens", "bytes"]),
    limit: Schema.optional(Schema.Finite),
    actual: Schema.optional(Schema.Finite)
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "caller", fallback: "larger-context", delivery: "not-sent" })
  }
}

/** A content filter refused the input or withheld the output. */
export class ContentFiltered extends Schema.TaggedError<ContentFiltered>(
  "@causeway/core/UpstreamError/ContentFiltered"
)("ContentFiltered", {
  ...common,
  side: Schema.Literals(["input", "output"]),
  /** As the vendor names them, such as `violence`. */
  categories: Schema.Array(Schema.String)
}) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({
      blame: "caller",
      fallback: "other-provider",
      delivery: this.side === "input" ? "not-sent" : "ran"
    })
  }
}

/** The upstream does not accept our credential. */
export class Authentication extends Schema.TaggedError<Authentication>("@causeway/core/UpstreamError/Authentication")(
  "Authentication",
  common
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "us", fallback: "other-credential", delivery: "not-sent" })
  }
}

/** Our credential is known but may not do this. */
export class Permission extends Schema.TaggedError<Permission>("@causeway/core/UpstreamError/Permission")(
  "Permission",
  common
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "us", fallback: "other-credential", delivery: "not-sent" })
  }
}

/** The model, the route or the object does not exist there. */
export class NotFound extends Schema.TaggedError<NotFound>("@causeway/core/UpstreamError/NotFound")("NotFound", {
  ...common,
  what: Schema.Literals(["model", "route", "object"])
}) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({
      blame: "caller",
      fallback: this.what === "model" ? "any" : "never",
      delivery: "not-sent"
    })
  }
}

/** The object is being changed by somebody else. */
export class Conflict extends Schema.TaggedError<Conflict>("@causeway/core/UpstreamError/Conflict")(
  "Conflict",
  common
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "caller", retry: "backoff", delivery: "not-sent" })
  }
}

/** Too fast for now. A rest mends it. */
export class RateLimited extends Schema.TaggedError<RateLimited>("@causeway/core/UpstreamError/RateLimited")(
  "RateLimited",
  {
    ...common,
    ...retryAfter,
    scope: Schema.optional(Schema.Literals(["requests", "tokens", "day"])),
    limit: Schema.optional(Schema.Finite),
    remaining: Schema.optional(Schema.Finite),
    reset: Schema.optional(Schema.Duration)
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({
      blame: "us",
      retry: "backoff",
      retryAfter: this.retryAfter,
      fallback: "any",
      health: "pauses",
      delivery: "not-sent"
    })
  }
}

/** Paid up or used up: waiting does not help, another credential may. */
export class QuotaExhausted extends Schema.TaggedError<QuotaExhausted>("@causeway/core/UpstreamError/QuotaExhausted")(
  "QuotaExhausted",
  common
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "us", fallback: "other-credential", delivery: "not-sent" })
  }
}

/** The upstream has more to do than it can. */
export class Overloaded extends Schema.TaggedError<Overloaded>("@causeway/core/UpstreamError/Overloaded")(
  "Overloaded",
  { ...common, ...retryAfter }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({
      blame: "upstream",
      retry: "backoff",
      retryAfter: this.retryAfter,
      fallback: "any",
      health: "counts",
      delivery: "not-sent"
    })
  }
}

/** The provider's own 5xx. */
export class ProviderFault extends Schema.TaggedError<ProviderFault>("@causeway/core/UpstreamError/ProviderFault")(
  "ProviderFault",
  { ...common, ...retryAfter, status: Schema.optional(Schema.Finite) }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({
      blame: "upstream",
      retry: "backoff",
      retryAfter: this.retryAfter,
      fallback: "any",
      health: "counts"
    })
  }
}

/** A proxy in front of the upstream answered in its place. */
export class Gateway extends Schema.TaggedError<Gateway>("@causeway/core/UpstreamError/Gateway")("Gateway", {
  ...common,
  ...retryAfter,
  gateway: Schema.Literals(["envoy", "nginx", "cloudflare", "alb", "unknown"]),
  flag: Schema.Literals(["no-healthy-upstream", "connect-failure", "reset", "overflow", "timeout", "other"]),
  status: Schema.Finite
}) {
  get [Disposition.symbol](): Disposition.Disposition {
    const flag = this.flag
    return Disposition.make({
      blame: "upstream",
      retry: "backoff",
      retryAfter: this.retryAfter,
      fallback: "any",
      health: "counts",
      delivery:
        flag === "no-healthy-upstream" || flag === "connect-failure" || flag === "overflow"
          ? "not-sent"
          : "may-have-run"
    })
  }
}
