/**
 * Bounds how many requests each key makes within a window, by Effect's own rate
 * limiter. What is over it is answered with 429, `retry-after` and `x-should-retry`.
 * Answers say how much is left and when all of it will be back, in the headers `RateLimit` and `RateLimit-Policy` of
 * https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/.
 *
 * Who shows no key shares one limit with all others that show none: addresses can be
 * had in any number, and each would take memory.
 *
 * **Example** (A hundred a minute, and more for one)
 *
 * ```ts
 * import * as RateLimit from "@causeway/server/RateLimit"
 *
 * export const limits = RateLimit.layer({
 *   limit: 100,
 *   window: "1 minute",
 *   keys: { batch: { limit: 5_000, window: "1 hour" } }
 * })
 * ```
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import { Caller } from "./Caller.ts"
import { isHealthRequest } from "./internal/healthRequest.ts"
import * as PublicError from "./PublicError.ts"
import { RequestError, TooManyRequests } from "./RequestError.ts"

/**
 * How many requests within how long: as many may come at once, and what was used comes
 * back evenly over the window.
 */
export interface Quota {
  /** A whole number, from 1. */
  readonly limit: number
  /** How long it takes until all of it is back. */
  readonly window: Duration.Input
}

/** Options of {@link layer}. */
export interface Options extends Quota {
  /** Quotas of some keys, by their names. */
  readonly keys?: Readonly<Record<string, Quota>> | undefined
  /** Which requests are not counted. Default: those of `Health`. */
  readonly except?: ((request: HttpServerRequest) => boolean) | undefined
}

/** The middleware, for the whole router; inside of `Auth`. Counts in memory, for this process alone. */
export const layer = (options: Options): Layer.Layer<never, never, HttpRouter.HttpRouter> =>
  layerMiddleware(options).pipe(Layer.provide(RateLimiter.layer), Layer.provide(RateLimiter.layerStoreMemory))

/**
 * As {@link layer}, with a limiter that counts elsewhere, such as in Redis for several
 * servers. Where it cannot be reached, requests are let in: the limit protects what is
 * behind it, which has limits of its own.
 */
export const layerMiddleware = ({
  except = isHealthRequest,
  keys = {},
  ...general
}: Options): Layer.Layer<never, never, HttpRouter.HttpRouter | RateLimiter.RateLimiter> => {
  const quotas = new Map(Object.entries(keys).map(([name, quota]) => [name, quotaOf(name, quota)]))
  const byDefault = quotaOf("default", general)
  return HttpRouter.middleware(
    Effect.map(
      RateLimiter.RateLimiter,
      (limiter) => (app) =>
        Effect.withFiber((fiber) =>
          Effect.flatMap(HttpServerRequest, (request) => {
            if (except(request)) return app
            const key = fiber.getRef(Caller)?.key
            const quota = (key === undefined ? undefined : quotas.get(key)) ?? byDefault
            return limiter
              .consume({
                algorithm: "token-bucket",
                onExceeded: "fail",
                limit: quota.limit,
                window: quota.window,
                key: key === undefined ? "anonymous" : `key:${key}`
              })
              .pipe(
                Effect.matchEffect({
                  onSuccess: ({ remaining, resetAfter }) => Effect.map(app, stating(quota, remaining, resetAfter)),
                  onFailure: ({ reason }) =>
                    reason._tag === "RateLimitExceeded" ? refuse(quota, reason.retryAfter) : unlimited(app, reason)
                })
              )
          })
        )
    ),
    { global: true }
  )
}

interface Known {
  readonly limit: number
  readonly window: Duration.Duration
  /** The value of `RateLimit-Policy`. */
  readonly policy: string
  /** Its name, as a string of RFC 9651. */
  readonly name: string
}

const quotaOf = (named: string, { limit, window }: Quota): Known => {
  const duration = Duration.fromInputUnsafe(window)
  if (!Number.isSafeInteger(limit) || limit < 1 || !(Duration.toMillis(duration) > 0)) {
    throw new TypeError("a rate limit needs a limit of at least 1, and a window above zero")
  }
  // Strings of structured fields are ASCII.
  const name = JSON.stringify(named.replace(/[^\x20-\x7e]/g, "?"))
  return { limit, window: duration, name, policy: `${name};q=${limit};w=${seconds(duration)}` }
}

const seconds = (duration: Duration.Duration): number => Math.ceil(Duration.toSeconds(duration))

const stating = ({ name, policy }: Known, remaining: number, resetAfter: Duration.Duration) =>
  HttpServerResponse.setHeaders({
    "ratelimit-policy": policy,
    ratelimit: `${name};r=${Math.max(0, remaining)};t=${seconds(resetAfter)}`
  })

const refuse = (quota: Known, retryAfter: Duration.Duration) =>
  Effect.map(
    PublicError.handle(
      Effect.fail(
        new RequestError({
          reason: new TooManyRequests({
            limit: quota.limit,
            windowMs: Duration.toMillis(quota.window),
            retryAfterMs: Duration.toMillis(retryAfter)
          })
        })
      )
    ),
    stating(quota, 0, retryAfter)
  )

const unlimited = <A, E, R>(app: Effect.Effect<A, E, R>, reason: RateLimiter.RateLimitStoreError) =>
  Effect.andThen(Effect.logWarning("requests are not limited: the limiter cannot be asked", reason.message), app)
