/**
 * `npm run chaos`: the command under 64 connections, while its workers are killed at
 * random and its upstreams fail in every way. Every call is accounted for, health has to
 * tell the truth, and memory must not grow.
 *
 * `DURATION` sets the length (`30s`, `10m`; default 5 minutes), `ISOLATION` is `thread`
 * (default) or `process`, and `SEED` makes the chances those of another run.
 */
import * as Effect from "effect/Effect"
import { millisOf } from "../test/duration.ts"
import { type Report, run } from "../test/full/fixtures/chaos.ts"

const millis = millisOf(process.env["DURATION"] ?? "5m", 300_000)
const isolation = process.env["ISOLATION"] === "process" ? "process" : "thread"
const seed = process.env["SEED"] ?? String(Date.now())

const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0)

const line = ({ begun, ended, flips, health, kills, rss, seconds, wrong }: Report): string =>
  [
    `${seconds} s of ${millis / 1000} s`,
    `${begun} calls, ${ended["200"] ?? 0} succeeded`,
    `${total(kills)} kills, ${flips} flips`,
    `health ${health.slowest} ms`,
    `${rss} MB`,
    ...(wrong.length > 0 ? [`${wrong.length} WRONG`] : [])
  ].join(" · ")

const report = await Effect.runPromise(
  run({ millis, isolation, seed, onProgress: (progress) => process.stderr.write(`\r${line(progress)}   `) })
)
process.stderr.write("\n")

console.log(JSON.stringify({ isolation, seed, ...report }, undefined, 2))
const growth = report.rss / report.earlyRss
console.log(`memory at the end: ${growth.toFixed(2)} x that after a fifth of the time`)
if (report.wrong.length > 0 || report.health.latestTruth > 1000 || growth > 1.25) process.exitCode = 1
