/**
 * The headers of a caller that may go on to an upstream: a closed list, since any other
 * may hold what is between the caller and this server, such as its credential.
 *
 * | header | goes on | why |
 * | --- | --- | --- |
 * | `idempotency-key` | always | by it the upstream knows a repetition of the same request, whoever repeats it |
 * | `openai-beta` | always | it says in which form the caller expects the answer |
 * | `openai-organization`, `openai-project` | where it is asked for | they say whose account is charged, within that of the upstream's key |
 *
 * A header of the same name in an upstream's own configuration wins.
 *
 * **Example** (What a caller's request comes to)
 *
 * ```ts
 * import * as ForwardedHeaders from "@causeway/openai/ForwardedHeaders"
 *
 * const sent = { "idempotency-key": "order-7", "openai-project": "p", authorization: "Bearer k" }
 *
 * ForwardedHeaders.of(sent, []) // => { "idempotency-key": "order-7" }
 * ```
 */
import * as Schema from "effect/Schema"

const header = Schema.optionalKey(Schema.String)

/** The headers, by their names in lower case. */
export const ForwardedHeaders = Schema.Struct({
  "idempotency-key": header,
  "openai-beta": header,
  "openai-organization": header,
  "openai-project": header
})

/** The headers, by their names in lower case. */
export type ForwardedHeaders = typeof ForwardedHeaders.Type

/** Those that go on where it is asked for. */
export const optIn = ["openai-organization", "openai-project"] as const

/** Those that go on where it is asked for. */
export type OptIn = (typeof optIn)[number]

const always = ["idempotency-key", "openai-beta"] as const

/** What goes on of a request's headers, whose names are in lower case; `undefined` where nothing does. */
export const of = (
  headers: Readonly<Record<string, string | undefined>>,
  more: ReadonlyArray<OptIn>
): ForwardedHeaders | undefined => {
  const found: { -readonly [Name in keyof ForwardedHeaders]: ForwardedHeaders[Name] } = {}
  for (const name of [...always, ...more]) {
    const value = headers[name]
    if (value !== undefined) found[name] = value
  }
  return Object.keys(found).length === 0 ? undefined : found
}
