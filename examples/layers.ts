/**
 * Two layers of the server in an `effect/http` router that exists already: each request
 * gets a line, and nobody more than two answers a minute.
 *
 * `npx tsx examples/layers.ts`
 */
import * as AccessLog from "@causeway/server/AccessLog"
import * as RateLimit from "@causeway/server/RateLimit"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"

/** The app as it was. */
const routes = HttpRouter.add("GET", "/hello", Effect.succeed(HttpServerResponse.text("hello")))

/** The outermost comes last. */
const layered = routes.pipe(
  Layer.provideMerge(RateLimit.layer({ limit: 2, window: "1 minute" })),
  Layer.provideMerge(AccessLog.layer({ format: "json" }))
)

const program = Effect.forEach(["first", "second", "third"], (name) =>
  Effect.map(HttpClient.get("/hello"), ({ headers, status }) =>
    console.log(`the ${name}: ${status}, ${headers["ratelimit"]}`)
  )
)

const served = HttpRouter.serve(layered, { disableLogger: true, disableListenLog: true })

await Effect.runPromise(Effect.provide(program, Layer.provideMerge(served, NodeHttpServer.layerTest)))
