/**
 * The page that shows an OpenAPI document: Scalar, as Effect brings it, with everything
 * inlined. Its policy lets it load nothing from elsewhere. Imported when somebody asks for
 * it: Scalar alone is three megabytes.
 */
import * as Effect from "effect/Effect"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiScalar from "effect/http-api/HttpApiScalar"
import * as OpenApi from "effect/http-api/OpenApi"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { Json } from "./openApi.ts"

/** The page of a document. */
export const make = (document: Json): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
  const api = HttpApi.make("causeway").annotate(OpenApi.Transform, () => document)
  const { dispose, handler } = HttpRouter.toWebHandler(HttpApiScalar.layer(api, { scalar }), { disableLogger: true })
  const page = Effect.promise(async () => {
    const answer = await handler(new Request("http://localhost/docs"))
    return await answer.text()
  })
  return page.pipe(
    Effect.ensuring(Effect.promise(dispose)),
    Effect.map((html) =>
      HttpServerResponse.text(html, {
        contentType: "text/html; charset=utf-8",
        headers: { "cache-control": "no-cache", "content-security-policy": policy }
      })
    )
  )
}

/** Without what would lead to Scalar's own services; Effect's types do not have all of it. */
const scalar = {
  withDefaultFonts: false,
  hideClientButton: true,
  showDeveloperTools: "never",
  telemetry: false
} as const

const policy = [
  "default-src 'none'",
  "script-src 'unsafe-inline'",
  "style-src 'unsafe-inline'",
  "img-src data: blob:",
  "font-src data:",
  // Calls that are tried out go to this server.
  "connect-src 'self'"
].join("; ")
