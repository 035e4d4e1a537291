/** `Upstream.make` under a policy, in process and inside a worker: what is told of an attempt, repeated, given up, and carried back. */
import * as Disposition from "@causeway/core/Disposition"
import * as Local from "@causeway/core/Local"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as Policy from "@causeway/resilience/Policy"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import { assert, describe, layer } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { once } from "node:events"
import * as Http from "node:http"
import { Stock } from "./fixtures/contract.ts"
import { handlers } from "./fixtures/handlers.ts"

/** The API: its second place is always well, its first one does what the id says. */
const api = Effect.gen(function* () {
  const requests: Array<readonly [place: string, attempt: string]> = []
  const arrived = yield* Deferred.make<void>()
  const closed = yield* Deferred.make<void>()
  const serve = (place: string) =>
    Effect.acquireRelease(
      Effect.promise(async () => {
        const server = Http.createServer((request, response) => {
          requests.push([place, String(request.headers["x-attempt"])])
          const id = (request.url ?? "").slice(1)
          const counting = { code: "COUNTING", message: "the shelf is being counted" }
          if (place === "us" || id === "well") return void response.end(JSON.stringify({ id, place }))
          if (id === "reset") return void request.socket.resetAndDestroy()
          if (id === "counting") return void response.writeHead(418).end(JSON.stringify(counting))
          request.socket.once("close", () => Deferred.doneUnsafe(closed, Effect.void))
          Deferred.doneUnsafe(arrived, Effect.void)
        }).listen(0, "127.0.0.1")
        await once(server, "listening")
        const address = server.address()
        assert(typeof address === "object" && address !== null)
        return { server, url: `http://127.0.0.1:${address.port}` }
      }),
      ({ server }) => Effect.sync(() => (server.close(), server.closeAllConnections()))
    )
  const urls = { eu: (yield* serve("eu")).url, us: (yield* serve("us")).url }
  return { urls, requests, arrived: Deferred.await(arrived), closed: Deferred.await(closed) }
})

/** A policy that has learnt nothing yet. */
const fresh = (...fallback: ReadonlyArray<"us">) =>
  Policy.apply(Policy.make({ retry: { times: 1, base: "1 millis", max: "1 millis" }, fallback }))

const places = {
  "in process": Local.layer(Stock, handlers),
  "in a worker": WorkerPool.layer(Stock, {
    entry: new URL("./fixtures/worker.ts", import.meta.url),
    size: 1,
    spare: 0
  })
}

for (const [name, place] of Object.entries(places)) {
  describe(`an upstream of one's own, ${name}`, () => {
    layer(place, { excludeTestServices: true })((it) => {
      it.effect("is asked again, or another one, by what a rule of its own says", () =>
        Effect.gen(function* () {
          const stock = yield* Stock
          const { requests, urls } = yield* api
          const item = stock.item({ id: "counting", urls })
          assert.deepStrictEqual(yield* fresh("us")(item), { id: "counting", place: "us" })
          assert.deepStrictEqual(requests.splice(0), [
            ["eu", "1"],
            ["us", "2"]
          ])
          const error = yield* Effect.flip(fresh()(item))
          assert.strictEqual(error.reason._tag, "Overloaded")
          assert.deepStrictEqual(requests, [
            ["eu", "1"],
            ["eu", "2"]
          ])
          assert.deepStrictEqual(
            Policy.attempts(error).map(({ number, reason }) => [number, reason]),
            [
              [1, "Overloaded"],
              [2, "Overloaded"]
            ]
          )
        }).pipe(Effect.scoped)
      )

      it.effect("is not asked again where it may have run and nobody says that it may do so twice", () =>
        Effect.gen(function* () {
          const stock = yield* Stock
          const { requests, urls } = yield* api
          const error = yield* Effect.flip(fresh("us")(stock.take({ id: "reset", urls })))
          assert(error instanceof UpstreamError)
          assert.deepInclude(error, { upstream: "eu", operation: "items.take", replay: "never" })
          assert.strictEqual(error.reason._tag, "ConnectionLost")
          assert.deepInclude(Disposition.of(error), { retry: "never", fallback: "never", delivery: "may-have-run" })
          assert.deepStrictEqual(requests, [["eu", "1"]])
          const item = yield* fresh("us")(stock.item({ id: "reset", urls }))
          assert.strictEqual(item.place, "us")
          assert.strictEqual(requests.length, 3)
        }).pipe(Effect.scoped)
      )

      it.effect("is started anew for a stream that brought nothing", () =>
        Effect.gen(function* () {
          const stock = yield* Stock
          const { requests, urls } = yield* api
          const pieces = yield* Stream.mkString(
            Policy.applyStream(Policy.make({ fallback: ["us"] }))(stock.pieces({ id: "counting", urls }))
          )
          assert.deepStrictEqual(JSON.parse(pieces), { id: "counting", place: "us" })
          assert.deepStrictEqual(
            requests.map(([each]) => each),
            ["eu", "us"]
          )
        }).pipe(Effect.scoped)
      )

      it.effect("is left at once by a caller who is interrupted, and at the policy's deadline", () =>
        Effect.gen(function* () {
          const stock = yield* Stock
          const first = yield* api
          const fiber = yield* Effect.forkChild(fresh("us")(stock.item({ id: "silent", urls: first.urls })))
          yield* first.arrived
          yield* Fiber.interrupt(fiber)
          yield* first.closed

          const second = yield* api
          const hurried = Policy.make({ deadline: "200 millis" })
          const error = yield* Effect.flip(Policy.apply(hurried)(stock.item({ id: "silent", urls: second.urls })))
          assert.strictEqual(error.reason._tag, "DeadlineExceeded")
          yield* second.closed
        }).pipe(Effect.scoped)
      )

      it.effect("fails outside with what failed inside", () =>
        Effect.gen(function* () {
          const stock = yield* Stock
          const { urls } = yield* api
          for (const id of ["counting", "reset"]) {
            const error = yield* Effect.flip(stock.item({ id, urls }))
            assert(error instanceof UpstreamError)
            assert.strictEqual(yield* stock.difference({ failure: Cause.fail(error) }), "none", id)
          }
        }).pipe(Effect.scoped)
      )
    })
  })
}
