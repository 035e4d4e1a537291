/**
 * A pool's options, checked and with their defaults.
 */
import { availableParallelism } from "node:os"
import { parse } from "node:path"
import * as Duration from "effect/Duration"
import type { Options } from "../WorkerPool.ts"
import * as Recycling from "./recycling.ts"

/** Options of a pool with nothing left open; times are in milliseconds. */
export interface Resolved {
  readonly name: string
  readonly isolation: "thread" | "process"
  readonly size: number
  readonly spare: number
  readonly queue: number
  readonly concurrency: number
  readonly unresponsiveMs: number
  readonly graceMs: number
  readonly startMs: number
  readonly deadlineMs: number
  readonly recycle: Recycling.Limits
}

/** Throws a `RangeError` that names the option where one makes no sense. */
export const resolve = (options: Options): Resolved => ({
  name: options.name ?? parse(fileOf(options.entry)).name,
  isolation: isolationOf(options),
  size: integer("size", options.size ?? Math.min(4, Math.max(1, availableParallelism() - 1)), 1),
  spare: integer("spare", options.spare ?? 1, 0),
  queue: integer("queue", options.queue ?? 256, 0),
  concurrency: integer("concurrency", options.concurrency ?? 16, 1),
  unresponsiveMs: millis("unresponsiveAfter", options.unresponsiveAfter ?? "5 seconds"),
  graceMs: millis("grace", options.grace ?? "5 seconds"),
  startMs: millis("startWithin", options.startWithin ?? "30 seconds"),
  deadlineMs: millis("deadline", options.deadline ?? "10 minutes"),
  recycle: recycling(options.recycle ?? {})
})

const recycling = ({ age, calls, heap }: NonNullable<Options["recycle"]>): Recycling.Limits => ({
  calls: calls === undefined ? Recycling.unlimited.calls : integer("recycle.calls", calls, 1),
  ageMs: age === undefined ? Recycling.unlimited.ageMs : millis("recycle.age", age),
  heapBytes: heap === undefined ? Recycling.unlimited.heapBytes : integer("recycle.heap", heap, 1) * 2 ** 20
})

const fileOf = (entry: URL | string): string => (typeof entry === "string" ? entry : entry.pathname)

const isolationOf = ({ isolation = "thread", resourceLimits }: Options): Resolved["isolation"] => {
  if (isolation !== "thread" && isolation !== "process") {
    throw new RangeError(`WorkerPool: isolation is "thread" or "process", not ${String(isolation)}`)
  }
  if (isolation === "process" && resourceLimits?.codeRangeSizeMb !== undefined) {
    throw new RangeError("WorkerPool: resourceLimits.codeRangeSizeMb is for threads: a process has no such limit")
  }
  return isolation
}

/** Throws a `RangeError` that names the option where it is no whole number, or too small a one. */
export const integer = (name: string, value: number, least: number): number => {
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new RangeError(`WorkerPool: ${name} is a whole number of at least ${least}, not ${value}`)
}

const millis = (name: string, value: Duration.Input): number => {
  const duration = Duration.fromInput(value)
  const ms = duration._tag === "Some" ? Duration.toMillis(duration.value) : Number.NaN
  if (ms > 0) return ms
  throw new RangeError(`WorkerPool: ${name} is a duration above zero, not ${String(value)}`)
}
