// No upstream is left, and callers still get an answer: npx tsx examples/degraded-plan.ts
//
// A call that fails is answered from what was answered before, else by a fixed text. When all upstreams are down, calls
// get that at once and nobody is asked. When one is back, the plan is left by itself.
import * as Upstream from "@causeway/core/Upstream"
import { Evidence } from "@causeway/core/Evidence"
import { UpstreamError } from "@causeway/core/UpstreamError"
import { Overloaded } from "@causeway/core/UpstreamReason"
import * as Degraded from "@causeway/resilience/Degraded"
import * as Policy from "@causeway/resilience/Policy"
import * as Upstreams from "@causeway/resilience/Upstreams"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

let isUp = true
let asked = 0
const cache = new Map<string, string>()

const overloaded = (upstream: string) =>
  new UpstreamError({
    upstream,
    operation: "capital",
    reason: new Overloaded({ message: "too many requests at once", seenIn: "status" }),
    evidence: new Evidence({ attempt: 1, timing: { startedAt: 0, totalMs: 1 } })
  })

const capital = (country: string) =>
  Effect.gen(function* () {
    const upstream = (yield* Upstream.Current) ?? "primary"
    asked++
    if (!isUp) return yield* overloaded(upstream)
    const answer = country === "France" ? "Paris" : "Rome"
    cache.set(country, answer)
    return answer
  })

const planFor = (country: string) =>
  Degraded.make<string, string>({
    answers: [
      {
        name: "cached",
        answer: () => {
          const known = cache.get(country)
          return known === undefined ? Effect.fail("nothing is cached") : Effect.succeed(known)
        }
      },
      Degraded.fixed("sorry", "Please ask again later.")
    ]
  })

const policy = Policy.make({
  fallback: ["backup"],
  retry: { times: 0 },
  breaker: { open: "2 seconds", steps: [] }
})

const ask = (country: string) =>
  capital(country).pipe(Policy.apply(policy), Degraded.apply(planFor(country)), Degraded.marked)

const show = (country: string) =>
  Effect.flatMap(ask(country), ({ degraded, value }) =>
    Console.log(`${country}: ${value}${degraded === undefined ? "" : ` (${degraded})`}`)
  )

const program = Effect.gen(function* () {
  yield* show("France")
  isUp = false
  for (let call = 0; call < 5; call++) yield* ask("France")
  asked = 0
  yield* show("France")
  yield* show("Italy")
  yield* Console.log(`upstreams asked meanwhile: ${asked}`)
  isUp = true
  yield* Effect.sleep("2200 millis")
  yield* show("Italy")
})

await Effect.runPromise(Effect.provide(program, Upstreams.layerNamed({ primary: {}, backup: {} })))
