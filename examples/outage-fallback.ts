// An upstream is down, and nobody notices: npx tsx examples/outage-fallback.ts
//
// Two upstreams with a client of their own, both simulated. The first one answers 503 "no healthy upstream". Five calls
// find that out; from then on its breaker sends calls to the second one without asking it.
import * as OpenAiClient from "@causeway/openai/OpenAiClient"
import * as Policy from "@causeway/resilience/Policy"
import * as Upstreams from "@causeway/resilience/Upstreams"
import { Simulator } from "@causeway/simulator/Simulator"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const upstreams = Layer.unwrap(
  Effect.map(Simulator, ({ url }) =>
    Upstreams.layer({
      primary: {
        client: OpenAiClient.layer({ name: "primary", baseUrl: url, models: { "gpt-5": "fault:no-healthy-upstream" } })
      },
      backup: { client: OpenAiClient.layer({ name: "backup", baseUrl: url }), cost: 5 }
    })
  )
)

const policy = Policy.make({ deadline: "30 seconds", fallback: ["backup"] })

// The client is taken inside the call: each attempt gets that of its upstream.
const ask = Effect.gen(function* () {
  const openai = yield* OpenAiClient.OpenAiClient
  const { choices } = yield* openai.chat.completions.create({
    model: "gpt-5",
    messages: [{ role: "user", content: "Is anybody there?" }]
  })
  return choices[0]?.message.content
}).pipe(Policy.apply(policy))

const program = Effect.gen(function* () {
  const simulator = yield* Simulator
  for (let call = 0; call < 20; call++) yield* ask
  const models = (yield* simulator.requests).map(({ model }) => model)
  yield* Console.log(`20 calls, 20 answers, ${models.filter((model) => model !== "gpt-5").length} requests to primary`)
  for (const { state, upstream, why } of yield* Upstreams.status) yield* Console.log(`${upstream} is ${state}: ${why}`)
})

await Effect.runPromise(Effect.provide(program, Layer.provideMerge(upstreams, Simulator.layer())))
