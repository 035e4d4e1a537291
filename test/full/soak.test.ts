import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { millisOf } from "../duration.ts"
import { run } from "./fixtures/soak.ts"

const millis = millisOf(process.env["DURATION"] ?? "30s", 30_000)

describe("soak of a pool", { timeout: millis + 120_000 }, () => {
  for (const isolation of ["thread", "process"] as const) {
    it.live(`by ${isolation}: every call is accounted for while workers go down in every way`, () =>
      Effect.gen(function* () {
        const { begun, earlyRss, ended, faults, restarts, rss, wrong } = yield* run({
          millis,
          isolation,
          onProgress: () => undefined
        })
        process.stdout.write(`${begun} calls: ${JSON.stringify(ended)}; ${earlyRss} MB, then ${rss} MB\n`)
        assert.deepStrictEqual(wrong, [])
        assert.isAbove(begun, 1000)
        assert.isAtLeast(restarts.crashed + restarts.unresponsive, faults / 3)
        // After a fifth of half a minute little has been compiled, and few workers have come and gone.
        assert.isAtMost(rss, earlyRss * (millis >= 300_000 ? 1.1 : 1.5))
      })
    )
  }
})
