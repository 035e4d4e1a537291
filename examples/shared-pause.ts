// One caller is told to wait, and all of them do: npx tsx examples/shared-pause.ts
//
// The upstream takes five calls and then wants a second of rest. The caller that is told so tells the others, who do
// not knock; they come one after the other when the second is over.
import * as Disposition from "@causeway/core/Disposition"
import * as Policy from "@causeway/resilience/Policy"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** An error of one's own: what a policy needs is its disposition. */
class TooMany extends Data.TaggedError("TooMany") {
  readonly [Disposition.symbol] = Disposition.make({
    blame: "us",
    retry: "backoff",
    retryAfter: Duration.seconds(1),
    fallback: "any",
    health: "pauses",
    delivery: "not-sent"
  })
}

let taken = 0
let refused = 0
let restsUntil = 0

const call = Effect.gen(function* () {
  const now = yield* Clock.currentTimeMillis
  if (taken === 5) {
    taken = 0
    restsUntil = now + 1000
  }
  if (now < restsUntil) {
    refused++
    return yield* new TooMany()
  }
  taken++
})

const policy = Policy.make({ retry: { times: 2 } })

const program = Effect.gen(function* () {
  const startedAt = yield* Clock.currentTimeMillis
  for (let first = 0; first < 5; first++) yield* call.pipe(Policy.apply(policy))
  // Four callers at once, of whom the first one is refused.
  yield* Effect.replicateEffect(call.pipe(Policy.apply(policy)), 4, { concurrency: "unbounded" })
  const ms = (yield* Clock.currentTimeMillis) - startedAt
  yield* Console.log(`9 calls were served, ${refused} refused`)
  yield* Console.log(ms >= 1000 ? "the rest was kept" : "the rest was not kept")
})

await Effect.runPromise(program)
