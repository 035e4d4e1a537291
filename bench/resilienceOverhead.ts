/**
 * What a policy costs a call that needs none of it: npx tsx bench/resilienceOverhead.ts
 *
 * The call itself takes no time, so what is measured is the policy alone; once as a call
 * that ends at once, and once as one that is waited for, as every real call is. Contenders
 * take turns.
 */
import * as Policy from "@causeway/resilience/Policy"
import * as Upstreams from "@causeway/resilience/Upstreams"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"

const rounds = 15
const calls = 5000

const plain = Policy.make({ pause: false, budget: false, breaker: false, retry: { times: 0 } })
const three = Policy.make({ deadline: "30 seconds", retry: { times: 2 }, breaker: {}, pause: false, budget: false })
const all = Policy.make({
  deadline: "30 seconds",
  attempt: "10 seconds",
  retry: { times: 2 },
  breaker: { slow: { over: "5 seconds" } },
  budget: {},
  pause: true,
  hedge: { medianTimes: 1000 },
  fallback: ["backup"]
})

const stock = Effect.map(
  CircuitBreaker.make({ tripPolicy: CircuitBreaker.consecutive(5), openDuration: "2 seconds" }),
  (breaker) =>
    <A, E, R>(call: Effect.Effect<A, E, R>) =>
      call.pipe(Effect.timeout("30 seconds"), breaker.execute({ key: "primary" }))
)

/** The processor's time of one call, in microseconds: others on the machine do not count. */
const time = (call: Effect.Effect<unknown>) =>
  Effect.gen(function* () {
    const before = process.cpuUsage()
    for (let each = 0; each < calls; each++) yield* call
    const { system, user } = process.cpuUsage(before)
    return (user + system) / calls
  })

const compare = (name: string, call: Effect.Effect<unknown>) =>
  Effect.gen(function* () {
    const stockPart = yield* stock
    const contenders: Record<string, Effect.Effect<unknown>> = {
      "no policy": Effect.orDie(call),
      "a policy without parts": Effect.orDie(call.pipe(Policy.apply(plain))),
      "deadline, retry, breaker": Effect.orDie(call.pipe(Policy.apply(three))),
      "all parts": Effect.orDie(call.pipe(Policy.apply(all))),
      "Effect's own timeout and CircuitBreaker": Effect.orDie(stockPart(call))
    }
    const took = new Map<string, Array<number>>()
    for (let round = 0; round < rounds; round++) {
      for (const [contender, effect] of Object.entries(contenders)) {
        const each = took.get(contender) ?? []
        took.set(contender, each)
        each.push(yield* time(effect))
      }
    }
    // On a busy machine the faster rounds say more than the median does.
    const quick = (name: string) => (took.get(name) ?? []).toSorted((a, b) => a - b)[rounds >> 2] ?? Number.NaN
    yield* Console.log(
      `\n${name}: microseconds of the processor's time a call, of the faster quarter of ${rounds} rounds`
    )
    for (const contender of Object.keys(contenders).slice(1)) {
      yield* Console.log(`  ${contender.padEnd(40)} ${(quick(contender) - quick("no policy")).toFixed(1)}`)
    }
  })

const program = Effect.gen(function* () {
  yield* compare("a call that ends at once", Effect.void)
  yield* compare("a call that is waited for", Effect.yieldNow)
})

await Effect.runPromise(
  program.pipe(
    Effect.provide(Layer.merge(Upstreams.layerNamed({ primary: {}, backup: {} }), CircuitBreaker.layerStoreMemory())),
    Effect.scoped
  )
)
