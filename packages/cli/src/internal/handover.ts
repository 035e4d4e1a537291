/** Upstreams on their way to a worker, whose `Redacted` values no clone would keep. */
import type { UpstreamConfig, Upstreams } from "@causeway/openai/UpstreamConfig"
import * as Redacted from "effect/Redacted"

/** What can be cloned of upstreams whose secrets have been read. */
export type Sent = Readonly<Record<string, Omit<UpstreamConfig, "apiKey"> & { readonly apiKey?: string | undefined }>>

/** The upstreams with their keys in the clear: within the process that has them anyway. */
export const send = (upstreams: Upstreams): Sent =>
  mapped(upstreams, ({ apiKey, ...config }) => ({
    ...config,
    ...(Redacted.isRedacted(apiKey) && { apiKey: Redacted.value(apiKey) })
  }))

/** The upstreams as they were. */
export const receive = (sent: Sent): Upstreams =>
  mapped(sent, ({ apiKey, ...config }) => ({
    ...config,
    ...(apiKey !== undefined && { apiKey: Redacted.make(apiKey) })
  }))

const mapped = <A, B>(all: Readonly<Record<string, A>>, f: (each: A) => B): Readonly<Record<string, B>> =>
  Object.fromEntries(Object.entries(all).map(([name, each]) => [name, f(each)]))
