/** Which of an upstream's headers go back to the caller. */
import type { Exchange } from "../exchange.ts"

/** Content, ids, limits and times; never cookies, and nothing that belongs to the connection. */
const relayed =
  /^(?:content-type|date|server|x-request-id|request-id|apim-request-id|x-ms-request-id|x-ms-region|cf-ray|x-should-retry|retry-after|retry-after-ms|x-envoy-.*|openai-.*|x-ratelimit-.*|ratelimit.*|azureml-model-.*)$/

/** Names in lower case, in the order received. */
export const relayedHeaders = (exchange: Exchange): ReadonlyArray<readonly [string, string]> => {
  const pairs: Array<readonly [string, string]> = []
  for (const name in exchange.headers) {
    if (!relayed.test(name)) continue
    const value = exchange.header(name)
    if (value !== undefined) pairs.push([name, value])
  }
  return pairs
}

const ids = ["x-request-id", "request-id", "apim-request-id", "x-ms-request-id", "cf-ray"]

/** The upstream's own id of the request. */
export const upstreamRequestId = (exchange: Exchange): string | undefined => {
  for (const name of ids) {
    const value = exchange.header(name)
    if (value !== undefined && value !== "") return value
  }
  return undefined
}
