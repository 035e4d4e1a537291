/**
 * The places that serve the contracts of the suite: a pool, this process, and
 * effect's own client and server over a worker, which is the oracle.
 */
import { Worker } from "node:worker_threads"
import * as Local from "@causeway/core/Local"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import * as NodeWorker from "@effect/platform-node/NodeWorker"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as Layer from "effect/Layer"
import * as RpcClient from "effect/rpc/RpcClient"
import * as RpcMiddleware from "effect/rpc/RpcMiddleware"
import { Authentication, Good, Odd } from "../fixtures/contracts.ts"
import { authentication, good, odd } from "../fixtures/handlers.ts"
import { Everything, everything, First, Second } from "./fixtures/everything.ts"

/** Names the user unless the call says not to. */
const naming = RpcMiddleware.layerClient(Authentication, ({ next, request }) =>
  next(
    request.headers["anonymous"] === undefined
      ? { ...request, headers: Headers.set(request.headers, "user", "Ada") }
      : request
  )
)

/** The client's side of a middleware: leaves its name in a header. */
const trailing =
  (name: string): RpcMiddleware.RpcMiddlewareClient<never, never, never> =>
  ({ next, request }) => {
    const trail = `${request.headers["x-test-trail"] ?? ""}${name} `
    return next({ ...request, headers: Headers.set(request.headers, "x-test-trail", trail) })
  }

const middlewares = Layer.mergeAll(
  naming,
  RpcMiddleware.layerClient(First, trailing("first")),
  RpcMiddleware.layerClient(Second, trailing("second"))
)

export const inProcess = Layer.mergeAll(
  Local.layer(Good, good),
  Local.layer(Odd, odd),
  Local.layer(Everything, everything)
).pipe(Layer.provide(Layer.mergeAll(authentication, everything, middlewares)))

export const inPool = Layer.mergeAll(
  WorkerPool.client(Good),
  WorkerPool.client(Odd),
  WorkerPool.client(Everything)
).pipe(
  Layer.provide(
    WorkerPool.layerPool({
      entry: new URL("./fixtures/pool.ts", import.meta.url),
      size: 1,
      spare: 0,
      grace: "1 minute"
    })
  ),
  Layer.provide(middlewares)
)

/**
 * Effect's own client of all contracts, as that of each: what it fails with at the boundary is another error, and
 * no case's.
 */
const stockClients = Layer.effectContext(
  Effect.map(RpcClient.make(Good.group.merge(Odd.group, Everything.group)), (client) =>
    Context.make(Good, client as never).pipe(
      Context.add(Odd, client as never),
      Context.add(Everything, client as never)
    )
  )
)

export const inStock = stockClients.pipe(
  Layer.provide(RpcClient.layerProtocolWorker({ size: 1, concurrency: 64 })),
  Layer.provide(NodeWorker.layer(() => new Worker(new URL("./fixtures/stock.ts", import.meta.url)))),
  Layer.provide(middlewares)
)
