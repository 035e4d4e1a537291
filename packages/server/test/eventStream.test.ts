import * as Contract from "@causeway/core/Contract"
import * as Local from "@causeway/core/Local"
import * as Drain from "@causeway/server/Drain"
import * as PredictApi from "@causeway/server/PredictApi"
import * as Server from "@causeway/server/Server"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { Journal, routes } from "./fixtures/Calls.ts"
import { call, connect, head, post } from "./fixtures/client.ts"

class Flood extends Contract.Service<Flood>()(
  "test/Flood",
  Rpc.make("flood", { success: Schema.String, stream: true }),
  Rpc.make("produced", { success: Schema.Finite })
) {}

const floods = Layer.unwrap(
  Effect.sync(() => {
    let produced = 0
    const element = "x".repeat(1 << 18)
    const handlers = Flood.toLayer({
      flood: () => Stream.fromEffectRepeat(Effect.sync(() => (produced++, element))),
      produced: () => Effect.sync(() => produced)
    })
    return PredictApi.layer(Flood).pipe(Layer.provide(Local.layer(Flood, handlers)))
  })
)

const turns = (n: number) =>
  Effect.promise(async () => {
    for (let i = 0; i < n; i++) await new Promise((resolve) => setImmediate(resolve))
  })

/** One request to a web handler. */
const postWeb = (path: string, body: string) =>
  Effect.gen(function* () {
    const { dispose, handler } = HttpRouter.toWebHandler(routes.pipe(Layer.provide(Journal.layer)), {
      disableLogger: true
    })
    yield* Effect.addFinalizer(() => Effect.promise(dispose))
    const answer = yield* Effect.promise(() =>
      handler(new Request(`http://localhost${path}`, { method: "POST", body }))
    )
    return {
      status: answer.status,
      type: answer.headers.get("content-type"),
      text: yield* Effect.promise(() => answer.text())
    }
  })

/** How many elements were produced. */
const produced = Effect.map(post("/predict/produced", ""), ({ text }) => Number(text))

/** A halt: as many as the buffers on the way hold, and then no more, however often the event loop turns. */
const halted = Effect.gen(function* () {
  let before = -1
  let now = yield* produced
  while (now === 0 || now !== before) {
    yield* turns(100)
    before = now
    now = yield* produced
  }
  return now
})

/** For a machine that has much else to do, in milliseconds. */
const patience = 30_000

describe("event streams", () => {
  layer(Server.serve(floods, { port: 0 }))("to a client that does not read", (it) => {
    it.effect(
      "come to a halt, and go on when it reads again",
      () =>
        Effect.gen(function* () {
          const socket = yield* connect
          socket.pause()
          socket.send(head("POST", "/predict/flood", "content-length: 0"))
          const now = yield* halted
          assert.isBelow(now, 256)
          socket.resume()
          while ((yield* produced) < now + 64) yield* turns(1)
          yield* socket.leave
        }),
      patience
    )
  })

  layer(Server.serve(floods, { port: 0 }))("to a client that never reads", (it) => {
    it.effect(
      "end after a minute, together with its connection",
      () =>
        Effect.gen(function* () {
          const socket = yield* connect
          socket.pause()
          socket.send(head("POST", "/predict/flood", "content-length: 0"))
          yield* halted
          yield* TestClock.adjust("59 seconds")
          assert.strictEqual(yield* (yield* Drain.Drain).inFlight, 1)
          yield* TestClock.adjust("1 second")
          socket.resume()
          yield* socket.closed
        }),
      patience
    )
  })

  const decorated = Layer.mergeAll(routes, HttpRouter.cors()).pipe(
    Layer.provideMerge(
      HttpRouter.middleware((app) => Effect.map(app, HttpServerResponse.setHeader("x-decorated", "yes")), {
        global: true
      })
    ),
    Layer.provideMerge(Journal.layer)
  )

  layer(Server.serve(decorated, { port: 0 }))("behind other people's middleware", (it) => {
    it.effect("have the headers that it sets", () =>
      Effect.gen(function* () {
        const answer = yield* call("/predict/count", { body: { to: 1 }, headers: { origin: "http://elsewhere" } })
        assert.strictEqual(answer.text, "data: 1\n\ndata: [DONE]\n\n")
        assert.strictEqual(answer.headers["access-control-allow-origin"], "*")
        assert.strictEqual(answer.headers["x-decorated"], "yes")
      })
    )
  })

  describe("where there is no Node response", () => {
    it.effect("are the body of the answer", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* postWeb("/predict/count", '{"to":2}'), {
          status: 200,
          type: "text/event-stream; charset=utf-8",
          text: "data: 1\n\ndata: 2\n\ndata: [DONE]\n\n"
        })
      })
    )

    it.effect("end with an error event as well", () =>
      Effect.gen(function* () {
        const { text } = yield* postWeb("/predict/cut", '{"after":1}')
        assert.match(text, /^data: 1\n\nevent: error\ndata: \{.*"code":"gateway".*\}\n\n$/)
        assert.strictEqual((yield* postWeb("/predict/cut", '{"after":0}')).status, 503)
      })
    )
  })
})
