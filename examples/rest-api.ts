/**
 * A REST API through `effect/http`, against a local server that fails in several ways:
 * each failure is told by its reason, a success is a complete answer that fits its
 * schema, and a policy repeats what may be repeated.
 *
 * `npx tsx examples/rest-api.ts`
 */
import * as Disposition from "@causeway/core/Disposition"
import * as Rule from "@causeway/core/Rule"
import * as Upstream from "@causeway/core/Upstream"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import * as Policy from "@causeway/resilience/Policy"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

// The client: its name, its limits, and what only this API means by what it says.
const stock = Upstream.make({
  name: "stock",
  timeout: "10 seconds",
  rules: [
    {
      name: "stock: counting",
      source: "the API's handbook: a 200 that says so while the shelves are counted",
      when: ({ json }) => Schema.is(Counting)(json),
      reason: Rule.overloaded
    }
  ]
})
const Counting = Schema.Struct({ state: Schema.Literal("counting") })
const Item = Schema.Struct({ id: Schema.Finite, name: Schema.String })

const item = (path: string) => stock.json({ name: "items.get", replay: "safe" }, HttpClient.get(path), Item)
const order = (path: string) => stock.json("orders.create", HttpClient.post(path), Item)

// The API, as it is on a bad day.
let asked = 0
const flaky = Effect.suspend(() =>
  ++asked < 3
    ? HttpServerResponse.json({ detail: "one moment" }, { status: 503 })
    : HttpServerResponse.json({ id: asked, name: "a third attempt" })
)
const limited = HttpServerResponse.json({ detail: "slow down" }, { status: 429, headers: { "retry-after": "2" } })
const api = Layer.mergeAll(
  HttpRouter.add("GET", "/item", HttpServerResponse.json({ id: 1, name: "a bridge" })),
  HttpRouter.add("GET", "/flaky", flaky),
  HttpRouter.add("GET", "/limited", limited),
  HttpRouter.add("GET", "/counting", HttpServerResponse.json({ state: "counting" })),
  HttpRouter.add("GET", "/portal", HttpServerResponse.html("<!doctype html><title>Please log in</title>")),
  HttpRouter.add("GET", "/other", HttpServerResponse.json({ id: "one" })),
  HttpRouter.add("GET", "/silent", Effect.never),
  HttpRouter.add("POST", "/broken", HttpServerResponse.json({ message: "disk full" }, { status: 500 }))
)

const told = (name: string, error: UpstreamError) =>
  Console.log(
    `${name}: ${error.reason._tag}, ${error.reason.message.split("\n")[0]}; retry: ${Disposition.of(error)?.retry}`
  )

const program = Effect.gen(function* () {
  yield* Console.log(`item: ${(yield* item("/item")).name}`)
  for (const name of ["limited", "counting", "portal", "other"]) {
    yield* Effect.catch(item(`/${name}`), (error) => told(name, error))
  }
  const brief = { name: "items.get", replay: "safe", timeout: "1 second" } as const
  yield* Effect.catch(stock.json(brief, HttpClient.get("/silent"), Item), (error) => told("silent", error))
  yield* Effect.catch(order("/broken"), (error) => told("order", error))

  // What is safe is made again; the order would have been only if it certainly had not run.
  const policy = Policy.make({ retry: { times: 3, base: "10 millis" } })
  yield* Console.log(`flaky: ${(yield* item("/flaky").pipe(Policy.apply(policy))).name}`)
})

const server = HttpRouter.serve(api, { disableLogger: true, disableListenLog: true })
await Effect.runPromise(Effect.provide(program, Layer.provideMerge(server, NodeHttpServer.layerTest)))
