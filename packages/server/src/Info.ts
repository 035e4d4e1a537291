/**
 * `GET /info`: what runs here, for operators: its name, version and age, and whatever
 * else it is told to tell. For callers with an operator's key; where there are no
 * keys, for programs on this machine.
 *
 * **Example** (Together with a number of one's own)
 *
 * ```ts
 * import * as Info from "@causeway/server/Info"
 * import * as Effect from "effect/Effect"
 *
 * export const info = Info.layer({
 *   name: "shop-assistant",
 *   version: "1.4.0",
 *   parts: { openOrders: Effect.succeed(3) }
 * })
 * ```
 */
import * as Redaction from "@causeway/core/Redaction"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import { methods } from "./internal/methods.ts"
import * as Trusted from "./internal/trusted.ts"
import { withoutSecrets } from "./internal/withoutSecrets.ts"
import * as PublicError from "./PublicError.ts"

/** Options of {@link layer}. */
export interface Options {
  /** What the program is called. */
  readonly name: string
  readonly version: string
  /** More to tell, by name: asked at each request, shown as JSON with secrets masked. */
  readonly parts?: Readonly<Record<string, Effect.Effect<unknown>>> | undefined
}

/** The route. */
export const layer = ({ name, parts = {}, version }: Options): Layer.Layer<never, never, HttpRouter.HttpRouter> => {
  const startedAt = Date.now()
  const told = Effect.gen(function* () {
    yield* Trusted.check
    const more: unknown = JSON.parse(JSON.stringify(yield* Effect.all(parts), withoutSecrets) ?? "{}")
    return HttpServerResponse.jsonUnsafe(
      {
        name: Redaction.text(name),
        version: Redaction.text(version),
        ...ageSince(startedAt),
        node: process.versions.node,
        ...(typeof more === "object" && more)
      },
      { headers: { "cache-control": "no-store" } }
    )
  })
  return HttpRouter.use((router) => methods(router, "/info", { GET: PublicError.handle(told) }))
}

/** By the machine's clock, as a process's age is. */
const ageSince = (startedAt: number) => ({
  startedAt: new Date(startedAt).toISOString(),
  uptimeSeconds: Math.floor((Date.now() - startedAt) / 1000)
})
