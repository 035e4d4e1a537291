/**
 * The client of a contract that a server serves over HTTP, such as `RpcApi` of
 * `@causeway/server`: the same client as in process and over a pool of workers.
 * Failures, defects and interruptions arrive as they were thrown behind the server;
 * what happens on the way is a `BoundaryError`.
 *
 * | what happens | reason |
 * | --- | --- |
 * | no connection: refused, unknown host, no trusted TLS | `Unreachable`, `not-sent` |
 * | the connection is lost after the call was sent; the answer ends before the call | `Unreachable`, `may-have-run` |
 * | no token, or one that is not known; a path that is not served; a redirect | `Unreachable` with `status`, not worth a retry |
 * | 5xx of something on the way | `Unreachable` with `status`, `may-have-run` |
 * | the server is silent for longer than `unresponsiveAfter` | `Unresponsive` |
 * | 429; a server that shuts down | `Overloaded`; `Draining` |
 * | a page of a proxy, a line that is none, a value that does not fit its schema | `Undecodable` with the raw value |
 * | the call's deadline passes | `DeadlineExceeded` |
 *
 * **Example** (A contract on another machine)
 *
 * ```ts no-run
 * import * as Contract from "@causeway/core/Contract"
 * import * as Remote from "@causeway/core/Remote"
 * import * as Config from "effect/Config"
 * import * as Effect from "effect/Effect"
 * import * as Rpc from "effect/rpc/Rpc"
 * import * as Schema from "effect/Schema"
 *
 * class Squares extends Contract.Service<Squares>()(
 *   "app/Squares",
 *   Rpc.make("square", { payload: { x: Schema.Finite }, success: Schema.Finite })
 * ) {}
 *
 * const program = Effect.gen(function* () {
 *   const squares = yield* Squares
 *   return yield* squares.square({ x: 3 })
 * }).pipe(
 *   Effect.catchReason("BoundaryError", "Unreachable", () => Effect.succeed(Number.NaN)),
 *   Effect.provide(Remote.layer(Squares, { url: "https://squares.internal/rpc", token: Config.Redacted("TOKEN") }))
 * )
 *
 * Effect.runPromise(program)
 * ```
 */
import * as ByteSize from "effect/ByteSize"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Rpc from "effect/rpc/Rpc"
import * as RpcClient from "effect/rpc/RpcClient"
import type { FromClient } from "effect/rpc/RpcMessage"
import type * as Scope from "effect/Scope"
import type { BoundaryError } from "./BoundaryError.ts"
import * as Contract from "./Contract.ts"
import { guarded } from "./internal/inProcess.ts"
import { exchange, type Sink, type Way } from "./internal/remote/exchange.ts"
import type * as Lossless from "./Lossless.ts"
import * as Redaction from "./Redaction.ts"
import * as RemoteProtocol from "./RemoteProtocol.ts"

/** Options of {@link layer}. */
export interface Options {
  /** Where the contract is served, such as `https://models.internal/rpc`. */
  readonly url: string | URL
  /** Sent as `authorization: Bearer …`, and masked wherever something is rendered. Default: none. */
  readonly token?: Redacted.Redacted<string> | Config.Config<Redacted.Redacted<string>> | undefined
  /** How long a call may take where its caller sets no deadline; a stream: to its first element. Default: 10 minutes. */
  readonly deadline?: Duration.Input | undefined
  /**
   * How long the server may send nothing, before a call fails with `Unresponsive`. It
   * says every 5 seconds that it is there; behind a proxy that holds answers back until
   * they are complete, take a longer time or `Duration.infinity`. Default: 30 seconds.
   */
  readonly unresponsiveAfter?: Duration.Input | undefined
  /** The longest message that is read: a success, a failure, or a chunk of a stream. Default: 64 MiB. */
  readonly maxMessage?: ByteSize.Input | undefined
  /**
   * How failures cross, such as classes of defects that shall arrive as instances. The
   * classes that the contract's schemas hold are known without being listed.
   */
  readonly lossless?: Omit<Lossless.Options, "form"> | undefined
}

/**
 * The contract's client over HTTP. Fails with a `ConfigError` where `url` is no URL of
 * HTTP, or the token cannot be read.
 *
 * Makes one request for each call, by the global `fetch`; give another one by
 * `FetchHttpClient.Fetch`. Follows no redirects. A call that is interrupted ends its
 * request, and so its handler.
 */
export const layer = <Self, Id extends string, R extends Rpc.Any>(
  contract: Contract.Contract<Self, Id, R>,
  options: Options
): Layer.Layer<Self, Config.ConfigError, Rpc.MiddlewareClient<R>> =>
  Layer.effect(
    contract,
    Effect.gen(function* () {
      const url = yield* urlOf(options)
      const token = yield* tokenOf(options)
      if (token !== undefined) yield* Redaction.known(token)
      const way: Way = {
        boundary: `${contract.key} at ${url.host}`,
        http: yield* HttpClient.HttpClient,
        url: url.href,
        token,
        silence: Duration.fromInputUnsafe(options.unresponsiveAfter ?? "30 seconds"),
        longest: options.maxMessage === undefined ? longest : Number(ByteSize.fromInputUnsafe(options.maxMessage))
      }
      const calls: RpcClient.RpcClient.Flat<R, BoundaryError> = yield* flat(contract, way, options)
      const deadline = Duration.fromInputUnsafe(options.deadline ?? "10 minutes")
      return Contract.makeClient(
        contract,
        guarded<R, BoundaryError>(contract.group, calls, { boundary: way.boundary, deadline })
      )
    })
  ).pipe(Layer.provide(withoutRedirects))

const longest = 64 * 1024 * 1024

const withoutRedirects = FetchHttpClient.layer.pipe(
  Layer.provide(Layer.succeed(FetchHttpClient.RequestInit, { redirect: "manual" }))
)

const urlOf = ({ url }: Options): Effect.Effect<URL, Config.ConfigError> => {
  const parsed = URL.parse(String(url))
  if (parsed !== null && /^https?:$/.test(parsed.protocol)) return Effect.succeed(parsed)
  const message = `the url of a remote contract is no URL of HTTP: ${Redaction.url(String(url)).slice(0, 200)}`
  return Effect.fail(new Config.ConfigError(new ConfigProvider.SourceError({ message })))
}

const tokenOf = ({ token }: Options): Effect.Effect<Redacted.Redacted<string> | undefined, Config.ConfigError> =>
  token === undefined || Redacted.isRedacted(token) ? Effect.succeed(token) : token

/** The calls of a contract, each by its tag. */
const flat = <Self, Id extends string, R extends Rpc.Any>(
  contract: Contract.Contract<Self, Id, R>,
  way: Way,
  options: Options
): Effect.Effect<RpcClient.RpcClient.Flat<R, BoundaryError>, never, Scope.Scope | Rpc.MiddlewareClient<R>> =>
  Effect.gen(function* () {
    const codecs = new Map(
      Array.from(contract.group.requests, ([tag, rpc]) => [tag, RemoteProtocol.codecs(rpc, options.lossless)])
    )
    const call = (message: FromClient<R>): Effect.Effect<void, BoundaryError> => {
      if (message._tag !== "Request") return Effect.void
      const { headers, id, payload, tag } = message
      const of = codecs.get(tag)
      if (of === undefined) return Effect.die(new TypeError(`${contract.key} has no call ${tag}`))
      const request: RemoteProtocol.Request = {
        _tag: "Request",
        id,
        tag,
        payload,
        headers: Object.entries(headers),
        ...(message.discard === true && { discard: true })
      }
      return exchange(way, of, request, sinkOf(id))
    }
    const { client, write } = yield* RpcClient.makeNoSerialization(contract.group, {
      flatten: true,
      supportsAck: false,
      onFromClient: ({ message }) => call(message)
    })
    // What comes is of the call's types: its codecs have seen to that.
    const sinkOf = (requestId: FromServer["requestId"]): Sink => ({
      chunk: (values) => write({ _tag: "Chunk", clientId: 0, requestId, values } as FromServer),
      exit: (exit) => write({ _tag: "Exit", clientId: 0, requestId, exit } as FromServer)
    })
    type FromServer = Extract<Parameters<typeof write>[0], { readonly requestId: unknown }>
    return client
  })
