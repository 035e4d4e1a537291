/** The entry of stock RPC's workers. */
import * as NodeWorkerRunner from "@effect/platform-node/NodeWorkerRunner"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RpcServer from "effect/rpc/RpcServer"
import { Calls } from "./contract.ts"
import { handlers } from "./handlers.ts"

const server = RpcServer.layer(Calls.group, { disableTracing: process.env["TRACED"] === undefined }).pipe(
  Layer.provide(Calls.group.toLayer(handlers)),
  Layer.provide(RpcServer.layerProtocolWorkerRunner),
  Layer.provide(NodeWorkerRunner.layer)
)

Effect.runFork(Layer.launch(server))
