import type { BoundaryError } from "@causeway/core/BoundaryError"
import * as Contract from "@causeway/core/Contract"
import * as WorkerEntry from "@causeway/workers/WorkerEntry"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import { describe, expectTypeOf, it } from "vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import type * as RpcMiddleware from "effect/rpc/RpcMiddleware"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type { Authentication, Odd } from "./fixtures/contracts.ts"

class Refused extends Schema.TaggedError<Refused>("types/Refused")("Refused", {}) {}

class Sums extends Contract.Service<Sums>()(
  "types/Sums",
  Rpc.make("add", { payload: { a: Schema.Finite }, success: Schema.Finite, error: Refused }),
  Rpc.make("count", { success: Schema.Finite, error: Refused, stream: true })
) {}

const handlers = Sums.toLayer({ add: ({ a }) => Effect.succeed(a), count: () => Effect.die("unused") })

declare const options: WorkerPool.Options
declare const odd: typeof Odd

describe("WorkerPool", () => {
  it("gives the contract, needs nothing and cannot fail", () => {
    expectTypeOf(WorkerPool.layer(Sums, options)).toEqualTypeOf<Layer.Layer<Sums>>()
    expectTypeOf(WorkerPool.client(Sums)).toEqualTypeOf<Layer.Layer<Sums, never, WorkerPool.WorkerPool>>()
    expectTypeOf(WorkerPool.layerPool(options)).toEqualTypeOf<Layer.Layer<WorkerPool.WorkerPool>>()
  })

  it("asks for the client's side of a middleware", () => {
    expectTypeOf(WorkerPool.layer(odd, options)).toEqualTypeOf<
      Layer.Layer<Odd, never, RpcMiddleware.ForClient<Authentication>>
    >()
  })

  it("has the call's own error and the boundary's in the error channel", () => {
    type Client = Sums["Service"]
    expectTypeOf<ReturnType<Client["add"]>>().toExtend<Effect.Effect<number | void, Refused | BoundaryError>>()
    expectTypeOf<ReturnType<typeof count>>().toEqualTypeOf<Stream.Stream<number, Refused | BoundaryError>>()
  })
})

describe("sticky", () => {
  const rpc = Rpc.make("turn", { payload: { session: Schema.String }, success: Schema.Finite, error: Refused })

  it("reads the payload, and leaves the call as it is", () => {
    expectTypeOf(rpc.pipe(WorkerPool.sticky(({ session }) => session))).toEqualTypeOf<typeof rpc>()
    expectTypeOf(WorkerPool.sticky(rpc, ({ session }) => session)).toEqualTypeOf<typeof rpc>()
  })

  it("refuses a key that is no text", () => {
    // @ts-expect-error a number
    WorkerPool.sticky(rpc, ({ session }) => session.length)
  })
})

const count = (sums: Sums["Service"]) => sums.count()

describe("WorkerEntry", () => {
  it("takes layers of handlers, with whatever else they hold", () => {
    expectTypeOf(WorkerEntry.run(handlers)).toEqualTypeOf<void>()
    expectTypeOf(WorkerEntry.run(Layer.merge(handlers, Layer.succeed(Other, 1)))).toEqualTypeOf<void>()
  })

  it("refuses a layer without handlers", () => {
    // @ts-expect-error this layer holds the handlers of no contract
    WorkerEntry.run(Layer.succeed(Other, 1))
  })

  it("refuses a layer that still needs something", () => {
    const needy = Sums.toLayer(
      Effect.map(Effect.service(Other), (n) => ({ add: () => Effect.succeed(n), count: () => Effect.die("unused") }))
    )
    // @ts-expect-error Other is missing
    // @effect-diagnostics-next-line missingLayerContext:off
    WorkerEntry.run(needy)
  })
})

class Other extends Context.Service<Other, number>()("@causeway/workers/test/WorkerPool.test-d/Other") {}
