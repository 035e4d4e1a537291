/**
 * Says in the headers of an answer what a policy did for it, so that whoever reads it
 * need not guess. A handler that makes no call under a policy gets none of them.
 *
 * | header | says |
 * | --- | --- |
 * | `x-causeway-upstream` | the upstream that answered, or whose failure this is; not where it has no name |
 * | `x-causeway-attempts` | how many attempts were made; 0 where none could be |
 * | `x-causeway-degraded` | the answer of last resort that this is, see `LastResort` |
 *
 * **Example** (A route of one's own)
 *
 * ```ts
 * import { ProviderFault } from "@causeway/core/UpstreamReason"
 * import * as Upstream from "@causeway/core/Upstream"
 * import * as Policy from "@causeway/resilience/Policy"
 * import * as PolicyHeaders from "@causeway/server/PolicyHeaders"
 * import * as Effect from "effect/Effect"
 * import * as HttpServerResponse from "effect/http/HttpServerResponse"
 *
 * const call = Effect.gen(function* () {
 *   const upstream = yield* Upstream.Current
 *   return upstream === "backup" ? "an answer" : yield* new ProviderFault({ message: "it broke", seenIn: "status" })
 * })
 *
 * const answered = call.pipe(
 *   Policy.apply(Policy.make({ fallback: ["backup"] })),
 *   Effect.map((text) => HttpServerResponse.text(text)),
 *   PolicyHeaders.handle
 * )
 *
 * const { headers } = await Effect.runPromise(answered)
 *
 * headers["x-causeway-upstream"] // => "backup"
 * headers["x-causeway-attempts"] // => "2"
 * ```
 */
import * as Call from "@causeway/resilience/Call"
import * as Degraded from "@causeway/resilience/Degraded"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"

/** The upstream that answered. */
export const upstream = "x-causeway-upstream"

/** How many attempts were made. */
export const attempts = "x-causeway-attempts"

/** The answer of last resort. */
export const degraded = "x-causeway-degraded"

/** Adds the headers to the answer of a handler, also to one that tells of a failure. */
export const handle = <E, R>(
  answered: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R> =>
  Effect.suspend(() => {
    const headers: Record<string, string> = {}
    let made = 0
    // A context by itself would be merged with the one that there is, which copies both.
    const noting = (context: Context.Context<R>): Context.Context<R> =>
      context.pipe(
        // A handler may make several calls, such as one of a smaller model where the first one failed.
        Context.add(Call.Note, (ended) => {
          made += ended.attempts
          headers[attempts] = String(made)
          if (ended.upstream !== undefined) headers[upstream] = valueOf(ended.upstream)
        }),
        Context.add(Degraded.Mark, (name) => {
          headers[degraded] = valueOf(name)
          if (name !== "model") delete headers[upstream]
        })
      )
    return Effect.map(Effect.updateContext(answered, noting), (response) =>
      HttpServerResponse.setHeaders(response, headers)
    )
  })

/** A name as a header's value. */
const valueOf = (name: string): string =>
  /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(name) ? name : encodeURIComponent(name.toWellFormed())
