import * as Server from "@causeway/server/Server"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

const get = (url: string, headers: Readonly<Record<string, string>> = {}) =>
  Effect.promise(async () => {
    // A client as any other.
    // @effect-diagnostics-next-line globalFetchInEffect:off
    const response = await fetch(url, { headers: { connection: "close", ...headers } })
    return `${response.status} ${await response.text()}`
  })

/** Routes that say who they are; `/held` waits for its gate. `ended` tells that their scope has ended. */
const routes = Effect.fnUntraced(function* (name: string) {
  const gate = yield* Deferred.make<void>()
  const arrived = yield* Deferred.make<void>()
  const ended = yield* Deferred.make<void>()
  const answer = Effect.sync(() => HttpServerResponse.text(name))
  const layer = Layer.mergeAll(
    HttpRouter.add("GET", "/", answer),
    HttpRouter.add(
      "GET",
      "/held",
      Effect.andThen(Deferred.succeed(arrived, undefined), Effect.andThen(Deferred.await(gate), answer))
    ),
    Layer.effectDiscard(Effect.addFinalizer(() => Deferred.succeed(ended, undefined)))
  )
  return { layer, open: Deferred.succeed(gate, undefined), arrived: Deferred.await(arrived), ended }
})

const serving = <A, E>(
  layer: Layer.Layer<never, never, HttpRouter.HttpRouter>,
  use: Effect.Effect<A, E, Server.Server>,
  options: Server.Options = {}
) => Effect.provide(use, Server.serve(layer, { port: 0, ...options }))

describe("Server.replace", () => {
  it.live("lets new routes serve, and the former ones end what they have begun", () =>
    Effect.gen(function* () {
      const [first, second] = [yield* routes("first"), yield* routes("second")]
      yield* serving(
        first.layer,
        Effect.gen(function* () {
          const { replace, url } = yield* Server.Server
          assert.strictEqual(yield* get(url), "200 first")
          const held = yield* Effect.forkChild(get(`${url}/held`))
          yield* first.arrived
          yield* replace(second.layer)
          assert.strictEqual(yield* get(url), "200 second")
          assert.isFalse(yield* Deferred.isDone(first.ended))
          yield* first.open
          assert.strictEqual(yield* Fiber.join(held), "200 first")
          yield* Deferred.await(first.ended)
          assert.isFalse(yield* Deferred.isDone(second.ended))
        })
      )
      yield* Deferred.await(second.ended)
    })
  )

  it.live("lets what new and former routes have begun end when the server does", () =>
    Effect.gen(function* () {
      const [first, second, third] = [yield* routes("first"), yield* routes("second"), yield* routes("third")]
      const begun = yield* Deferred.make<{ readonly url: string; readonly held: ReadonlyArray<Fiber.Fiber<string>> }>()
      const server = yield* Effect.forkScoped(
        serving(
          first.layer,
          Effect.gen(function* () {
            const { replace, url } = yield* Server.Server
            const held: Array<Fiber.Fiber<string>> = []
            for (const next of [second, third]) {
              yield* replace(next.layer)
              held.push(yield* Effect.forkDetach(get(`${url}/held`)))
              yield* next.arrived
            }
            yield* Deferred.succeed(begun, { url, held })
          })
        )
      )
      const { held, url } = yield* Deferred.await(begun)
      // The end has begun, and the listener is still open.
      while (!(yield* get(url)).startsWith("503")) yield* Effect.yieldNow
      for (const { ended, open } of [second, third]) {
        assert.isFalse(yield* Deferred.isDone(ended))
        yield* open
      }
      assert.deepStrictEqual(yield* Effect.forEach(held, Fiber.join), ["200 second", "200 third"])
      yield* Fiber.join(server)
      yield* Effect.forEach([second, third], ({ ended }) => Deferred.await(ended))
    })
  )

  it.live("changes nothing where the new routes cannot be built, or would be open without a key", () =>
    Effect.gen(function* () {
      const [first, second] = [yield* routes("first"), yield* routes("second")]
      const broken = Layer.merge(second.layer, Layer.effectDiscard(Effect.fail("no such thing")))
      yield* serving(
        first.layer,
        Effect.gen(function* () {
          const { replace, url } = yield* Server.Server
          assert.strictEqual(yield* Effect.flip(replace(broken)), "no such thing")
          // What was built of it is gone.
          yield* Deferred.await(second.ended)
          assert.strictEqual(yield* get(url), "200 first")
          assert.isFalse(yield* Deferred.isDone(first.ended))
        })
      )
    })
  )

  it.live("brings along what stands around the routes", () =>
    Effect.gen(function* () {
      const [first, second] = [yield* routes("first"), yield* routes("second")]
      yield* serving(
        first.layer,
        Effect.gen(function* () {
          const { replace, url } = yield* Server.Server
          yield* replace(second.layer, { keys: [Redacted.make("a-key")] })
          assert.match(yield* get(url), /^401 /)
          assert.strictEqual(yield* get(url, { "x-api-key": "a-key" }), "200 second")
        })
      )
    })
  )

  it.live("is refused while four former ones still serve, and ends with the server", () =>
    Effect.gen(function* () {
      const all = yield* Effect.forEach(["0", "1", "2", "3", "4", "5"], routes)
      const [first, ...others] = all
      if (first === undefined) return
      yield* serving(
        first.layer,
        Effect.gen(function* () {
          const { replace, url } = yield* Server.Server
          const held: Array<Fiber.Fiber<string>> = []
          for (const [index, next] of others.entries()) {
            held.push(yield* Effect.forkChild(get(`${url}/held`)))
            yield* all[index]?.arrived ?? Effect.void
            const exit = yield* Effect.exit(replace(next.layer))
            assert.strictEqual(Exit.isSuccess(exit), index < 4, `${index}`)
            if (index === 4) assert.include(String(exit), "too many former ones still serve")
          }
          yield* Effect.forEach(all, ({ open }) => open)
          assert.deepStrictEqual(
            yield* Effect.forEach(held, Fiber.join),
            ["0", "1", "2", "3", "4"].map((name) => `200 ${name}`)
          )
          yield* Effect.forEach(all.slice(0, 4), ({ ended }) => Deferred.await(ended))
        })
      )
    })
  )
})

describe("reusePort", () => {
  const isHere = process.platform === "linux"

  it.live.skipIf(!isHere)("lets two servers listen on one port, and without it the second fails", () =>
    Effect.gen(function* () {
      const [first, second] = [yield* routes("first"), yield* routes("second")]
      const inner = (port: number) =>
        serving(
          second.layer,
          Effect.gen(function* () {
            const { url } = yield* Server.Server
            const seen = new Set<string>()
            while (seen.size < 2) seen.add(yield* get(url))
            assert.deepStrictEqual([...seen].toSorted(), ["200 first", "200 second"])
          }),
          { port, reusePort: true }
        )
      yield* serving(
        first.layer,
        Effect.flatMap(Server.Server, ({ port }) => inner(port)),
        { reusePort: true }
      )
      const alone = Effect.flatMap(Server.Server, ({ port }) =>
        Effect.flip(serving(second.layer, Effect.void, { port }))
      )
      assert.strictEqual((yield* serving(first.layer, alone)).message.split(": ")[1], "the port is in use")
    })
  )
})
