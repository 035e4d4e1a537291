/** What a policy is told of a relayed call. */
import type { RelayRequest, TransferRequest } from "@causeway/openai/Relay"
import type * as Call from "@causeway/resilience/Call"

/** Calls that only cost tokens when they are made twice. */
const repeatable = /^\/(?:chat\/completions|completions|embeddings|moderations|images\/|audio\/)/

/** A response that is worked on in the background is there twice when it was asked for twice. */
const inBackground = /"background"\s*:\s*true/

const model = /"model"\s*:\s*"([^"\\]{1,200})"/

/** How much of a body is searched for its model, in characters: a name that is not found costs nothing but precision. */
const searched = 4096

/**
 * Its model, and whether it may be made twice where nobody knows what became of the
 * first one: a policy may do so when an attempt takes too long.
 */
export const callOf = ({
  body,
  headers,
  method,
  path
}: typeof RelayRequest.Type | typeof TransferRequest.Type): Call.Call => {
  const isSafe =
    method === "GET" ||
    headers?.["idempotency-key"] !== undefined ||
    repeatable.test(path) ||
    (path === "/responses" && typeof body === "string" && !inBackground.test(body))
  const named = typeof body === "string" ? model.exec(body.slice(0, searched))?.[1] : undefined
  return { ...(isSafe ? {} : { replay: "never" }), ...(named === undefined ? {} : { model: named }) }
}
