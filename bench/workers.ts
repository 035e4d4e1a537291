/**
 * Calls a second through a pool of ours, with schemas on both sides, beside piscina,
 * tinypool, comlink, bare `postMessage` and stock Effect RPC. Each variant runs in a
 * process of its own; all take turns in rounds, a ratio is taken inside each round, and the
 * median over the rounds is reported: on all cores, and with all threads on one, which
 * shows the processor's time of both sides together.
 *
 * `npx node bench/workers.ts` takes about five minutes. `ROUNDS` (5), `MILLIS` (200, per turn)
 * and `WARMUP` (1500, for each variant) set the lengths, `ONLY` a part of a load's name.
 */
import { availableParallelism, loadavg } from "node:os"
import { canPin } from "./workers/affinity.ts"
import { computing, rows } from "./workers/loads.ts"
import { measure } from "./workers/measure.ts"
import { growthOf, type Results, tableOf, targetsHead, verdictsOf } from "./workers/report.ts"

const lengths = {
  rounds: Number(process.env["ROUNDS"] ?? 5),
  millis: Number(process.env["MILLIS"] ?? 200),
  warmup: Number(process.env["WARMUP"] ?? 1500)
}
const only = process.env["ONLY"] ?? ""

const started = performance.now()
const progress = (text: string): void =>
  void process.stderr.write(`${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s  ${text}\n`)

const load = (): string => (loadavg()[0] ?? Number.NaN).toFixed(1)

const lines: Array<string> = []
const verdicts: Array<string> = []
const loadBefore = load()

for (const row of rows.filter(({ name }) => name.includes(only))) {
  progress(row.name)
  const results = await measure(row, lengths)
  lines.push(...tableOf(row, results))
  const found = verdictsOf(row, results)
  for (const verdict of found) progress(`  ${verdict}`)
  verdicts.push(...found)
}

if ("handlers of 1 ms".includes(only)) {
  const growth = new Map<number, Results>()
  for (const workers of [1, 2, 4, 8]) {
    progress(`handlers of 1 ms, ${workers} workers`)
    growth.set(workers, await measure(computing(workers), lengths))
  }
  lines.push(...growthOf(growth))
}

const machine = `${availableParallelism()} cores, Node ${process.version}`
const how = `${lengths.rounds} rounds of ${lengths.millis} ms, medians; load average ${loadBefore} before, ${load()} after`
console.log(`${machine}, ${how}${canPin ? "" : "; nothing is pinned, since there is no taskset"}`)
for (const text of [...targetsHead, ...verdicts, ...lines]) console.log(text)
