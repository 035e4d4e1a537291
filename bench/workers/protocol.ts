/** What the measuring process and those of the variants say to each other. */
import type { Load } from "./caller.ts"
import type { Variant } from "./variants.ts"

/** What a process is started for, in its first argument. */
export interface Task {
  readonly variant: Variant
  readonly load: Load
  readonly workers: number
}

/** Take a turn. */
export interface Turn {
  readonly inFlight: number
  readonly millis: number
}

/** How a turn went. */
export interface Speed {
  /** Calls, or elements, a second. */
  readonly rate: number
  /** What each cost the whole process, in µs. */
  readonly cpu: number
  /** What each cost the main thread, in µs. */
  readonly mainCpu: number
  /** How much of the time the main thread was not idle, from 0 to 1. */
  readonly mainBusy: number
}
