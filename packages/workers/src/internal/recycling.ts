/**
 * When a worker has served long enough.
 */

/** What a worker may use up before it is replaced; infinite for no limit. */
export interface Limits {
  readonly calls: number
  /** Since it got ready, in milliseconds. */
  readonly ageMs: number
  readonly heapBytes: number
}

/** No limit at all. */
export const unlimited: Limits = {
  calls: Number.POSITIVE_INFINITY,
  ageMs: Number.POSITIVE_INFINITY,
  heapBytes: Number.POSITIVE_INFINITY
}

/** What a worker has used up. */
export interface Use {
  readonly callsDone: number
  /** On the pool's clock. */
  readonly readyAt: number | undefined
  readonly vitals: Vitals | undefined
}

/** What a worker tells of itself. */
export interface Vitals {
  /** What V8 holds, what was not collected yet and buffers outside of its heap included. */
  readonly heapBytes: number
  /** How late the event loop was at most since it last told, in milliseconds. */
  readonly lagMs: number
}

/** Why a worker is replaced although nothing is wrong with it. */
export type Due = "calls" | "age" | "heap" | "restart"

/** How far below the limits of the pool those of a worker may be, so that not all of them are reached together. */
const spread = 0.2

/** The limits of one worker. `random` is between 0 and 1. */
export const limitsOf = ({ ageMs, calls, heapBytes }: Limits, random: number): Limits => {
  const factor = 1 - spread * random
  return { calls: Math.ceil(calls * factor), ageMs: ageMs * factor, heapBytes: heapBytes * factor }
}

/** Which limit a worker has reached. */
export const dueOf = (
  { callsDone, readyAt, vitals }: Use,
  { ageMs, calls, heapBytes }: Limits,
  time: number
): Due | undefined => {
  if (readyAt === undefined) return undefined
  if (callsDone >= calls) return "calls"
  if (time - readyAt >= ageMs) return "age"
  return vitals !== undefined && vitals.heapBytes >= heapBytes ? "heap" : undefined
}
