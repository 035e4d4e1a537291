import { readFileSync } from "node:fs"
import * as Policy from "@causeway/resilience/Policy"
import { assert, describe, it } from "@effect/vitest"
import * as Exit from "effect/Exit"
import * as Effect from "effect/Effect"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import { failure, reasons, scripted, timed } from "./fixtures/calls.ts"

/** The table's rows, by their first cell. */
const rowsOf = (explanation: string): ReadonlyMap<string, ReadonlyArray<string>> =>
  new Map(
    explanation
      .split("\n")
      .filter((line) => line.startsWith("| ") && !line.startsWith("| -"))
      .map((line) =>
        line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim())
      )
      .map(([first = "", ...rest]) => [first, rest])
  )

describe("explain", () => {
  it("states the limits", () => {
    const lines = Policy.explain(
      Policy.make({
        deadline: "30 seconds",
        attempt: "5 seconds",
        firstElement: "10 seconds",
        idle: "Infinity",
        retry: { times: 3, base: "100 millis", max: "1 second" },
        replay: "never"
      })
    ).split("\n")
    assert.deepStrictEqual(lines.slice(0, 5), [
      "A call ends within 30s, each attempt of it within 5s.",
      "A stream brings its first element within 10s of an attempt, each further one without a limit, and ends within 30s.",
      "Retries: 3, after a random wait of up to 100ms that doubles to at most 1s.",
      "A rest that an upstream asks for is waited for up to 1m.",
      "A call that may have run is not made again."
    ])
    const none = Policy.explain(Policy.make({ retry: { times: 0 } }))
    assert.include(none, "Nothing is retried.")
    assert.include(none, "A call that may have run is made again.")
  })

  it("states what holds for all callers together", () => {
    const said = Policy.explain(
      Policy.make({
        fallback: ["backup"],
        budget: false,
        pause: false,
        breaker: { consecutive: 3, rate: false, slow: { over: "2 seconds" }, steps: [], observe: true },
        hedge: {},
        concurrency: { initial: 5 },
        shed: {}
      })
    )
    for (const line of [
      "Retries have no budget.",
      "A rest that one caller is asked for is only its own.",
      "Breaker (it only watches): opens for 1s, at most 30s, after 3 failures in a row, or 50 % slow of at least 20 calls (over 2s); comes back by 100 %.",
      "Hedge: another upstream is asked too after 2.5 times the median, or 1s where that is not known; the hedges of all callers are at most 50 % of its calls and 10 in 10s.",
      "Concurrency: 1 to 200 calls at once, 5 at first; 100 may wait.",
      "Shed: up to 90 % of the calls beyond 2 times what an upstream serves."
    ]) {
      assert.include(said, line)
    }
    assert.include(Policy.explain(Policy.make({ breaker: false })), "There is no breaker.")
  })

  it("has one column where there is no other upstream", () => {
    const rows = rowsOf(Policy.explain(Policy.make({ retry: { times: 1 } })))
    assert.deepStrictEqual(rows.get("UpstreamError ProviderFault"), ["retry with backoff, once"])
    assert.deepStrictEqual(rows.get("UpstreamError QuotaExhausted"), [
      "fail: neither another upstream nor a retry helps"
    ])
  })

  it("says for each kind of failure where it goes", () => {
    const policy = Policy.make({ fallback: { any: ["backup"], "larger-context": ["large"] } })
    const rows = rowsOf(Policy.explain(policy))
    assert.deepStrictEqual(rows.get("UpstreamError RateLimited (with Retry-After)"), [
      "fallback to backup",
      "retry when the upstream says, 2 times"
    ])
    assert.strictEqual(rows.get("UpstreamError InputTooLarge")?.[0], "fallback to large")
    assert.strictEqual(
      rows.get("UpstreamError Authentication")?.[0],
      "fail: neither another upstream nor a retry helps"
    )
    assert.strictEqual(rows.get("UpstreamError InvalidRequest")?.[0], "fail: the request itself is at fault")
    assert.strictEqual(rows.get("BoundaryError Draining")?.[0], "retry with backoff, 2 times")
    assert.strictEqual(rows.get("the limit of an attempt passed")?.[0], "fallback to backup")
  })

  it.effect("says what then happens", () =>
    Effect.gen(function* () {
      const names: Readonly<Record<string, keyof typeof reasons>> = {
        "UpstreamError ProviderFault": "fault",
        "UpstreamError RateLimited (with Retry-After)": "rateLimited",
        "UpstreamError InvalidRequest": "invalid",
        "UpstreamError ContentFiltered (input)": "filtered",
        "UpstreamError Conflict": "conflict",
        "UpstreamError Gateway (no-healthy-upstream, connect-failure, overflow)": "noHealthyUpstream"
      }
      const policies = [{}, { fallback: ["backup"] }, { replay: "never" }, { retry: { times: 0 } }] as const
      for (const options of policies) {
        const rows = rowsOf(Policy.explain(Policy.make(options)))
        for (const [row, name] of Object.entries(names)) {
          const call = scripted<string, UpstreamError>(Effect.fail(failure(reasons[name])), Effect.succeed("yes"))
          const { exit } = yield* timed(call.call.pipe(Policy.apply(Policy.make(options))))
          const said = rows.get(row)?.[0] ?? assert.fail(`no row ${row}`)
          assert.strictEqual(said.startsWith("fail: "), Exit.isFailure(exit), row)
          assert.strictEqual(said === "fallback to backup", call.upstreams()[1] === "backup", row)
        }
      }
    })
  )

  it("is printed in the documentation as it is", () => {
    const docs = readFileSync(new URL("../../../docs/resilience.md", import.meta.url), "utf8")
    assert.include(docs, Policy.explain(Policy.make({ fallback: ["backup"] })))
  })
})
