import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import * as Lossless from "../src/internal/lossless.ts"
import * as Outbox from "../src/internal/outbox.ts"
import * as Spans from "../src/internal/spans.ts"
import { fromWorker, type FromWorker } from "../src/internal/wire.ts"
import { recorder } from "./fixtures/recorder.ts"

const crossing = Lossless.make(undefined)

const client = new Tracer.NativeSpan({
  name: "client",
  parent: Option.none(),
  annotations: Tracer.externalSpan({ traceId: "", spanId: "" }).annotations,
  links: [],
  startTime: 0n,
  kind: "client",
  sampled: true
})

/** What the tracer of a caller makes of the spans of an effect that runs in a worker. */
const recorded = (self: Effect.Effect<unknown>, room = Spans.makeRoom()) => {
  const { named, spans, tracer } = recorder()
  const clock = { currentTimeNanosUnsafe: () => 0n } as Parameters<typeof Spans.record>[2]
  const recording = Spans.record(tracer, client, clock, crossing)
  const outbox = Outbox.make<FromWorker>({
    post: (messages) => {
      for (const message of messages) {
        if (message[0] === fromWorker.spanStarted || message[0] === fromWorker.spanEnded) recording.receive(message)
      }
    },
    onRefused: assert.fail
  })
  Effect.runSync(Effect.withTracer(self, Spans.forwarding(1, client, outbox, crossing, room)))
  outbox.flush()
  return { close: () => recording.close(Exit.void), named, spans }
}

describe("spans", () => {
  it.each([true, false])("know one that has ended as their parent and by links, told by one message: %s", (isOne) => {
    const { named } = recorded(
      Effect.gen(function* () {
        const first = yield* Effect.makeSpan("first")
        // What comes in between has its end told by itself.
        if (!isOne) yield* Effect.void.pipe(Effect.withSpan("between"))
        first.end(1n, Exit.void)
        yield* Effect.void.pipe(Effect.withSpan("second", { parent: first, links: [{ span: first, attributes: {} }] }))
      })
    )
    const first = named("first")
    assert.strictEqual(Option.getOrUndefined(named("second").parent), first)
    assert.deepStrictEqual(
      named("second").links.map(({ span }) => span),
      [first]
    )
  })

  it("that come faster than they are taken are left out, with those below them, until there is room", () => {
    const room = Spans.makeRoom()
    let size = 0
    while (room.take()) size++
    const below = Effect.withSpan(Effect.withSpan(Effect.void, "below"), "left out")
    const giving = Effect.sync(() => room.give(1))
    const { spans } = recorded(
      below.pipe(Effect.andThen(giving), Effect.andThen(Effect.withSpan(Effect.void, "told"))),
      room
    )
    assert.deepStrictEqual(
      spans.map(({ name }) => name),
      ["told"]
    )
    assert.isAbove(size, Spans.takenAfter)
    // That which found no room before is counted as well, and what is below one is not.
    assert.deepStrictEqual([room.dropped(), room.dropped()], [2, 0])
  })

  it("end once", () => {
    const { close, spans } = recorded(Effect.withSpan(Effect.withSpan(Effect.void, "inner"), "outer"))
    close()
    assert.deepStrictEqual(
      spans.map(({ name, status }) => [name, status._tag]),
      [
        ["outer", "Ended"],
        ["inner", "Ended"]
      ]
    )
  })
})
