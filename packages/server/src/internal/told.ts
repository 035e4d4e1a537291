/**
 * What a client is told of a failure, before it takes the form of an answer.
 */
import type { UpstreamError } from "@causeway/core/UpstreamError"

export interface Told {
  readonly status: number
  readonly type: string
  readonly code: string
  readonly param: string | null
  readonly message: string
  /** What kind of failure it is, where its error and reason do not say so. */
  readonly kind?: string
}

/** `RateLimited` → `rate_limited`. */
const snakeCase = (tag: string): string => tag.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toLowerCase()

export const told = (
  status: number,
  type: string,
  tag: string,
  message: string,
  param: string | null = null
): Told => ({ status, type, code: snakeCase(tag), param, message })

/**
 * A failure in which the upstream speaks to the client itself: its words, code,
 * type and parameter are kept, since clients go by them.
 */
export const addressed = (
  { evidence: { provider = {} }, reason }: UpstreamError,
  status: number,
  type: string,
  param?: string,
  code?: string
): Told => ({
  status,
  type: provider.type ?? type,
  code: provider.code ?? code ?? snakeCase(reason._tag),
  param: provider.param ?? param ?? null,
  message: provider.message ?? reason.message
})
