/** Which of an upstream's headers go back to the caller. */
import * as Classification from "@causeway/core/Classification"
import type { Exchange } from "../exchange.ts"

/** Content, ids, limits and times; never cookies, and nothing that belongs to the connection. */
const relayed =
  /^(?:content-type|content-disposition|inference-header-content-length|date|server|(?:.+-)?request-?id|x-correlation-id|x-generation-id|cf-ray|x-amz-cf-id|x-vercel-id|x-azure-ref|x-ms-region|x-should-retry|retry-after|retry-after-ms|x-envoy-.*|openai-.*|(?:x-|anthropic-)?ratelimit.*|azureml-model-.*)$/

/** Names in lower case, in the order received. */
const relayedHeaders = (exchange: Exchange): ReadonlyArray<readonly [string, string]> => {
  const pairs: Array<readonly [string, string]> = []
  for (const name in exchange.headers) {
    if (!relayed.test(name)) continue
    const value = exchange.header(name)
    if (value !== undefined) pairs.push([name, value])
  }
  return pairs
}

/** What stands before an answer's body. */
export interface Head {
  readonly status: number
  readonly requestId?: string
  readonly headers: ReadonlyArray<readonly [string, string]>
}

/** The head of an answer, with the upstream's own id of the request. */
export const headOf = (exchange: Exchange): Head => {
  const headers = relayedHeaders(exchange)
  const requestId = Classification.requestId(headers)
  return { status: exchange.status, headers, ...(requestId !== undefined && { requestId }) }
}
