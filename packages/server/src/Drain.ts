/**
 * The orderly end of a server: from {@link Drain.begin} on, readiness falls and new
 * requests are refused with 503 and `connection: close`, while those in flight are
 * answered.
 *
 * **Example** (Waiting for the last answer)
 *
 * ```ts
 * import { Drain } from "@causeway/server/Drain"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function* () {
 *   const drain = yield* Drain
 *   yield* drain.begin
 *   return yield* drain.awaitIdle("10 seconds")
 * })
 *
 * await Effect.runPromise(Effect.provide(program, Drain.layer)) // => true
 * ```
 */
import { BoundaryError, Draining } from "@causeway/core/BoundaryError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { isHealthRequest } from "./internal/healthRequest.ts"
import * as InFlight from "./internal/inFlight.ts"
import * as PublicError from "./PublicError.ts"

/** The state of a server's end. */
export interface Shape {
  /** Whether {@link Shape.begin} has been run. */
  readonly isDraining: Effect.Effect<boolean>
  /** Ends the readiness. There is no way back. */
  readonly begin: Effect.Effect<void>
  /** How many requests are being answered, those of `Health` not counted. */
  readonly inFlight: Effect.Effect<number>
  /** Waits until nothing is in flight; `false` where the grace was not enough. */
  readonly awaitIdle: (grace: Duration.Input) => Effect.Effect<boolean>
  /** Counts a request until its scope ends, by when its answer has gone out. */
  readonly track: Effect.Effect<void, never, Scope.Scope>
}

const make = (): Shape => {
  const inFlight = InFlight.make()
  let isDraining = false
  return {
    isDraining: Effect.sync(() => isDraining),
    begin: Effect.sync(() => {
      isDraining = true
    }),
    inFlight: Effect.sync(inFlight.count),
    awaitIdle: (grace) =>
      inFlight.idle.pipe(
        Effect.as(true),
        Effect.timeoutOrElse({ duration: grace, orElse: () => Effect.succeed(false) })
      ),
    track: inFlight.track
  }
}

/** The end of this server. */
export class Drain extends Context.Service<Drain, Shape>()("@causeway/server/Drain") {
  /** A server that is not ending yet. */
  static readonly layer: Layer.Layer<Drain> = Layer.sync(Drain, make)
}

/** Options of {@link layerMiddleware}. */
export interface Options {
  /** Which requests are served as ever. Default: those of `Health`. */
  readonly except?: ((request: HttpServerRequest) => boolean) | undefined
}

/** The middleware, for the whole router. */
export const layerMiddleware = ({ except = isHealthRequest }: Options = {}): Layer.Layer<
  never,
  never,
  HttpRouter.HttpRouter | Drain
> =>
  HttpRouter.middleware(
    Effect.map(
      Drain,
      (drain) => (app) =>
        Effect.flatMap(HttpServerRequest, (request) =>
          Effect.flatMap(drain.isDraining, (isDraining) => {
            if (except(request)) return app
            if (isDraining) return Effect.map(PublicError.handle(Effect.fail(refusal)), closing)
            // Who was in flight when the end began is told as well not to come again.
            const answered = Effect.flatMap(app, (response) =>
              Effect.map(drain.isDraining, (isDraining) => (isDraining ? closing(response) : response))
            )
            return Effect.andThen(drain.track, answered)
          })
        )
    ),
    { global: true }
  )

const refusal = new BoundaryError({
  boundary: "server",
  reason: new Draining({ message: "the server is shutting down" })
})

const closing = HttpServerResponse.setHeader("connection", "close")
