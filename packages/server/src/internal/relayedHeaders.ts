/**
 * Which headers of an upstream's answer a client gets to see: its limits and what
 * it says of itself. Its id of the request goes by another name too, since the
 * client's own stands in `x-request-id`.
 */
import type { RelayHead } from "@causeway/openai/Relay"
import { upstreamRequestId } from "./upstreamRequestId.ts"

const kept =
  /^(?:openai-(?:model|processing-ms|version)$|(?:x-|anthropic-)?ratelimit|azureml-model-|x-ms-region$|(?:apim-|x-ms-)?request-id$|cf-ray$|content-disposition$|inference-header-content-length$)/

/** What Node sends as a header's value. */
const isValue = (text: string): boolean => /^[\t\x20-\x7e\x80-\xff]*$/.test(text)

export const relayedHeaders = ({ headers, requestId }: typeof RelayHead.Type): Readonly<Record<string, string>> => {
  const relayed: Record<string, string> = { ...upstreamRequestId(requestId) }
  for (const [name, value] of headers) if (kept.test(name) && isValue(value)) relayed[name] = value
  return relayed
}
