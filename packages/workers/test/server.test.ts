/**
 * What the worker's side does by itself, should the pool's side not react.
 */
import * as Contract from "@causeway/core/Contract"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Lossless from "../src/internal/lossless.ts"
import * as Outbox from "../src/internal/outbox.ts"
import { makeRoom } from "../src/internal/spans.ts"
import * as Server from "../src/internal/server.ts"
import { fromWorker, type FromWorker, toWorker } from "../src/internal/wire.ts"
import { good } from "./fixtures/handlers.ts"

/** So much in an element that it is posted by itself, while the handler still runs. */
class Wide extends Contract.Service<Wide>()(
  "test/Wide",
  Rpc.make("endless", { success: Schema.Unknown, stream: true })
) {}

const wide = Wide.toLayer({ endless: () => Stream.forever(Stream.succeed(Array.from({ length: 2000 }, () => [1]))) })

const setup = Effect.gen(function* () {
  const context = yield* Layer.build(good)
  const sent: Array<FromWorker> = []
  const outbox = Outbox.make<FromWorker>({
    post: (messages) => void sent.push(...messages),
    onRefused: (message) => void sent.push(message)
  })
  return {
    outbox,
    sent,
    server: Server.make(context, outbox, Lossless.make(undefined), makeRoom())
  }
})

describe("server", () => {
  it.live("ends a call whose deadline has passed, and interrupts its handler", () =>
    Effect.gen(function* () {
      const { outbox, sent, server } = yield* setup
      server.receive([toWorker.request, 1, "test/Good/hang", { id: "server" }, 5])
      server.receive([toWorker.request, 2, "test/Good/hang", { id: "other" }, 60_000])
      server.expire()
      yield* Effect.sleep("10 millis")
      server.expire()
      server.receive([toWorker.request, 3, "test/Good/produced", { id: "server" }])
      outbox.flush()
      assert.deepStrictEqual(sent, [
        [fromWorker.refused, 1, { _tag: "DeadlineExceeded" }],
        [fromWorker.success, 3, { chunks: 1, ended: true }]
      ])
      yield* server.close
    }).pipe(Effect.scoped)
  )

  it.live("ends a stream whose first chunk cannot be posted, and sends none after it", () =>
    Effect.gen(function* () {
      const context = yield* Layer.build(wide)
      const sent: Array<FromWorker> = []
      let chunks = 0
      const outbox = Outbox.make<FromWorker>({
        post: (messages) => {
          if (messages.some(([kind]) => kind === fromWorker.chunk) && ++chunks === 1) throw new Error("not cloneable")
          sent.push(...messages)
        },
        onRefused: (message, error) => server.refused(message, error)
      })
      const server = Server.make(context, outbox, Lossless.make(undefined), makeRoom())
      server.receive([toWorker.request, 1, "test/Wide/endless", null])
      yield* Effect.yieldNow
      yield* Effect.yieldNow
      outbox.flush()
      assert.deepStrictEqual(
        sent.map(([kind]) => kind),
        [fromWorker.refused]
      )
    }).pipe(Effect.scoped)
  )

  it.live("says what it serves where a call is none of that", () =>
    Effect.gen(function* () {
      const { outbox, sent, server } = yield* setup
      server.receive([toWorker.request, 1, "test/Other/call", undefined])
      outbox.flush()
      const [kind, , refusal] = sent[0] ?? assert.fail("nothing was sent")
      assert.strictEqual(kind, fromWorker.refused)
      assert.include(JSON.stringify(refusal), "test/Good/square")
    }).pipe(Effect.scoped)
  )

  it.live("tells spans only of calls that somebody records", () =>
    Effect.gen(function* () {
      const { outbox, sent, server } = yield* setup
      const call = (id: number, isRecorded: boolean) =>
        server.receive([
          toWorker.request,
          id,
          "test/Good/square",
          { x: 2 },
          undefined,
          undefined,
          ["a", "b", isRecorded]
        ])
      call(1, false)
      call(2, true)
      outbox.flush()
      // It has ended by then: what tells of its beginning tells of its end.
      assert.deepStrictEqual(
        sent.map((message) => [message[0], message[1], message.length]),
        [
          [fromWorker.success, 1, 3],
          [fromWorker.spanStarted, 2, 5],
          [fromWorker.success, 2, 3]
        ]
      )
    }).pipe(Effect.scoped)
  )

  it.live("ends what runs when it is closed", () =>
    Effect.gen(function* () {
      const { outbox, sent, server } = yield* setup
      server.receive([toWorker.request, 1, "test/Good/hang", { id: "closed" }])
      yield* server.close
      outbox.flush()
      assert.deepStrictEqual(sent, [[fromWorker.ended, 1]])
    }).pipe(Effect.scoped)
  )
})
