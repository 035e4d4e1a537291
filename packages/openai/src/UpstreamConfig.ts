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
import * as Redaction from "@causeway/core/Redaction"
import type * as Config from "effect/Config"
import * as Redacted from "effect/Redacted"

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

/**
 * The credentials that a configuration holds, to be masked wherever they turn up: its
 * key, unless it is still to be read, and those in its headers and its address.
 */
export const credentials = ({ apiKey, baseUrl, headers = {} }: UpstreamConfig): ReadonlyArray<Redacted.Redacted> => {
  const query = URL.parse(baseUrl)?.searchParams ?? []
  const named = [...Object.entries(headers), ...query].filter(([name]) => Redaction.isCredentialName(name))
  const texts = named.flatMap(([, value]) => {
    // An upstream may repeat a credential without the scheme before it.
    const [, bare] = /^[\w-]+ +(\S+)$/.exec(value) ?? []
    return bare === undefined ? [value] : [value, bare]
  })
  return [...(Redacted.isRedacted(apiKey) ? [apiKey] : []), ...texts.map((text) => Redacted.make(text))]
}
