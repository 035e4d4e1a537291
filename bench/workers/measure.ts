/** Measures the variants of a load, each in a process of its own, in turns. */
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { canPin, pin } from "./affinity.ts"
import type { Load } from "./caller.ts"
import type { Speed, Task, Turn } from "./protocol.ts"
import type { Variant } from "./variants.ts"

/** Where the processes run: on all cores, or all threads on one. */
export type Cores = "free" | "pinned"

/** What is measured. */
export interface Measured {
  readonly load: Load
  readonly workers: number
  readonly inFlight: number
  readonly cores: ReadonlyArray<Cores>
  readonly variants: ReadonlyArray<Variant>
}

/** How long. */
export interface Lengths {
  readonly rounds: number
  /** Of a turn. */
  readonly millis: number
  /** For each variant, before the first round. */
  readonly warmup: number
}

/** The speeds of each variant, one a round. */
export type Speeds = ReadonlyMap<Variant, ReadonlyArray<Speed>>

export const measure = async (
  { cores, inFlight, load, variants, workers }: Measured,
  { millis, rounds, warmup }: Lengths
): Promise<ReadonlyMap<Cores, Speeds>> => {
  const processes = new Map<Variant, ChildProcess>()
  const results = new Map<Cores, Speeds>()
  try {
    for (const variant of variants) processes.set(variant, start({ variant, load, workers }))
    await Promise.all(Array.from(processes.values(), answerOf))
    for (const child of processes.values()) await take(child, { inFlight, millis: warmup })
    for (const where of cores) {
      if (where === "pinned" && !canPin) continue
      if (canPin) for (const { pid } of processes.values()) if (pid !== undefined) pin(pid, where === "pinned")
      results.set(where, await measureRounds(processes, { inFlight, millis }, rounds))
    }
  } finally {
    for (const child of processes.values()) child.kill()
  }
  return results
}

const measureRounds = async (
  processes: ReadonlyMap<Variant, ChildProcess>,
  turn: Turn,
  rounds: number
): Promise<Speeds> => {
  const entries = Array.from(processes)
  const speeds = new Map<Variant, Array<Speed>>(entries.map(([variant]) => [variant, []]))
  for (let round = 0; round < rounds; round++) {
    // Each begins a round in its turn.
    for (let at = 0; at < entries.length; at++) {
      const [variant, child] = entries[(at + round) % entries.length]!
      speeds.get(variant)?.push(await take(child, turn))
    }
  }
  return speeds
}

const start = (task: Task): ChildProcess =>
  fork(new URL("./runner.ts", import.meta.url), [JSON.stringify(task)], {
    stdio: ["ignore", "ignore", "inherit", "ipc"]
  })

const take = async (child: ChildProcess, turn: Turn): Promise<Speed> => {
  child.send(turn)
  return (await answerOf(child)) as Speed
}

/** The next message of a process; fails where it ends, or has said nothing for a minute. */
const answerOf = async (child: ChildProcess): Promise<unknown> => {
  const over = new AbortController()
  const { signal } = over
  const timer = setTimeout(() => over.abort(new Error("no answer for a minute")), 60_000)
  try {
    return await Promise.race([
      once(child, "message", { signal }).then(([message]: Array<unknown>) => message),
      once(child, "exit", { signal }).then(([code]) => {
        throw new Error(`the process of ${child.spawnargs.at(-1)} ended: ${String(code)}`)
      })
    ])
  } finally {
    clearTimeout(timer)
    over.abort()
  }
}

export const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
