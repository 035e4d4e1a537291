/** What a call came to. */
import * as Classification from "@causeway/core/Classification"
import { type Attempt, headersOf } from "../../Recording.ts"
import type { Call } from "../failure.ts"

/** What is known of a success beside its value. */
export interface ResponseInfo {
  readonly upstream: string
  readonly status: number
  /** The upstream's id of the request. */
  readonly requestId?: string
  /** Every `x-ratelimit-*` header, by its name without that prefix. */
  readonly rateLimit?: Readonly<Record<string, string>>
  /** In the order received, names in lower case. */
  readonly headers: ReadonlyArray<readonly [string, string]>
  /** Which attempt succeeded; counts from 1. */
  readonly attempt: number
}

/** A success with what is known beside it. */
export interface WithResponse<A> {
  readonly data: A
  readonly response: ResponseInfo
}

/** A success; what is known beside it is put together only where somebody asks. */
export interface Made<A> {
  readonly data: A
  readonly info: () => ResponseInfo
}

/** What is known of an attempt; `undefined`: the value came without asking the upstream. */
export const infoOf = (call: Call, number: number, attempt: Attempt | undefined): ResponseInfo => {
  if (attempt === undefined) return { upstream: call.upstream, status: 0, headers: [], attempt: number }
  const headers = headersOf(attempt)
  const { rateLimit, requestId } = Classification.hints(headers)
  return {
    upstream: call.upstream,
    status: attempt.status,
    headers,
    attempt: attempt.number,
    ...(requestId !== undefined && { requestId }),
    ...(rateLimit !== undefined && { rateLimit })
  }
}
