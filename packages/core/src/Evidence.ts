/**
 * What was seen of an upstream's failure: enough to understand it without the
 * upstream at hand. Captured redacted, with a bounded body, and carried by every
 * `UpstreamError`.
 *
 * **Example** (Reading the evidence)
 *
 * ```ts
 * import { Evidence } from "@causeway/core/Evidence"
 *
 * const evidence = new Evidence({
 *   attempt: 1,
 *   timing: { startedAt: 0, totalMs: 12 },
 *   response: { status: 503, headers: [["server", "envoy"]], body: "no healthy upstream", bodyBytes: 19 }
 * })
 *
 * evidence.header("Server") // => "envoy"
 * ```
 */
import * as Schema from "effect/Schema"

/** The most of a failed answer's body that is kept, in characters. */
export const bodyLimit = 16_384

/** The request as it went out: no body, no credentials. */
export const RequestEvidence = Schema.Struct({
  /** Left out where it is not known: an answer of `fetch` does not say it. */
  method: Schema.optional(Schema.String),
  /** Credentials in it are masked. */
  url: Schema.String,
  /** Size of the body in bytes, where it was known. */
  bytes: Schema.optional(Schema.Finite)
})

/** Milliseconds; `startedAt` is on the epoch. */
export const Timing = Schema.Struct({
  startedAt: Schema.Finite,
  /** To the answer's headers. */
  headersMs: Schema.optional(Schema.Finite),
  /** To the moment of failure. */
  totalMs: Schema.Finite
})

/** The answer as far as it came. */
export const ResponseEvidence = Schema.Struct({
  status: Schema.Finite,
  /** In the order received; credentials and cookies masked. */
  headers: Schema.Array(Schema.Tuple([Schema.String, Schema.String])),
  /** Redacted, at most {@link bodyLimit} characters. */
  body: Schema.String,
  /** How many bytes of body arrived. */
  bodyBytes: Schema.Finite
})

/** What the provider itself said, in its own words. */
export const ProviderEvidence = Schema.Struct({
  message: Schema.optional(Schema.String),
  type: Schema.optional(Schema.String),
  /** A number at some vendors; always a string here. */
  code: Schema.optional(Schema.String),
  param: Schema.optional(Schema.String)
})

/** One error of a chain of system errors, outermost first. */
export const SystemEvidence = Schema.Struct({
  name: Schema.String,
  message: Schema.String,
  code: Schema.optional(Schema.String),
  syscall: Schema.optional(Schema.String),
  address: Schema.optional(Schema.String),
  port: Schema.optional(Schema.Finite)
})

/** How far a stream had come. */
export const StreamEvidence = Schema.Struct({
  events: Schema.Finite,
  bytes: Schema.Finite,
  /** The output received before the failure, bounded. */
  partial: Schema.optional(Schema.String)
})

/** What was seen of a failure. */
export class Evidence extends Schema.Class<Evidence>("@causeway/core/Evidence")({
  /** Counts from 1. */
  attempt: Schema.Finite,
  timing: Timing,
  request: Schema.optional(RequestEvidence),
  response: Schema.optional(ResponseEvidence),
  provider: Schema.optional(ProviderEvidence),
  /** The upstream's id of this request, whatever header it came in. */
  requestId: Schema.optional(Schema.String),
  /** `x-should-retry`, where the upstream sent it. */
  shouldRetry: Schema.optional(Schema.Boolean),
  /** Every `x-ratelimit-*`, `ratelimit-*` and `anthropic-ratelimit-*` header, by its name without that prefix. */
  rateLimit: Schema.optional(Schema.Record(Schema.String, Schema.String)),
  stream: Schema.optional(StreamEvidence),
  system: Schema.optional(Schema.Array(SystemEvidence))
}) {
  /** The first value of an answer's header, by its name in any case. */
  header(name: string): string | undefined {
    const wanted = name.toLowerCase()
    return this.response?.headers.find(([key]) => key.toLowerCase() === wanted)?.[1]
  }
}
