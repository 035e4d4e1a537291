/**
 * The upstreams that a program may call, as data: the main thread and each worker
 * read the same.
 *
 * The first upstream is the default one. `Upstream.Current` names another; a name
 * that is not configured fails as `UpstreamError` → `Configuration`.
 *
 * **Example** (A provider and a local fallback)
 *
 * ```ts
 * import type { Upstreams } from "@causeway/openai/UpstreamConfig"
 * import * as Config from "effect/Config"
 *
 * const upstreams = {
 *   primary: { baseUrl: "https://api.openai.com/v1", apiKey: Config.Redacted("OPENAI_API_KEY") },
 *   backup: { baseUrl: "http://127.0.0.1:8001/v1", models: { "gpt-5": "llama-3.3-70b" } }
 * } satisfies Upstreams
 *
 * Object.keys(upstreams)[0] // => "primary"
 * ```
 */
import type * as Config from "effect/Config"
import type * as Redacted from "effect/Redacted"

/** How to reach one upstream. */
export interface UpstreamConfig {
  /** Where its routes start, such as `https://api.openai.com/v1`. A query (`?api-version=…`) goes along with each request. */
  readonly baseUrl: string
  /** Sent as `Authorization: Bearer …`. Left out: none is sent. */
  readonly apiKey?: Redacted.Redacted<string> | Config.Config<Redacted.Redacted<string>> | undefined
  /** Sent with each request, such as `api-key`; they win over Causeway's own. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Names of models as this upstream has them, by the names that callers use. Others go out as they are. */
  readonly models?: Readonly<Record<string, string>> | undefined
}

/** Upstreams by name. The first key is the default upstream. */
export type Upstreams = Readonly<Record<string, UpstreamConfig>>
