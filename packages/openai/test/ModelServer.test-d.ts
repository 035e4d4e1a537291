import type * as Contract from "@causeway/core/Contract"
import * as ModelServer from "@causeway/openai/ModelServer"
import type { Relay } from "@causeway/openai/Relay"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { expectTypeOf, test } from "vitest"

class Weights extends Context.Service<Weights, string>()("@causeway/openai/test/ModelServer.test-d/Weights") {}
class Words extends Context.Service<Words, string>()("@causeway/openai/test/ModelServer.test-d/Words") {}

test("models without services need none", () => {
  const layer = ModelServer.layer({
    echo: { chat: ({ messages }) => Stream.succeed(ModelServer.textOf(messages.at(-1))) }
  })
  expectTypeOf(layer).toEqualTypeOf<Layer.Layer<Contract.Handlers<Relay>>>()
})

test("the services of all models and abilities are needed", () => {
  const layer = ModelServer.layer({
    one: { chat: () => Effect.map(Weights, (weights) => weights) },
    two: { chat: () => Effect.succeed("a"), embed: () => Effect.map(Words, ({ length }) => [[length]]) }
  })
  expectTypeOf(layer).toEqualTypeOf<Layer.Layer<Contract.Handlers<Relay>, never, Weights | Words>>()
})

test("what a model says is a text or deltas", () => {
  type Chat = NonNullable<ModelServer.Model["chat"]>
  expectTypeOf(() => Effect.succeed("a")).toExtend<Chat>()
  expectTypeOf(() => Effect.succeed(1)).not.toExtend<Chat>()
})
