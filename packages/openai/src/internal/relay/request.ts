/** A relayed request as it goes out. */
import { RequestEncoding } from "@causeway/core/UpstreamReason"
import type * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import type { Outgoing } from "../exchange.ts"
import { type Ready, requestIdNames, requestIdOf } from "../upstreams.ts"
import { renameModel } from "./renameModel.ts"

/** What a caller asks for. */
export interface RelayRequest {
  readonly path: string
  readonly method: string
  readonly body?: string | undefined
}

/** An upstream with the headers that each request to it has. */
export interface Target extends Ready {
  readonly plain: ReadonlyArray<string>
  readonly stream: ReadonlyArray<string>
}

/** Puts the headers of an upstream's requests together once. */
export const targetOf = (upstream: Ready): Target => {
  const own: Record<string, string> = {}
  if (upstream.apiKey !== undefined) own["authorization"] = `Bearer ${Redacted.value(upstream.apiKey)}`
  for (const [name, value] of Object.entries(upstream.headers)) own[name.toLowerCase()] = value
  const headers = (accept: string): ReadonlyArray<string> =>
    Object.entries({ accept, "content-type": "application/json", "user-agent": "causeway", ...own }).flat()
  return { ...upstream, plain: headers("application/json"), stream: headers("text/event-stream") }
}

/** The request to an upstream, or why there cannot be one. */
export const outgoing = (
  target: Target,
  { body, method, path }: RelayRequest,
  stream: boolean,
  fiber: Fiber.Fiber<unknown, unknown>
): Outgoing | RequestEncoding => {
  if (!/^\/[\x21-\x7e]*$/.test(path)) return unsendable("path", path)
  if (!/^[A-Z]{1,20}$/.test(method)) return unsendable("method", method)
  const id = requestIdOf(fiber)
  const headers = stream ? target.stream : target.plain
  return {
    method,
    origin: target.origin,
    path: target.prefix + withQuery(path, target.query),
    headers: id === undefined ? headers : [...headers, ...requestIdNames.flatMap((name) => [name, id])],
    body: body === undefined ? undefined : renameModel(body, target.models),
    stream
  }
}

const withQuery = (path: string, query: string): string =>
  query === "" ? path : path.includes("?") ? `${path}&${query.slice(1)}` : path + query

const unsendable = (what: string, value: string): RequestEncoding =>
  new RequestEncoding({
    message: `the ${what} cannot be sent: ${JSON.stringify(value.slice(0, 100))}`,
    seenIn: "request",
    path: what
  })
