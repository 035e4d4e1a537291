/**
 * Both ways between the SDK's errors and `UpstreamError`, for code that uses the SDK
 * directly, or that was written for its errors.
 *
 * {@link fromSdkError} recognises errors by their shape (status, headers, code, cause),
 * not by the class of one copy of the SDK. What the SDK lost is lost: it keeps no body
 * that is not JSON, and the system error of a broken connection only deep among the
 * causes. `OpenAiClient` sees more.
 *
 * This module loads the SDK's error classes (`openai/error`, two small files), and
 * nothing else of the SDK.
 *
 * **Example** (There and back)
 *
 * ```ts
 * import { fromSdkError, toSdkError } from "@causeway/openai/SdkError"
 * import OpenAI from "openai"
 *
 * const thrown = OpenAI.APIError.generate(
 *   429,
 *   { error: { message: "slow down", code: "rate_limit_exceeded" } },
 *   undefined,
 *   new Headers({ "retry-after": "2", "x-request-id": "req-1" })
 * )
 * const error = fromSdkError(thrown)
 *
 * error?.reason._tag // => "RateLimited"
 * error?.evidence.requestId // => "req-1"
 * error && toSdkError(error) instanceof OpenAI.RateLimitError // => true
 * fromSdkError(new RangeError("my own mistake")) // => undefined
 * ```
 */
import * as Classification from "@causeway/core/Classification"
import { bodyLimit, Evidence } from "@causeway/core/Evidence"
import type * as Lossless from "@causeway/core/Lossless"
import * as Redaction from "@causeway/core/Redaction"
import * as TransportFailure from "@causeway/core/TransportFailure"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as Sdk from "openai/error"
import { sdkErrorOf } from "./internal/sdkError.ts"
import { answerOf, upstreamErrorWithin, verdictOf } from "./internal/thrown.ts"
import { headersOf } from "./Recording.ts"

/** What is known of the call beside what it threw. */
export interface Options {
  /** Default: `openai`. */
  readonly upstream?: string | undefined
  /** Default: `unknown`. */
  readonly operation?: string | undefined
  /** Counts from 1. Default: 1. */
  readonly attempt?: number | undefined
}

/**
 * The `UpstreamError` of anything thrown; `undefined` for what is no failure of an
 * upstream. One that it was made of comes back as it was. Never throws.
 */
export const fromSdkError = (error: unknown, options: Options = {}): UpstreamError | undefined => {
  try {
    return made(error, options)
  } catch {
    // A property that answers once, and throws when it is read again.
    return undefined
  }
}

const made = (error: unknown, options: Options): UpstreamError | undefined => {
  const own = upstreamErrorWithin(error)
  if (own !== undefined) return own
  const verdict = verdictOf(error)
  if (verdict === undefined) return undefined
  const answer = answerOf(error)
  const headers = answer === undefined ? [] : headersOf(answer.head)
  const system = TransportFailure.systemOf(error)
  return new UpstreamError({
    upstream: options.upstream ?? "openai",
    operation: options.operation ?? "unknown",
    reason: verdict.reason,
    evidence: new Evidence({
      attempt: options.attempt ?? 1,
      timing: { startedAt: Date.now(), totalMs: 0 },
      ...(answer !== undefined && {
        response: {
          status: answer.head.status,
          headers: Redaction.headers(headers),
          body: Redaction.text(answer.body).slice(0, bodyLimit),
          bodyBytes: Buffer.byteLength(answer.body)
        }
      }),
      ...Classification.hints(headers),
      ...(verdict.provider !== undefined && { provider: verdict.provider }),
      ...(answer === undefined && system.length > 0 && { system })
    }),
    cause: error
  })
}

/**
 * The error that the SDK throws for such a failure, for code that tells failures apart
 * by the SDK's classes. Its `cause` is the `UpstreamError`; its headers are those of
 * the evidence, credentials masked.
 *
 * **Details**
 *
 * A status of 400 or more decides, as in the SDK. A failure that the SDK has no class
 * for gets the one that says most: an error stated inside a success or in a stream the
 * class of its reason's status; a stream that breaks off `APIConnectionError`; an
 * answer that is none `APIError`. Of an error that was made by {@link fromSdkError} the
 * class is kept.
 *
 * | reason | class |
 * | --- | --- |
 * | `InvalidRequest`, `InputTooLarge`, `ContentFiltered` | `BadRequestError` |
 * | `Authentication`, `Permission`, `NotFound`, `Conflict` | `AuthenticationError`, `PermissionDeniedError`, `NotFoundError`, `ConflictError` |
 * | `RateLimited`, `QuotaExhausted` | `RateLimitError` |
 * | `Overloaded`, `ProviderFault`, `Gateway` | `InternalServerError` |
 * | `Connect`, `Protocol`, `ConnectionLost`, `StreamTruncated` | `APIConnectionError` |
 * | `Timeout`; `Aborted` by a deadline | `APIConnectionTimeoutError` |
 * | `Aborted` by the caller; by a shutdown | `APIUserAbortError`; `APIConnectionError` |
 * | `MalformedResponse`, `StreamProtocol` | `APIError` |
 * | `OutputUnusable` | `LengthFinishReasonError`, `ContentFilterFinishReasonError`, else `OpenAIError` |
 * | `Configuration`, `RequestEncoding`, `Credential`, `Session` | `OpenAIError` |
 *
 * **Example** (An error that came from a worker, for code that knows the SDK)
 *
 * ```ts
 * import { Evidence } from "@causeway/core/Evidence"
 * import { UpstreamError } from "@causeway/core/UpstreamError"
 * import { Timeout } from "@causeway/core/UpstreamReason"
 * import { toSdkError } from "@causeway/openai/SdkError"
 * import OpenAI from "openai"
 *
 * const error = new UpstreamError({
 *   upstream: "primary",
 *   operation: "chat.completions.create",
 *   reason: new Timeout({ message: "no answer came", seenIn: "socket", phase: "headers" }),
 *   evidence: new Evidence({ attempt: 1, timing: { startedAt: 0, totalMs: 3 } })
 * })
 *
 * toSdkError(error) instanceof OpenAI.APIConnectionTimeoutError // => true
 * ```
 */
export const toSdkError = (error: UpstreamError): Sdk.OpenAIError | Sdk.InvalidWebhookSignatureError =>
  sdkErrorOf(error)

const isErrorClass = (u: unknown): u is typeof Error =>
  typeof u === "function" && (u === Error || Object.prototype.isPrototypeOf.call(Error, u))

/**
 * The SDK's error classes, for `Lossless`: what the SDK throws in a worker arrives as
 * an instance of its class, with headers (credentials masked), body, request id and
 * cause. No constructor is called. Both sides have to name them; a side that does not
 * gets a plain `Error` with all properties, and can pass it on.
 *
 * **Example** (An error of the SDK over a queue)
 *
 * ```ts
 * import * as Lossless from "@causeway/core/Lossless"
 * import * as SdkError from "@causeway/openai/SdkError"
 * import OpenAI from "openai"
 *
 * const options: Lossless.Options = { classes: SdkError.losslessClasses }
 * const sent = OpenAI.APIError.generate(503, undefined, "no healthy upstream", new Headers({ server: "envoy" }))
 * const received = Lossless.fromWire(Lossless.toWire(sent, options), options)
 *
 * received instanceof OpenAI.InternalServerError && received.headers.get("server") // => "envoy"
 * ```
 */
export const losslessClasses: ReadonlyArray<Lossless.AnyClassEntry> = Object.entries(Sdk).flatMap(
  ([name, value]: readonly [string, unknown]) => (isErrorClass(value) ? [{ id: `openai/${name}`, class: value }] : [])
)
