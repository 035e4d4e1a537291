/** What people know of the servers of their models, and expect of any. */
import * as Batch from "@causeway/core/Batch"
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Contract from "@causeway/core/Contract"
import * as Local from "@causeway/core/Local"
import * as OpenApi from "@causeway/server/OpenApi"
import * as PredictApi from "@causeway/server/PredictApi"
import * as Server from "@causeway/server/Server"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcMiddleware from "effect/rpc/RpcMiddleware"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { call, post } from "./fixtures/client.ts"
import { Threads } from "./fixtures/Threads.ts"

const Rate = Rpc.make("rate", {
  payload: { word: Schema.String },
  success: Schema.Struct({ batch: Schema.Array(Schema.String) }),
  error: Schema.Union([Schema.String, Batch.BatchError])
}).annotate(Contract.Concurrency, 64)

class Ratings extends Contract.Service<Ratings>()("test/Ratings", Rate) {}

/** A turn of the event loop, in which what is on a socket arrives. */
const turn = Effect.promise(() => new Promise((resolve) => void setImmediate(resolve)))

/** A model that says when a batch begins, and answers as long as it is let. */
const model = (options: Batch.Options) =>
  Effect.gen(function* () {
    const began = yield* Queue.unbounded<ReadonlyArray<string>>()
    const gate = yield* Latch.make(false)
    const rate = yield* Batch.make((payloads: Batch.Payloads<typeof Rate>) => {
      const batch = payloads.map(({ word }) => word)
      return Queue.offer(began, batch).pipe(
        Effect.andThen(gate.await),
        Effect.as(batch.map((word) => (word === "bad" ? Exit.fail("a bad word") : Exit.succeed({ batch }))))
      )
    }, options)
    const arrived = yield* Queue.unbounded<string>()
    const handlers = Ratings.toLayer({
      rate: (payload) => Effect.andThen(Queue.offer(arrived, payload.word), rate(payload))
    })
    const routes = PredictApi.layer(Ratings).pipe(Layer.provide(Local.layer(Ratings, handlers)))
    const server = yield* Layer.build(Server.serve(routes, { port: 0 }))
    const ask = (word: string) => Effect.forkChild(Effect.provideContext(post("/predict/rate", { word }), server))
    return { arrived, ask, began, gate }
  })

class Denied extends Schema.TaggedError<Denied>("test/Denied")("Denied", {}) {}

/** Runs before and after each call, where the call is served. */
class Watched extends RpcMiddleware.Service<Watched>()("test/Watched", { error: Denied }) {}

class Words extends Contract.Service<Words>()(
  "test/Words",
  Rpc.make("length", { payload: { word: Schema.String }, success: Schema.Finite, error: Schema.String }).middleware(
    Watched
  ),
  Rpc.make("letters", { payload: { word: Schema.String }, success: Schema.String, stream: true }).middleware(Watched)
) {}

const pooled = (options: Omit<WorkerPool.Options, "entry" | "data">, server: Server.Options = {}) =>
  Server.serve(PredictApi.layer(Threads, { headers: ["accept-language"] }), { port: 0, ...server }).pipe(
    Layer.provide(WorkerPool.client(Threads)),
    Layer.provideMerge(
      WorkerPool.layerPool({
        entry: new URL("./fixtures/worker.ts", import.meta.url),
        data: "http://127.0.0.1:9",
        ...options
      })
    ),
    Layer.provide(Logger.layer([]))
  )

/** For a machine that has much else to do. */
const settings = { excludeTestServices: true, timeout: "30 seconds" } as const
const patience = 30_000

describe("a server of a model", () => {
  it.effect("puts the calls together that come while a batch runs, and one bad call fails alone", () =>
    Effect.gen(function* () {
      const { arrived, ask, began, gate } = yield* model({ maxSize: 8, maxWait: "1 hour", concurrency: 1 })
      const first = yield* ask("one")
      assert.deepStrictEqual(yield* Queue.take(began), ["one"])
      yield* Queue.take(arrived)
      const others = yield* Effect.forEach(["two", "bad", "three"], ask)
      yield* Effect.forEach(others, () => Queue.take(arrived))
      yield* gate.open
      assert.strictEqual((yield* Fiber.join(first)).text, '{"batch":["one"]}')
      const answers = yield* Effect.forEach(others, Fiber.join)
      assert.deepStrictEqual(
        answers.map(({ status }) => status),
        [200, 500, 200]
      )
      assert.sameMembers(Array.from(yield* Queue.take(began)), ["two", "bad", "three"])
    })
  )

  it.effect("makes no call wait for others longer than it may", () =>
    Effect.gen(function* () {
      const { arrived, ask, began, gate } = yield* model({ maxSize: 8, maxWait: "50 millis" })
      yield* ask("one")
      yield* Queue.take(began)
      const late = yield* ask("two")
      yield* Effect.andThen(Queue.take(arrived), Queue.take(arrived))
      yield* turn
      assert.strictEqual(yield* Queue.size(began), 0)
      while ((yield* Queue.size(began)) === 0) yield* Effect.andThen(TestClock.adjust("50 millis"), turn)
      assert.deepStrictEqual(yield* Queue.take(began), ["two"])
      yield* gate.open
      assert.strictEqual((yield* Fiber.join(late)).status, 200)
    })
  )

  it.effect("runs callbacks before and after a call, around its handler and around its request", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const watched = Layer.succeed(Watched, (handler, { headers, rpc }) =>
        Effect.gen(function* () {
          seen.push(`before ${rpc._tag} of ${headers[CallMetadata.requestIdHeader]}`)
          if (headers["x-mood"] === "bad") return yield* new Denied()
          return yield* handler
        }).pipe(Effect.onExit((exit) => Effect.sync(() => seen.push(`after ${rpc._tag}: ${exit._tag}`))))
      )
      const timed = HttpRouter.middleware(
        (app) =>
          Effect.flatMap(HttpServerRequest, ({ method, url }) =>
            Effect.tap(app, ({ status }) => Effect.sync(() => seen.push(`${method} ${url}: ${status}`)))
          ),
        { global: true }
      )
      const handlers = Words.toLayer({
        length: ({ word }) => (word === "" ? Effect.fail("empty") : Effect.succeed(word.length)),
        letters: ({ word }) => Stream.fromIterable(word)
      })
      const words = Local.layer(Words, handlers).pipe(Layer.provide(watched))
      const predict = PredictApi.layer(Words, { headers: ["x-mood"] }).pipe(Layer.provide(words))
      const routes = Layer.mergeAll(predict, timed, OpenApi.layer())
      yield* Effect.gen(function* () {
        const id = { "x-request-id": "r" }
        assert.strictEqual((yield* post("/predict/length", { word: "four" }, id)).text, "4")
        assert.strictEqual((yield* post("/predict/length", { word: "" }, id)).status, 500)
        assert.include((yield* post("/predict/letters", { word: "ab" }, id)).text, 'data: "b"')
        const denied = yield* post("/predict/length", { word: "x" }, { ...id, "x-mood": "bad" })
        assert.deepStrictEqual([denied.status, denied.error?.code], [500, "Denied"])
        const ofLetters = seen.splice(6, 3)
        assert.deepStrictEqual(seen, [
          "before length of r",
          "after length: Success",
          "POST /predict/length: 200",
          "before length of r",
          "after length: Failure",
          "POST /predict/length: 500",
          "before length of r",
          "after length: Failure",
          "POST /predict/length: 500"
        ])
        // The answer to a stream begins before the stream ends, or after.
        assert.strictEqual(ofLetters[0], "before letters of r")
        assert.sameMembers(ofLetters.slice(1), ["after letters: Success", "POST /predict/letters: 200"])
        // What a middleware can fail with is a failure of the call.
        assert.include((yield* call("/openapi.json")).text, '"ContractError.Denied.500"')
      }).pipe(Effect.provide(Server.serve(routes, { port: 0 })))
    })
  )

  layer(pooled({ size: 2, spare: 0, concurrency: 64 }), settings)("over workers", (it) => {
    it.effect(
      "answers a hundred requests at a time, each its own",
      () =>
        Effect.gen(function* () {
          const numbers = Array.from({ length: 100 }, (_, n) => n)
          const answers = yield* Effect.forEach(numbers, (x) => post("/predict/square", { x }), {
            concurrency: "unbounded"
          })
          assert.deepStrictEqual(
            answers.map(({ status, text }) => `${status} ${text}`),
            numbers.map((x) => `200 {"y":${x * x}}`)
          )
        }),
      patience
    )

    it.effect(
      "fails the calls of a worker that dies, and no other one's, and goes on",
      () =>
        Effect.gen(function* () {
          const pool = yield* WorkerPool.WorkerPool
          const ready = Effect.map(pool.status, ({ workers }) => workers.filter(({ state }) => state === "ready"))
          while ((yield* ready).length < 2) yield* Effect.sleep("5 millis")
          const calls = yield* Effect.forEach(Array.from({ length: 8 }), () =>
            Effect.forkChild(post("/predict/hang", "", { "x-causeway-timeout": "25000" }))
          )
          while ((yield* pool.status).inFlight < 8) yield* Effect.sleep("5 millis")
          assert.deepStrictEqual(
            (yield* ready).map(({ inFlight }) => inFlight),
            [4, 4]
          )
          assert.strictEqual((yield* post("/predict/exit", { code: 7 })).error?.code, "crashed")
          // Its four are answered, the other worker's four hang on.
          while ((yield* pool.status).inFlight > 4) yield* Effect.sleep("5 millis")
          const ended = () => calls.flatMap((fiber) => fiber.pollUnsafe() ?? [])
          while (ended().length < 4) yield* Effect.sleep("5 millis")
          assert.deepStrictEqual(
            ended().map((exit) => (exit._tag === "Success" ? `${exit.value.status} ${exit.value.error?.code}` : exit)),
            Array.from({ length: 4 }, () => "500 crashed")
          )
          assert.strictEqual((yield* pool.status).inFlight, 4)
          const after = yield* Effect.forEach([1, 2, 3, 4], (x) => post("/predict/square", { x }), { concurrency: 4 })
          assert.deepStrictEqual(
            after.map(({ status }) => status),
            [200, 200, 200, 200]
          )
          yield* Effect.forEach(calls, Fiber.interrupt)
        }),
      patience
    )
  })

  layer(pooled({ size: 1, spare: 0 }, { keys: [{ name: "alice", key: Redacted.make("a-key-of-alice") }] }), settings)(
    "with a key, over workers",
    (it) => {
      it.effect(
        "tells handlers on another thread of their request",
        () =>
          Effect.gen(function* () {
            const answer = yield* post("/predict/context", "", {
              "x-api-key": "a-key-of-alice",
              "x-request-id": "mine",
              "accept-language": "de"
            })
            assert.deepStrictEqual(JSON.parse(answer.text), {
              requestId: "mine",
              keyName: "alice",
              hasDeadline: "true",
              "accept-language": "de"
            })
          }),
        patience
      )
    }
  )
})
