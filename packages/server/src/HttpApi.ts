/**
 * Any REST API behind policies: what comes below a path goes on to an upstream of
 * `HttpRelay`, and its answer comes back, or a failure that says what became of it.
 *
 * Methods, query, body and content type go on as they are; the body within the server's
 * limit, the answer as it comes. Of a request's headers go on: `accept`,
 * `idempotency-key`, Triton's `inference-header-content-length`, and those that
 * {@link Options.forward} names; a caller's credentials never do. A stream of events that
 * fails ends with an error event; of other bytes the connection is broken.
 *
 * **Example** (A policy before two copies of a model server)
 *
 * ```ts
 * import * as Local from "@causeway/core/Local"
 * import { HttpRelay } from "@causeway/openai/HttpRelay"
 * import * as Policy from "@causeway/resilience/Policy"
 * import * as HttpApi from "@causeway/server/HttpApi"
 * import * as Layer from "effect/Layer"
 *
 * const upstreams = {
 *   "lit-1": { baseUrl: "http://10.0.0.1:8000", health: "/health" },
 *   "lit-2": { baseUrl: "http://10.0.0.2:8000", health: "/health" }
 * }
 *
 * const policy = Policy.make({ upstreams: ["lit-1", "lit-2"], fallback: ["lit-2"], retry: { times: 0 } })
 *
 * // POST /models/score/predict goes to POST http://10.0.0.1:8000/predict, else to the other one.
 * export const routes = HttpApi.layer({ path: "/models/score", policy, replay: "safe" }).pipe(
 *   Layer.provide(Local.layer(HttpRelay, HttpRelay.layer(upstreams)))
 * )
 * ```
 */
import type { BoundaryError } from "@causeway/core/BoundaryError"
import type { PolicyError } from "@causeway/core/PolicyError"
import * as Redaction from "@causeway/core/Redaction"
import * as Upstream from "@causeway/core/Upstream"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import { type HttpRequest, HttpRelay, type HttpUpstreams } from "@causeway/openai/HttpRelay"
import * as Call from "@causeway/resilience/Call"
import * as Policy from "@causeway/resilience/Policy"
import * as Upstreams from "@causeway/resilience/Upstreams"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Health from "./Health.ts"
import * as Body from "./internal/body.ts"
import * as EventStream from "./internal/eventStream.ts"
import * as Relayed from "./internal/relayed.ts"
import * as PolicyHeaders from "./PolicyHeaders.ts"
import * as PublicError from "./PublicError.ts"
import type { RequestError } from "./RequestError.ts"

/** Options of {@link layer}. */
export interface Options {
  /** What stands before the upstream's paths. The path itself is the upstream's `/`. */
  readonly path: `/${string}`
  /** The upstream that is asked. Default: the policy's first, else the first that is configured. */
  readonly upstream?: string | undefined
  /** What is done about failures. Its `upstreams` are those of this path. Default: nothing, each call is one attempt. */
  readonly policy?: Policy.Policy | undefined
  /**
   * Whether a call may be made again though it may have run. Default: `GET` and `HEAD`, and
   * what has an idempotency key, may; of a model that only computes everything may.
   */
  readonly replay?: "safe" | undefined
  /** Further headers of callers that go on. Those that hold credentials do not, nor those of the connection. Default: none. */
  readonly forward?: ReadonlyArray<string> | undefined
}

/** The routes. */
export const layer = (options: Options): Layer.Layer<never, never, HttpRouter.HttpRouter | HttpRelay> =>
  HttpRouter.use((router) =>
    Effect.gen(function* () {
      const relay = yield* HttpRelay
      const meeting = yield* Upstreams.captured
      const mount = options.path.replace(/\/+$/, "")
      const handler = PolicyHeaders.handle(PublicError.handle(meeting(relayed(relay, options))))
      // The path itself is among those below it.
      yield* router.add("*", `/${mount.slice(1)}${mount === "" ? "" : "/"}*`, handler)
    })
  )

type CallError = UpstreamError | BoundaryError | PolicyError

const relayed = (
  relay: HttpRelay["Service"],
  options: Options
): Effect.Effect<
  HttpServerResponse,
  CallError | RequestError,
  HttpServerRequest | HttpRouter.RouteContext | Scope.Scope
> => {
  const { policy, replay, upstream } = options
  const names = forwardedNames(options.forward)
  return Effect.gen(function* () {
    const request = yield* HttpServerRequest
    const { method } = request
    const body = yield* Body.bytes
    const type = request.headers["content-type"]
    const accept = request.headers["accept"]
    const { route } = yield* HttpRouter.RouteContext
    const sent: typeof HttpRequest.Type = {
      path: below(route.path, request.url),
      method: method === "HEAD" ? "GET" : method,
      ...(body.length > 0 && { body }),
      ...(type !== undefined && { contentType: type }),
      ...(accept !== undefined && { accept }),
      headers: Object.fromEntries(
        names.flatMap((name) => (request.headers[name] === undefined ? [] : [[name, request.headers[name]]]))
      )
    }
    const isSafe =
      replay === "safe" || method === "GET" || method === "HEAD" || request.headers["idempotency-key"] !== undefined
    const call = isSafe ? {} : ({ replay: "never" } as const)
    const once = relay.send(sent)
    const asked = policy === undefined ? once : Call.annotateStream(call)(Policy.applyStream(policy)(once))
    const chosen = upstream === undefined ? asked : Stream.provideService(asked, Upstream.Current, upstream)
    return yield* Relayed.respond(chosen, ending)
  })
}

/**
 * What stands behind the steps of a route that ends with `*`. Their number counts and not
 * their length: an encoded letter is the same to the router, and so are several slashes.
 */
const below = (route: string, url: string): string => {
  const steps = route.split("/").length - 2
  const rest = url.replace(new RegExp(`^(?:/+[^/?#;]+){${steps}}`), "")
  return rest.startsWith("/") ? rest : `/${rest}`
}

const always = ["idempotency-key", "inference-header-content-length"]

const ofConnection: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "content-type",
  "accept",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade"
])

const forwardedNames = (more: ReadonlyArray<string> = []): ReadonlyArray<string> =>
  Array.from(new Set([...always, ...more.map((name) => name.toLowerCase())])).filter(
    (name) => !ofConnection.has(name) && !Redaction.isCredentialName(name) && name !== "cookie"
  )

/** What came of an event before the failure shall not become a part of the event that tells of it. */
const ending: Relayed.Ending = () => ({ ...EventStream.marked, done: "", failed: failed })

const failed = (error: PublicError.PublicError): string => `\n\n${PublicError.toEvent(error)}`

/** Options of {@link check}. */
export interface CheckOptions {
  /** Default: `http upstreams`. */
  readonly name?: string | undefined
  /** Whether the server is not ready while none of them is well. Default: true. */
  readonly required?: boolean | undefined
}

/**
 * A check that asks the upstreams for their health by themselves: well as long as one
 * of them is. Those that name no path for it are not asked; one that does not answer
 * within 0.8 seconds is not well. However often the health is asked for, they are asked
 * at most five times a second.
 */
export const check = (
  upstreams: HttpUpstreams,
  { name = "http upstreams", required = true }: CheckOptions = {}
): Effect.Effect<Health.Check, never, HttpRelay> =>
  Effect.gen(function* () {
    const relay = yield* HttpRelay
    const asked = Object.entries(upstreams).flatMap(([name, { health }]) =>
      health === undefined ? [] : [{ name, health }]
    )
    const all = Effect.forEach(
      asked,
      ({ health, name }) =>
        Stream.runDrain(relay.send({ path: health, method: "GET" })).pipe(
          Effect.provideService(Upstream.Current, name),
          Effect.as({ name, ok: true, seen: "well" }),
          Effect.catch((error) => Effect.succeed({ name, ok: false, seen: error.reason._tag })),
          Effect.timeoutOrElse({
            duration: "800 millis",
            orElse: () => Effect.succeed({ name, ok: false, seen: "no answer" })
          })
        ),
      { concurrency: "unbounded" }
    )
    // The health is open to anybody. In a fiber of its own, since who shares the answer shall not be given up with who left.
    const shared = yield* Effect.cachedWithTTL(Effect.forkDetach(all), "200 millis")
    return {
      name,
      status: Effect.flatMap(shared, Fiber.join).pipe(
        Effect.map((all) => {
          const ok = !required || all.length === 0 || all.some(({ ok }) => ok)
          return {
            ok,
            ...(!ok && { reason: "none of them is well" }),
            details: Object.fromEntries(all.map(({ name, seen }) => [name, seen]))
          }
        })
      )
    }
  })
