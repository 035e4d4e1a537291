/**
 * Reasons that the upstream, or a gateway in front of it, states itself.
 */
import * as Schema from "effect/Schema"
import * as Disposition from "../Disposition.ts"
import * as Reason from "../Reason.ts"
import { common } from "./Common.ts"

const retryAfter = {
  /** The upstream's own hint, whatever form it came in. */
  retryAfter: Schema.optional(Schema.Duration)
} as const

/** The upstream calls the request wrong. */
export class InvalidRequest extends Reason.make<InvalidRequest>("@causeway/core/UpstreamError/InvalidRequest")(
  "InvalidRequest",
  {
    ...common,
    param: Schema.optional(Schema.String),
    code: Schema.optional(Schema.String)
  },
  {
    when: "The upstream calls the request wrong.",
    recognisedBy: "400 or 422, or another 4xx, without a more precise code or text.",
    toDo: "Correct the request.",
    since: "0.1.0"
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "caller", delivery: "not-sent" })
  }
}

/** More input than the model's context, or the upstream's body limit, takes. */
export class InputTooLarge extends Reason.make<InputTooLarge>("@causeway/core/UpstreamError/InputTooLarge")(
  "InputTooLarge",
  {
    ...common,
    unit: Schema.Literals(["tokens", "bytes"]),
    limit: Schema.optional(Schema.Finite),
    actual: Schema.optional(Schema.Finite)
  },
  {
    when: "More input than the model's context, or the upstream's body limit, takes.",
    recognisedBy:
      "413; or `context_length_exceeded` and the texts by which servers say the same under 400, 403 or 429.",
    toDo: "Send less, or use a model with a larger context.",
    since: "0.1.0"
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "caller", fallback: "larger-context", delivery: "not-sent" })
  }
}

/** A content filter refused the input or withheld the output. */
export class ContentFiltered extends Reason.make<ContentFiltered>("@causeway/core/UpstreamError/ContentFiltered")(
  "ContentFiltered",
  {
    ...common,
    side: Schema.Literals(["input", "output"]),
    /** As the vendor names them, such as `violence`. */
    categories: Schema.Array(Schema.String)
  },
  {
    when: "A filter refused the input, or withheld the output.",
    recognisedBy: "`content_filter`, `content_policy_violation`, Azure's `innererror`; for output the finish reason.",
    toDo: "Change the content, or use another provider.",
    since: "0.1.0"
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({
      blame: "caller",
      fallback: "other-provider",
      delivery: this.side === "input" ? "not-sent" : "ran"
    })
  }
}

/** The upstream does not accept our credential. */
export class Authentication extends Reason.make<Authentication>("@causeway/core/UpstreamError/Authentication")(
  "Authentication",
  common,
  {
    when: "The upstream does not accept our credential.",
    recognisedBy: "401, or `invalid_api_key` and its like under another status.",
    toDo: "Check the credential of this upstream.",
    since: "0.1.0"
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "us", fallback: "other-credential", delivery: "not-sent" })
  }
}

/** Our credential is known but may not do this. */
export class Permission extends Reason.make<Permission>("@causeway/core/UpstreamError/Permission")(
  "Permission",
  common,
  {
    when: "Our credential is known but may not do this.",
    recognisedBy: "403 or 451 that is nothing else; or `permission_error` and its like under another status.",
    toDo: "Give this upstream's credential the right, or use another one.",
    since: "0.1.0"
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "us", fallback: "other-credential", delivery: "not-sent" })
  }
}

/** The model, the route or the object does not exist there. */
export class NotFound extends Reason.make<NotFound>("@causeway/core/UpstreamError/NotFound")(
  "NotFound",
  {
    ...common,
    what: Schema.Literals(["model", "route", "object"])
  },
  {
    when: "The model, the route or the object does not exist there.",
    recognisedBy: "404, 405 or 410; or a code such as `model_not_found` under 400.",
    toDo: "Check the name of the model or object, and the base URL.",
    since: "0.1.0"
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({
      blame: "caller",
      fallback: this.what === "model" ? "any" : "never",
      delivery: "not-sent"
    })
  }
}

/** The object is being changed by somebody else. */
export class Conflict extends Reason.make<Conflict>("@causeway/core/UpstreamError/Conflict")("Conflict", common, {
  when: "The object is being changed by somebody else.",
  recognisedBy: "409, 423 or 425.",
  toDo: "Try again in a moment.",
  since: "0.1.0"
}) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "caller", retry: "backoff", delivery: "not-sent" })
  }
}

/** Too fast for now. A rest mends it. */
export class RateLimited extends Reason.make<RateLimited>("@causeway/core/UpstreamError/RateLimited")(
  "RateLimited",
  {
    ...common,
    ...retryAfter,
    scope: Schema.optional(Schema.Literals(["requests", "tokens", "day"])),
    limit: Schema.optional(Schema.Finite),
    remaining: Schema.optional(Schema.Finite),
    reset: Schema.optional(Schema.Duration)
  },
  {
    when: "Too fast for now: a rest mends it.",
    recognisedBy:
      "429 that names neither a quota nor a lack of capacity; or `rate_limit_exceeded` and its like under another status; or a 402 with `retry-after`.",
    toDo: "Wait, send less, or ask for a higher limit.",
    since: "0.1.0"
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
export class QuotaExhausted extends Reason.make<QuotaExhausted>("@causeway/core/UpstreamError/QuotaExhausted")(
  "QuotaExhausted",
  common,
  {
    when: "Used up or not paid for: a rest does not mend it.",
    recognisedBy:
      "402; or `insufficient_quota`, `billing_hard_limit_reached` and texts about credit or billing under 429, 403 or 400.",
    toDo: "Top up the account, or use another credential: waiting does not help.",
    since: "0.1.0"
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "us", fallback: "other-credential", delivery: "not-sent" })
  }
}

/** The upstream has more to do than it can. */
export class Overloaded extends Reason.make<Overloaded>("@causeway/core/UpstreamError/Overloaded")(
  "Overloaded",
  { ...common, ...retryAfter },
  {
    when: "The upstream has more to do than it can.",
    recognisedBy: "503 in an API's own words, 498 (Groq), 529; or a 429 that speaks of capacity.",
    toDo: "Try again later, or use another upstream.",
    since: "0.1.0"
  }
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
export class ProviderFault extends Reason.make<ProviderFault>("@causeway/core/UpstreamError/ProviderFault")(
  "ProviderFault",
  { ...common, ...retryAfter, status: Schema.optional(Schema.Finite) },
  {
    when: "The upstream's own failure.",
    recognisedBy: "Any other 5xx; or an error event in a stream that names nothing more precise.",
    toDo: "Try again; if it stays, look for the request id in the log of the upstream, or give it to who runs it.",
    since: "0.1.0"
  }
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
export class Gateway extends Reason.make<Gateway>("@causeway/core/UpstreamError/Gateway")(
  "Gateway",
  {
    ...common,
    ...retryAfter,
    gateway: Schema.Literals(["envoy", "nginx", "cloudflare", "alb", "unknown"]),
    flag: Schema.Literals(["no-healthy-upstream", "connect-failure", "reset", "overflow", "timeout", "other"]),
    status: Schema.Finite
  },
  {
    when: "A proxy in front of the upstream answered in its place, or, where `gateway` is `unknown`, something that speaks no API's language.",
    recognisedBy:
      "The sentences, pages and headers of Envoy, nginx, Cloudflare and AWS; 502 to 504 that no API states.",
    toDo: "The proxy answered in the upstream's place: look at what is behind it.",
    since: "0.1.0"
  }
) {
  get [Reason.advice](): string | undefined {
    return this.gateway === "unknown"
      ? "Look at the upstream, and at any proxy before it: the answer does not show which of them gave it."
      : undefined
  }

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
