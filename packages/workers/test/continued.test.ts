import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"
import type { Entry } from "../src/internal/entries.ts"
import { continued } from "../src/internal/continued.ts"
import * as Lossless from "../src/internal/lossless.ts"
import * as Outbox from "../src/internal/outbox.ts"
import * as Spans from "../src/internal/spans.ts"
import { fromWorker, type FromWorker } from "../src/internal/wire.ts"
import { recorder } from "./fixtures/recorder.ts"

const crossing = Lossless.make(undefined)

/** What is told of a recorded call whose handler ended so, and what its caller's tracer makes of it. */
const told = (exit: Exit.Exit<unknown, never>, context: Context.Context<never>) => {
  const messages: Array<FromWorker> = []
  const outbox = Outbox.make<FromWorker>({ post: (posted) => void messages.push(...posted), onRefused: assert.fail })
  const trace = ["trace", "client", true] as const
  // The rest of an entry says how to find and run a handler.
  const entry = { wireTag: "test/call", context } as Entry
  const effect = continued(exit, { id: 1, entry, trace, outbox, crossing, room: Spans.makeRoom() })
  const isExit = Exit.isExit(effect)
  const ended = Effect.runSyncExitWith(context)(effect)
  outbox.flush()
  const { spans, tracer } = recorder()
  const client = new Tracer.NativeSpan({
    name: "client",
    parent: Option.none(),
    annotations: Context.empty(),
    links: [],
    startTime: 0n,
    kind: "client",
    sampled: true
  })
  const clock = { currentTimeNanosUnsafe: () => 0n } as Parameters<typeof Spans.record>[2]
  const recording = Spans.record(tracer, client, clock, crossing)
  for (const message of messages) {
    if (message[0] === fromWorker.spanStarted || message[0] === fromWorker.spanEnded) recording.receive(message)
  }
  return { isExit, ended, messages, spans }
}

describe("continued", () => {
  it("tells of what has ended by one message, without running anything", () => {
    for (const exit of [Exit.succeed(1), Exit.die("no")]) {
      const { ended, isExit, messages, spans } = told(exit, Context.empty())
      assert.isTrue(isExit)
      assert.strictEqual(ended, exit)
      assert.deepStrictEqual(
        messages.map(([kind]) => kind),
        [fromWorker.spanStarted]
      )
      const [span] = spans
      assert.deepStrictEqual([span?.name, span?.kind], ["test/call", "server"])
      assert.isTrue(span?.status._tag === "Ended" && span.status.startTime <= span.status.endTime)
      assert.strictEqual(span?.status._tag === "Ended" && span.status.exit._tag, exit._tag)
    }
  })

  it("keeps to what the context of the handlers says of spans", () => {
    const annotated = told(Exit.succeed(1), Context.make(References.TracerSpanAnnotations, { region: "north" }))
    assert.strictEqual(annotated.spans[0]?.attributes.get("region"), "north")
    assert.lengthOf(told(Exit.succeed(1), Context.make(References.TracerEnabled, false)).messages, 0)
    assert.lengthOf(told(Exit.succeed(1), Context.make(Tracer.MinimumTraceLevel, "None")).messages, 0)
  })
})
