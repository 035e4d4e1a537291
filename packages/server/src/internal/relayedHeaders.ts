/**
 * Which headers of an upstream's answer a client gets to see: its limits and what
 * it says of itself. Its id of the request goes by another name, since the client's
 * own stands in `x-request-id`.
 */
import { upstreamRequestId } from "./upstreamRequestId.ts"

const kept = /^(?:openai-(?:model|processing-ms|version)$|x-ratelimit-|ratelimit|azureml-model-|x-ms-region$)/

/** As upstreams name their id of a request; the first one counts. */
const ids = ["x-request-id", "request-id", "apim-request-id", "x-ms-request-id", "cf-ray"]

/** What Node sends as a header's value. */
const isValue = (text: string): boolean => /^[\t\x20-\x7e\x80-\xff]*$/.test(text)

export const relayedHeaders = (headers: ReadonlyArray<readonly [string, string]>): Readonly<Record<string, string>> => {
  const relayed: Record<string, string> = {}
  let rank = ids.length
  for (const [name, value] of headers) {
    if (kept.test(name) && isValue(value)) relayed[name] = value
    const found = ids.indexOf(name)
    if (found >= 0 && found < rank) {
      rank = found
      Object.assign(relayed, upstreamRequestId(value))
    }
  }
  return relayed
}
