/** A model of one's own behind OpenAI's API: `PORT=8000 npx tsx examples/model-server.ts`, then any OpenAI client. */
import * as Local from "@causeway/core/Local"
import * as ModelServer from "@causeway/openai/ModelServer"
import { Relay } from "@causeway/openai/Relay"
import * as Health from "@causeway/server/Health"
import * as OpenAiApi from "@causeway/server/OpenAiApi"
import * as Server from "@causeway/server/Server"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"

const models = ModelServer.layer({
  "echo-1": { chat: ({ messages }) => Stream.fromIterable(ModelServer.textOf(messages.at(-1)).split(/(?= )/)) },
  "letters-1": { embed: ({ input }) => Effect.succeed(input.map((text) => [text.length, text.length % 7])) }
})

const api = Layer.merge(OpenAiApi.layer(), Health.layer()).pipe(Layer.provide(Local.layer(Relay, models)))
const told = Layer.effectDiscard(Effect.flatMap(Server.Server, ({ url }) => Console.log(`models at ${url}/v1`)))
NodeRuntime.runMain(Layer.launch(Layer.provide(told, Server.serve(api, { port: Number(process.env["PORT"] ?? 8000) }))))
