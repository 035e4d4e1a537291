/** What a contender is, and what all of them share: the SDK as the client, one call, what its errors mean. */
import OpenAI, { APIError } from "openai"
import { settings, type Side } from "./protocol.ts"

/** One call: who answered. It ends by itself, or when the signal says so. */
export type Ask = (isBad: boolean, signal: AbortSignal) => Promise<Side>

/** Where an upstream is, and the `fetch` that reaches it where that is not the usual one. */
export interface Address {
  readonly url: string
  readonly fetch?: typeof globalThis.fetch
}

/** Where a contender's upstreams are. */
export type Addresses = Readonly<Record<Side, Address>>

/** A way to call two upstreams. */
export interface Contender {
  readonly make: (urls: Addresses) => Promise<Ask>
  /** Whether an error says that the request itself was wrong. */
  readonly isRejection: (error: unknown) => boolean
}

/** The request, or one without a message, which every upstream refuses with a 400. */
export const request = (isBad: boolean) => ({
  model: "bench",
  messages: isBad ? [] : [{ role: "user" as const, content: "hello" }]
})

/** One attempt by the SDK. */
export type Attempt = (isBad: boolean, signal: AbortSignal) => Promise<Side>

/** The SDK at one upstream, without retries unless told otherwise. */
export const sdk = (
  urls: Addresses,
  side: Side,
  { retries = 0, timeoutMs = settings.attemptMs }: { readonly retries?: number; readonly timeoutMs?: number } = {}
): Attempt => {
  const { fetch, url } = urls[side]
  const client = new OpenAI({
    baseURL: url,
    apiKey: "k",
    maxRetries: retries,
    timeout: timeoutMs,
    ...(fetch && { fetch })
  })
  return async (isBad, signal) => {
    await client.chat.completions.create(request(isBad), { signal })
    return side
  }
}

const statusOf = (error: unknown): unknown => (error instanceof APIError ? error.status : undefined)

/** The caller's own fault: nothing but another request helps. */
export const isCallersFault = (error: unknown): boolean => statusOf(error) === 400

/** What the SDK itself repeats: no connection, 408, 409, 429, and everything from 500. */
export const isTransient = (error: unknown): boolean => {
  const status = statusOf(error)
  if (status === undefined) return error instanceof Error
  return typeof status === "number" && (status >= 500 || [408, 409, 429].includes(status))
}
