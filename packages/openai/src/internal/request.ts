/** From the arguments of `fetch` to a request as it goes out. */
import type { Rule } from "@causeway/core/Rule"
import { Readable } from "node:stream"

/** A request as it goes out. */
export interface Outgoing {
  readonly method: string
  /** Scheme, host and port. */
  readonly origin: string
  /** Path and query. */
  readonly path: string
  /** Names and values in turn. */
  readonly headers: ReadonlyArray<string>
  readonly body: string | Uint8Array | Readable | undefined
  /** Whether the answer is a stream of events. */
  readonly stream: boolean
  /** What only this upstream means by what it answers. Default: nothing. */
  readonly rules?: ReadonlyArray<Rule> | undefined
}

/** Names that belong to the connection, which is undici's. */
const hopByHop = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade", "expect", "proxy-connection"])

const flatten = (headers: RequestInit["headers"]): Array<string> => {
  const flat: Array<string> = []
  if (headers === undefined) return flat
  const entries = Array.isArray(headers) || headers instanceof Headers ? headers : Object.entries(headers)
  for (const [name, value] of entries) {
    if (name !== undefined && value !== undefined && !hopByHop.has(name.toLowerCase())) flat.push(name, String(value))
  }
  return flat
}

/** The parts of a `fetch` call. Throws what `fetch` throws where they make no request. */
export const outgoingOf = (input: string | URL | Request, init: RequestInit, stream: boolean): Outgoing => {
  const body = init.body ?? undefined
  if (!(input instanceof Request) && (body === undefined || typeof body === "string" || body instanceof Uint8Array)) {
    const url = input instanceof URL ? input : new URL(input)
    return {
      method: init.method ?? "GET",
      origin: url.origin,
      path: url.pathname + url.search,
      headers: flatten(init.headers),
      body,
      stream
    }
  }
  // Forms, blobs, iterables and streams: the standard knows how each is encoded and labelled.
  const request = new Request(input, { ...init, signal: null, ...(body !== undefined && { duplex: "half" }) })
  const url = new URL(request.url)
  return {
    method: request.method,
    origin: url.origin,
    path: url.pathname + url.search,
    headers: flatten(request.headers),
    body: request.body === null ? undefined : Readable.from(request.body),
    stream
  }
}

/** The same of a call that another `fetch` will make: nothing of it may be consumed here. */
export const outgoingBy = (input: string | URL | Request, init: RequestInit, stream: boolean): Outgoing => {
  const given = input instanceof Request ? input : undefined
  const url = new URL(given === undefined ? String(input) : given.url)
  const { body } = init
  return {
    method: init.method ?? given?.method ?? "GET",
    origin: url.origin,
    path: url.pathname + url.search,
    headers: [],
    body: typeof body === "string" || body instanceof Uint8Array ? body : undefined,
    stream
  }
}
