import * as Service from "@causeway/cli/Service"
import { ServiceError } from "@causeway/cli/ServiceError"
import * as Contract from "@causeway/core/Contract"
import * as OpenAiClient from "@causeway/openai/OpenAiClient"
import { assert, describe, it } from "@effect/vitest"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"

class Words extends Contract.Service<Words>()("test/Words", Rpc.make("count", { success: Schema.Finite })) {}

class NoDictionary extends Data.TaggedError("NoDictionary")<{ readonly message: string }> {}

/** Builds the handlers of a service, as a place that serves them does. */
const build = (service: Service.Service) =>
  service
    .use<Layer.Layer<never, ServiceError, OpenAiClient.OpenAiClient>>((_, handlers) => handlers)
    .pipe(Layer.provide(OpenAiClient.layer({ baseUrl: "http://127.0.0.1:1/v1" })), Layer.build, Effect.scoped)

describe("Service", () => {
  it("is served at /predict, unless it says otherwise", () => {
    const handlers = Words.toLayer({ count: () => Effect.succeed(1) })
    assert.strictEqual(Service.make(Words, handlers).path, "/predict")
    assert.strictEqual(Service.make(Words, handlers, { path: "/words" }).path, "/words")
    assert.strictEqual(Service.make(Words, handlers).contract.key, "test/Words")
  })

  it.effect("gives its handlers the client of the upstreams", () =>
    Effect.gen(function* () {
      let seen: unknown
      const handlers = Words.toLayer(
        Effect.map(OpenAiClient.OpenAiClient, (client) => {
          seen = client
          return { count: () => Effect.succeed(1) }
        })
      )
      yield* build(Service.make(Words, handlers))
      assert.property(seen, "chat")
    })
  )

  for (const [how, broken] of [
    ["fails", Effect.fail(new NoDictionary({ message: "no dictionary" }))],
    ["throws", Effect.die(new TypeError("no dictionary"))]
  ] as const) {
    it.effect(`tells which service it was whose layer ${how}, and why`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(build(Service.make(Words, Words.toLayer(broken))))
        assert.instanceOf(error, ServiceError)
        assert.strictEqual(error.message, "the handlers of test/Words could not be built: no dictionary")
      })
    )
  }

  it.effect("takes an interruption for no failure of the service", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(build(Service.make(Words, Words.toLayer(Effect.interrupt))))
      assert.isTrue(Exit.hasInterrupts(exit))
      assert.isFalse(Exit.hasFails(exit))
    })
  )

  it("shows no secret that an error holds", () => {
    const error = new ServiceError({ contract: "test/Words", cause: new Error("bad key sk-1234567890abcdef") })
    assert.notInclude(error.message, "sk-1234567890abcdef")
  })
})
