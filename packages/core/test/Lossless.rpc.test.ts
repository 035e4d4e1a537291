/** The codec as the codec of a stock RPC client and server, over HTTP and JSON. */
import * as Lossless from "@causeway/core/Lossless"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcClient from "effect/rpc/RpcClient"
import type { RpcClientError } from "effect/rpc/RpcClientError"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as RpcSerialization from "effect/rpc/RpcSerialization"
import * as RpcServer from "effect/rpc/RpcServer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

class Refused extends Schema.TaggedError<Refused>("test/rpc/Refused")("Refused", { why: Schema.String }) {}
class Hidden extends Schema.TaggedError<Hidden>("test/rpc/Hidden")("Hidden", { why: Schema.String }) {}

const group = RpcGroup.make(
  Rpc.make("echo", { payload: { text: Schema.String, at: Schema.Date }, success: Schema.Date }),
  Rpc.make("refuse", { success: Schema.String, error: Refused }),
  Rpc.make("disguise", { success: Schema.String, error: Refused }),
  Rpc.make("die", { success: Schema.String }),
  Rpc.make("tokens", { success: Schema.String, error: Refused, stream: true })
)

const epoch = new Date(0)

const refused = () => Object.assign(new Refused({ why: "no" }), { cause: new TypeError("fetch failed"), attempt: 2 })

const handlers = group.toLayer({
  echo: ({ at }) => Effect.succeed(at),
  refuse: () => Effect.fail(refused()),
  // Of another class than was declared, as code that is not checked can do.
  disguise: () => Effect.fail(new Hidden({ why: "no" }) as unknown as Refused),
  die: () => Effect.die(Object.assign(new RangeError("a bug"), { at: epoch })),
  tokens: () => Stream.concat(Stream.make("a", "b"), Stream.fail(refused()))
})

const serialization = Layer.succeed(RpcSerialization.RpcSerialization, {
  ...RpcSerialization.ndjson,
  codecFor: Lossless.codecFor()
})

const served = RpcServer.layer(group, { disableFatalDefects: true }).pipe(
  Layer.provide(handlers),
  Layer.provide(RpcServer.layerProtocolHttp({ path: "/rpc" }))
)

const server = HttpRouter.serve(served, { disableListenLog: true, disableLogger: true }).pipe(
  Layer.provideMerge(NodeHttpServer.layerTest)
)

const protocol = Layer.unwrap(
  Effect.map(HttpServer.HttpServer, (server) =>
    RpcClient.layerProtocolHttp({ url: `${HttpServer.formatAddress(server.address)}/rpc` })
  )
).pipe(Layer.provide(FetchHttpClient.layer))

const test = <A, E>(use: (client: RpcClient.FromGroup<typeof group, RpcClientError>) => Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const client = yield* RpcClient.make(group)
    return yield* use(client)
  }).pipe(Effect.provide(protocol.pipe(Layer.provideMerge(server), Layer.provideMerge(serialization))), Effect.scoped)

const squash = (exit: Exit.Exit<unknown, unknown>): unknown =>
  Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined

describe("codecFor", () => {
  it.live("carries payload and success by their schemas", () =>
    test((client) =>
      Effect.gen(function* () {
        const at = yield* client.echo({ text: "x", at: epoch })
        assert.deepStrictEqual(at, epoch)
      })
    )
  )

  it.live("keeps the class, cause, stack and own properties of a typed failure", () =>
    test((client) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(client.refuse())
        assert.instanceOf(error, Refused)
        assert.strictEqual(Reflect.get(error, "attempt"), 2)
        assert.instanceOf(error.cause, TypeError)
        assert.match(String(error.stack), /Lossless\.rpc\.test/)
      })
    )
  )

  it.live("makes a failure that was not declared an unknown one, with its tag", () =>
    test((client) =>
      Effect.gen(function* () {
        const error: unknown = yield* Effect.flip(client.disguise())
        assert.ok(Lossless.isUnknownFailure(error))
        assert.deepStrictEqual([error._tag, error.fields], ["Hidden", { why: "no" }])
      })
    )
  )

  it.live("keeps the kind, stack and own properties of a defect", () =>
    test((client) =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(client.die())
        const defect = squash(exit)
        assert.instanceOf(defect, RangeError)
        assert.deepStrictEqual(Reflect.get(defect, "at"), epoch)
        assert.match(String(defect.stack), /Lossless\.rpc\.test/)
      })
    )
  )

  it.live("keeps the typed failure of a stream, after its elements", () =>
    test((client) =>
      Effect.gen(function* () {
        const seen: Array<string> = []
        const error = yield* client.tokens().pipe(
          Stream.runForEach((token) => Effect.sync(() => seen.push(token))),
          Effect.flip
        )
        assert.deepStrictEqual(seen, ["a", "b"])
        assert.instanceOf(error, Refused)
        assert.strictEqual(Reflect.get(error, "attempt"), 2)
      })
    )
  )
})
