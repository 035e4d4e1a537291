/** The process of one contender's upstreams: a primary and a secondary, which run the phases. */
import { Simulator } from "@causeway/simulator/Simulator"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { type Count, type FromUpstreams, latencyOf, scriptOf, type Side, type ToUpstreams } from "./protocol.ts"

const counts = new Map<string, Count>()

const send = (message: FromUpstreams): void => void process.send?.(message)

const started = Effect.fnUntraced(function* (side: Side, seed: number) {
  const simulator = yield* Simulator.make({ latency: latencyOf[side], seed, requestLog: 10_000 })
  yield* Effect.forkScoped(
    Stream.runForEach(simulator.settled, ({ outcome, phase = "", status }) =>
      Effect.sync(() => {
        const seen = outcome === "abandoned" ? "given up" : status === 200 ? "served" : "refused"
        const key = [side, phase, seen].join()
        counts.set(key, { side, phase, outcome: seen, requests: (counts.get(key)?.requests ?? 0) + 1 })
      })
    )
  )
  return simulator
})

const program = Effect.gen(function* () {
  const primary = yield* started("primary", 1)
  const secondary = yield* started("secondary", 2)
  const context = yield* Effect.context()
  const start = Effect.andThen(primary.run(scriptOf("primary")), secondary.run(scriptOf("secondary")))
  process.on("message", (message: ToUpstreams) => {
    if (message === "report") return send({ _tag: "Report", counts: [...counts.values()] })
    const epochMs = Date.now()
    Effect.runSyncWith(context)(start)
    send({ _tag: "Started", epochMs })
  })
  send({ _tag: "Ready", urls: { primary: primary.url, secondary: secondary.url } })
  return yield* Effect.never
})

process.on("disconnect", () => process.exit())
await Effect.runPromise(Effect.scoped(program))
