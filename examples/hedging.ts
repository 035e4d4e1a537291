// One answer in ten is slow, and nobody waits for it: npx tsx examples/hedging.ts
//
// After 2.5 times what the first upstream usually takes, the second one is asked too; the slower call is interrupted.
import * as Upstream from "@causeway/core/Upstream"
import * as Policy from "@causeway/resilience/Policy"
import * as Upstreams from "@causeway/resilience/Upstreams"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

let calls = 0
let interrupted = 0

const call = Effect.gen(function* () {
  if ((yield* Upstream.Current) === "backup") return yield* Effect.delay(Effect.succeed("backup"), "30 millis")
  const isSlow = ++calls > 10 && calls % 10 === 0
  return yield* Effect.delay(Effect.succeed("primary"), isSlow ? "30 seconds" : "20 millis").pipe(
    Effect.onInterrupt(() => Effect.sync(() => interrupted++))
  )
})

const policy = Policy.make({ fallback: ["backup"], hedge: { medianTimes: 2.5 } })

const program = Effect.gen(function* () {
  const answers = yield* Effect.replicateEffect(call.pipe(Policy.apply(policy)), 40)
  const by = (name: string) => answers.filter((answer) => answer === name).length
  yield* Console.log(`primary answered ${by("primary")} calls, backup ${by("backup")}`)
  yield* Console.log(`${interrupted} slow calls were interrupted`)
})

await Effect.runPromise(Effect.provide(program, Upstreams.layerNamed({ primary: {}, backup: {} })))
