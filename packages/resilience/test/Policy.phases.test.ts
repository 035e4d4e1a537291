/**
 * The phases that upstreams go through (healthy, outage, brown-out, rate limit,
 * recovery) with 50 callers, in a time of their own.
 */
import * as Upstream from "@causeway/core/Upstream"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import * as Policy from "@causeway/resilience/Policy"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { failure, reasons } from "./fixtures/calls.ts"
import { runFor } from "./fixtures/virtualClock.ts"

const phaseMs = 10_000
const phases = ["healthy", "outage", "brownout", "ratelimit", "recovery"] as const
type Phase = (typeof phases)[number]

/** Chance that is the same in every run (mulberry32). */
const seeded = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
}

interface Call {
  readonly startedAt: number
  readonly ms: number
  readonly isSuccess: boolean
  readonly by: string
}

interface Seen {
  readonly calls: ReadonlyArray<Call>
  readonly requests: ReadonlyArray<{ readonly at: number; readonly upstream: string }>
}

/** All phases, with so many callers who pause for 200 to 800 milliseconds between their calls. */
const run = (policy: Policy.Policy, seed: number) =>
  Effect.gen(function* () {
    const random = seeded(seed)
    const calls: Array<Call> = []
    const requests: Array<{ readonly at: number; readonly upstream: string }> = []
    const served: Array<number> = []
    const phaseOf = (at: number): Phase => phases[Math.min(phases.length - 1, Math.floor(at / phaseMs))] ?? "recovery"

    const primary = (at: number): Effect.Effect<string, UpstreamError> => {
      const answer = Effect.delay(Effect.succeed("primary"), Duration.millis(60 + random() * 40))
      switch (phaseOf(at)) {
        case "outage":
          return Effect.delay(Effect.fail(failure(reasons.noHealthyUpstream)), "1 millis")
        case "brownout":
          return random() < 0.3 ? Effect.delay(answer, "3 seconds") : answer
        case "ratelimit": {
          while ((served[0] ?? at) <= at - 1000) served.shift()
          if (served.length >= 20) return Effect.delay(Effect.fail(failure(reasons.rateLimitedShortly)), "1 millis")
          served.push(at)
          return answer
        }
        default:
          return answer
      }
    }
    const call = Effect.gen(function* () {
      const upstream = (yield* Upstream.Current) ?? "primary"
      const at = yield* Clock.currentTimeMillis
      requests.push({ at, upstream })
      return upstream === "primary"
        ? yield* primary(at)
        : yield* Effect.delay(Effect.succeed("backup"), Duration.millis(110 + random() * 60))
    })
    const caller = Effect.gen(function* () {
      for (;;) {
        yield* Effect.sleep(Duration.millis(200 + random() * 600))
        const startedAt = yield* Clock.currentTimeMillis
        const exit = yield* Effect.exit(call.pipe(Policy.apply(policy)))
        const ms = (yield* Clock.currentTimeMillis) - startedAt
        calls.push({ startedAt, ms, isSuccess: Exit.isSuccess(exit), by: Exit.isSuccess(exit) ? exit.value : "" })
      }
    })
    yield* runFor(phases.length * phaseMs, Effect.replicateEffect(caller, 50, { concurrency: "unbounded" }))
    return { calls, requests }
  })

const within = <A>(phase: Phase, all: ReadonlyArray<A>, at: (each: A) => number): ReadonlyArray<A> => {
  const from = phases.indexOf(phase) * phaseMs
  return all.filter((each) => at(each) >= from && at(each) < from + phaseMs)
}

const callsIn = (phase: Phase, { calls }: Seen) => within(phase, calls, ({ startedAt }) => startedAt)
const requestsIn = (phase: Phase, { requests }: Seen) => within(phase, requests, ({ at }) => at)
const quantile = (calls: ReadonlyArray<Call>, q: number): number =>
  calls.map(({ ms }) => ms).toSorted((a, b) => a - b)[Math.floor(calls.length * q)] ?? 0

const policy = () =>
  Policy.make({
    deadline: "5 seconds",
    attempt: "1 second",
    retry: { times: 2, base: "100 millis" },
    fallback: ["backup"],
    hedge: {},
    budget: { share: 0.4 },
    breaker: { open: "800 millis", maxOpen: "800 millis" }
  })

describe("50 callers", () => {
  for (const seed of [1, 2, 3]) {
    it.effect(`are served in every phase, with the chance of seed ${seed}`, () =>
      Effect.gen(function* () {
        const seen = yield* run(policy(), seed)
        const of = Object.fromEntries(
          phases.map((phase) => {
            const calls = callsIn(phase, seen)
            const requests = requestsIn(phase, seen)
            return [
              phase,
              {
                calls: calls.length,
                failed: calls.filter(({ isSuccess }) => !isSuccess).length,
                p50: quantile(calls, 0.5),
                p99: quantile(calls, 0.99),
                requests: requests.length / calls.length,
                primary: requests.filter(({ upstream }) => upstream === "primary").length,
                byPrimary: calls.filter(({ by }) => by === "primary").length
              }
            ] as const
          })
        )
        const { brownout, healthy, outage, ratelimit, recovery } = of
        for (const phase of phases) assert.strictEqual(of[phase]?.failed, 0, phase)
        assert.isAtMost(healthy?.requests ?? 9, 1.02)
        assert.isAtMost(outage?.primary ?? 99, 20)
        assert.isAtMost(outage?.p99 ?? 9999, 300)
        assert.isAtMost(brownout?.p99 ?? 9999, 600)
        assert.isAtMost(brownout?.requests ?? 9, 1.35)
        assert.isAtLeast(ratelimit?.byPrimary ?? 0, 160)
        assert.isAtMost(ratelimit?.requests ?? 9, 1.05)
        assert.isAtMost(recovery?.p99 ?? 9999, 300)
        const after = callsIn("brownout", seen)
        const [first] = after.filter(({ by }) => by === "primary").map(({ startedAt }) => startedAt)
        // The first probe of the brown-out may be one of the slow ones: then it is the second that succeeds.
        assert.isAtMost((first ?? 0) - 2 * phaseMs, 2000)
      })
    )
  }
})
