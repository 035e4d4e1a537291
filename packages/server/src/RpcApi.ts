/**
 * Serves a contract to programs: `Remote.layer` of `@causeway/core` is its client in
 * another process or on another machine. Nothing is lost on the way: a failure, a
 * defect or an interruption behind this server is the same in the caller, whatever
 * place serves the contract here.
 *
 * For trusted callers only, since they are told everything: those with a key
 * (`Auth`), or where there are no keys, programs on this machine. All others get 401;
 * so does what a proxy on this machine passes on.
 *
 * One path serves one contract. A call is one request; its answer is sent as it comes,
 * and while nothing does, an empty line every few seconds. A caller that goes away
 * interrupts its call.
 *
 * **Example** (A contract over HTTP)
 *
 * ```ts
 * import * as Contract from "@causeway/core/Contract"
 * import * as Local from "@causeway/core/Local"
 * import * as Remote from "@causeway/core/Remote"
 * import * as RpcApi from "@causeway/server/RpcApi"
 * import * as Server from "@causeway/server/Server"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as Rpc from "effect/rpc/Rpc"
 * import * as Schema from "effect/Schema"
 *
 * class Squares extends Contract.Service<Squares>()(
 *   "app/Squares",
 *   Rpc.make("square", { payload: { x: Schema.Finite }, success: Schema.Finite })
 * ) {}
 *
 * const handlers = Squares.toLayer({ square: ({ x }) => Effect.succeed(x * x) })
 * const routes = RpcApi.layer(Squares, { path: "/rpc" }).pipe(Layer.provide(Local.layer(Squares, handlers)))
 *
 * // In one program here; in two, each in its own.
 * const remote = Layer.unwrap(
 *   Effect.map(Server.Server, ({ url }) => Remote.layer(Squares, { url: `${url}/rpc` }))
 * ).pipe(Layer.provide(Server.serve(routes, { port: 0 })))
 *
 * const nine = Effect.flatMap(Squares, (squares) => squares.square({ x: 3 })).pipe(Effect.provide(remote))
 *
 * await Effect.runPromise(nine) // => 9
 * ```
 */
import type * as Contract from "@causeway/core/Contract"
import type * as Lossless from "@causeway/core/Lossless"
import * as RemoteProtocol from "@causeway/core/RemoteProtocol"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import type * as Rpc from "effect/rpc/Rpc"
import type * as Scope from "effect/Scope"
import * as Body from "./internal/body.ts"
import * as LiveAnswer from "./internal/liveAnswer.ts"
import { methods } from "./internal/methods.ts"
import * as RemoteCalls from "./internal/remoteCalls.ts"
import * as Trusted from "./internal/trusted.ts"
import * as PublicError from "./PublicError.ts"
import { InvalidHeader, InvalidValue, RequestError } from "./RequestError.ts"

/** Options of {@link layer}. */
export interface Options {
  /** Where the contract is served. Default: `/rpc`. */
  readonly path?: `/${string}` | undefined
  /**
   * How often a call that takes long says that this server is there; less than half of
   * what its callers take for the end (`unresponsiveAfter`). Default: 5 seconds.
   */
  readonly heartbeat?: Duration.Input | undefined
  /**
   * How failures cross, such as classes of defects that shall arrive as instances;
   * `Remote.layer` takes the same for its side. Default: the codec's own, stacks included.
   */
  readonly lossless?: Omit<Lossless.Options, "form"> | undefined
}

/** The route of a contract. Needs its client, from whatever place. */
export const layer = <Self, Id extends string, R extends Rpc.Any>(
  contract: Contract.Contract<Self, Id, R>,
  options: Options = {}
): Layer.Layer<never, never, HttpRouter.HttpRouter | Self | Rpc.ServicesServer<R>> => {
  const heartbeat = Duration.fromInputUnsafe(options.heartbeat ?? "5 seconds")
  return HttpRouter.use((router) =>
    Effect.gen(function* () {
      const client = yield* contract
      const context = yield* Effect.context<Rpc.ServicesServer<R>>()
      const calls = RemoteCalls.make(contract, client, context, options.lossless)
      yield* methods(router, options.path ?? "/rpc", { POST: PublicError.handle(answer(calls, heartbeat)) })
    })
  )
}

const answer = (
  calls: RemoteCalls.Calls,
  heartbeat: Duration.Duration
): Effect.Effect<HttpServerResponse.HttpServerResponse, RequestError, HttpServerRequest | Scope.Scope> =>
  Effect.gen(function* () {
    yield* Trusted.check
    yield* checkType
    const { value } = yield* Body.json
    if (!RemoteProtocol.isRequest(value)) return yield* new RequestError({ reason: noCall })
    return yield* LiveAnswer.respond(calls(value), heartbeat)
  })

/** Another type would let a page in a browser send calls without asking first. */
const checkType: Effect.Effect<void, RequestError, HttpServerRequest> = Effect.flatMap(
  HttpServerRequest,
  ({ headers }) =>
    /^application\/(?:x-ndjson|ndjson|json)\b/i.test(headers["content-type"] ?? "")
      ? Effect.void
      : Effect.fail(
          new RequestError({
            reason: new InvalidHeader({ header: "content-type", allowed: RemoteProtocol.contentType })
          })
        )
)

const noCall = new InvalidValue({ path: "", issue: "is no call of a contract" })
