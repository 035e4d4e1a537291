/**
 * Compresses answers for clients that want it, with Brotli or gzip: the one that
 * `accept-encoding` values more, Brotli where it values both alike.
 *
 * Left as they are: streams of events and of lines, which would wait in the
 * compressor; what is small, is encoded already, or is of a type that gains nothing,
 * such as audio; and what says `cache-control: no-transform`. What could have been
 * compressed says `vary: Accept-Encoding`.
 *
 * It costs processor time for each answer, and answers of models are small: worth it
 * over slow lines, and not between machines of one network.
 *
 * **Example** (From 4 kB on)
 *
 * ```ts
 * import * as Compression from "@causeway/server/Compression"
 *
 * export const compression = Compression.layer({ minSize: "4 kB" })
 * ```
 */
import * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import { HttpPlatform } from "effect/http/HttpPlatform"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Layer from "effect/Layer"

/** Options of {@link layer}. */
export interface Options {
  /** The least that a body has to have. Default: 1 KiB. */
  readonly minSize?: ByteSize.Input | undefined
}

const streamed = /^(?:text\/event-stream|application\/(?:x-ndjson|ndjson|jsonl|json-seq))\b/i

const compressible = (type: string): boolean =>
  !streamed.test(type) &&
  /^(?:text\/|application\/(?:json|javascript|xml)\b|image\/svg\+xml|[^;]+\+(?:json|xml)\b)/i.test(type)

/** The middleware, for the whole router. */
export const layer = (options: Options = {}): Layer.Layer<never, never, HttpRouter.HttpRouter> => {
  const minSize = options.minSize === undefined ? 1024 : Number(ByteSize.fromInputUnsafe(options.minSize))
  const preferring = (algorithms: ReadonlyArray<"br" | "gzip">) =>
    HttpMiddleware.compression({ algorithms, compressible, minSize })
  const brotli = preferring(["br", "gzip"])
  const gzip = preferring(["gzip", "br"])
  return HttpRouter.middleware(
    Effect.map(
      HttpPlatform,
      (platform) => (app) =>
        Effect.flatMap(HttpServerRequest, ({ headers }) => {
          const chosen = prefersGzip(headers["accept-encoding"]) ? gzip(app) : brotli(app)
          return Effect.provideService(chosen, HttpPlatform, platform)
        })
    ),
    { global: true }
  ).pipe(Layer.provide(platform))
}

/** Loaded only where it is wanted: with it comes all that serves files. */
const platform = Layer.unwrap(
  Effect.map(
    Effect.promise(() => import("@effect/platform-node/NodeHttpPlatform")),
    ({ layer }) => layer
  )
)

/** Whether a client values gzip above Brotli, as RFC 9110 (12.5.3) has it. */
const prefersGzip = (accepted: string | undefined): boolean =>
  accepted !== undefined && accepted.includes("q") && qualityOf(accepted, "gzip") > qualityOf(accepted, "br")

const qualityOf = (accepted: string, coding: string): number => {
  let any = 0
  for (const member of accepted.toLowerCase().split(",", 32)) {
    const [name = "", ...parameters] = member.split(";").map((part) => part.trim())
    const quality = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2)
    const value = quality === undefined ? 1 : Number(quality) || 0
    if (name === coding) return value
    if (name === "*") any = value
  }
  return any
}
