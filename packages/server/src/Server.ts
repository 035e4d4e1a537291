/**
 * Serves routes over HTTP with everything that stands around them: ids, public
 * errors, drain, keys, limits and deadlines.
 *
 * From the outside in: `AccessLog` and `Metrics` (where they are wanted), `RequestId`,
 * `TraceContext`, `PublicError`, `Cors` and `Compression` (where they are wanted),
 * `Drain`, `Auth` (where there are keys), `RateLimit` (where there is one), `Limits`,
 * `Deadline`, the routes. When the layer's scope ends, readiness
 * falls, new requests get 503 on the still open listener, those in flight have
 * `grace` to end, and then every connection is closed.
 *
 * **Example** (A server on a free port)
 *
 * ```ts
 * import * as Health from "@causeway/server/Health"
 * import * as Server from "@causeway/server/Server"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function* () {
 *   const { url } = yield* Server.Server
 *   const answer = yield* Effect.promise(() => fetch(`${url}/health/live`))
 *   return answer.status
 * })
 *
 * const live = Server.serve(Health.layer(), { port: 0 })
 *
 * await Effect.runPromise(Effect.provide(program, live)) // => 200
 * ```
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { isReadonlyArrayNonEmpty } from "effect/Array"
import * as ByteSize from "effect/ByteSize"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import * as NetAddress from "effect/net/NetAddress"
import { hasProperty } from "effect/Predicate"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"
import * as Admission from "./Admission.ts"
import * as AccessLog from "./AccessLog.ts"
import * as Auth from "./Auth.ts"
import * as Compression from "./Compression.ts"
import * as Cors from "./Cors.ts"
import * as Deadline from "./Deadline.ts"
import * as Drain from "./Drain.ts"
import * as Connections from "./internal/connections.ts"
import * as Exchange from "./internal/exchange.ts"
import * as Generations from "./internal/generations.ts"
import * as NodeServer from "./internal/nodeServer.ts"
import * as Limits from "./Limits.ts"
import { isLoopback } from "./Loopback.ts"
import * as Metrics from "./Metrics.ts"
import * as PublicError from "./PublicError.ts"
import type * as RateLimit from "./RateLimit.ts"
import * as RequestId from "./RequestId.ts"
import { problemOf, ServeError } from "./ServeError.ts"
import * as TraceContext from "./TraceContext.ts"

/** Options of {@link serve} and {@link layer}. */
export interface Options {
  /** Default: `127.0.0.1`, which only this machine reaches. */
  readonly host?: string | undefined
  /** Default: 8000; 0 takes a free one. */
  readonly port?: number | undefined
  /** Allows other processes to listen there too, where the system has it: it spreads the connections. Default: false. */
  readonly reusePort?: boolean | undefined
  /** The keys that open, see `Auth`; none by default, which only a loopback host may have. */
  readonly keys?: ReadonlyArray<Auth.Key> | undefined
  /** Allows another host than loopback without keys. Default: false. */
  readonly insecure?: boolean | undefined
  /** The most that a body may have. Default: 32 MiB. */
  readonly maxBody?: ByteSize.Input | undefined
  /** The most that the bodies of all requests together may have, see `Limits`. Default: 256 MiB. */
  readonly maxBodies?: ByteSize.Input | undefined
  /** The most that a request's line and headers may have. Default: 16 KiB. */
  readonly maxHeaders?: ByteSize.Input | undefined
  /** How many connections may be open; more get 503 and are closed. Default: 10,000. */
  readonly maxConnections?: number | undefined
  /** How many requests, open streams among them, are served at once; more get 503. Default: 1,024. */
  readonly maxRequests?: number | undefined
  /** How many requests each key may make. Default: any number. */
  readonly rateLimit?: RateLimit.Options | undefined
  /** Which pages of other origins may call. Default: none. */
  readonly cors?: Cors.Options | undefined
  /** Whether answers are compressed. Default: false. */
  readonly compression?: boolean | Compression.Options | undefined
  /** Whether there is a line for each request. Default: false. */
  readonly accessLog?: boolean | AccessLog.Options | undefined
  /** Whether requests are counted, for `Metrics.layerRoute`. Default: false. */
  readonly metrics?: boolean | undefined
  /** From this on `x-causeway-timeout` changes nothing; without it calls have what their places give them. Default: 10 minutes. */
  readonly timeout?: Duration.Input | undefined
  /** How long requests in flight have to end when the server ends. Default: 10 seconds. */
  readonly grace?: Duration.Input | undefined
  /** How long a client may take for its headers, at most as long as for its whole request. Default: 30 seconds. */
  readonly headersTimeout?: Duration.Input | undefined
  /** How long a client may take for its whole request. Default: 5 minutes. */
  readonly requestTimeout?: Duration.Input | undefined
  /** How long an idle connection is kept. Default: 65 seconds, longer than load balancers keep theirs. */
  readonly keepAlive?: Duration.Input | undefined
}

/** Where a server listens. */
export interface Address {
  readonly host: string
  readonly port: number
  /** Such as `http://127.0.0.1:8000`. */
  readonly url: string
}

/** The running server. */
export class Server extends Context.Service<
  Server,
  Address & {
    /**
     * Lets other routes serve, with all that stands around them, and without a dropped
     * request: who has begun with the former ones ends with them, and new requests go
     * to the new ones from when those are built. Where they cannot be built, or would
     * be open to other machines without a key, the former ones go on. Of the options,
     * `host`, `port`, `reusePort`, `maxHeaders` and `maxConnections` stay as they were.
     *
     * Fails as `still-serving` while four former ones still serve their last requests.
     */
    readonly replace: <A, E>(
      routes: Layer.Layer<A, E, HttpRouter.HttpRouter | Drain.Drain>,
      options?: Options
    ) => Effect.Effect<void, E | ServeError>
  }
>()("@causeway/server/Server") {}

/** What stands around the routes, without the server: for a router that is served otherwise. */
export const layerMiddleware = (
  options: Options = {}
): Layer.Layer<never, never, HttpRouter.HttpRouter | Drain.Drain> => {
  const { accessLog = false, compression = false, cors, metrics = false, rateLimit } = options
  const keys = options.keys ?? []
  // The first one that is added to a router is the outermost.
  const layers: ReadonlyArray<Layer.Layer<never, never, HttpRouter.HttpRouter | Drain.Drain>> = [
    ...(accessLog === false ? [] : [AccessLog.layer(accessLog === true ? {} : accessLog)]),
    ...(metrics ? [Metrics.layerMiddleware] : []),
    RequestId.layer,
    TraceContext.layer,
    PublicError.layer,
    Connections.layer,
    ...(cors === undefined ? [] : [Cors.layer(cors)]),
    ...(compression === false ? [] : [Compression.layer(compression === true ? {} : compression)]),
    Drain.layerMiddleware(),
    Admission.layer({ maxRequests: options.maxRequests }),
    ...(isReadonlyArrayNonEmpty(keys) ? [Auth.layer({ keys })] : []),
    ...(rateLimit === undefined ? [] : [limited(rateLimit)]),
    Limits.layer({ maxBody: options.maxBody, maxBodies: options.maxBodies }),
    Deadline.layer({ max: options.timeout }),
    ...(metrics ? [routed] : [])
  ]
  return layers.reduce((outer, inner) => Layer.provideMerge(inner, outer))
}

/** Loaded where it is wanted, with Effect's limiter and its stores. */
const limited = (options: RateLimit.Options) =>
  Layer.unwrap(
    Effect.map(
      Effect.promise(() => import("./RateLimit.ts")),
      (RateLimit) => RateLimit.layer(options)
    )
  )

/** Innermost: only there the router shows which route it has found. */
const routed = HttpRouter.middleware(Exchange.routed, { global: true })

/**
 * Serves routes until the scope ends.
 *
 * Fails with `ServeError` where it cannot listen, or where it would be reachable
 * from other machines without a key.
 */
export const serve = <A, E, R>(routes: Layer.Layer<A, E, R>, options: Options = {}) =>
  Layer.effect(Server, start(Layer.provideMerge(routes, layerMiddleware(options)), options)).pipe(
    Layer.provideMerge(Drain.Drain.layer)
  )

const start = Effect.fnUntraced(function* <A, E, R>(app: Layer.Layer<A, E, R>, options: Options) {
  const { host, port } = yield* checked(options)
  const drain = yield* Drain.Drain
  let grace = options.grace
  // Built before anybody can connect: a request that comes earlier would have nobody to answer it.
  const generations = yield* Generations.make(HttpRouter.toHttpEffect(app))
  const node = NodeServer.make({
    ...timeouts(options),
    maxHeaders: options.maxHeaders === undefined ? undefined : Number(ByteSize.fromInputUnsafe(options.maxHeaders)),
    maxConnections: options.maxConnections
  })
  const listen = {
    host: host.replace(/^\[(.*)\]$/, "$1"),
    port,
    reusePort: options.reusePort === true,
    disablePreemptiveShutdown: true
  }
  // The end comes in the opposite order: drain, interruption of what is left, the connections, the listener, the routes.
  const server = yield* NodeHttpServer.make(() => node, listen).pipe(
    Effect.mapError(({ cause }) => serveError(host, port, cause))
  )
  yield* Effect.addFinalizer(() => NodeServer.endConnections(node))
  yield* untracedUnlessExported(server.serve(generations.app))
  yield* Effect.addFinalizer(() =>
    drain.begin.pipe(
      Effect.andThen(Effect.suspend(() => drain.awaitIdle(grace ?? "10 seconds"))),
      Effect.andThen(NodeServer.stopListening(node))
    )
  )
  const address = addressOf(host, server.address)
  const replace = Effect.fnUntraced(function* <A, E>(
    routes: Layer.Layer<A, E, HttpRouter.HttpRouter | Drain.Drain>,
    options: Options = {}
  ) {
    yield* checked({ ...options, host, port })
    if (generations.former() >= Generations.mostFormer) {
      return yield* new ServeError({ host, port: address.port, problem: "still-serving" })
    }
    const next = Layer.provideMerge(routes, layerMiddleware(options))
    yield* generations.replace(Effect.provideService(HttpRouter.toHttpEffect(next), Drain.Drain, drain))
    NodeServer.configure(node, timeouts(options))
    grace = options.grace
  })
  return { ...address, replace }
})

const timeouts = (options: Options) => ({
  headersTimeout: Duration.fromInputUnsafe(options.headersTimeout ?? "30 seconds"),
  requestTimeout: Duration.fromInputUnsafe(options.requestTimeout ?? "5 minutes"),
  keepAlive: Duration.fromInputUnsafe(options.keepAlive ?? "65 seconds")
})

const addressOf = (host: string, address: NetAddress.SocketAddress): Address => {
  const port = NetAddress.isUnixPathAddress(address) ? 0 : address.port
  return { host, port, url: `http://${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${port}` }
}

/** Spans that nobody collects cost as much as the rest of a request. */
const untracedUnlessExported = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) =>
    fiber.getRef(Tracer.Tracer) === Tracer.nativeTracer
      ? Effect.provideService(self, References.TracerEnabled, false)
      : self
  )

const checked = ({ host = "127.0.0.1", insecure = false, keys = [], port = 8000 }: Options) => {
  const problem: ServeError["problem"] | undefined =
    !Number.isInteger(port) || port < 0 || port > 65_535
      ? "not-a-port"
      : keys.length === 0 && !insecure && !isLoopback(host)
        ? "open-without-key"
        : undefined
  return problem === undefined ? Effect.succeed({ host, port }) : Effect.fail(new ServeError({ host, port, problem }))
}

const serveError = (host: string, port: number, cause: unknown): ServeError => {
  const code = hasProperty(cause, "code") && typeof cause.code === "string" ? cause.code : undefined
  return new ServeError({ host, port, problem: problemOf(code), code, cause })
}
