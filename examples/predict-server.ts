/** A model of one's own as a service: `PORT=8000 npx tsx examples/predict-server.ts`, then open `/docs`. */
import * as Contract from "@causeway/core/Contract"
import * as Local from "@causeway/core/Local"
import * as Health from "@causeway/server/Health"
import * as OpenApi from "@causeway/server/OpenApi"
import * as PredictApi from "@causeway/server/PredictApi"
import * as Server from "@causeway/server/Server"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

const text = { text: Schema.NonEmptyString }

class Moods extends Contract.Service<Moods>()(
  "example/Moods",
  Rpc.make("mood", { payload: text, success: Schema.Struct({ score: Schema.Finite }) }),
  Rpc.make("words", { payload: text, success: Schema.String, stream: true })
) {}

const handlers = Moods.toLayer({
  mood: ({ text }) => Effect.succeed({ score: text.split("!").length - 1 }),
  words: ({ text }) => Stream.fromIterable(text.split(" "))
})

const routes = Layer.mergeAll(PredictApi.layer(Moods), OpenApi.layer(), Health.layer()).pipe(
  Layer.provide(Local.layer(Moods, handlers))
)
const told = Layer.effectDiscard(Effect.flatMap(Server.Server, ({ url }) => Console.log(`calls at ${url}/predict`)))
NodeRuntime.runMain(
  Layer.launch(Layer.provide(told, Server.serve(routes, { port: Number(process.env["PORT"] ?? 8000) })))
)
