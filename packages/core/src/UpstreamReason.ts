/**
 * The reasons for which a call to an upstream can fail: a closed union, so that a
 * `switch` over `_tag` is checked for completeness.
 *
 * **Example** (A reason says what it means)
 *
 * ```ts
 * import * as Disposition from "@causeway/core/Disposition"
 * import { Gateway } from "@causeway/core/UpstreamReason"
 *
 * const reason = new Gateway({
 *   message: "no healthy upstream",
 *   seenIn: "status",
 *   gateway: "envoy",
 *   flag: "no-healthy-upstream",
 *   status: 503
 * })
 *
 * Disposition.of(reason)?.delivery // => "not-sent"
 * ```
 */
import * as Schema from "effect/Schema"
import { MalformedResponse, OutputUnusable, Session, StreamProtocol, StreamTruncated } from "./reason/Answer.ts"
import { Configuration, Credential, RequestEncoding } from "./reason/BeforeSending.ts"
import {
  Authentication,
  Conflict,
  ContentFiltered,
  Gateway,
  InputTooLarge,
  InvalidRequest,
  NotFound,
  Overloaded,
  Permission,
  ProviderFault,
  QuotaExhausted,
  RateLimited
} from "./reason/Status.ts"
import { Aborted, Connect, ConnectionLost, Protocol, Timeout } from "./reason/Transport.ts"

export * from "./reason/Answer.ts"
export * from "./reason/BeforeSending.ts"
export { SeenIn } from "./reason/Common.ts"
export * from "./reason/Status.ts"
export * from "./reason/Transport.ts"

/** Every reason, as a schema. */
export const UpstreamReason = Schema.Union([
  Configuration,
  RequestEncoding,
  Credential,
  Connect,
  Protocol,
  Timeout,
  ConnectionLost,
  Aborted,
  InvalidRequest,
  InputTooLarge,
  ContentFiltered,
  Authentication,
  Permission,
  NotFound,
  Conflict,
  RateLimited,
  QuotaExhausted,
  Overloaded,
  ProviderFault,
  Gateway,
  MalformedResponse,
  StreamProtocol,
  StreamTruncated,
  OutputUnusable,
  Session
])

/** Every reason, as a type. */
export type UpstreamReason = typeof UpstreamReason.Type
