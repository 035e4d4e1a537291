/**
 * For code that uses the SDK directly: what it throws, as an `UpstreamError`.
 *
 * Errors are recognised by their shape (status, headers, code, cause), not by the
 * class of one copy of the SDK. What the SDK lost is lost: it keeps no body that is
 * not JSON, and the system error of a broken connection only deep among the causes.
 * `OpenAiClient` sees more.
 *
 * **Example** (A caught error of the SDK)
 *
 * ```ts
 * import { fromSdkError } from "@causeway/openai/SdkError"
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
 * fromSdkError(new RangeError("my own mistake")) // => undefined
 * ```
 */
import * as Classification from "@causeway/core/Classification"
import { bodyLimit, Evidence } from "@causeway/core/Evidence"
import * as Redaction from "@causeway/core/Redaction"
import * as TransportFailure from "@causeway/core/TransportFailure"
import { UpstreamError } from "@causeway/core/UpstreamError"
import { answerOf, verdictOf } from "./internal/client/thrown.ts"
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

/** The `UpstreamError` of anything thrown; `undefined` for what is no failure of an upstream. Never throws. */
export const fromSdkError = (error: unknown, options: Options = {}): UpstreamError | undefined => {
  if (isUpstreamError(error)) return error
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

const isUpstreamError = (u: unknown): u is UpstreamError => u instanceof UpstreamError
