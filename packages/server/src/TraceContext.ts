/**
 * Takes part in the trace of whoever calls: a request's `traceparent` and `tracestate`
 * go with every call that it makes, into workers, to other servers and to upstreams.
 * Where spans are recorded here, upstreams are told the span of the call instead,
 * which belongs to the same trace.
 *
 * A `traceparent` that is not well-formed is not passed on, and neither is the
 * `tracestate` beside it. Source: https://www.w3.org/TR/trace-context/.
 *
 * **Example** (Which ones are taken over)
 *
 * ```ts
 * import * as TraceContext from "@causeway/server/TraceContext"
 *
 * TraceContext.isValid("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01") // => true
 * TraceContext.isValid("00-00000000000000000000000000000000-b7ad6b7169203331-01") // => false
 * ```
 */
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import type * as Layer from "effect/Layer"

/** Whether a `traceparent` is well-formed. A later version may have more behind it; it is passed on as it is. */
export const isValid = (traceparent: string): boolean =>
  /^(?:00-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}|(?!00|ff)[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}(?:-[\x21-\x7e]{1,100})?)$/.test(
    traceparent
  ) && !/^..-(?:0{32}-|.{32}-0{16}-)/.test(traceparent)

/** A list that is longer may be cut off; one that holds something else is nobody's. */
const isState = (tracestate: string): boolean => /^[\t\x20-\x7e]{1,512}$/.test(tracestate)

/** The middleware, for the whole router. */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter> = HttpRouter.middleware(
  (app) =>
    Effect.flatMap(HttpServerRequest, ({ headers }) => {
      const { traceparent, tracestate } = headers
      if (traceparent === undefined || !isValid(traceparent)) return app
      return Effect.provideService(app, CallMetadata.TraceContext, {
        traceparent,
        tracestate: tracestate !== undefined && isState(tracestate) ? tracestate : undefined
      })
    }),
  { global: true }
)
