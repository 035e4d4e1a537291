/**
 * `npm run soak`: 64 calls in flight, and each second one that takes its worker down,
 * in every way there is. Every call is accounted for, and memory must not grow.
 *
 * `DURATION` sets the length (`30s`, `10m`; default 30 s), `ISOLATION` is `thread`
 * (default) or `process`.
 */
import * as Effect from "effect/Effect"
import { millisOf } from "../test/duration.ts"
import { type Report, run } from "../test/full/fixtures/soak.ts"

const millis = millisOf(process.env["DURATION"] ?? "30s", 30_000)
const isolation = process.env["ISOLATION"] === "process" ? "process" : "thread"

const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0)

const line = ({ begun, ended, faults, restarts, rss, seconds, wrong }: Report): string => {
  const { success = 0, ...failures } = ended
  return [
    `${seconds} s of ${millis / 1000} s`,
    `${begun} calls, ${success} succeeded, ${total(failures)} failed`,
    `${faults} faults, ${total(restarts)} restarts`,
    `${rss} MB`,
    ...(wrong.length > 0 ? [`${wrong.length} WRONG`] : [])
  ].join(" · ")
}

const report = await Effect.runPromise(
  run({ millis, isolation, onProgress: (progress) => process.stderr.write(`\r${line(progress)}   `) })
)
process.stderr.write("\n")

console.log(JSON.stringify({ isolation, ...report }, undefined, 2))
const growth = report.rss / report.earlyRss
console.log(`memory at the end: ${growth.toFixed(2)} x that after a fifth of the time`)
if (report.wrong.length > 0 || growth > 1.1) process.exitCode = 1
