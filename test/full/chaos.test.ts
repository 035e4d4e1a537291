/** The command while its workers are killed and its upstreams fail: see `fixtures/chaos.ts`. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { millisOf } from "../duration.ts"
import { run } from "./fixtures/chaos.ts"

// Half of the time with threads, half with processes.
const millis = millisOf(process.env["DURATION"] ?? "", 30_000) / 2
const seed = process.env["SEED"] ?? String(Date.now())

describe.each(["thread", "process"] as const)("chaos among workers that are a %s each", (isolation) => {
  it.live(
    `leaves every call answered for ${millis / 1000} s, with the seed ${seed}`,
    () =>
      Effect.gen(function* () {
        const report = yield* run({ millis, isolation, seed, onProgress: () => {} })
        process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`)
        assert.deepStrictEqual(report.wrong, [])
        assert.isAbove(report.ended["200"] ?? 0, 0)
        assert.isAbove(Object.keys(report.kills).length, 0)
        assert.isAtMost(report.health.latestTruth, 1000)
        // Far from growth without end, and wide enough for what is only compiled later.
        assert.isBelow(report.rss, report.earlyRss * 1.5 + 100)
      }),
    millis + 180_000
  )
})
