/**
 * Calls a second through one worker: a pool of ours, with schemas on both sides,
 * beside piscina without any and with the same ones. All stand in one process and
 * take turns in rounds; the ratio is taken inside each round, and the median over the
 * rounds is reported. The CPU time is that of the whole process, both threads.
 *
 * `ROUNDS` (15), `MILLIS` (250, per turn) and `WARMUP` (3000, for each) set the lengths,
 * `IN_FLIGHT` (64,1) how many calls are under way at a time.
 */
import { availableParallelism, loadavg } from "node:os"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import * as Effect from "effect/Effect"
import { Piscina } from "piscina"
import { decodeAnswer, Greetings, payloadOf } from "./workersEntry.ts"

const rounds = Number(process.env["ROUNDS"] ?? 15)
const millis = Number(process.env["MILLIS"] ?? 250)
const warmup = Number(process.env["WARMUP"] ?? 3000)
const counts = (process.env["IN_FLIGHT"] ?? "64,1").split(",").map(Number)

const entry = new URL("./workersEntry.ts", import.meta.url)

/** Runs one turn and gives how many calls ended in it. */
type Turn = (inFlight: number) => Promise<number>

const closedLoop = async (inFlight: number, call: (id: number) => Promise<unknown>): Promise<number> => {
  const until = performance.now() + millis
  let done = 0
  const loop = async (): Promise<void> => {
    while (performance.now() < until) await call(done++)
  }
  await Promise.all(Array.from({ length: inFlight }, loop))
  return done
}

const piscina = new Piscina({ filename: entry.href, minThreads: 1, maxThreads: 1, concurrentTasksPerWorker: 64 })

const plain: Turn = (inFlight) => closedLoop(inFlight, (id) => piscina.run(payloadOf(id)))

const withSchemas: Turn = (inFlight) =>
  closedLoop(inFlight, async (id) => decodeAnswer(await piscina.run(payloadOf(id), { name: "checked" })))

const ours =
  (greetings: Greetings["Service"]): Turn =>
  (inFlight) =>
    Effect.runPromise(
      Effect.suspend(() => {
        const until = performance.now() + millis
        let done = 0
        const loop = Effect.whileLoop({
          while: () => performance.now() < until,
          body: () => greetings.greet(payloadOf(done++)),
          step: () => undefined
        })
        const loops = Array.from({ length: inFlight }, () => loop)
        return Effect.map(Effect.all(loops, { concurrency: "unbounded", discard: true }), () => done)
      })
    )

const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** Of one turn: how many calls ended in a second, and what each cost both threads, in µs. */
interface Speed {
  readonly rate: number
  readonly cpu: number
}

const timed = async (turn: Turn, inFlight: number): Promise<Speed> => {
  const start = performance.now()
  const cpuStart = process.cpuUsage()
  const done = await turn(inFlight)
  const { system, user } = process.cpuUsage(cpuStart)
  return { rate: (1000 * done) / (performance.now() - start), cpu: (system + user) / done }
}

const measure = async (variants: ReadonlyArray<readonly [name: string, turn: Turn]>, inFlight: number) => {
  // Each is warmed until it is compiled.
  for (const [, turn] of variants) for (let i = 0; i * millis < warmup; i++) await turn(inFlight)
  const speeds = new Map<string, Array<Speed>>(variants.map(([name]) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    // Each begins a round as often as the others.
    const order = variants.map((_, at) => variants[(at + round) % variants.length]!)
    for (const [name, turn] of order) speeds.get(name)?.push(await timed(turn, inFlight))
  }
  const base = speeds.get("piscina") ?? []
  for (const [name, own] of speeds) {
    const ratios = own.map(({ rate }, round) => rate / (base[round]?.rate ?? Number.NaN))
    const cpuRatios = own.map(({ cpu }, round) => (base[round]?.cpu ?? Number.NaN) / cpu)
    const cells = [
      name.padEnd(21),
      String(inFlight).padStart(9),
      String(Math.round(median(own.map(({ rate }) => rate)))).padStart(7),
      median(ratios).toFixed(2).padStart(9),
      median(own.map(({ cpu }) => cpu))
        .toFixed(1)
        .padStart(11),
      median(cpuRatios).toFixed(2).padStart(16)
    ]
    console.log(`| ${cells.join(" | ")} |`)
  }
}

const report = async (greetings: Greetings["Service"]): Promise<void> => {
  const variants = [
    ["piscina", plain],
    ["piscina, same schemas", withSchemas],
    ["WorkerPool", ours(greetings)]
  ] as const
  const load = (loadavg()[0] ?? 0).toFixed(1)
  console.log(
    `${availableParallelism()} cores, Node ${process.version}, ${rounds} rounds of ${millis} ms, medians; load average ${load} at the start\n`
  )
  console.log("| variant               | in flight | calls/s | × piscina | CPU µs/call | × piscina by CPU |")
  console.log("| --------------------- | --------- | ------- | --------- | ----------- | ---------------- |")
  for (const inFlight of counts) await measure(variants, inFlight)
}

const pool = WorkerPool.layer(Greetings, { entry, size: 1, spare: 0 })
await Effect.runPromise(
  Effect.flatMap(Greetings, (greetings) => Effect.promise(() => report(greetings))).pipe(Effect.provide(pool))
)
await piscina.destroy()
