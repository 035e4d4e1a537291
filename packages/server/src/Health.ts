/**
 * Whether the server lives and whether it can serve, for load balancers and
 * orchestrators. Needs no key.
 *
 * - `GET /health/live`: 200 as long as the process answers.
 * - `GET /health/ready`: 200 when every check is well and the server is not
 *   draining, else 503 with the reasons.
 * - `GET /health`: as ready, with every check and what it says.
 *
 * **Example** (A check of one's own)
 *
 * ```ts
 * import * as Health from "@causeway/server/Health"
 * import * as Effect from "effect/Effect"
 *
 * const database: Health.Check = {
 *   name: "database",
 *   status: Effect.succeed({ ok: false, reason: "no connection" })
 * }
 *
 * const { status, reasons } = await Effect.runPromise(Health.examine([database]))
 *
 * status // => "not-ready"
 * reasons // => ["database: no connection"]
 * ```
 */
import * as Redaction from "@causeway/core/Redaction"
import * as Upstreams from "@causeway/resilience/Upstreams"
import type { WorkerPool } from "@causeway/workers/WorkerPool"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Drain } from "./Drain.ts"
import { methods } from "./internal/methods.ts"
import { withoutSecrets } from "./internal/withoutSecrets.ts"

/** Whether a request is for one of these routes. */
export { isHealthRequest } from "./internal/healthRequest.ts"

/** What a check found. */
export interface Result {
  readonly ok: boolean
  /** Why it is not well, in a few words; shown to anybody who asks. */
  readonly reason?: string | undefined
  /** More to show under `/health` to anybody who asks, as JSON; secrets are masked. */
  readonly details?: Readonly<Record<string, unknown>> | undefined
}

/** One thing that has to be well for the server to be ready. */
export interface Check {
  readonly name: string
  /** Asked at each request. One that gives no answer within {@link checkLimit} counts as not well. */
  readonly status: Effect.Effect<Result>
}

/** How long a check may take. */
export const checkLimit = Duration.seconds(1)

/** Options of {@link layer}. */
export interface Options {
  readonly checks?: ReadonlyArray<Check> | undefined
}

/** What `/health` answers. */
export interface Report {
  readonly status: "ready" | "not-ready" | "draining"
  /** Why it is not ready; empty when it is. */
  readonly reasons: ReadonlyArray<string>
  readonly checks: ReadonlyArray<Result & { readonly name: string }>
}

/** A check of a pool of workers: well as long as at least one of them serves. */
export const fromPool = (pool: WorkerPool["Service"], name = "workers"): Check => ({
  name,
  status: Effect.map(pool.status, ({ inFlight, queued, reason, state, workers }) => ({
    ok: state === "ready",
    ...(state !== "ready" && { reason: reason ?? `the pool is ${state}` }),
    details: { state, workers: workers.length, queued, inFlight }
  }))
})

/** Options of {@link fromUpstreams}. */
export interface UpstreamsOptions {
  /**
   * Whether the server is not ready while all upstreams are down. Default: false, since
   * whoever takes its servers out of use then leaves callers without any answer.
   */
  readonly required?: boolean | undefined
  /** Default: `upstreams`. */
  readonly name?: string | undefined
}

/** How many models of an upstream are shown that are not well. */
const mostModels = 20

/**
 * A check that shows how the upstreams of a layer of `Upstreams` are, by what calls and
 * probes have seen of them: the worst state among an upstream's models, and those models
 * that are not well. Well, unless `required` says otherwise.
 */
export const fromUpstreams = ({ name = "upstreams", required = false }: UpstreamsOptions = {}): Effect.Effect<Check> =>
  Effect.map(Upstreams.captured, (meeting) => ({
    name,
    status: Effect.map(meeting(Effect.all([Upstreams.names, Upstreams.status])), ([names, all]) => {
      const known = new Map(names.map((upstream) => [upstream, all.filter((status) => status.upstream === upstream)]))
      const isDown = names.length > 0 && [...known.values()].every((statuses) => worst(statuses) === "down")
      return {
        ok: !(required && isDown),
        ...(required && isDown && { reason: "all of them are down" }),
        details: Object.fromEntries([...known].map(([upstream, statuses]) => [upstream, detailsOf(statuses)]))
      }
    })
  }))

const states = ["healthy", "degraded", "down"] as const

/** Nothing is known of an upstream that was not asked yet, and nothing speaks against it. */
const worst = (statuses: ReadonlyArray<Upstreams.Status>): Upstreams.Status["state"] =>
  states[Math.max(0, ...statuses.map(({ state }) => states.indexOf(state)))] ?? "healthy"

const detailsOf = (statuses: ReadonlyArray<Upstreams.Status>) => ({
  state: worst(statuses),
  unwell: statuses
    .filter(({ restsUntil, state }) => state !== "healthy" || restsUntil !== undefined)
    .slice(0, mostModels)
    .map(({ calls, failures, lastFailure, model, restsUntil, since, slow, state, why }) => ({
      model,
      state,
      why: state === "healthy" && restsUntil !== undefined ? "it rests, and others are asked first until then" : why,
      since,
      calls,
      failures,
      slow,
      lastFailure,
      restsUntil
    }))
})

/** Asks every check. */
export const examine = (checks: ReadonlyArray<Check>): Effect.Effect<Report> =>
  Effect.forEach(checks, ask, { concurrency: "unbounded" }).pipe(
    Effect.map((results) => {
      const reasons = results
        .filter(({ ok }) => !ok)
        .map(({ name, reason }) => (reason === undefined ? `${name}: not well` : `${name}: ${reason}`))
      return { status: reasons.length === 0 ? "ready" : "not-ready", reasons, checks: results }
    })
  )

const ask = ({ name, status }: Check): Effect.Effect<Result & { readonly name: string }> =>
  withinLimit(status).pipe(
    Effect.map(shown),
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.interrupt
        : Effect.as(Effect.logError(`the health check ${name} failed`, Redaction.text(Cause.pretty(cause))), failed)
    ),
    Effect.map((result) => ({ name, ...result }))
  )

/** In a fiber of its own, for a check that cannot be interrupted, such as one that opens a connection, is left behind. */
const withinLimit = (status: Effect.Effect<Result>): Effect.Effect<Result> =>
  Effect.acquireUseRelease(
    Effect.forkDetach(status),
    (fiber) => Effect.timeoutOrElse(Fiber.join(fiber), { duration: checkLimit, orElse: () => Effect.succeed(late) }),
    (fiber) => Effect.sync(() => fiber.interruptUnsafe())
  )

const late: Result = { ok: false, reason: `no answer within ${Duration.format(checkLimit)}` }

const failed: Result = { ok: false, reason: "the check itself failed" }

/** What anybody may see of a result. Throws for details that are no JSON. */
const shown = ({ details, ok, reason }: Result): Result => ({
  ok,
  ...(reason !== undefined && { reason: Redaction.text(reason) }),
  ...(details !== undefined && { details: JSON.parse(JSON.stringify(details, withoutSecrets)) })
})

const statusOf = (report: Report): number => (report.status === "ready" ? 200 : 503)

const answer = (body: unknown, status = 200): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.jsonUnsafe(body, { status, headers: { "cache-control": "no-store" } })

/** The routes. Where a `Drain` is there, they tell of it. */
export const layer = (options?: Options): Layer.Layer<never, never, HttpRouter.HttpRouter> =>
  HttpRouter.use((router) =>
    Effect.gen(function* () {
      const drain = Option.getOrUndefined(yield* Effect.serviceOption(Drain))
      const report = Effect.flatMap(drain?.isDraining ?? Effect.succeed(false), (isDraining) =>
        Effect.map(examine(options?.checks ?? []), (report): Report =>
          isDraining
            ? { ...report, status: "draining", reasons: ["the server is shutting down", ...report.reasons] }
            : report
        )
      )
      yield* methods(router, "/health", { GET: Effect.map(report, (report) => answer(report, statusOf(report))) })
      yield* methods(router, "/health/live", { GET: Effect.succeed(answer({ status: "live" })) })
      yield* methods(router, "/health/ready", {
        GET: Effect.map(report, (report) => {
          const { reasons, status } = report
          return answer({ status, reasons }, statusOf(report))
        })
      })
    })
  )
